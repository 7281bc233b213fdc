//! `cargo fuzz run -s none checkpoint`
#![no_main]

#[path = "../../tests/suite/fuzzed/checkpoint.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

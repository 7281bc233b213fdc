//! `cargo fuzz run -s none unpacking`
#![no_main]

#[path = "../../tests/suite/fuzzed/unpacking.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

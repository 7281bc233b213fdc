//! `cargo fuzz run -s none labels`
#![no_main]

#[path = "../../tests/suite/fuzzed/labels.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

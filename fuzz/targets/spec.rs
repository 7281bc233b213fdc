//! `cargo fuzz run -s none spec`
#![no_main]

#[path = "../../tests/suite/fuzzed/spec.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

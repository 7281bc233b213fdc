//! `cargo fuzz run -s none idx`
#![no_main]

#[path = "../../tests/suite/fuzzed/idx.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

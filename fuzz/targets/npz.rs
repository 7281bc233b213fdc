//! `cargo fuzz run -s none npz`
#![no_main]

#[path = "../../tests/suite/fuzzed/npz.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

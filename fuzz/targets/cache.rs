//! `cargo fuzz run -s none cache`
#![no_main]

#[path = "../../tests/suite/fuzzed/cache.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

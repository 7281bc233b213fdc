//! `cargo fuzz run -s none image`
#![no_main]

#[path = "../../tests/suite/fuzzed/image.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

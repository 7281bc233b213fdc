//! `cargo fuzz run -s none tiny_imagenet`
#![no_main]

#[path = "../../tests/suite/fuzzed/tiny_imagenet.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

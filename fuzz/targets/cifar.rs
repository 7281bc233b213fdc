//! `cargo fuzz run -s none cifar`
#![no_main]

#[path = "../../tests/suite/fuzzed/cifar.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

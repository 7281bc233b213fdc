//! `cargo fuzz run -s none metrics_csv`
#![no_main]

#[path = "../../tests/suite/fuzzed/metrics_csv.rs"]
mod held;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| held::hold(bytes));

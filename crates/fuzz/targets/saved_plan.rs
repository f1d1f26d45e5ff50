//! The fuzzer's way to `saved_plan`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::saved_plan::run(data));

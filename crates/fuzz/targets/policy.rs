//! The fuzzer's way to `policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::policy::run(data));

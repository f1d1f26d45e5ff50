//! The fuzzer's way to `acl`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::acl::run(data));

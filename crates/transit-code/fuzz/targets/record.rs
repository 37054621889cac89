#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| huitong_transit_code_fuzz::record(bytes));

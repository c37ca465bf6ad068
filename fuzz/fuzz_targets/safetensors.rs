#![no_main]
use displace_io::Kind;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| displace_fuzz::read(Kind::Safetensors, bytes));

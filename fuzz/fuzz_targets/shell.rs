//! libFuzzer over `targets::shell`.

#![no_main]
#![allow(dead_code, reason = "each target is a program of its own")]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::shell(data));

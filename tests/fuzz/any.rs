#![no_main]
//! Every fuzz target behind one door: the variable `FUZZ_TARGET` names it.

use std::sync::LazyLock;

use cloud_import_tests::fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let named = TARGETS.iter().find(|target| target.name == name);
    named.unwrap_or_else(|| panic!("FUZZ_TARGET names none of {:?}", TARGETS.iter().map(|target| target.name).collect::<Vec<_>>()))
});

fuzz_target!(|input: &[u8]| (TARGET.run)(input));

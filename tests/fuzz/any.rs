#![no_main]
//! Every fuzz target behind one door: the variable `FUZZ_TARGET` names it.

use std::sync::LazyLock;

use cloud_import_tests::fuzz::{Target, targets};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let named = targets().find(|target| target.name == name);
    named.unwrap_or_else(|| panic!("FUZZ_TARGET names none of {:?}", targets().map(|target| target.name).collect::<Vec<_>>()))
});

fuzz_target!(|input: &[u8]| drop((TARGET.run)(input)));

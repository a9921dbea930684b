//! A fence around readers of other people: what panics in there was not read.
//!
//! The program's panic hook still tells of it, and a program that is built to abort on a panic does so.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::source::{NotRead, Part};

/// Calls another's reader of `part`.
pub(super) fn guarded<T, E: Display>(part: &Part, call: impl FnOnce() -> Result<T, E>) -> Result<T, NotRead> {
    // After a panic its reader may be in any state, which is a wrong answer at worst: it holds nothing of ours but the part.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(part.failed(error)),
        Err(_) => Err(NotRead::new("its reader failed on it")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::source::{Budget, Device};

    #[test]
    fn a_panic_is_an_answer() {
        let budget = Budget {
            bytes: 1,
            reads: 1,
            is_over: Box::new(|| false),
        };
        let part = Part::whole(&Device::open(Cursor::new(vec![0; 8]), budget).unwrap());
        let failed = guarded(&part, || -> Result<(), NotRead> { panic!("a reader's") });
        assert_eq!(failed.unwrap_err().reason, "its reader failed on it");
    }
}

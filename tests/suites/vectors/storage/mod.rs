//! The object stores' vectors: which parts are checked, and how. Counting is the suite's.

mod clients;
mod produce;
mod resign;
mod verify;

use cloud_import_tests::vectors::Vector;

use crate::outcome::{Outcome, Part};

/// Checks one vector in every part.
pub(crate) fn check(vector: &Vector) -> Vec<(Part, Outcome)> {
    vec![
        (Part::Verify, verify::check(vector)),
        (Part::Resign, resign::check(vector)),
        (Part::Produce, produce::check(vector)),
    ]
}

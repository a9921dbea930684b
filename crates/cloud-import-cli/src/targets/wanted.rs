//! A target, with all that is said of it.

use cloud_import::Target;

use crate::fields::Fields;

/// A target with all that is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// What people call it: `PROVIDER/REGION`, or its name in the file.
    pub(crate) label: String,
    pub(crate) target: Target,
    pub(crate) fields: Fields,
    /// The image's name as it is said of all targets.
    pub(crate) common_name: Option<String>,
}

impl Wanted {
    /// A target of which nothing is said.
    pub(crate) fn of(target: Target) -> Self {
        Self {
            label: target.to_string(),
            target,
            fields: Fields::default(),
            common_name: None,
        }
    }
}

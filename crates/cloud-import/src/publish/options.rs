//! How to go about it. Plain data.

use std::{path::PathBuf, time::Duration};

use cloud_import_core::WaitOptions;
use cloud_import_staging::Budget;

/// What [`Publish`](super::Publish) can be told beside what goes where; each field is described at its setter.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) job_name: Option<String>,
    pub(crate) expected_sha256: Option<String>,
    pub(crate) wait: bool,
    pub(crate) waiting: WaitOptions,
    pub(crate) keep_object: bool,
    pub(crate) prefix: String,
    pub(crate) best_effort: bool,
    pub(crate) again: bool,
    pub(crate) replace: bool,
    pub(crate) link_valid_for: Duration,
    pub(crate) cancel_on_stop: bool,
    pub(crate) side_file: Option<PathBuf>,
    pub(crate) rehash: bool,
    pub(crate) budget: Budget,
    pub(crate) side_by_side: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            job_name: None,
            expected_sha256: None,
            wait: true,
            waiting: WaitOptions::default(),
            keep_object: false,
            prefix: "cloud-import/".to_owned(),
            best_effort: true,
            again: false,
            replace: false,
            link_valid_for: Duration::from_secs(48 * 3600),
            cancel_on_stop: false,
            side_file: None,
            rehash: false,
            budget: Budget::default(),
            side_by_side: 16,
        }
    }
}

//! How to go about it. Plain data.

use std::{path::PathBuf, time::Duration};

use cloud_import_core::{Pace, WaitOptions};
use cloud_import_staging::{Budget, UploadOptions};

use super::key::PREFIX;

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
    /// Size of a part in bytes, where it is not the usual one.
    pub(crate) part_size: Option<u64>,
    pub(crate) pace: Pace,
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
            prefix: PREFIX.to_owned(),
            best_effort: true,
            again: false,
            replace: false,
            link_valid_for: Duration::from_secs(48 * 3600),
            cancel_on_stop: false,
            side_file: None,
            rehash: false,
            budget: Budget::default(),
            part_size: None,
            pace: Pace::default(),
            side_by_side: 16,
        }
    }
}

const MIB: u64 = 1 << 20;

/// What a file on the web is held in on its way: three parts, so that one is fetched while others are sent. Some stores take no parts
/// that are smaller.
const WEB_BUFFERS: u32 = 3;
const WEB_PART_MIB: u32 = 5;

impl Options {
    /// For a file that is fetched while it is sent: in less memory, as it is copied where there may be no room for it.
    pub(crate) fn of_web() -> Self {
        Self {
            budget: Budget::buffers(WEB_BUFFERS, WEB_PART_MIB),
            part_size: Some(u64::from(WEB_PART_MIB) * MIB),
            ..Self::default()
        }
    }

    /// How files are sent.
    pub(crate) fn of_uploads(&self) -> UploadOptions {
        let mut options = UploadOptions::default();
        options.budget = self.budget.clone();
        // A part goes as fast as the line can: one that is a second's worth of the rate comes close to it.
        let second = self.pace.bytes_per_second().map(|rate| rate.clamp(MIB, 8 * MIB));
        options.part_size = self.part_size.into_iter().chain(second).min();
        options.parallel = self.pace.at_once().unwrap_or(options.parallel);
        options
    }
}

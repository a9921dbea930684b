//! What is remembered of an order that may have been sent, until it is known what became of it. Plain data.

use std::time::SystemTime;

use cloud_import_core::{Error, ImportTask, provider::datetime};
use serde::{Deserialize, Serialize};

/// An order that may have been sent. Its instants are whole seconds, by the cloud's clock as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unsettled {
    /// When the order was first about to leave.
    #[serde(with = "datetime::rfc3339")]
    pub first_sent_at: SystemTime,
    /// By when it had left, if it ever did: that of the last time, where it was sent again.
    #[serde(with = "datetime::rfc3339")]
    pub sent_at: SystemTime,
    /// A hash of what the keys that it was sent with tell of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The first complete listing that counts and did not show it.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub first_not_listed_at: Option<SystemTime>,
    /// The last one, where there are several.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub last_not_listed_at: Option<SystemTime>,
    /// The vendor's code in the answer by which it became unclear, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status of that answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The vendor's id of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Unsettled {
    /// An order that is about to leave with keys of this account.
    pub(crate) fn of(task: &ImportTask, account: Option<String>) -> Self {
        Self {
            first_sent_at: task.started_at,
            sent_at: task.started_at,
            account,
            first_not_listed_at: None,
            last_not_listed_at: None,
            code: None,
            http_status: None,
            request_id: None,
        }
    }

    /// The same order is about to leave again, or had left by this instant: listings of before say nothing of it.
    pub(crate) fn sent(&mut self, by: SystemTime) {
        self.sent_at = datetime::next_second(by);
        (self.first_not_listed_at, self.last_not_listed_at) = (None, None);
    }

    /// Keeps what an answer told that did not settle it.
    pub(crate) fn answered(&mut self, error: &Error) {
        self.code = error.code().map(str::to_owned);
        self.http_status = error.http_status();
        self.request_id = error.request_id().map(str::to_owned);
    }

    /// A complete listing that counts did not show it.
    pub(crate) fn not_listed(&mut self, at: SystemTime) {
        match self.first_not_listed_at {
            None => self.first_not_listed_at = Some(datetime::next_second(at)),
            Some(_) => self.last_not_listed_at = Some(datetime::whole_seconds(at)),
        }
    }
}

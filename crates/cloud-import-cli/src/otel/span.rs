//! A span as it is sent: names and fields are those of `docs/tracing.md`, which hold no secret.

use std::{fmt::Debug, time::SystemTime};

use cloud_import::env::{Env as _, SystemEnv};
use tracing::field::{Field, Visit};

/// The most characters that a text has: more is no name, id or code.
const LONGEST: usize = 1024;

/// A span.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) name: String,
    /// It waits for the answer of another program.
    pub(super) is_request: bool,
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) is_error: bool,
    pub(super) attributes: Vec<(&'static str, Attribute)>,
}

#[derive(Debug, Clone)]
pub(super) enum Attribute {
    Text(String),
    Number(i64),
    Bool(bool),
}

impl Span {
    /// One that begins now.
    pub(super) fn new(id: u64, parent: Option<u64>, name: &str) -> Self {
        let now = SystemEnv.now();
        Self {
            id,
            parent,
            name: name.to_owned(),
            is_request: name == "request",
            began: now,
            ended: now,
            is_error: false,
            attributes: Vec::new(),
        }
    }

    pub(super) fn set(&mut self, name: &'static str, value: Attribute) {
        self.attributes.retain(|(own, _)| *own != name);
        self.attributes.push((name, value));
    }
}

impl Visit for Span {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            // It has a field of its own in the protocol.
            "otel.status_code" => self.is_error = value == "ERROR",
            name => self.set(name, Attribute::Text(value.chars().take(LONGEST).collect())),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), Attribute::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), Attribute::Bool(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

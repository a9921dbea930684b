//! Spans around what takes long, and what each came to. Their names and fields are documented in `docs/tracing.md`, and kept.

use std::future::Future;

use tracing::{Instrument as _, Span};

use crate::{Error, Result};

/// Does the work inside the span, and records its error, for which the span declares the fields `error.type` and
/// `otel.status_code` as empty.
///
/// Dropping the future drops the work, and closes the span without a record.
///
/// # Errors
/// Those of the work.
pub async fn recorded<T>(span: Span, work: impl Future<Output = Result<T>>) -> Result<T> {
    let outcome = work.instrument(span.clone()).await;
    if let Err(error) = &outcome {
        failed(&span, error);
    }
    outcome
}

/// Records an error in the fields of a span.
pub fn failed(span: &Span, error: &Error) {
    span.record("error.type", error.kind().as_str());
    span.record("otel.status_code", "ERROR");
}

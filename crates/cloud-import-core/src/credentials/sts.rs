//! Assumes a role: one call to the cloud's STS through the same pipeline that every call goes through.

use std::sync::Arc;

use super::{AssumeRole, Caller, ChainSpec, Credentials, Reach, Temporary};
use crate::{Error, ErrorKind, Gate, Result, pipeline::Pipeline, retry::RetryPolicy};

/// Keys of a role.
///
/// # Errors
/// Transport failures keep their kind, so that the caller's own retry counts; a refusal of whatever kind is one of
/// credentials, as it says nothing about what the caller wanted. Nothing that the caller wanted was executed.
pub(super) async fn assume(
    spec: &ChainSpec,
    reach: &Reach,
    keys: Credentials,
    role: &AssumeRole,
    origin: &str,
) -> Result<Temporary> {
    let Some(sts) = &spec.sts else {
        return Err(Error::new(
            ErrorKind::Credentials,
            format!("{origin}: roles of {} cannot be assumed here", spec.provider.name()),
        )
        .with_provider(spec.provider)
        .with_remedy("Give the role's temporary keys with their token."));
    };
    let caller = Caller {
        region: &reach.region,
        endpoint: reach.endpoint.as_ref(),
    };
    let request = (sts.request)(role, &caller)?;
    let pipeline = Pipeline {
        credentials: Arc::new(keys),
        transport: Arc::clone(&reach.transport),
        ambient: Arc::clone(&reach.ambient),
        retry: RetryPolicy::none(),
        clock_offset: reach.clock_offset.clone(),
        gate: Gate::default(),
    };
    let answer = pipeline
        .send(&*(sts.protocol)(), sts.operation, true, request)
        .await
        .map_err(|error| failed(spec, role, origin, error))?;
    (sts.read)(&answer.payload, role).map_err(|flaw| {
        let message = format!("{origin}: the answer of {} cannot be used: {flaw}", sts.operation.name);
        Error::new(ErrorKind::Credentials, message)
            .with_provider(spec.provider)
            .with_request_id(answer.request_id.clone())
    })
}

fn failed(spec: &ChainSpec, role: &AssumeRole, origin: &str, error: Error) -> Error {
    let kind = if error.is_retryable() {
        error.kind()
    } else {
        ErrorKind::Credentials
    };
    let code = error.code().map_or(String::new(), |code| format!(", code {code}"));
    let message = format!(
        "{origin}: role `{}` was not assumed: {}{code}",
        role.role,
        error.message()
    );
    let mut failed = Error::new(kind, message)
        .with_may_have_executed(false)
        .with_provider(spec.provider)
        .with_request_id(error.request_id().map(str::to_owned))
        .with_retry_after(error.retry_after());
    if let Some(status) = error.http_status() {
        failed = failed.with_http_status(status);
    }
    if let Some(remedy) = error.remedy() {
        failed = failed.with_remedy(remedy.to_owned());
    }
    failed.with_source(error)
}

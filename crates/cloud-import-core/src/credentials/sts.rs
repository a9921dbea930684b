//! Assumes a role: one call to the cloud's STS through the same pipeline that every call goes through.

use std::sync::Arc;

use http::Request;
use serde_json::Value;

use super::{AssumeRole, ChainSpec, Context, Credentials, ProfileError, Temporary};
use crate::{
    Bytes, Error, ErrorKind, Result, Stop, Throttle,
    net::retry::RetryPolicy,
    net::{Pace, Pipeline, protocol::Protocol},
    wire::Operation,
};

/// Keys of a role.
///
/// # Errors
/// Transport failures keep their kind, so that the caller's own retry counts; a refusal of whatever kind is one of
/// credentials, as it says nothing about what the caller wanted. Nothing that the caller wanted was executed.
pub(super) async fn assume(
    spec: &ChainSpec,
    context: &Context,
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
    let request = (sts.request)(role, &context.caller())?;
    let call = Call {
        operation: sts.operation,
        protocol: &*(sts.protocol)(),
        credentials: keys,
        request,
        read: &|answer| (sts.read)(answer, role),
    };
    send(spec, context, call, role, origin).await
}

/// A call that answers with temporary keys.
pub(super) struct Call<'a> {
    pub(super) operation: &'static Operation,
    pub(super) protocol: &'a dyn Protocol,
    pub(super) credentials: Credentials,
    pub(super) request: Request<Bytes>,
    pub(super) read: &'a (dyn Fn(&Value) -> Result<Temporary, ProfileError> + Sync),
}

/// Sends such a call.
///
/// # Errors
/// As [`assume`].
pub(super) async fn send(
    spec: &ChainSpec,
    context: &Context,
    call: Call<'_>,
    role: &AssumeRole,
    origin: &str,
) -> Result<Temporary> {
    let pipeline = Pipeline {
        region: role.region.clone().unwrap_or_default(),
        credentials: Arc::new(call.credentials),
        transport: Arc::clone(&context.transport),
        env: Arc::clone(&context.env),
        retry: RetryPolicy::none(),
        clock_offset: context.clock_offset.clone(),
        throttle: Throttle::default(),
        pace: Pace::default(),
        // One attempt, within one of a call, which is stopped by its own.
        stop: Stop::default(),
    };
    let answer = pipeline
        .send(call.protocol, call.operation, true, call.request)
        .await
        .map_err(|error| failed(spec, role, origin, error))?;
    (call.read)(&answer.payload).map_err(|flaw| {
        let message = format!("{origin}: the answer of {} cannot be used: {flaw}", call.operation.name);
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
    error
        .context(format_args!("{origin}: role `{}` was not assumed", role.role))
        .with_kind(kind)
        .with_may_have_executed(false)
        .with_provider(spec.provider)
}

//! Requests and accounts for the tests of the verifiers. Test support only.

use std::fmt;

use super::{Refusal, Secret};
use crate::wire::WireRequest;

/// A request for `target` (path, and query after a `?`).
pub(super) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> WireRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    WireRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// The same request with one header replaced, added, or (no value) removed.
pub(super) fn with_header(request: &WireRequest, name: &str, value: Option<&str>) -> WireRequest {
    let mut changed = request.clone();
    changed.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    if let Some(value) = value {
        changed.headers.push((name.to_owned(), value.to_owned()));
    }
    changed
}

/// The same request with its `Authorization` edited.
pub(super) fn with_authorization(request: &WireRequest, from: &str, to: &str) -> WireRequest {
    let old = request.header("authorization").unwrap();
    assert!(old.contains(from), "{old} lacks {from}");
    with_header(request, "Authorization", Some(&old.replace(from, to)))
}

/// A look-up that knows one account.
pub(super) fn account(id: &str, key: &str, token: Option<&str>) -> impl Fn(&str) -> Option<Secret> {
    let id = id.to_owned();
    let secret = Secret {
        secret_access_key: key.to_owned(),
        security_token: token.map(str::to_owned),
    };
    move |asked| (asked == id).then(|| secret.clone())
}

/// Fails unless the outcome is a mismatch of signatures.
pub(super) fn assert_mismatch<V: fmt::Debug>(outcome: Result<V, Refusal>, case: &str) {
    assert!(
        matches!(outcome, Err(Refusal::SignatureMismatch { .. })),
        "{case}: {outcome:?}"
    );
}

/// Fails unless the request is refused as malformed, for a reason that mentions `about`.
pub(super) fn assert_malformed<V: fmt::Debug>(outcome: Result<V, Refusal>, about: &str) {
    let refused = matches!(&outcome, Err(Refusal::Malformed(what)) if what.contains(about));
    assert!(refused, "{outcome:?} instead of a malformed {about}");
}

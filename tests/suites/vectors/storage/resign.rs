//! The stores' signers against the recorded signatures, given the recorded bytes and the list of signed headers.

use bytes::Bytes;
use cloud_import_core::{
    Credentials,
    provider::{encode, protocol::Signing},
};
use cloud_import_tests::vectors::{self, Recorded, Vector};
use http::Request;

use super::clients;
use crate::outcome::{Outcome, Reason};

/// Checks one vector.
pub(super) fn check(vector: &Vector) -> Outcome {
    compare(&clients::as_signed(vector)).unwrap_or_else(Outcome::failed)
}

fn compare(vector: &Vector) -> Result<Outcome, String> {
    let recorded = clients::signature(&vector.wire())?;
    let Some(made) = sign(vector, &vector.client_credentials()) else {
        return Ok(Outcome::LeftOut(Reason::SignatureVersionNotOffered));
    };
    let mut differences = Vec::new();
    if made? != recorded {
        differences.push("another signature".to_owned());
    }
    let keys = &vector.credentials;
    let secret = format!("{}x", keys.secret_access_key);
    let other = match &keys.security_token {
        Some(token) => Credentials::temporary(&keys.access_key_id, secret, token),
        None => Credentials::new(&keys.access_key_id, secret),
    };
    if sign(vector, &other).transpose()?.as_ref() == Some(&recorded) {
        differences.push("the same signature with another secret".to_owned());
    }
    Ok(Outcome::of(differences, 1))
}

/// The signature that the signer makes for the recorded request; `None` for a scheme that no signer knows.
fn sign(vector: &Vector, credentials: &Credentials) -> Option<Result<String, String>> {
    let names = signed_headers(vector);
    let names: Option<Vec<&str>> = names
        .as_ref()
        .map(|names| names.split(';').filter(|name| !name.is_empty()).collect());
    let signed = || {
        let mut request = unsigned(vector)?;
        let signing = Signing {
            credentials,
            instant: vector.time()?,
            nonce: "",
            signed_headers: names.as_deref(),
        };
        match clients::sign(vector, &mut request, &signing) {
            Some(outcome) => outcome.map(|()| Some(request)),
            None => Ok(None),
        }
    };
    let request = signed().transpose()?;
    Some(request.and_then(|request| clients::signature(&vectors::to_wire(&request))))
}

/// The list of signed headers that the recorded `Authorization` has.
fn signed_headers(vector: &Vector) -> Option<String> {
    let wire = vector.wire();
    let value = wire.header("authorization")?;
    ["SignedHeaders=", "AdditionalHeaders=", "q-header-list="]
        .iter()
        .find_map(|mark| {
            let (_, list) = value.split_once(mark)?;
            Some(list.split([',', '&']).next()?.to_owned())
        })
}

/// The request as it was before it was signed, its other bytes untouched but for a path that no URL may have: the `ufile`
/// SDK writes keys into its links as they are.
fn unsigned(vector: &Vector) -> Result<Request<Bytes>, String> {
    let query = vector.request.query.split('&');
    let query: Vec<&str> = query
        .filter(|pair| !clients::is_signature(pair.split('=').next().unwrap_or_default()))
        .collect();
    let is_url = |byte: u8| byte.is_ascii_graphic();
    let path = &vector.request.path;
    let unsigned = Vector {
        request: Recorded {
            query: query.join("&"),
            path: match path.bytes().all(is_url) {
                true => path.clone(),
                false => encode::percent_path(path),
            },
            ..vector.request.clone()
        },
        ..vector.clone()
    };
    vectors::to_http(&unsigned)
}

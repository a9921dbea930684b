//! The client's signer against the recorded signatures, given the recorded bytes and the list of signed headers.

use bytes::Bytes;
use cloud_import_core::{Credentials, provider::protocol::Signing};
use cloud_import_tests::vectors::{self, Recorded, Vector};
use http::Request;

use crate::{
    clouds::{self, Cloud},
    outcome::{Outcome, Reason},
};

/// The parameter that holds the signature.
const SIGNATURE: &str = "Signature";

/// Checks one vector.
pub(crate) fn check(vector: &Vector) -> Outcome {
    let cloud = match clouds::find(vector) {
        Ok(cloud) => cloud,
        Err(why) => return Outcome::failed(why),
    };
    if !cloud.signs(vector) {
        return Outcome::LeftOut(Reason::SignatureVersionNotOffered);
    }
    compare(cloud, vector).unwrap_or_else(Outcome::failed)
}

fn compare(cloud: &Cloud, vector: &Vector) -> Result<Outcome, String> {
    let recorded = signature(vector, None)?;
    let mut differences = Vec::new();
    if sign(cloud, vector, &vector.client_credentials())? != recorded {
        differences.push("another signature".to_owned());
    }
    let keys = &vector.credentials;
    let other = Credentials::new(&keys.access_key_id, format!("{}x", keys.secret_access_key));
    if sign(cloud, vector, &other)? == recorded {
        differences.push("the same signature with another secret".to_owned());
    }
    Ok(Outcome::of(differences, 1))
}

/// The signature that the client's signer makes for the recorded request.
fn sign(cloud: &Cloud, vector: &Vector, credentials: &Credentials) -> Result<String, String> {
    let wire = vector.wire();
    let mut request = if vectors::authorization(&wire).is_some() {
        vectors::to_http(vector)?
    } else {
        vectors::to_http(&without_signature(vector))?
    };
    let names: Option<Vec<&str>> =
        vectors::authorization_value(&wire, "SignedHeaders").map(|names| names.split(';').collect());
    let signing = Signing {
        credentials,
        instant: vector.time()?,
        nonce: vector.nonce.as_deref().unwrap_or(clouds::UNUSED_NONCE),
        signed_headers: names.as_deref(),
    };
    cloud.sign(vector, &mut request, &signing)?;
    signature(vector, Some(&request))
}

/// The signature in a signed request, or in the recorded one.
fn signature(vector: &Vector, signed: Option<&Request<Bytes>>) -> Result<String, String> {
    let wire = signed.map_or_else(|| vector.wire(), vectors::to_wire);
    if let Some(signature) = vectors::authorization_value(&wire, SIGNATURE) {
        return Ok(signature.to_owned());
    }
    let mut parameters = wire.form_pairs().into_iter().chain(wire.query_pairs());
    parameters
        .find(|(name, _)| name == SIGNATURE)
        .map(|(_, value)| value)
        .ok_or_else(|| "there is no signature".to_owned())
}

/// The request as it was before its parameters were signed, its other bytes untouched.
fn without_signature(vector: &Vector) -> Vector {
    let unsigned = |text: &str| {
        let is_signature = |piece: &&str| piece.split('=').next() == Some(SIGNATURE);
        let pieces: Vec<&str> = text.split('&').filter(|piece| !is_signature(piece)).collect();
        pieces.join("&")
    };
    Vector {
        request: Recorded {
            query: unsigned(&vector.request.query),
            body: unsigned(&vector.request.body),
            ..vector.request.clone()
        },
        ..vector.clone()
    }
}

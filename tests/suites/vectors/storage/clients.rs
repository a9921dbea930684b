//! The client's halves of a store's vector: which signer signs it, which bucket it is about. Nothing is checked here.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use cloud_import_core::{Provider, provider::protocol::Signing};
use cloud_import_sim::wire::WireRequest;
use cloud_import_staging::{
    Bucket,
    sign::{CosSigner, ObsSigner, OssSignatureVersion, OssSigner, S3Signer, StoreSigner as _, Us3Signer},
};
use cloud_import_tests::vectors::Vector;
use http::Request;
use serde_json::Value;

/// The recorded operation that is a link and nothing else.
pub(super) const LINK: &str = "PresignedUrl";

/// The vector with the keys that its SDK signed with: COS's signs a link of temporary keys as if they had no token.
pub(super) fn as_signed(vector: &Vector) -> Cow<'_, Vector> {
    let has_token = vector.credentials.security_token.is_some();
    let drops_token = vector.algorithm == "COS-SHA1" && vector.operation == LINK && has_token;
    if !drops_token || vector.request.query.contains("x-cos-security-token") {
        return Cow::Borrowed(vector);
    }
    let mut signed = vector.clone();
    signed.credentials.security_token = None;
    Cow::Owned(signed)
}

/// A parameter that is text.
///
/// # Errors
/// That there is none.
pub(super) fn text<'v>(vector: &'v Vector, name: &str) -> Result<&'v str, String> {
    let value = vector.params.as_ref().and_then(|params| params.get(name)?.as_str());
    value.ok_or_else(|| format!("there is no parameter {name}"))
}

/// A parameter that is a number.
///
/// # Errors
/// That there is none.
pub(super) fn number(vector: &Vector, name: &str) -> Result<u64, String> {
    let value = vector.params.as_ref().and_then(|params| params.get(name));
    value
        .and_then(Value::as_u64)
        .ok_or_else(|| format!("there is no parameter {name}"))
}

/// The bucket, as a caller names it.
///
/// # Errors
/// A provider without a store, or what is no bucket.
pub(super) fn bucket(vector: &Vector) -> Result<Bucket, String> {
    let provider: Provider = vector
        .provider
        .trim_start_matches("storage_")
        .parse()
        .map_err(|error| format!("{error}"))?;
    let region = vector.region.as_deref().unwrap_or_default();
    let region = match provider {
        // Its recordings name the region by its host.
        Provider::UCLOUD => match region.trim_end_matches(".ufileos.com") {
            "cn-bj" => "cn-bj2",
            other => other,
        },
        _ => region,
    };
    Bucket::new(provider, region, text(vector, "Bucket")?).map_err(|error| error.to_string())
}

/// Whether the client sends requests that are signed like this; it can sign others.
pub(super) fn is_sent(vector: &Vector) -> bool {
    matches!(
        vector.algorithm.as_str(),
        "AWS4-HMAC-SHA256" | "OSS4-HMAC-SHA256" | "COS-SHA1" | "OBS-HMAC-SHA1" | "UFILE-HMAC-SHA1"
    )
}

/// Signs a request in its header, or in its query where it is a link. `None` for a scheme that no signer knows.
///
/// # Errors
/// The signer's own.
pub(super) fn sign(vector: &Vector, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Option<Result<(), String>> {
    let bucket = text(vector, "Bucket").ok().map(str::to_owned);
    let region = vector.region.clone().unwrap_or_default();
    let valid_for = match vector.operation.as_str() {
        LINK => match number(vector, "Expires") {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(why) => return Some(Err(why)),
        },
        _ => None,
    };
    macro_rules! sign {
        ($signer:expr) => {
            match valid_for {
                Some(valid_for) => $signer.presign(request, signing, valid_for),
                None => $signer.sign(request, signing),
            }
        };
    }
    let oss = |version| OssSigner {
        region: region.clone(),
        bucket: bucket.clone(),
        version,
    };
    let outcome = match vector.algorithm.as_str() {
        "AWS4-HMAC-SHA256" | "OBS-AWS4-HMAC-SHA256" => sign!(S3Signer { region }),
        "OSS4-HMAC-SHA256" => sign!(oss(OssSignatureVersion::V4)),
        "OSS-HMAC-SHA1" => sign!(oss(OssSignatureVersion::V1)),
        "COS-SHA1" => sign!(CosSigner::default()),
        "OBS-HMAC-SHA1" => sign!(ObsSigner { bucket }),
        "UFILE-HMAC-SHA1" => sign!(Us3Signer { bucket }),
        _ => return None,
    };
    Some(outcome.map_err(|error| error.to_string()))
}

/// The signature of a signed request: in the query, or last in `Authorization`.
///
/// # Errors
/// That there is none.
pub(super) fn signature(request: &WireRequest) -> Result<String, String> {
    let mut pairs = request.query_pairs().into_iter();
    if let Some((_, value)) = pairs.find(|(name, _)| is_signature(name)) {
        // The `ufile` SDK writes it into a link as it is, where a plus sign means a blank.
        return Ok(value.replace(' ', "+"));
    }
    let value = request.header("authorization").ok_or("there is no signature")?;
    let marks = ["Signature=", "q-signature=", ":"];
    let found = marks.iter().find_map(|mark| value.rsplit_once(mark));
    found
        .map(|(_, signature)| signature.to_owned())
        .ok_or_else(|| "there is no signature".to_owned())
}

/// Whether a parameter of a link is its signature.
pub(super) fn is_signature(name: &str) -> bool {
    ["Signature", "q-signature", "x-oss-signature", "X-Amz-Signature"].contains(&name)
}

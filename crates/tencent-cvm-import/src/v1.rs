//! Signature version 1: all parameters, the signature among them, stand in the query or in a form body. Pure, no I/O.
//!
//! The text that is signed holds every value as it is, links and token included: it is never shown, stored or logged.
//! Source: Tencent Cloud documentation, Signature (read 2026) and Request Structure (2024-11-27);
//! tencentcloud-sdk-python-common 3.1.195.

use cloud_import_core::{
    Bytes, Error, ErrorKind, Result,
    http::{self, Method, Request, Uri, header},
    provider::{
        datetime, digest,
        encode::{decode_pairs, pairs},
        protocol::Signing,
    },
};

/// Name of the parameter that the signature is sent as.
pub(crate) const SIGNATURE: &str = "Signature";

/// Content type of every request whose parameters are not JSON.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

type Parameters = Vec<(String, String)>;

/// The two keyed hashes of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha1,
}

impl Hash {
    /// The value of `SignatureMethod`. The vendor takes its absence for `HmacSHA1`.
    fn method(self) -> &'static str {
        match self {
            Self::Sha256 => "HmacSHA256",
            Self::Sha1 => "HmacSHA1",
        }
    }

    fn sign(self, secret_key: &str, text: &str) -> String {
        let (key, text) = (secret_key.as_bytes(), text.as_bytes());
        match self {
            Self::Sha256 => digest::base64(&digest::hmac_sha256(key, text)),
            Self::Sha1 => digest::base64(&digest::hmac_sha1(key, text)),
        }
    }
}

/// Signs the parameters of a request; see [`Signer::sign`](crate::Signer::sign).
///
/// # Errors
/// [`ErrorKind::Credentials`] without a key pair; [`ErrorKind::InvalidRequest`] when the request has another timestamp or
/// method of signing than it is to be signed with, when it is a `POST` of no form, and when the query gets too long for a
/// URL (about 64 KiB).
pub(crate) fn sign(request: &mut Request<Bytes>, signing: &Signing<'_>, hash: Hash) -> Result<()> {
    let keys = signing.credentials.keys()?;
    let mut parameters = parameters(request).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidRequest,
            "the request is a POST without a form, and signature version 1 covers parameters only",
        )
        .with_remedy("Build it with the client.")
    })?;
    parameters.retain(|(name, _)| name != SIGNATURE);
    let fixed = [
        ("Timestamp", datetime::unix(signing.instant).to_string()),
        ("SignatureMethod", hash.method().to_owned()),
    ];
    for (name, value) in fixed {
        match find(&parameters, name) {
            None => parameters.push((name.to_owned(), value)),
            Some(there) if there == value => {}
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("the request has a `{name}` that is not the one to sign with"),
                )
                .with_remedy("Leave the parameter out, or sign with the same."));
            }
        }
    }
    let own = [
        ("Nonce", Some(positive(signing.nonce).to_string())),
        ("SecretId", Some(keys.access_key_id.to_owned())),
        ("Token", keys.security_token.map(str::to_owned)),
    ];
    for (name, value) in own {
        if let Some(value) = value
            && find(&parameters, name).is_none()
        {
            parameters.push((name.to_owned(), value));
        }
    }
    let text = string_to_sign(request, &parameters)?;
    parameters.push((SIGNATURE.to_owned(), hash.sign(keys.secret_access_key, &text)));
    replace(request, &parameters)
}

/// The parameters of a request: of a `GET` those in the query, of any other those of the form in its body; `None` when
/// that is no form.
pub(crate) fn parameters(request: &Request<Bytes>) -> Option<Parameters> {
    if request.method() == Method::GET {
        return Some(decode_pairs(request.uri().query().unwrap_or_default()));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let body = std::str::from_utf8(request.body()).ok()?;
    content_type.starts_with(FORM).then(|| decode_pairs(body))
}

fn find<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    let mut found = parameters.iter().filter(|(there, _)| there == name);
    found.next().map(|(_, value)| value.as_str())
}

/// Method, host, path and the parameters sorted by name, with nothing escaped and nothing in between. An underscore in a
/// name counts as a dot.
fn string_to_sign(request: &Request<Bytes>, parameters: &Parameters) -> Result<String> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "the request has no header `host` to sign"))?;
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort_unstable();
    let joined: Vec<String> = sorted
        .into_iter()
        .map(|(name, value)| format!("{}={value}", name.replace('_', ".")))
        .collect();
    Ok(format!(
        "{}{host}{}?{}",
        request.method(),
        request.uri().path(),
        joined.join("&")
    ))
}

/// Puts the parameters where they were taken from.
fn replace(request: &mut Request<Bytes>, parameters: &Parameters) -> Result<()> {
    let text = pairs(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if request.method() != Method::GET {
        *request.body_mut() = Bytes::from(text);
        return Ok(());
    }
    let mut parts = request.uri().clone().into_parts();
    let target = format!("{}?{text}", request.uri().path());
    parts.path_and_query = Some(target.parse().map_err(no_url)?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(no_url)?;
    Ok(())
}

/// The cause names what is wrong with the URL, never the URL.
fn no_url(cause: impl Into<http::Error>) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "the signed parameters do not make a valid URL",
    )
    .with_remedy("If they are very many, send them by POST.")
    .with_source(cause.into())
}

/// The nonce as the vendor wants it, a positive integer: itself when it is one, else the first 31 bits of the HMAC-SHA256
/// of its text with the key `Nonce`, and 1 for 0. So many bits fit into whatever integer an older gateway reads.
fn positive(nonce: &str) -> u64 {
    match nonce.parse() {
        Ok(number) if number > 0 => number,
        _ => {
            let [a, b, c, d, ..] = digest::hmac_sha256(b"Nonce", nonce.as_bytes());
            u64::from(u32::from_be_bytes([a, b, c, d]) >> 1).max(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;
    use crate::{SignatureVersion, Signer};

    const ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
    const KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
    const TOKEN: &str = "tok+en/==";
    const INSTANT: &str = "2023-11-14T22:13:20Z";
    const NONCE: &str = "11886";

    const INSTANCES: &str = "Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20&Nonce=11886&Offset=0&Region=ap-guangzhou&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE&Timestamp=1465185768&Version=2017-03-12";
    const IMPORT: &str = "Action=ImportImage&Architecture=x86_64&ImageDescription=sampleimage&ImageName=sample&ImageUrl=http%3A%2F%2F111-1251233127.cosd.myqcloud.com%2FWindows%2520Server%25202008%2520R2%2520x64a.vmdk&OsType=CentOS&OsVersion=6&Region=ap-guangzhou&Version=2017-03-12";
    const IMAGES: &str = "Action=DescribeImages&Filters.0.Name=image-name&Filters.0.Values.0=ubuntu%20~%2A%2B%2022&Limit=20&Offset=0&Region=ap-guangzhou&Version=2017-03-12";

    fn request(method: &str, parameters: &str) -> Request<Bytes> {
        let (query, body) = match method {
            "GET" => (parameters, ""),
            _ => ("", parameters),
        };
        Request::builder()
            .method(method)
            .uri(format!("https://cvm.tencentcloudapi.com/?{query}"))
            .header("host", "cvm.tencentcloudapi.com")
            .header("content-type", FORM)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap()
    }

    fn keys() -> Credentials {
        Credentials::new(ID, KEY)
    }

    fn sign_with(
        version: SignatureVersion,
        request: &mut Request<Bytes>,
        credentials: &Credentials,
        instant: &str,
        nonce: &str,
    ) -> Result<()> {
        let signing = Signing {
            credentials,
            instant: datetime::parse_rfc3339(instant).unwrap(),
            nonce,
            signed_headers: None,
        };
        Signer {
            version,
            ..Signer::default()
        }
        .sign(request, &signing)
    }

    /// The parameters of the request once it is signed.
    fn signed(
        version: SignatureVersion,
        mut request: Request<Bytes>,
        credentials: &Credentials,
        instant: &str,
    ) -> Parameters {
        sign_with(version, &mut request, credentials, instant, NONCE).unwrap();
        parameters(&request).unwrap()
    }

    fn signature(parameters: &Parameters) -> &str {
        find(parameters, SIGNATURE).unwrap()
    }

    /// Worked numbers of texts without `SignatureMethod`: the documentation's own, the seed's request, one with a token.
    #[test]
    fn agrees_with_the_documented_texts() {
        let import = format!("{IMPORT}&Nonce=11886&SecretId={ID}&Timestamp=1465185768");
        let images = format!("{IMAGES}&Nonce=11886&SecretId={ID}&Timestamp=1700000000&Token=tok%2Ben%2F%3D%3D");
        for (parameters, expected) in [
            (INSTANCES, "EliP9YW3pW28FpsEdkXt/+WcGeI="),
            (import.as_str(), "QCbhwcV+rBIG6PmNS7A59NP1pbs="),
            (images.as_str(), "FGzwEuABEtFohGCos2PW9oEOB68="),
        ] {
            let request = request("GET", parameters);
            let text = string_to_sign(&request, &decode_pairs(parameters)).unwrap();
            assert_eq!(Hash::Sha1.sign(KEY, &text), expected, "{text}");
        }
    }

    /// Worked numbers of the official Python SDK with clock and nonce held still: its signer, then its whole client.
    #[test]
    fn agrees_with_the_official_signer() {
        use SignatureVersion::HmacSha256;
        let import = signed(HmacSha256, request("GET", IMPORT), &keys(), "2016-06-06T04:02:48Z");
        assert_eq!(signature(&import), "1KQ9kRVrPfrhx3pmqStbjWrK4urMY/dEHJtmJAP3I0c=");
        let temporary = Credentials::temporary(ID, KEY, TOKEN);
        let images = signed(HmacSha256, request("POST", IMAGES), &temporary, INSTANT);
        assert_eq!(signature(&images), "NGU7VGRnbyKra9MozF5UJn6Xu7GHFWNYMLXP7/68nrM=");
        let client =
            format!("{IMAGES}&Filters.0.Values.1=a%2Fb%3Dc%26d&Language=zh-CN&RequestClient=SDK_PYTHON_3.1.178");
        let client = signed(HmacSha256, request("GET", &client), &keys(), INSTANT);
        assert_eq!(signature(&client), "kDCUdd0Tob4KlkqZpDZuEoExoO5+Ee9yMwZUeWa6uHQ=");
    }

    #[test]
    fn what_is_added_is_named_as_the_vendor_names_it() {
        let temporary = Credentials::temporary(ID, KEY, TOKEN);
        for (version, name) in [
            (SignatureVersion::HmacSha256, "HmacSHA256"),
            (SignatureVersion::HmacSha1, "HmacSHA1"),
        ] {
            for method in ["GET", "POST"] {
                let signed = signed(version, request(method, IMAGES), &temporary, INSTANT);
                let added: Vec<_> = signed[decode_pairs(IMAGES).len()..].to_vec();
                let expected = [
                    ("Timestamp", "1700000000"),
                    ("SignatureMethod", name),
                    ("Nonce", NONCE),
                    ("SecretId", ID),
                    ("Token", TOKEN),
                    (SIGNATURE, signature(&signed)),
                ];
                let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
                assert_eq!(added, expected, "{method}");
            }
        }
    }

    #[test]
    fn an_underscore_in_a_name_is_signed_as_a_dot() {
        let parameters = decode_pairs("a_b=1&a_a=2&a.c=x_y");
        let text = string_to_sign(&request("GET", ""), &parameters).unwrap();
        assert_eq!(text, "GETcvm.tencentcloudapi.com/?a.c=x_y&a.a=2&a.b=1");
    }

    #[test]
    fn a_nonce_is_a_positive_integer() {
        for (nonce, expected) in [("11886", 11886), ("1", 1), ("18446744073709551615", u64::MAX)] {
            assert_eq!(positive(nonce), expected);
        }
        let texts = [
            "",
            "0",
            "-5",
            "18446744073709551616",
            "1f0c9c5e-3a67-4d0e-9a51-5d3b1e0c7a11",
            "1f0c9c5e-3a67-4d0e-9a51-5d3b1e0c7a12",
        ];
        let mut numbers = texts.map(positive).to_vec();
        assert_eq!(texts.map(positive).to_vec(), numbers);
        assert!(
            numbers.iter().all(|number| (1..1 << 31).contains(number)),
            "{numbers:?}"
        );
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), texts.len());
    }

    #[test]
    fn every_attempt_has_its_own_date_and_nonce() {
        let sign = |instant, nonce| {
            let mut request = request("GET", IMAGES);
            sign_with(SignatureVersion::HmacSha1, &mut request, &keys(), instant, nonce).unwrap();
            signature(&parameters(&request).unwrap()).to_owned()
        };
        let first = sign(INSTANT, NONCE);
        assert_ne!(sign("2023-11-14T22:13:21Z", NONCE), first);
        assert_ne!(sign(INSTANT, "11887"), first);
    }

    #[test]
    fn signing_twice_is_signing_once_and_what_is_there_stays() {
        let temporary = Credentials::temporary(ID, KEY, TOKEN);
        for method in ["GET", "POST"] {
            let mut request = request(method, &format!("{IMPORT}&Signature=old"));
            let mut sign = |nonce| {
                sign_with(SignatureVersion::HmacSha256, &mut request, &temporary, INSTANT, nonce).unwrap();
                (request.uri().clone(), request.body().clone())
            };
            let once = sign(NONCE);
            assert_eq!(sign("another"), once);
        }
    }

    #[test]
    fn what_cannot_be_signed_is_refused_without_showing_it() {
        let refused = |mut request: Request<Bytes>, credentials: &Credentials| {
            let version = SignatureVersion::HmacSha256;
            let error = sign_with(version, &mut request, credentials, INSTANT, NONCE).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("t0ken") && !shown.contains("nnnn") && !shown.contains("AKID"),
                "{shown}"
            );
            error
        };
        let bearer = Credentials::bearer_token("t0ken");
        assert_eq!(refused(request("GET", IMPORT), &bearer).kind(), ErrorKind::Credentials);
        let mut json = request("POST", "{}");
        let content_type = header::HeaderValue::from_static("application/json");
        json.headers_mut().insert(header::CONTENT_TYPE, content_type);
        let mut nowhere = request("GET", IMPORT);
        nowhere.headers_mut().remove(header::HOST);
        for (request, named) in [
            (json, "form"),
            (nowhere, "`host`"),
            (request("GET", "Timestamp=1700000001"), "`Timestamp`"),
            (request("POST", "SignatureMethod=HmacSHA1"), "`SignatureMethod`"),
            // Fits into a URL until the signature is added.
            (request("GET", &format!("ImageName={}", "n".repeat(65_400))), "URL"),
        ] {
            let error = refused(request, &keys());
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.message().contains(named), "{error}");
        }
    }
}

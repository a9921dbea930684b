//! Tencent COS's request signature, in headers and in the query. A pure function.
//!
//! Source: cos_python_sdk_v5 1.9.44 (2026); Tencent Cloud documentation, "Request signature", whose worked examples are
//! among the tests.

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, Error, ErrorKind, Result,
    credentials::Keys,
    http::Request,
    provider::{datetime, digest, encode, protocol::Signing},
};

use super::signer::{StoreSigner, add_to_query, authorize, put_token, signed_names};

const TOKEN: &str = "x-cos-security-token";

/// A signature counts from one minute before it was made, as the official SDK's do: clocks differ.
const BEFORE: Duration = Duration::from_secs(60);

/// How long a signature in a header counts: what the official SDK writes.
const AFTER: Duration = Duration::from_secs(10_000);

/// Signs. The scheme knows no region and no bucket but the host.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Signer {
    /// From when to when a signature counts, in seconds since 1970; from one minute before it is made where there is none.
    pub key_time: Option<(i64, i64)>,
}

impl StoreSigner for Signer {
    /// Adds the token and `Authorization`. Headers that are there already are kept and signed as they are.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        put_token(request, TOKEN, &keys)?;
        let usual = signed_names(request, "x-cos-", |name| name == "host");
        let names = signing.signed_headers.unwrap_or(&usual);
        let time = self.time(signing.instant, AFTER);
        let parameters = parameters(request, &[]);
        let list = names_of(&parameters);
        let signature = signature(request, &keys, &time, names, &parameters)?;
        let authorization = format!(
            "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list={}&q-url-param-list={list}\
             &q-signature={signature}",
            keys.access_key_id,
            names.join(";"),
        );
        authorize(request, &authorization)
    }

    /// Puts the signature into the query. Only the host is signed of the headers; a token is a parameter and is signed.
    fn presign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>, valid_for: Duration) -> Result<()> {
        let keys = signing.credentials.keys()?;
        if let Some(token) = keys.security_token {
            add_to_query(request, &[(TOKEN, token.to_owned())])?;
        }
        let time = self.time(signing.instant, valid_for);
        let signed = parameters(request, OWN);
        let signature = signature(request, &keys, &time, &["host"], &signed)?;
        let parameters = [
            ("q-sign-algorithm", "sha1".to_owned()),
            ("q-ak", keys.access_key_id.to_owned()),
            ("q-sign-time", time.clone()),
            ("q-key-time", time),
            ("q-header-list", "host".to_owned()),
            ("q-url-param-list", names_of(&signed)),
            ("q-signature", signature),
        ];
        add_to_query(request, &parameters)
    }
}

impl Signer {
    fn time(&self, instant: SystemTime, after: Duration) -> String {
        let now = datetime::unix(instant);
        let usual = (
            now.saturating_sub_unsigned(BEFORE.as_secs()),
            now.saturating_add_unsigned(after.as_secs()),
        );
        let (start, end) = self.key_time.unwrap_or(usual);
        format!("{start};{end}")
    }
}

/// The parameters of the signature itself.
const OWN: &[&str] = &[
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
];

type Pairs = Vec<(String, String)>;

/// The query's parameters as they are signed: names encoded and in lower case, values encoded, sorted by name.
fn parameters(request: &Request<Bytes>, without: &[&str]) -> Pairs {
    let mut pairs = encode::decode_pairs(request.uri().query().unwrap_or_default());
    pairs.retain(|(name, _)| !without.contains(&name.as_str()));
    encoded(pairs)
}

fn encoded(pairs: Pairs) -> Pairs {
    let encoded = pairs
        .into_iter()
        .map(|(name, value)| (encode::percent(&name).to_ascii_lowercase(), encode::percent(&value)));
    let mut encoded: Pairs = encoded.collect();
    encoded.sort_unstable();
    encoded
}

fn names_of(pairs: &Pairs) -> String {
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.join(";")
}

fn joined(pairs: &Pairs) -> String {
    let written: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    written.join("&")
}

fn signature(
    request: &Request<Bytes>,
    keys: &Keys<'_>,
    time: &str,
    names: &[&str],
    parameters: &Pairs,
) -> Result<String> {
    let headers = names
        .iter()
        .map(|name| {
            let value = request.headers().get(*name).ok_or_else(|| {
                let why = format!("the header `{name}` must be signed, but is missing");
                Error::new(ErrorKind::InvalidRequest, why)
            })?;
            let value = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
            Ok(((*name).to_owned(), value))
        })
        .collect::<Result<Pairs>>()?;
    let request_text = format!(
        "{}\n{}\n{}\n{}\n",
        request.method().as_str().to_ascii_lowercase(),
        encode::percent_decode(request.uri().path()),
        joined(parameters),
        joined(&encoded(headers)),
    );
    let string_to_sign = format!("sha1\n{time}\n{}\n", digest::sha1_hex(request_text.as_bytes()));
    // The key is the hex text of the first sum, not its bytes.
    let key = digest::hex(&digest::hmac_sha1(keys.secret_access_key.as_bytes(), time.as_bytes()));
    Ok(digest::hex(&digest::hmac_sha1(
        key.as_bytes(),
        string_to_sign.as_bytes(),
    )))
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;
    use crate::dialects::signer::signing;

    fn request(method: &str, host: &str, target: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://{host}{target}"))
            .header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    /// The signature of a request whose listed headers are signed.
    fn signed(request: &mut Request<Bytes>, credentials: &Credentials, time: (i64, i64), names: &[&str]) -> String {
        let signing = Signing {
            credentials,
            instant: SystemTime::UNIX_EPOCH,
            nonce: "",
            signed_headers: Some(names),
        };
        let signer = Signer { key_time: Some(time) };
        signer.sign(request, &signing).unwrap();
        let value = request.headers()["authorization"].to_str().unwrap();
        value.rsplit_once("q-signature=").unwrap().1.to_owned()
    }

    /// The worked examples of the vendor's documentation, before their digits were masked there.
    #[test]
    fn agrees_with_the_published_examples() {
        let keys = Credentials::new(
            "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",
            "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
        );
        let host = "examplebucket-1250000000.cos.ap-beijing.myqcloud.com";
        let path = "/exampleobject%28%E8%85%BE%E8%AE%AF%E4%BA%91%29";
        let mut put = request(
            "PUT",
            host,
            path,
            &[
                ("date", "Thu, 16 May 2019 06:45:51 GMT"),
                ("content-type", "text/plain"),
                ("content-length", "13"),
                ("content-md5", "mQ/fVh815F3k6TAUm8m0eg=="),
                ("x-cos-acl", "private"),
                ("x-cos-grant-read", "uin=\"100000000011\""),
            ],
        );
        let names = [
            "content-length",
            "content-md5",
            "content-type",
            "date",
            "host",
            "x-cos-acl",
            "x-cos-grant-read",
        ];
        assert_eq!(
            signed(&mut put, &keys, (1_557_989_151, 1_557_996_351), &names),
            "3b8851a11a569213c17ba8fa7dcf2abec6935172"
        );
        let query = "response-content-type=application%2Foctet-stream&response-cache-control=max-age%3D600";
        let mut get = request(
            "GET",
            host,
            &format!("{path}?{query}"),
            &[("date", "Thu, 16 May 2019 06:55:53 GMT")],
        );
        assert_eq!(
            signed(&mut get, &keys, (1_557_989_753, 1_557_996_953), &["date", "host"]),
            "01681b8c9d798a678e43b685a9f1bba0f6c0e012"
        );
    }

    const HOST: &str = "img-1250000000.cos.ap-guangzhou.myqcloud.com";
    const TIME: (i64, i64) = (1_699_999_940, 1_700_003_600);

    fn keys(token: Option<&str>) -> Credentials {
        let (id, secret) = (
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        );
        match token {
            Some(token) => Credentials::temporary(id, secret, token),
            None => Credentials::new(id, secret),
        }
    }

    /// Numbers of the official SDK with its clock held still.
    #[test]
    fn agrees_with_the_official_signer() {
        let key = "/a%20b/~x%2A%2By.qcow2";
        let mut part = request(
            "PUT",
            HOST,
            &format!("{key}?partNumber=1&uploadId=abc%2FDEF%3D%3D"),
            &[("content-length", "5")],
        );
        assert_eq!(
            signed(
                &mut part,
                &keys(Some("tok/en==")),
                TIME,
                &["content-length", "host", TOKEN]
            ),
            "1b30e0fdd796741d1c65641e2ad1d692d0297e67"
        );
        let mut begin = request("POST", HOST, "/k.raw?uploads", &[]);
        assert_eq!(
            signed(&mut begin, &keys(None), TIME, &["host"]),
            "23afcac705d4d9894a55022318f3e264a318e5dc"
        );
    }

    #[test]
    fn agrees_with_the_official_links() {
        for (target, token, expected) in [
            (
                "/a%20b/~x%2A%2By.qcow2",
                None,
                "ccb50529106b9fbd92441dca15ac8a68c9bb97d7",
            ),
            ("/k.raw", Some("tok/en=="), "6b89c0597c4b8ca821192b36c890653b7c69a0f3"),
        ] {
            let mut get = request("GET", HOST, target, &[]);
            let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
            let valid_for = Duration::from_secs(3600);
            Signer::default()
                .presign(&mut get, &signing(&keys(token), from), valid_for)
                .unwrap();
            let query = get.uri().query().unwrap();
            assert!(query.contains("q-sign-time=1699999940%3B1700003600&"), "{query}");
            assert!(query.ends_with(&format!("&q-signature={expected}")), "{query}");
        }
    }
}

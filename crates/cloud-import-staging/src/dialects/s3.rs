//! AWS's request signature, version 4, for S3, in headers and in the query. A pure function.
//!
//! Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)", whose worked examples are the tests.
//! JD Cloud takes it with service `s3` and its own region ids (OSS documentation, Introduction-4-SDK-Go); Huawei OBS takes it
//! as the second of its two signatures.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Result,
    http::Request,
    provider::{canonical, datetime, protocol::Signing},
};

use super::{
    signer::{StoreSigner, add_to_query, authorize, put_token, signed_names},
    v4::Scheme,
};

const V4: Scheme = Scheme {
    algorithm: "AWS4-HMAC-SHA256",
    secret_prefix: "AWS4",
    service: "s3",
    end: "aws4_request",
};
const DATE: &str = "x-amz-date";
const CONTENT: &str = "x-amz-content-sha256";
const TOKEN: &str = "x-amz-security-token";

/// The body is not part of the signature: TLS protects it on the way, and Content-MD5, which is signed, tells the store what
/// must arrive. Hashing each part a second time would cost as much as sending it.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Signs for one region.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Region of the credential scope.
    pub region: String,
}

impl StoreSigner for Signer {
    /// Adds date, content hash, token and `Authorization`. Headers that are there already are kept and signed as they are.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let date = datetime::basic(signing.instant);
        canonical::set_default(request.headers_mut(), DATE, &date)?;
        canonical::set_default(request.headers_mut(), CONTENT, UNSIGNED)?;
        put_token(request, TOKEN, &keys)?;
        let usual = signed_names(request, "x-amz-", |name| name == "host");
        let names = signing.signed_headers.unwrap_or(&usual);
        let payload = request.headers().get(CONTENT).and_then(|value| value.to_str().ok());
        let canonical = canonical_request(request, names, payload.unwrap_or(UNSIGNED))?;
        let authorization = format!(
            "{} Credential={}/{},SignedHeaders={},Signature={}",
            V4.algorithm,
            keys.access_key_id,
            V4.scope(&date, &self.region),
            names.join(";"),
            V4.signature(keys.secret_access_key, &date, &self.region, &canonical),
        );
        authorize(request, &authorization)
    }

    /// Puts the signature into the query. Only the host is signed of the headers.
    fn presign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>, valid_for: Duration) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let date = datetime::basic(signing.instant);
        let mut parameters = vec![
            ("X-Amz-Algorithm", V4.algorithm.to_owned()),
            (
                "X-Amz-Credential",
                format!("{}/{}", keys.access_key_id, V4.scope(&date, &self.region)),
            ),
            ("X-Amz-Date", date.clone()),
            ("X-Amz-Expires", valid_for.as_secs().to_string()),
            ("X-Amz-SignedHeaders", "host".to_owned()),
        ];
        parameters.extend(
            keys.security_token
                .map(|token| ("X-Amz-Security-Token", token.to_owned())),
        );
        add_to_query(request, &parameters)?;
        let canonical = canonical_request(request, &["host"], UNSIGNED)?;
        let signature = V4.signature(keys.secret_access_key, &date, &self.region, &canonical);
        add_to_query(request, &[("X-Amz-Signature", signature)])
    }
}

fn canonical_request(request: &Request<Bytes>, names: &[&str], payload: &str) -> Result<String> {
    let uri = request.uri();
    Ok(format!(
        "{}\n{}\n{}\n{}\n{}\n{payload}",
        request.method(),
        canonical::path(uri.path()),
        canonical::query(uri.query().unwrap_or_default()),
        canonical::header_lines(request.headers(), names)?,
        names.join(";"),
    ))
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;
    use crate::dialects::signer::signing;

    /// The keys, bucket and date of AWS's published examples.
    const KEYS: (&str, &str) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const HOST: &str = "examplebucket.s3.amazonaws.com";

    fn signer() -> Signer {
        Signer {
            region: "us-east-1".to_owned(),
        }
    }

    fn example(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://{HOST}{target}"))
            .header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    fn signature(mut request: Request<Bytes>, names: &[&str]) -> String {
        let credentials = Credentials::new(KEYS.0, KEYS.1);
        let signing = Signing {
            credentials: &credentials,
            instant: datetime::parse_rfc3339("2013-05-24T00:00:00Z").unwrap(),
            nonce: "",
            signed_headers: Some(names),
        };
        signer().sign(&mut request, &signing).unwrap();
        let value = request.headers()["authorization"].to_str().unwrap();
        value.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    /// "Examples: Signature Calculations" of Amazon's S3 API Reference.
    #[test]
    fn agrees_with_the_published_examples() {
        let cases = [
            (
                example("GET", "/test.txt", &[("range", "bytes=0-9"), (CONTENT, EMPTY)]),
                &["host", "range", CONTENT, DATE][..],
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                example(
                    "PUT",
                    "/test$file.text",
                    &[
                        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                        (
                            CONTENT,
                            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
                        ),
                        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                    ],
                ),
                &["date", "host", CONTENT, DATE, "x-amz-storage-class"][..],
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                example("GET", "/?lifecycle", &[(CONTENT, EMPTY)]),
                &["host", CONTENT, DATE][..],
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                example("GET", "/?max-keys=2&prefix=J", &[(CONTENT, EMPTY)]),
                &["host", CONTENT, DATE][..],
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        for (request, names, expected) in cases {
            let shown = request.uri().to_string();
            assert_eq!(signature(request, names), expected, "{shown}");
        }
    }

    /// "Authenticating Requests: Using Query Parameters" of the same reference.
    #[test]
    fn agrees_with_the_published_link() {
        let mut request = example("GET", "/test.txt", &[]);
        let credentials = Credentials::new(KEYS.0, KEYS.1);
        let from = datetime::parse_rfc3339("2013-05-24T00:00:00Z").unwrap();
        let day = Duration::from_secs(86_400);
        signer()
            .presign(&mut request, &signing(&credentials, from), day)
            .unwrap();
        assert_eq!(
            request.uri().to_string(),
            format!(
                "https://{HOST}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE\
                 %2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
                 &X-Amz-SignedHeaders=host\
                 &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
            )
        );
    }

    #[test]
    fn signs_the_token_the_sum_and_all_own_headers_and_no_body() {
        let credentials = Credentials::temporary("AK", "SK", "t0ken");
        let signing = signing(&credentials, datetime::parse_rfc3339("2025-01-02T03:04:05Z").unwrap());
        let own = [("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="), ("x-amz-meta-a", "b")];
        let mut request = example("PUT", "/k", &own);
        signer().sign(&mut request, &signing).unwrap();
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(
            authorization.contains(
                "SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-security-token,"
            ),
            "{authorization}"
        );
        assert_eq!(request.headers()[CONTENT], UNSIGNED);
        assert_eq!(request.headers()[TOKEN], "t0ken");
    }
}

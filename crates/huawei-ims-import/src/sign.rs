//! Huawei Cloud's request signature with access key and secret key. A pure function of request, keys, instant and list of
//! headers. With an IAM token there is no signature: the token goes into a header.
//!
//! Source: API signing guide; the signers of huaweicloudsdkcore for Python 3.1.219 and of huaweicloud-sdk-go-v3.

use std::borrow::Cow;

use cloud_import_core::{
    Bytes, Result,
    http::{Request, header},
    provider::{canonical, datetime, digest, protocol::Signing},
};

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const DATE: &str = "x-sdk-date";
const TOKEN: &str = "x-security-token";
const BODY_HASH: &str = "x-sdk-content-sha256";
const IAM_TOKEN: &str = "x-auth-token";

/// The header that names the project.
pub(crate) const PROJECT: &str = "x-project-id";

/// The headers that are signed when they are there.
const USUAL: [&str; 6] = ["content-type", "host", PROJECT, BODY_HASH, DATE, TOKEN];

/// Signs requests: `SDK-HMAC-SHA256`. Dates may be 15 minutes off; a signed body has 12 MB at the most.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signer;

impl Signer {
    /// Adds date, token and `Authorization` to a request, or `X-Auth-Token` alone when the credentials are an IAM token.
    /// Headers that are there already are kept and signed as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) for a token that no header can carry;
    /// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) for a header to sign that is not there.
    pub fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        if let Some(token) = signing.credentials.as_bearer_token() {
            return canonical::set_secret(request.headers_mut(), IAM_TOKEN, token);
        }
        let keys = signing.credentials.keys()?;
        canonical::set_default(request.headers_mut(), DATE, &datetime::basic(signing.instant))?;
        if let Some(token) = keys.security_token
            && !request.headers().contains_key(TOKEN)
        {
            canonical::set_secret(request.headers_mut(), TOKEN, token)?;
        }
        let headers = request.headers();
        let usual: Vec<&str> = USUAL.into_iter().filter(|name| headers.contains_key(*name)).collect();
        let names = signing.signed_headers.unwrap_or(&usual);

        // The date that is sent counts, also when the caller has set it.
        let date = headers.get(DATE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let string_to_sign = format!(
            "{ALGORITHM}\n{}\n{}",
            date.unwrap_or_default(),
            digest::sha256_hex(canonical_request(request, names)?.as_bytes())
        );
        let signature = digest::hex(&digest::hmac_sha256(
            keys.secret_access_key.as_bytes(),
            string_to_sign.as_bytes(),
        ));
        let authorization = format!(
            "{ALGORITHM} Access={}, SignedHeaders={}, Signature={signature}",
            keys.access_key_id,
            names.join(";")
        );
        canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), &authorization)
    }
}

fn canonical_request(request: &Request<Bytes>, names: &[&str]) -> Result<String> {
    // The canonical path ends in a slash, although the path that is sent does not.
    let mut path = canonical::path(request.uri().path());
    if !path.ends_with('/') {
        path.push('/');
    }
    Ok(format!(
        "{}\n{path}\n{}\n{}\n{}\n{}",
        request.method(),
        canonical::query(request.uri().query().unwrap_or_default()),
        canonical::header_lines(request.headers(), names)?,
        names.join(";"),
        body_hash(request)
    ))
}

/// The body's hash, or what the caller's header states in its place, such as `UNSIGNED-PAYLOAD`; the header does not
/// count for an empty body.
fn body_hash(request: &Request<Bytes>) -> Cow<'_, str> {
    match request.headers().get(BODY_HASH) {
        Some(stated) if !request.body().is_empty() => String::from_utf8_lossy(stated.as_bytes()),
        _ => digest::sha256_hex(request.body()).into(),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Credentials, ErrorKind};

    use super::*;

    const PROJECT_ID: &str = "0123456789abcdef0123456789abcdef";
    const BODY: &str = r#"{"name":"ims_test_file","description":"import test","image_url":"ims-image:centos70.zvhd2","os_version":"CentOS 7.0 64bit","min_disk":40,"type":"ECS","image_tags":[{"key":"env","value":"ci"}]}"#;

    fn request(method: &str, host: &str, target: &str, headers: &[(&str, &str)], body: &'static str) -> Request<Bytes> {
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("https://{host}{target}"))
            .header("host", host);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    fn keys(token: Option<&str>) -> Credentials {
        let (id, secret) = ("EXAMPLEAK0000000000A", "exampleSecretKey00000000000000000000Test");
        match token {
            Some(token) => Credentials::temporary(id, secret, token),
            None => Credentials::new(id, secret),
        }
    }

    fn sign(mut request: Request<Bytes>, credentials: &Credentials) -> Request<Bytes> {
        let signing = Signing {
            credentials,
            instant: datetime::parse_rfc3339("2024-01-02T03:04:05Z").unwrap(),
            nonce: "",
            signed_headers: None,
        };
        Signer.sign(&mut request, &signing).unwrap();
        request
    }

    fn authorization(request: &Request<Bytes>) -> &str {
        request.headers()[header::AUTHORIZATION].to_str().unwrap()
    }

    /// Numbers of the official Python signer 3.1.219 with its clock held still.
    #[test]
    fn agrees_with_the_official_signer() {
        const IMS: &str = "ims.cn-north-4.myhuaweicloud.com";
        let json = ("content-type", "application/json");
        let project = ("x-project-id", PROJECT_ID);
        let job = format!("/v1/{PROJECT_ID}/jobs/ff8080814dbd65d7014dbe0d84db0013");
        let tag = format!("/v2/{PROJECT_ID}/images/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90/tags/%E9%94%AE%201");
        let cases = [
            (
                request(
                    "POST",
                    IMS,
                    "/v2/cloudimages/quickimport/action",
                    &[json, project],
                    BODY,
                ),
                None,
                "content-type;host;x-project-id;x-sdk-date",
                "b61041ba609df00e6e4a983c5d34ac9a4f4aa0805ce8efe8c0e3f4d736a755eb",
            ),
            (
                request(
                    "GET",
                    IMS,
                    "/v2/cloudimages?name=my%20image%2F%C3%BC%2B%26%3D~%2A&limit=10&__imagetype=private&created_at=gte%3A2024-01-02T03%3A04%3A05Z",
                    &[project],
                    "",
                ),
                None,
                "host;x-project-id;x-sdk-date",
                "10c6d2799fdc97d370dae929c13c9ff99d24feb604822452a702802ab3ab8450",
            ),
            (
                request(
                    "GET",
                    "ims.ap-southeast-3.myhuaweicloud.com",
                    &job,
                    &[json, project],
                    "",
                ),
                Some("gQ1leGFtcGxlLXRva2Vu/with+chars=="),
                "content-type;host;x-project-id;x-sdk-date;x-security-token",
                "42bbc5e3f3a28c7a91ad0888f0a52bf090d48d52fdf1adc4dd5581d6cdffc215",
            ),
            (
                request(
                    "GET",
                    "iam.cn-north-4.myhuaweicloud.com",
                    "/v3/projects?name=cn-north-4",
                    &[],
                    "",
                ),
                None,
                "host;x-sdk-date",
                "679bf6d68c022fe729611129565663471514ff6d0e44791eecc2691e480876ba",
            ),
            (
                request("DELETE", IMS, &tag, &[project], ""),
                None,
                "host;x-project-id;x-sdk-date",
                "c1ff7d7b8d2f1f8743126edce5a85cf5d654df1341ac2bfae09cc85101fc4dc1",
            ),
        ];
        for (request, token, names, signature) in cases {
            let target = request.uri().clone();
            let signed = sign(request, &keys(token));
            assert_eq!(
                authorization(&signed),
                format!("SDK-HMAC-SHA256 Access=EXAMPLEAK0000000000A, SignedHeaders={names}, Signature={signature}"),
                "{target}"
            );
        }
    }

    #[test]
    fn a_stated_body_hash_counts_unless_the_body_is_empty() {
        let import = |headers: &[(&str, &str)], body| {
            let signed = sign(request("POST", "ims.example", "/v2/images", headers, body), &keys(None));
            authorization(&signed).to_owned()
        };
        let unsigned = [("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")];
        assert_eq!(import(&unsigned, "one"), import(&unsigned, "two"));
        assert_ne!(import(&unsigned, "one"), import(&unsigned, ""));
        assert_ne!(import(&[], "one"), import(&[], "two"));
        assert!(import(&unsigned, "one").contains("host;x-sdk-content-sha256;x-sdk-date"));
    }

    #[test]
    fn a_date_that_is_there_is_the_date_that_is_signed() {
        let target = "/v3/projects?name=cn-north-4";
        let dated = [("x-sdk-date", "20240102T030405Z")];
        let mut recorded = request("GET", "iam.cn-north-4.myhuaweicloud.com", target, &dated, "");
        let credentials = keys(None);
        let signing = Signing {
            credentials: &credentials,
            instant: datetime::parse_rfc3339("2030-01-01T00:00:00Z").unwrap(),
            nonce: "",
            signed_headers: None,
        };
        Signer.sign(&mut recorded, &signing).unwrap();
        assert!(authorization(&recorded).ends_with("679bf6d68c022fe729611129565663471514ff6d0e44791eecc2691e480876ba"));
    }

    #[test]
    fn an_iam_token_takes_the_place_of_the_signature() {
        let signed = sign(
            request("GET", "ims.example", "/v2/cloudimages", &[], ""),
            &Credentials::bearer_token("t0ken"),
        );
        assert_eq!(signed.headers()[IAM_TOKEN], "t0ken");
        assert!(signed.headers()[IAM_TOKEN].is_sensitive());
        for absent in [header::AUTHORIZATION.as_str(), DATE] {
            assert!(!signed.headers().contains_key(absent), "{absent}");
        }
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_without_showing_it() {
        let credentials = keys(Some("t0ken\n"));
        let signing = Signing {
            credentials: &credentials,
            instant: datetime::parse_rfc3339("2024-01-02T03:04:05Z").unwrap(),
            nonce: "",
            signed_headers: None,
        };
        let mut request = request("GET", "ims.example", "/", &[], "");
        let error = Signer.sign(&mut request, &signing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!format!("{error} {error:?}").contains("t0ken"));
    }
}

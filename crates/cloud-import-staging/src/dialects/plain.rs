//! The signature that Huawei OBS and UCloud US3 call their own and Alibaba OSS its first: HMAC-SHA1 over a few plain lines. A pure
//! function.
//!
//! Source: esdk-obs-python 3.26.6 (`obs/auth.py`); ufile 3.2.11 for Python; oss2 2.19.1 and alibabacloud-oss-v2 1.4.1, whose
//! tests' numbers are the tests here. The three differ in names only.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Result,
    http::Request,
    provider::{canonical, datetime, digest, encode, protocol::Signing},
};

use super::signer::{add_to_query, authorize, put_token};

/// The names of one store. Text that is empty stands for what it does not have.
pub(super) struct Scheme {
    /// The word in `Authorization`.
    word: &'static str,
    /// What the store's own headers and parameters begin with.
    own: &'static str,
    /// The store's own date header. Without one, no date is sent.
    date: &'static str,
    /// Whether that date stands in the line of the date, too, and the line is not empty then.
    repeats_date: bool,
    /// Whether the key is signed as it is, and not as it stands in the URL.
    plain_key: bool,
    /// The header for the token of temporary keys.
    token_header: &'static str,
    /// The parameter for the access key id in a link.
    key_id: &'static str,
    /// The parameter for the token in a link.
    token: &'static str,
    /// Parameters that are part of the resource, beside [`PARAMETERS`]; `None` where none is.
    parameters: Option<&'static [&'static str]>,
}

/// Alibaba OSS.
pub(super) const OSS: Scheme = Scheme {
    word: "OSS",
    own: "x-oss-",
    date: "x-oss-date",
    repeats_date: true,
    plain_key: true,
    token_header: "x-oss-security-token",
    key_id: "OSSAccessKeyId",
    token: "security-token",
    parameters: Some(&["bucketInfo", "security-token"]),
};

/// Huawei OBS.
pub(super) const OBS: Scheme = Scheme {
    word: "OBS",
    own: "x-obs-",
    date: "x-obs-date",
    repeats_date: false,
    plain_key: false,
    token_header: "x-obs-security-token",
    key_id: "AccessKeyId",
    token: "x-obs-security-token",
    parameters: Some(&["x-obs-security-token"]),
};

/// UCloud US3, whose resource has no parameters and whose links carry no token.
pub(super) const US3: Scheme = Scheme {
    word: "UCloud",
    own: "x-ucloud-",
    date: "",
    repeats_date: false,
    plain_key: true,
    token_header: "securitytoken",
    key_id: "UCloudPublicKey",
    token: "",
    parameters: None,
};

/// Parameters that are part of the resource at OSS and OBS alike.
const PARAMETERS: [&str; 15] = [
    "acl",
    "encryption",
    "lifecycle",
    "location",
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "tagging",
    "uploadId",
    "uploads",
    "versionId",
];

impl Scheme {
    /// Adds token, date and `Authorization`. What already exists is kept and signed as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) without a key pair, or for an access key id that
    /// no header carries.
    pub(super) fn sign(&self, bucket: Option<&str>, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        put_token(request, self.token_header, &keys)?;
        if !self.date.is_empty() {
            canonical::set_default(request.headers_mut(), "date", &datetime::http(signing.instant))?;
        }
        let date = match header_text(request, self.date) {
            "" => header_text(request, "date"),
            own if self.repeats_date => own,
            _ => "",
        };
        let signature = self.signature(bucket, request, keys.secret_access_key, date);
        authorize(request, &format!("{} {}:{signature}", self.word, keys.access_key_id))
    }

    /// Puts the signature into the query, valid for so long from an instant.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) without a key pair.
    pub(super) fn presign(
        &self,
        bucket: Option<&str>,
        request: &mut Request<Bytes>,
        signing: &Signing<'_>,
        valid_for: Duration,
    ) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let end = datetime::unix(signing.instant)
            .saturating_add_unsigned(valid_for.as_secs())
            .to_string();
        let mut parameters = vec![(self.key_id, keys.access_key_id.to_owned()), ("Expires", end.clone())];
        parameters.extend(keys.security_token.map(|token| (self.token, token.to_owned())));
        add_to_query(request, &parameters)?;
        let signature = self.signature(bucket, request, keys.secret_access_key, &end);
        add_to_query(request, &[("Signature", signature)])
    }

    fn signature(&self, bucket: Option<&str>, request: &Request<Bytes>, secret: &str, date: &str) -> String {
        let string_to_sign = format!(
            "{}\n{}\n{}\n{date}\n{}{}",
            request.method(),
            header_text(request, "content-md5"),
            header_text(request, "content-type"),
            self.own_headers(request),
            self.resource(bucket, request),
        );
        digest::base64(&digest::hmac_sha1(secret.as_bytes(), string_to_sign.as_bytes()))
    }

    fn own_headers(&self, request: &Request<Bytes>) -> String {
        let mut own: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
        own.retain(|name| name.starts_with(self.own));
        own.sort_unstable();
        let lines = own
            .iter()
            .map(|name| format!("{name}:{}\n", header_text(request, name)));
        lines.collect()
    }

    /// Bucket, key and the parameters that choose what is meant.
    fn resource(&self, bucket: Option<&str>, request: &Request<Bytes>) -> String {
        let path = request.uri().path();
        let path = if self.plain_key {
            encode::percent_decode(path)
        } else {
            canonical::path(path)
        };
        let mut resource = match bucket {
            Some(bucket) => format!("/{bucket}{path}"),
            None => path,
        };
        let mut chosen = encode::decode_pairs(request.uri().query().unwrap_or_default());
        let is_chosen = |name: &str| {
            self.parameters
                .is_some_and(|own| own.contains(&name) || PARAMETERS.contains(&name))
        };
        chosen.retain(|(name, _)| is_chosen(name));
        chosen.sort_unstable();
        for (at, (name, value)) in chosen.iter().enumerate() {
            resource.push(if at == 0 { '?' } else { '&' });
            resource.push_str(name);
            if !value.is_empty() {
                resource.push('=');
                resource.push_str(value);
            }
        }
        resource
    }
}

/// The text of a header; none of one without a name.
fn header_text<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use cloud_import_core::Credentials;

    use super::*;
    use crate::dialects::signer::signing;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://b.example{target}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    fn signed(bucket: &str, mut request: Request<Bytes>) -> String {
        let credentials = Credentials::new("ak", "sk");
        let signing = signing(&credentials, at(1_700_000_000));
        OSS.sign(Some(bucket), &mut request, &signing).unwrap();
        request.headers()["authorization"].to_str().unwrap().to_owned()
    }

    /// Numbers of the official SDK and of its tests.
    #[test]
    fn agrees_with_the_official_signers_of_oss() {
        let headers = [
            ("content-md5", "eB5eJF1ptWaXm4bijSPyxw=="),
            ("content-type", "text/html"),
            ("x-oss-date", "Wed, 28 Dec 2022 10:27:41 GMT"),
            ("x-oss-meta-author", "alice"),
            ("x-oss-meta-magic", "abracadabra"),
        ];
        assert_eq!(
            signed("examplebucket", request("PUT", "/nelson", &headers)),
            "OSS ak:kSHKmLxlyEAKtZPkJhG9bZb5k7M="
        );
        assert_eq!(
            signed("examplebucket", request("PUT", "/nelson?acl", &headers)),
            "OSS ak:/afkugFbmWDQ967j1vr6zygBLQk="
        );
        let part = "/dir/a%20b.qcow2?uploadId=ABC%2Fdef%2B%3D%3D&partNumber=1";
        let headers = [("content-type", "application/octet-stream"), ("security-token", "tok")];
        assert_eq!(
            signed("mybucket", request("PUT", part, &headers)),
            "OSS ak:YXILotIDDFAlwPv6kV7itGaiGMk="
        );
    }

    #[test]
    fn agrees_with_the_official_links_of_oss() {
        for (bucket, target, end, expected) in [
            (
                "bucket",
                "/key?versionId=versionId",
                1_699_807_420,
                "dcLTea%2BYh9ApirQ8o8dOPqtvJXQ%3D",
            ),
            (
                "mybucket",
                "/dir/a%20b.qcow2",
                1_700_003_600,
                "K8hRLVfOGhhuC%2BazspKNYyUNeIQ%3D",
            ),
        ] {
            let mut get = request("GET", target, &[]);
            let credentials = Credentials::new("ak", "sk");
            let hour = Duration::from_secs(3600);
            OSS.presign(Some(bucket), &mut get, &signing(&credentials, at(end - 3600)), hour)
                .unwrap();
            let query = get.uri().query().unwrap();
            assert!(
                query.ends_with(&format!("&Expires={end}&Signature={expected}")),
                "{query}"
            );
        }
    }
}

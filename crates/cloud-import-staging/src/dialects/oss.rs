//! Alibaba OSS's request signature, version 4, and its first version for stores that are older. A pure function.
//!
//! Source: alibabacloud-oss-v2 1.4.1 and oss2 2.19.1, whose tests' numbers are the tests here; Alibaba Cloud documentation,
//! "Include a V4 signature". Alibaba closed version 1 to new accounts and buckets in 2025.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Result,
    http::Request,
    provider::{canonical, datetime, encode, protocol::Signing},
};

use super::{
    plain,
    signer::{StoreSigner, add_to_query, authorize, put_token, signed_names},
    v4::Scheme,
};

const V4: Scheme = Scheme {
    algorithm: "OSS4-HMAC-SHA256",
    secret_prefix: "aliyun_v4",
    service: "oss",
    end: "aliyun_v4_request",
};
const DATE: &str = "x-oss-date";
const CONTENT: &str = "x-oss-content-sha256";
const TOKEN: &str = "x-oss-security-token";

/// The only value that version 4 knows: the body is not part of the signature.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Which of the two signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignatureVersion {
    /// `OSS4-HMAC-SHA256`: what this crate sends.
    #[default]
    V4,
    /// `OSS` with HMAC-SHA1: refused for new accounts since March and new buckets since September 2025.
    V1,
}

/// Signs for one bucket.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Region of the credential scope: `cn-hangzhou`, without `oss-` in front.
    pub region: String,
    /// The bucket, where it stands in the host and not in the path.
    pub bucket: Option<String>,
    /// Which signature.
    pub version: SignatureVersion,
}

impl StoreSigner for Signer {
    /// Adds date, content hash, token and `Authorization`. Headers that are there already are kept and signed as they are.
    /// Content type, content sum and OSS's own headers are always signed; `signed_headers` names others that are, too.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        if self.version == SignatureVersion::V1 {
            return plain::OSS.sign(self.bucket.as_deref(), request, signing);
        }
        let keys = signing.credentials.keys()?;
        put_token(request, TOKEN, &keys)?;
        let date = datetime::basic(signing.instant);
        canonical::set_default(request.headers_mut(), DATE, &date)?;
        canonical::set_default(request.headers_mut(), CONTENT, UNSIGNED)?;
        let others = signing.signed_headers.unwrap_or_default();
        let canonical = self.canonical_request(request, others)?;
        let additional = match others {
            [] => String::new(),
            names => format!("AdditionalHeaders={},", names.join(";")),
        };
        let authorization = format!(
            "{} Credential={}/{},{additional}Signature={}",
            V4.algorithm,
            keys.access_key_id,
            V4.scope(&date, &self.region),
            V4.signature(keys.secret_access_key, &date, &self.region, &canonical),
        );
        authorize(request, &authorization)
    }

    fn presign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>, valid_for: Duration) -> Result<()> {
        if self.version == SignatureVersion::V1 {
            return plain::OSS.presign(self.bucket.as_deref(), request, signing, valid_for);
        }
        let keys = signing.credentials.keys()?;
        let date = datetime::basic(signing.instant);
        let mut parameters = vec![
            ("x-oss-signature-version", V4.algorithm.to_owned()),
            ("x-oss-date", date.clone()),
            ("x-oss-expires", valid_for.as_secs().to_string()),
            (
                "x-oss-credential",
                format!("{}/{}", keys.access_key_id, V4.scope(&date, &self.region)),
            ),
        ];
        parameters.extend(keys.security_token.map(|token| (TOKEN, token.to_owned())));
        add_to_query(request, &parameters)?;
        let canonical = self.canonical_request(request, &[])?;
        let signature = V4.signature(keys.secret_access_key, &date, &self.region, &canonical);
        add_to_query(request, &[("x-oss-signature", signature)])
    }
}

impl Signer {
    fn canonical_request(&self, request: &Request<Bytes>, others: &[&str]) -> Result<String> {
        let names = signed_names(request, "x-oss-", |name| others.contains(&name));
        let path = match &self.bucket {
            Some(bucket) => format!("/{bucket}{}", request.uri().path()),
            None => request.uri().path().to_owned(),
        };
        Ok(format!(
            "{}\n{}\n{}\n{}\n{}\n{UNSIGNED}",
            request.method(),
            canonical::path(&path),
            canonical_query(request.uri().query().unwrap_or_default()),
            canonical::header_lines(request.headers(), &names)?,
            others.join(";"),
        ))
    }
}

/// Encoded names and values, sorted as encoded; a name without a value stands alone.
fn canonical_query(query: &str) -> String {
    let pairs = encode::decode_pairs(query);
    let encoded = pairs
        .iter()
        .map(|(name, value)| (encode::percent(name), encode::percent(value)));
    let mut encoded: Vec<(String, String)> = encoded.collect();
    encoded.sort_unstable();
    let written = encoded.into_iter().map(|(name, value)| match value.as_str() {
        "" => name,
        value => format!("{name}={value}"),
    });
    written.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use cloud_import_core::Credentials;

    use super::*;
    use crate::dialects::signer::signing;

    const QUERY: &str = "param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2&%7Cparam2&param2";

    fn signer(bucket: &str) -> Signer {
        Signer {
            region: "cn-hangzhou".to_owned(),
            bucket: Some(bucket.to_owned()),
            version: SignatureVersion::V4,
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://bucket.oss-cn-hangzhou.aliyuncs.com{target}"))
            .header("host", "bucket.oss-cn-hangzhou.aliyuncs.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    fn signed(
        bucket: &str,
        mut request: Request<Bytes>,
        credentials: &Credentials,
        time: u64,
        others: &[&str],
    ) -> String {
        let signing = Signing {
            credentials,
            instant: at(time),
            nonce: "",
            signed_headers: Some(others),
        };
        signer(bucket).sign(&mut request, &signing).unwrap();
        let value = request.headers()["authorization"].to_str().unwrap();
        value.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    /// Numbers of the official SDK's tests.
    #[test]
    fn agrees_with_the_official_tests() {
        let target = format!("/1234%2B-/123/1.txt?{QUERY}");
        let headers = [
            ("x-oss-head1", "value"),
            ("abc", "value"),
            ("zabc", "value"),
            ("xyz", "value"),
            ("content-type", "text/plain"),
        ];
        let put = || request("PUT", &target, &headers);
        let keys = Credentials::new("ak", "sk");
        assert_eq!(
            signed("bucket", put(), &keys, 1_702_743_657, &[]),
            "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"
        );
        let temporary = Credentials::temporary("ak", "sk", "token");
        assert_eq!(
            signed("bucket", put(), &temporary, 1_702_784_856, &[]),
            "b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea"
        );
        assert_eq!(
            signed("bucket", put(), &keys, 1_702_747_512, &["abc", "zabc"]),
            "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f"
        );
    }

    /// A link of the official SDK's tests, whose query the SDK wrote in another order.
    #[test]
    fn agrees_with_the_official_link() {
        let headers = [("x-oss-head1", "value"), ("content-type", "application/octet-stream")];
        let mut request = request("PUT", &format!("/1234%2B-/123/1.txt?{QUERY}"), &headers);
        let keys = Credentials::new("ak", "sk");
        let valid_for = Duration::from_secs(599);
        signer("bucket")
            .presign(&mut request, &signing(&keys, at(1_702_781_677)), valid_for)
            .unwrap();
        let query = request.uri().query().unwrap();
        assert!(
            query.ends_with("&x-oss-signature=a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe"),
            "{query}"
        );
    }

    /// Calls of an upload, by the official SDK.
    #[test]
    fn agrees_with_the_official_upload() {
        let keys = Credentials::new("ak", "sk");
        let part = request(
            "PUT",
            "/dir/a%20b.qcow2?partNumber=1&uploadId=ABC%2Fdef%2B%3D%3D",
            &[("content-type", "application/octet-stream")],
        );
        assert_eq!(
            signed("mybucket", part, &keys, 1_700_000_000, &[]),
            "491793d6b1be76bd5350167905f304ed72f741fb69fd97266e7a607f2b84e9f2"
        );
        let begin = request("POST", "/dir/a%20b.qcow2?uploads", &[]);
        assert_eq!(
            signed("mybucket", begin, &keys, 1_700_000_000, &[]),
            "8a8adac2ef8dcce98b833da532f55c9ed7cbff0df71a78dc3a38a6d8b3e65bc3"
        );
    }
}

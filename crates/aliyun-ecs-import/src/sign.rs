//! Alibaba Cloud's request signatures: `ACS3-HMAC-SHA256` here, the older one over parameters in [`rpc`]. Pure functions of
//! request, keys, instant, nonce and list of headers.
//!
//! Source: V3 request structure and signature (documentation); alibabacloud_tea_openapi for Python 0.4.6 and
//! @alicloud/openapi-core 1.0.8.

use cloud_import_core::{
    Bytes, Result,
    http::{HeaderMap, Request, header},
    provider::{canonical, datetime, digest, protocol::Signing},
};

use crate::rpc;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
const DATE: &str = "x-acs-date";
const NONCE: &str = "x-acs-signature-nonce";
const CONTENT: &str = "x-acs-content-sha256";
const KEY_ID: &str = "x-acs-accesskey-id";
const TOKEN: &str = "x-acs-security-token";

/// Which of the two signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignatureVersion {
    /// `ACS3-HMAC-SHA256`, in headers: what the documents specify and the current SDKs send.
    #[default]
    V3,
    /// `HMAC-SHA1`, signature version 1.0, among the parameters: for private and older gateways. The documents call it the
    /// V2 request syntax and no longer recommend it; whether accounts of today may use it is unverified.
    Rpc,
}

/// Signs requests. Neither signature has a scope, so it is the same for every region.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Signer {
    /// Which signature.
    pub version: SignatureVersion,
}

impl Signer {
    /// Signs a request. What already exists is kept and signed as it is, but for a signature, which is replaced.
    ///
    /// V3 adds the headers date, nonce, hash of the body, token and `Authorization`. The RPC signature adds the parameters
    /// `Timestamp`, `SignatureNonce`, `SignatureMethod`, `SignatureVersion`, `AccessKeyId`, `SecurityToken` (temporary keys)
    /// and `Signature`, to the form in the body if the request has one, else to the query; it covers no header.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) without a key pair;
    /// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when the query gets too long for a URL
    /// (about 64 KiB).
    pub fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        match self.version {
            SignatureVersion::V3 => Self::sign_v3(request, signing),
            SignatureVersion::Rpc => rpc::sign(request, signing),
        }
    }

    fn sign_v3(request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let content = digest::sha256_hex(request.body());
        let headers = request.headers_mut();
        canonical::set_default(headers, DATE, &datetime::extended(signing.instant))?;
        canonical::set_default(headers, NONCE, signing.nonce)?;
        canonical::set_default(headers, CONTENT, &content)?;
        if let Some(token) = keys.security_token {
            canonical::set_default(headers, KEY_ID, keys.access_key_id)?;
            if !headers.contains_key(TOKEN) {
                canonical::set_secret(headers, TOKEN, token)?;
            }
        }
        let usual = usual_names(request.headers());
        let names = signing.signed_headers.unwrap_or(&usual);

        let canonical_request = format!(
            "{}\n{}\n{}\n{}\n{}\n{content}",
            request.method(),
            canonical::path(request.uri().path()),
            canonical::query(request.uri().query().unwrap_or_default()),
            canonical::header_lines(request.headers(), names)?,
            names.join(";"),
        );
        let string_to_sign = format!("{ALGORITHM}\n{}", digest::sha256_hex(canonical_request.as_bytes()));
        let signature = digest::hex(&digest::hmac_sha256(
            keys.secret_access_key.as_bytes(),
            string_to_sign.as_bytes(),
        ));
        let authorization = format!(
            "{ALGORITHM} Credential={},SignedHeaders={},Signature={signature}",
            keys.access_key_id,
            names.join(";")
        );
        canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), &authorization)
    }
}

/// What the vendor asks to be signed: the host, the content type where there is one, and its own headers.
fn usual_names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<&str> = headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| ["host", "content-type"].contains(name) || name.starts_with("x-acs-"))
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;

    const HOST: &str = "ecs-cn-hangzhou.aliyuncs.com";
    const INSTANT: &str = "2023-11-14T22:13:20Z";
    const NONCE: &str = "3ee8c1b883d344afa94f4e0ad82fd6cf";
    const IMPORT: &str = "Architecture=x86_64&BootMode=UEFI&ClientToken=tok-1&DiskDeviceMapping.1.DiskImageSize=40&DiskDeviceMapping.1.Format=QCOW2&DiskDeviceMapping.1.OSSBucket=mybucket&DiskDeviceMapping.1.OSSObject=dir%2Fa%20b.qcow2&DiskDeviceMapping.2.OSSBucket=mybucket&DiskDeviceMapping.2.OSSObject=data.raw&DryRun=true&Features.NvmeSupport=supported&ImageName=img%20~%2A%2B%2F%E6%B5%8B%E8%AF%95&OSType=linux&Platform=Others%20Linux&RegionId=cn-hangzhou&Tag.1.Key=k1&Tag.1.Value=v%201";

    fn request(host: &str, action: &str, query: &str, body: &'static str) -> Request<Bytes> {
        Request::builder()
            .method("POST")
            .uri(format!("https://{host}/?{query}"))
            .header("host", host)
            .header("x-acs-action", action)
            .header("x-acs-version", "2014-05-26")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    }

    fn signed(mut request: Request<Bytes>, credentials: &Credentials, instant: &str, nonce: &str) -> (String, String) {
        let signing = Signing {
            credentials,
            instant: datetime::parse_rfc3339(instant).unwrap(),
            nonce,
            signed_headers: None,
        };
        Signer::default().sign(&mut request, &signing).unwrap();
        let value = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        let (rest, signature) = value.split_once(",Signature=").unwrap();
        let (_, names) = rest.split_once(",SignedHeaders=").unwrap();
        (names.to_owned(), signature.to_owned())
    }

    /// The worked example of the documentation.
    #[test]
    fn agrees_with_the_documented_example() {
        let request = request(
            "ecs.cn-shanghai.aliyuncs.com",
            "RunInstances",
            "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
            "",
        );
        let (names, signature) = signed(
            request,
            &Credentials::new("YourAccessKeyId", "YourAccessKeySecret"),
            "2023-10-26T10:22:32Z",
            "3156853299f313e23d1673dc12e1703d",
        );
        assert_eq!(
            names,
            "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
        );
        assert_eq!(
            signature,
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    /// Numbers of the official TypeScript SDK with clock and nonce held still: many parameters, temporary keys, a form.
    #[test]
    fn agrees_with_the_official_signer() {
        let keys = Credentials::new("testid", "testsecret");
        let (_, signature) = signed(request(HOST, "ImportImage", IMPORT, ""), &keys, INSTANT, NONCE);
        assert_eq!(
            signature,
            "28f052b7b2d7b3e3c359c46d992c7ff24794c0a6f39ccbc1eaadc57cac97ea3a"
        );

        let query =
            "ImageId=m-bp1&RegionId=cn-hangzhou&Status=Creating%2CWaiting%2CAvailable%2CUnAvailable%2CCreateFailed";
        let temporary = Credentials::temporary("testid", "testsecret", "STS/tok+==");
        let (names, signature) = signed(request(HOST, "DescribeImages", query, ""), &temporary, INSTANT, NONCE);
        assert_eq!(
            names,
            "host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version"
        );
        assert_eq!(
            signature,
            "2f67756e2a39ab0e64dcbea1e573bbab943b4b8b32394655f605605f23993451"
        );

        let mut form = request(HOST, "DescribeTasks", "RegionId=cn-hangzhou", "Action=x&k=v%201");
        let content_type = header::HeaderValue::from_static("application/x-www-form-urlencoded");
        form.headers_mut().insert(header::CONTENT_TYPE, content_type);
        let (names, signature) = signed(form, &keys, INSTANT, NONCE);
        assert!(names.starts_with("content-type;host;"), "{names}");
        assert_eq!(
            signature,
            "b53167111a379f6d28a566ef30c172e52fa990363e9c2803f4d02b872e404634"
        );
    }

    /// Number of the official Python SDK, which signs every header that it sends.
    #[test]
    fn signs_exactly_the_headers_that_it_is_told() {
        let query = IMPORT.replace("DryRun=true", "DryRun=True");
        let mut request = request(HOST, "ImportImage", &query, "");
        for (name, value) in [
            ("accept", "application/json"),
            ("user-agent", "UA"),
            ("x-acs-credentials-provider", "static_ak"),
        ] {
            canonical::set(request.headers_mut(), name, value).unwrap();
        }
        let signing = Signing {
            credentials: &Credentials::new("testid", "testsecret"),
            instant: datetime::parse_rfc3339(INSTANT).unwrap(),
            nonce: NONCE,
            signed_headers: Some(&[
                "accept",
                "host",
                "user-agent",
                "x-acs-action",
                CONTENT,
                "x-acs-credentials-provider",
                DATE,
                super::NONCE,
                "x-acs-version",
            ]),
        };
        Signer::default().sign(&mut request, &signing).unwrap();
        let value = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        assert!(
            value.ends_with("Signature=a4099f71907b171e7bcf9ab23a3484771baf297a8fff2955d2f549c93b0b425e"),
            "{value}"
        );
    }

    #[test]
    fn headers_that_are_there_stay() {
        let mut request = request(HOST, "ImportImage", IMPORT, "");
        canonical::set(request.headers_mut(), DATE, INSTANT).unwrap();
        canonical::set(request.headers_mut(), super::NONCE, NONCE).unwrap();
        let keys = Credentials::new("testid", "testsecret");
        let (_, signature) = signed(request, &keys, "2030-01-01T00:00:00Z", "another");
        assert_eq!(
            signature,
            "28f052b7b2d7b3e3c359c46d992c7ff24794c0a6f39ccbc1eaadc57cac97ea3a"
        );
    }
}

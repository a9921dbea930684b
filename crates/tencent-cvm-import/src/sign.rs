//! Tencent Cloud's request signatures: version 3 (TC3) here, the older ones over parameters in [`v1`]. Pure functions of
//! request, keys, instant, nonce and list of headers.
//!
//! Source: Tencent Cloud documentation, Signature v3 (read 2026); tencentcloud-sdk-python-common 3.1.195.

use cloud_import_core::{
    Bytes, Error, ErrorKind, Result,
    http::{Request, header},
    provider::{canonical, datetime, digest, protocol::Signing},
};

use crate::{
    generated::SERVICE,
    v1::{self, Hash},
};

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const TERMINATOR: &str = "tc3_request";
const TIMESTAMP: &str = "x-tc-timestamp";
const TOKEN: &str = "x-tc-token";

/// What is signed unless a list says otherwise: the token is not, as in the SDKs.
const USUAL: [&str; 2] = ["content-type", "host"];

/// Which of the three signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignatureVersion {
    /// `TC3-HMAC-SHA256`, version 3, in headers: what the documents ask for and the current SDKs send.
    #[default]
    Tc3,
    /// `HmacSHA256`, version 1, among the parameters: for private and older gateways.
    HmacSha256,
    /// `HmacSHA1`, version 1, among the parameters: for gateways that are older still.
    HmacSha1,
}

/// Signs requests at whatever host: the scope's service is the product's, not read off the host.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Signer {
    /// Which signature.
    pub version: SignatureVersion,
    /// The product whose API is called: `cvm`, or `sts` for temporary keys.
    pub service: &'static str,
}

impl Default for Signer {
    /// Version 3, for CVM.
    fn default() -> Self {
        Self {
            version: SignatureVersion::default(),
            service: SERVICE,
        }
    }
}

impl Signer {
    /// Signs a request. What already exists is kept and signed as it is, but for a signature, which is replaced. The
    /// cloud takes a timestamp that is at most five minutes off.
    ///
    /// Version 3 adds the headers timestamp, token and `Authorization`. It has no nonce. The query is signed as it stands,
    /// so a `GET` can be signed too.
    ///
    /// Version 1 adds the parameters `Timestamp`, `Nonce`, `SecretId`, `Token` (temporary keys), `SignatureMethod` and
    /// `Signature`, to the query of a `GET` and to the form in the body of a `POST`; of the headers it covers the host only,
    /// and no list of headers changes that. The vendor's nonce is a positive integer. One that is such a number is taken as
    /// it is; of any other text it is the first 31 bits of the HMAC-SHA256 with the key `Nonce`, and 1 for 0.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair; [`ErrorKind::InvalidRequest`] when a header that is to be signed is
    /// missing, when the request has a timestamp or `SignatureMethod` that is not the one to sign with, when version 1 is to
    /// sign a `POST` of no form, and when the query gets too long for a URL (about 64 KiB).
    pub fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        match self.version {
            SignatureVersion::Tc3 => self.sign_v3(request, signing),
            SignatureVersion::HmacSha256 => v1::sign(request, signing, Hash::Sha256),
            SignatureVersion::HmacSha1 => v1::sign(request, signing, Hash::Sha1),
        }
    }

    fn sign_v3(self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let timestamp = datetime::unix(signing.instant).to_string();
        canonical::set_default(request.headers_mut(), TIMESTAMP, &timestamp)?;
        if request
            .headers()
            .get(TIMESTAMP)
            .is_none_or(|sent| sent != timestamp.as_str())
        {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("the request has an `{TIMESTAMP}` that is not the instant to sign at"),
            )
            .with_remedy("Leave the header out, or sign at its instant."));
        }
        if let Some(token) = keys.security_token
            && !request.headers().contains_key(TOKEN)
        {
            canonical::set_secret(request.headers_mut(), TOKEN, token)?;
        }
        let names = signing.signed_headers.unwrap_or(&USUAL);

        let date = datetime::date(signing.instant);
        let scope = format!("{date}/{}/{TERMINATOR}", self.service);
        let string_to_sign = format!(
            "{ALGORITHM}\n{timestamp}\n{scope}\n{}",
            digest::sha256_hex(canonical_request(request, names)?.as_bytes())
        );
        let mut key = digest::hmac_sha256(format!("TC3{}", keys.secret_access_key).as_bytes(), date.as_bytes());
        for part in [self.service, TERMINATOR] {
            key = digest::hmac_sha256(&key, part.as_bytes());
        }
        let signature = digest::hex(&digest::hmac_sha256(&key, string_to_sign.as_bytes()));
        let authorization = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            keys.access_key_id,
            names.join(";")
        );
        canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), &authorization)
    }
}

fn canonical_request(request: &Request<Bytes>, names: &[&str]) -> Result<String> {
    Ok(format!(
        "{}\n{}\n{}\n{}\n{}\n{}",
        request.method(),
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
        // Values count in lower case: `X-TC-Action: ImportImage` is signed as `importimage`.
        canonical::header_lines(request.headers(), names)?.to_lowercase(),
        names.join(";"),
        digest::sha256_hex(request.body())
    ))
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    const INSTANCES: &str = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
    const IMAGE: &str = r#"{"Architecture":"x86_64","DryRun":true,"Force":false,"ImageName":"img ~*+ 测试","ImageUrl":"https://img-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b.qcow2?q-sign-algorithm=sha1","OsType":"Ubuntu","OsVersion":"22"}"#;
    const TAGGED: &str = r#"{"Architecture": "x86_64", "OsType": "Ubuntu", "OsVersion": "22", "ImageUrl": "https://img-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b.qcow2", "ImageName": "ubuntu ~*+ 22", "DryRun": true, "Force": false, "TagSpecification": [{"ResourceType": "image", "Tags": [{"Key": "env", "Value": "\u6d4b\u8bd5"}]}], "BootMode": "UEFI"}"#;

    struct Case {
        host: &'static str,
        query: &'static str,
        content_type: &'static str,
        action: &'static str,
        body: &'static str,
        instant: &'static str,
        token: bool,
    }

    impl Default for Case {
        fn default() -> Self {
            Self {
                host: "cvm.tencentcloudapi.com",
                query: "",
                content_type: JSON,
                action: "",
                body: "",
                instant: "2023-11-14T22:13:20Z",
                token: false,
            }
        }
    }

    impl Case {
        fn signed(&self) -> Request<Bytes> {
            let method = if self.body.is_empty() { "GET" } else { "POST" };
            let mut request = Request::builder()
                .method(method)
                .uri(format!("https://{}/{}", self.host, self.query))
                .header("host", self.host)
                .header("content-type", self.content_type)
                .header("x-tc-action", self.action)
                .body(Bytes::from_static(self.body.as_bytes()))
                .unwrap();
            let (id, key) = (
                "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
                "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            );
            let credentials = if self.token {
                Credentials::temporary(id, key, "tok+en/==")
            } else {
                Credentials::new(id, key)
            };
            let with_action = ["content-type", "host", "x-tc-action"];
            let signing = Signing {
                credentials: &credentials,
                instant: datetime::parse_rfc3339(self.instant).unwrap(),
                nonce: "",
                signed_headers: (!self.action.is_empty()).then_some(&with_action),
            };
            Signer::default().sign(&mut request, &signing).unwrap();
            request
        }
    }

    /// Worked numbers of the documentation (2019-02-25 and 2018-10-09) and of the official Python SDK (2023-11-14) with
    /// the clock held still.
    #[test]
    fn agrees_with_the_document_and_the_official_signer() {
        let documented = Case {
            content_type: "application/json; charset=utf-8",
            body: INSTANCES,
            instant: "2019-02-25T16:44:25Z",
            ..Case::default()
        };
        let cases = [
            (
                Case {
                    action: "DescribeInstances",
                    ..documented
                },
                "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26",
            ),
            (
                documented,
                "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
            ),
            (
                Case {
                    query: "?Limit=10&Offset=0",
                    content_type: FORM,
                    instant: "2018-10-09T11:22:34Z",
                    ..Case::default()
                },
                "5da7a33f6993f0614b047e5df4582db9e9bf4672ba50567dba16c6ccf174c474",
            ),
            (
                Case {
                    body: IMAGE,
                    ..Case::default()
                },
                "3f0113b0ffad515a72792055dd1082788f8a22767e13bc9bb4f8f7a9be65ee85",
            ),
            (
                Case {
                    content_type: "application/json; charset=utf-8",
                    action: "ImportImage",
                    body: IMAGE,
                    ..Case::default()
                },
                "b77cdfe2b3a662e1af129d69ee5fa83b14cdccb4fb5e03c55eb73bae401cb43c",
            ),
            (
                Case {
                    body: TAGGED,
                    ..Case::default()
                },
                "8294d7181362e260c129c6a52f5d0e29e884289142d6dc26bfb98b762ea97a79",
            ),
            (
                Case {
                    host: "cvm.intl.tencentcloudapi.com",
                    body: "{}",
                    token: true,
                    ..Case::default()
                },
                "0fce01dcca24914a476cf92b4b36453c89dc0302ec8c6d817f6a19401d7032e6",
            ),
            (
                Case {
                    query: "?Filters.0.Name=image-name&Filters.0.Values.0=ubuntu%2022&Limit=20&Offset=0",
                    content_type: FORM,
                    ..Case::default()
                },
                "f5fc8d8cfd83327597dcaa98ed552ed34bc3d00fa19d5c329e0f0c59c439924c",
            ),
            (
                Case {
                    query: "?Filters.0.Name=image-name&Filters.0.Values.0=ubuntu+~%2A%2B+22&Filters.0.Values.1=a%2Fb%3Dc%26d&Offset=0&Limit=20",
                    content_type: FORM,
                    ..Case::default()
                },
                "df4fde56b2195667fe5b1913845b2893941720e66918c54611f316f498f1ca6a",
            ),
        ];
        for (case, expected) in cases {
            let request = case.signed();
            let value = request.headers()[header::AUTHORIZATION].to_str().unwrap();
            let signature = value.rsplit_once("Signature=").unwrap().1;
            assert_eq!(signature, expected, "{} {} {}", case.host, case.query, case.body);
        }
    }

    #[test]
    fn the_token_is_sent_and_not_signed() {
        let request = Case {
            body: "{}",
            token: true,
            ..Case::default()
        }
        .signed();
        let headers = request.headers();
        assert_eq!(headers[TOKEN], "tok+en/==");
        assert!(headers[TOKEN].is_sensitive() && headers[header::AUTHORIZATION].is_sensitive());
        let authorization = headers[header::AUTHORIZATION].to_str().unwrap();
        assert!(
            authorization.contains("/2023-11-14/cvm/tc3_request, SignedHeaders=content-type;host, "),
            "{authorization}"
        );
    }

    #[test]
    fn a_timestamp_of_another_instant_is_refused() {
        let mut request = Case {
            body: "{}",
            ..Case::default()
        }
        .signed();
        let credentials = Credentials::new("AKID", "KEY");
        let signing = Signing {
            credentials: &credentials,
            instant: datetime::parse_rfc3339("2023-11-14T22:13:21Z").unwrap(),
            nonce: "",
            signed_headers: None,
        };
        let error = Signer::default().sign(&mut request, &signing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains(TIMESTAMP), "{error}");
    }
}

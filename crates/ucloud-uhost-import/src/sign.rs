//! UCloud's request signature: SHA-1 over all parameters and the private key. A pure function of form and keys.
//!
//! There is neither date nor nonce, and no header is signed. The text that is hashed ends with the private key itself: it
//! is never shown, stored or logged. Source: UCloud API documentation, summary/signature (2026-08); ucloud-sdk-python3
//! 0.11.150.

use cloud_import_core::{
    Bytes, Error, ErrorKind, Result,
    http::{Request, header},
    provider::{
        digest,
        encode::{Pairs, borrow_pairs, pairs},
        protocol::Signing,
    },
};

/// Name of the parameter that the signature is sent as.
pub(crate) const SIGNATURE: &str = "Signature";

/// Content type of every request.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Signs requests. It needs nothing but the keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signer;

impl Signer {
    /// Adds `PublicKey`, `SecurityToken` (temporary keys) and `Signature` to the form in a request's body. A public key
    /// or token that already exists is kept; a signature is replaced. Instant, nonce and list of headers do not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair; [`ErrorKind::InvalidRequest`] when the body is no form.
    pub fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        let mut parameters = form(request).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the request is not a form, and only forms are signed",
            )
            .with_remedy("Build it with the client.")
        })?;
        parameters.retain(|(name, _)| name != SIGNATURE);
        let common = [
            ("PublicKey", Some(keys.access_key_id)),
            ("SecurityToken", keys.security_token),
        ];
        for (name, value) in common {
            if let Some(value) = value
                && !parameters.iter().any(|(there, _)| there == name)
            {
                parameters.push((name.into(), value.into()));
            }
        }
        let signature = signature(&parameters, keys.secret_access_key);
        parameters.push((SIGNATURE.into(), signature.into()));
        let body = pairs(parameters);
        *request.body_mut() = Bytes::from(body);
        Ok(())
    }
}

/// The parameters in a request's body; `None` when it is no form.
pub(crate) fn form(request: &Request<Bytes>) -> Option<Pairs<'_>> {
    let content_type = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let body = std::str::from_utf8(request.body()).ok()?;
    content_type.starts_with(FORM).then(|| borrow_pairs(body))
}

/// Names and values one after the other, sorted by name, with nothing escaped or in between, then the private key.
fn signature(parameters: &Pairs<'_>, private_key: &str) -> String {
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort_unstable();
    let mut text: String = sorted
        .into_iter()
        .flat_map(|(name, value)| [name.as_ref(), value.as_ref()])
        .collect();
    text.push_str(private_key);
    digest::sha1_hex(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use cloud_import_core::{
        Credentials,
        provider::encode::{self, dotted},
    };
    use serde_json::{Value, json};

    use super::*;

    const PUBLIC: &str = "ucloudsomeone@example.com1296235120854146120";
    const PRIVATE: &str = "46f09bb9fab4f12dfc160dae12273d5332b5debe";

    fn unsigned(fields: &Value) -> Request<Bytes> {
        let body = pairs(dotted(&encode::fields(fields).unwrap(), 0));
        Request::post("https://api.ucloud.cn/")
            .header("content-type", FORM)
            .body(Bytes::from(body))
            .unwrap()
    }

    fn sign(request: &mut Request<Bytes>, credentials: &Credentials) -> String {
        let signing = Signing {
            credentials,
            instant: SystemTime::UNIX_EPOCH,
            nonce: "",
            signed_headers: None,
        };
        Signer.sign(request, &signing).unwrap();
        form(request).unwrap().pop().unwrap().1.into_owned()
    }

    fn signed(fields: &Value, credentials: &Credentials) -> String {
        sign(&mut unsigned(fields), credentials)
    }

    /// The worked numbers of the vendor's document and of its Go and Python SDKs' tests.
    #[test]
    fn agrees_with_the_vendors_worked_numbers() {
        let keys = Credentials::new(PUBLIC, PRIVATE);
        let list = json!({"Action": "DescribeUHostInstance", "Limit": 10, "Region": "cn-bj2"});
        assert_eq!(signed(&list, &keys), "cba5cf5ec4d4233d206b1b54951e3787350a642f");
        let create = json!({
            "Action": "CreateUHostInstance", "CPU": 2, "ChargeType": "Month", "DiskSpace": 10,
            "ImageId": "f43736e1-65a5-4bea-ad2e-8a46e18883c2", "LoginMode": "Password", "Memory": 2048,
            "Name": "Host01", "Password": "VUNsb3VkLmNu", "Quantity": 1, "Region": "cn-bj2", "Zone": "cn-bj2-04",
        });
        assert_eq!(signed(&create, &keys), "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65");
        let temporary = Credentials::temporary(PUBLIC, PRIVATE, "some_stoken");
        assert_eq!(signed(&create, &temporary), "170c480ad176a247b324eb92a2cfe536aacfbd04");
        let items: Vec<&str> = ["foo", "bar", "42"].repeat(4);
        let batch = json!({"Action": "AllocateBackendBatch", "Backends": items});
        assert_eq!(signed(&batch, &keys), "6bc32642779f8cb0bb3d3f128b1c0688abf9a1a3");
    }

    /// Runs of ucloud-sdk-python3 0.11.150.
    #[test]
    fn agrees_with_the_official_signer() {
        let keys = Credentials::new(PUBLIC, PRIVATE);
        let place = |mut fields: Value| {
            fields["Region"] = "cn-bj2".into();
            fields["ProjectId"] = "org-abc".into();
            fields
        };
        let cases = [
            (
                json!({"Action": "DescribeImage", "ImageIds": ["uimage-1", "uimage-2"], "ImageType": "Custom", "Limit": 100, "Offset": 0}),
                "516169505aa4c5ff0e381d6eff32c0ceddd9f07b",
            ),
            (
                json!({
                    "Action": "ImportCustomImage", "ImageName": "import-test", "OsType": "Other", "OsName": "Other",
                    "UFileUrl": "https://bkt.cn-bj.ufileos.com/a b/img.qcow2?UCloudPublicKey=pk&Expires=1&Signature=a%2Bb%3D",
                    "Format": "qcow2", "Auth": true,
                }),
                "de09dd079670c7cc3a51e667c639683bbbb0e0bd",
            ),
            (
                json!({
                    "Action": "ImportCustomImage", "ImageName": "测试~*+ img", "OsType": "CentOS", "OsName": "CentOS 7.9 64位",
                    "UFileUrl": "https://bkt.cn-bj.ufileos.com/img.vmdk", "Format": "VMDK", "Auth": true, "Tag": "Default",
                    "ImageDescription": "x&y=z",
                }),
                "b944d23c32ba155d34a6e4809b5275a6cb7e83ac",
            ),
            (
                json!({"Action": "Foo", "F": 42.0, "G": 42.42, "H": false, "A": [{"K": "v"}, "x"], "D": {"E": 1}}),
                "d192d28f99e2cf3ca0e246279206f5445e95b109",
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(signed(&place(fields.clone()), &keys), expected, "{fields}");
        }
        let temporary = Credentials::temporary("TESTPUB", "TESTPRIV", "sts-token==");
        let import = json!({
            "Action": "ImportCustomImage", "ImageName": "import-test", "OsType": "Other", "OsName": "Other",
            "UFileUrl": "https://bkt.cn-bj.ufileos.com/img.qcow2", "Format": "qcow2", "Auth": true,
        });
        assert_eq!(
            signed(&place(import), &temporary),
            "35804834c52c4bb9d4c10512f15c11c092fb456c"
        );
    }

    #[test]
    fn signing_twice_is_signing_once() {
        let keys = Credentials::temporary(PUBLIC, PRIVATE, "t=1&2");
        let mut request = unsigned(&json!({"Action": "GetRegion"}));
        let first = sign(&mut request, &keys);
        let body = request.body().clone();
        assert_eq!((sign(&mut request, &keys), request.body()), (first, &body));
    }

    #[test]
    fn what_is_no_form_or_has_no_keys_is_refused_without_showing_it() {
        let credentials = Credentials::new(PUBLIC, PRIVATE);
        let refused = |request: &mut Request<Bytes>, credentials: &Credentials| {
            let signing = Signing {
                credentials,
                instant: SystemTime::UNIX_EPOCH,
                nonce: "",
                signed_headers: None,
            };
            Signer.sign(request, &signing).unwrap_err()
        };
        let mut json = Request::post("https://api.ucloud.cn/")
            .header("content-type", "application/json")
            .body(Bytes::from_static(b"{}"))
            .unwrap();
        assert_eq!(refused(&mut json, &credentials).kind(), ErrorKind::InvalidRequest);
        let mut request = unsigned(&json!({"Action": "GetRegion"}));
        let error = refused(&mut request, &Credentials::bearer_token("t0ken"));
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!format!("{error:?}").contains("t0ken"), "{error:?}");
    }
}

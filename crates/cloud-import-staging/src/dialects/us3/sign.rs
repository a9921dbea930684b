//! US3's request signature, in the header and in the query, and that of UCloud's API for describing a bucket. Pure functions.
//!
//! Source: UCloud documentation, UFile, `api/authorization.md` and `solutions/using_sts_for_us3.md`; ufile 3.2.11 for Python,
//! whose numbers are the tests. What is signed by the API's signature holds the private key: it is never shown.

use std::time::Duration;

use cloud_import_core::{
    Bytes, Error, ErrorKind, Provider, Result,
    http::Request,
    provider::{digest, encode, protocol::Signing},
};

use crate::dialects::{plain, signer::StoreSigner};

/// Signs for one bucket. The scheme has a fixed list of signed headers, so that [`Signing::signed_headers`] says nothing, and
/// no time: neither does the vendor's SDK send one.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The bucket, where it stands in the host and not in the path.
    pub bucket: Option<String>,
}

impl StoreSigner for Signer {
    /// Adds token and `Authorization`. Headers that are there already are kept and signed as they are.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        plain::US3.sign(self.bucket.as_deref(), request, signing)
    }

    /// Puts the signature into the query.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair; [`ErrorKind::Unsupported`] for temporary keys: their token is documented
    /// as a header only, which a link cannot carry.
    fn presign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>, valid_for: Duration) -> Result<()> {
        if signing.credentials.keys()?.security_token.is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a signed link of US3 cannot carry the token of temporary keys",
            )
            .with_provider(Provider::UCLOUD)
            .with_remedy("Sign with an API key pair or a US3 token key pair."));
        }
        plain::US3.presign(self.bucket.as_deref(), request, signing, valid_for)
    }
}

/// Adds keys and signature to a form, as UCloud's API wants them.
///
/// # Errors
/// [`ErrorKind::Credentials`] without a key pair.
pub(super) fn sign_form(request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
    let keys = signing.credentials.keys()?;
    let mut form = encode::decode_pairs(&String::from_utf8_lossy(request.body()));
    form.push(("PublicKey".to_owned(), keys.access_key_id.to_owned()));
    form.extend(
        keys.security_token
            .map(|token| ("SecurityToken".to_owned(), token.to_owned())),
    );
    form.sort_unstable();
    let mut signed: String = form.iter().map(|(name, value)| format!("{name}{value}")).collect();
    signed.push_str(keys.secret_access_key);
    form.push(("Signature".to_owned(), digest::sha1_hex(signed.as_bytes())));
    let pairs = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    *request.body_mut() = Bytes::from(encode::pairs(pairs));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use cloud_import_core::Credentials;

    use super::*;
    use crate::dialects::signer::signing;

    const URL: &str = "http://demobucket.cn-bj.ufileos.com/dir/img.qcow2";

    fn signer() -> Signer {
        Signer {
            bucket: Some("demobucket".to_owned()),
        }
    }

    fn keys() -> Credentials {
        Credentials::new("TOKEN_test-public", "test-private-key")
    }

    /// Numbers of the vendor's Python SDK.
    #[test]
    fn agrees_with_the_official_signer() {
        for (method, content_type, expected) in [
            ("PUT", "application/octet-stream", "TloN6jMx8DH3lULjd6O6po3Lnz8="),
            ("POST", "text/plain", "SOK6xg9r8WuhrhZxynP00WbIUdU="),
        ] {
            let mut request = Request::builder()
                .method(method)
                .uri(format!("{URL}?uploadId=not-signed"))
                .header("content-type", content_type)
                .body(Bytes::new())
                .unwrap();
            let credentials = keys();
            let signing = signing(&credentials, SystemTime::UNIX_EPOCH);
            signer().sign(&mut request, &signing).unwrap();
            let expected = format!("UCloud TOKEN_test-public:{expected}");
            assert_eq!(request.headers()["authorization"], expected.as_str());
        }
    }

    #[test]
    fn agrees_with_the_official_link() {
        let mut request = Request::builder().uri(URL).body(Bytes::new()).unwrap();
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_873_445 - 86_400);
        let valid_for = Duration::from_secs(86_400);
        signer()
            .presign(&mut request, &signing(&keys(), from), valid_for)
            .unwrap();
        assert_eq!(
            request.uri().to_string(),
            format!(
                "{URL}?UCloudPublicKey=TOKEN_test-public&Expires=1735873445&Signature=xPr8rZjFD%2F9swkQ6IybldpVeTGk%3D"
            )
        );
    }

    #[test]
    fn a_link_with_temporary_keys_is_refused() {
        let mut request = Request::builder().uri(URL).body(Bytes::new()).unwrap();
        let temporary = Credentials::temporary("AK", "SK", "t0ken");
        let error = signer()
            .presign(
                &mut request,
                &signing(&temporary, SystemTime::UNIX_EPOCH),
                Duration::from_secs(60),
            )
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    /// The worked numbers of the vendor's document, which the crate of its API is tested with, too.
    #[test]
    fn a_form_agrees_with_the_vendors_worked_numbers() {
        let public = "ucloudsomeone@example.com1296235120854146120";
        let private = "46f09bb9fab4f12dfc160dae12273d5332b5debe";
        let create = "Action=CreateUHostInstance&CPU=2&ChargeType=Month&DiskSpace=10&\
                      ImageId=f43736e1-65a5-4bea-ad2e-8a46e18883c2&LoginMode=Password&Memory=2048&Name=Host01&\
                      Password=VUNsb3VkLmNu&Quantity=1&Region=cn-bj2&Zone=cn-bj2-04";
        for (credentials, expected) in [
            (
                Credentials::new(public, private),
                "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65",
            ),
            (
                Credentials::temporary(public, private, "some_stoken"),
                "170c480ad176a247b324eb92a2cfe536aacfbd04",
            ),
        ] {
            let mut request = Request::post("https://api.ucloud.cn/")
                .body(Bytes::from(create))
                .unwrap();
            sign_form(&mut request, &signing(&credentials, SystemTime::UNIX_EPOCH)).unwrap();
            let form = String::from_utf8(request.body().to_vec()).unwrap();
            assert!(form.ends_with(&format!("&Signature={expected}")), "{form}");
        }
    }
}

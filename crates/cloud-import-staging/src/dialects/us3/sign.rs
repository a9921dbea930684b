//! US3's request signature, in the header and in the query, and that of UCloud's API for describing a bucket. Pure functions.
//!
//! Source: UCloud documentation, UFile, `api/authorization.md` and `solutions/using_sts_for_us3.md`; ufile 3.2.11 for Python,
//! whose numbers are the tests. What is signed by the API's signature holds the private key: it is never shown.

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, Credentials, Error, ErrorKind, Provider, Result, canonical, datetime, digest, encode,
    http::{Request, header},
    pipeline::Signing,
};

use crate::{dialects::site, sign::StoreSigner};

const TOKEN: &str = "securitytoken";

/// Signs for one bucket. The scheme has a fixed list of signed headers, so that [`Signing::signed_headers`] says nothing, and
/// no time: neither does the vendor's SDK send one.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The bucket, where it stands in the host and not in the path.
    pub bucket: Option<String>,
}

impl StoreSigner for Signer {
    /// Adds token and `Authorization`. Headers that are there already are kept and signed as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        if let Some(token) = keys.security_token
            && !request.headers().contains_key(TOKEN)
        {
            canonical::set_secret(request.headers_mut(), TOKEN, token)?;
        }
        let signature = self.signature(request, keys.secret_access_key, header_text(request, "date"));
        let authorization = format!("UCloud {}:{signature}", keys.access_key_id);
        canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), &authorization)
    }

    /// Puts the signature into the query, valid for so many seconds from an instant.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair; [`ErrorKind::Unsupported`] for temporary keys: their token is documented
    /// as a header only, which a link cannot carry.
    fn presign(
        &self,
        request: &mut Request<Bytes>,
        credentials: &Credentials,
        from: SystemTime,
        valid_for: Duration,
    ) -> Result<()> {
        let keys = credentials.keys()?;
        if keys.security_token.is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a signed link of US3 cannot carry the token of temporary keys",
            )
            .with_provider(Provider::Ucloud)
            .with_remedy("Sign with an API key pair or a US3 token key pair."));
        }
        let end = datetime::unix(from)
            .saturating_add_unsigned(valid_for.as_secs())
            .to_string();
        let parameters = [
            ("UCloudPublicKey", keys.access_key_id.to_owned()),
            ("Expires", end.clone()),
        ];
        site::add_to_query(request, &parameters)?;
        let signature = self.signature(request, keys.secret_access_key, &end);
        site::add_to_query(request, &[("Signature", signature)])
    }
}

impl Signer {
    fn signature(&self, request: &Request<Bytes>, secret: &str, date: &str) -> String {
        let mut own: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
        own.retain(|name| name.starts_with("x-ucloud-"));
        own.sort_unstable();
        let own: String = own
            .iter()
            .map(|name| format!("{name}:{}\n", header_text(request, name)))
            .collect();
        let path = encode::percent_decode(request.uri().path());
        let resource = match &self.bucket {
            Some(bucket) => format!("/{bucket}{path}"),
            None => path,
        };
        let string_to_sign = format!(
            "{}\n{}\n{}\n{date}\n{own}{resource}",
            request.method(),
            header_text(request, "content-md5"),
            header_text(request, "content-type"),
        );
        digest::base64(&digest::hmac_sha1(secret.as_bytes(), string_to_sign.as_bytes()))
    }
}

fn header_text<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim()
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
    use super::*;

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
            let signing = Signing {
                credentials: &credentials,
                instant: SystemTime::UNIX_EPOCH,
                nonce: "",
                signed_headers: None,
            };
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
        signer().presign(&mut request, &keys(), from, valid_for).unwrap();
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
                &temporary,
                SystemTime::UNIX_EPOCH,
                Duration::from_secs(60),
            )
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

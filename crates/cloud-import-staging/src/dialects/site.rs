//! Where a bucket and its objects stand in a URL. Knows no signature and no store's calls.

use std::{net::IpAddr, time::Duration};

use cloud_import_core::{
    Bytes, Endpoint, Error, ErrorKind, Link, Provider, Result,
    http::{Method, Request},
    provider::{encode, protocol::Signing},
};

use super::signer::StoreSigner;
use crate::{
    bucket::{Addressing, Bucket},
    spec::StoreSpec,
};

/// A bucket's place.
#[derive(Debug, Clone)]
pub(super) struct Site {
    provider: Provider,
    /// Scheme and host, with the bucket in it where it stands in front.
    endpoint: Endpoint,
    /// The bucket, where it stands in the path.
    in_path: Option<String>,
    /// The longest key in bytes.
    longest_key: usize,
}

/// A query: names with values; one without a value is written alone.
pub(super) type Query<'q> = &'q [(&'q str, &'q str)];

impl Site {
    /// The bucket's own place, or one of the store's hosts where it names none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when that makes no host.
    pub(super) fn of(bucket: &Bucket, spec: &StoreSpec, host: &str) -> Result<Self> {
        let endpoint = match &bucket.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => host.replace("{region}", spec.region(&bucket.region)).parse()?,
        };
        let (endpoint, in_path) = match bucket.addressing {
            Addressing::PathStyle => (endpoint, Some(bucket.name.clone())),
            Addressing::VirtualHost => {
                let host = endpoint.host().trim_matches(['[', ']']);
                if host.parse::<IpAddr>().is_ok() {
                    return Err(Error::new(
                        ErrorKind::InvalidRequest,
                        format!(
                            "the bucket `{}` cannot stand in front of the address {host}",
                            bucket.name
                        ),
                    )
                    .with_provider(bucket.provider)
                    .with_remedy("Use path style for a store that is reached by an address."));
                }
                let authority = endpoint.authority();
                let whole = format!("{}://{}.{authority}", endpoint.scheme(), bucket.name);
                (whole.parse()?, None)
            }
        };
        Ok(Self {
            provider: bucket.provider,
            endpoint,
            in_path,
            longest_key: spec.longest_key,
        })
    }

    /// An unsigned request for an object, or for the bucket where there is no key.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a key that cannot stand in a URL.
    pub(super) fn request(
        &self,
        method: Method,
        key: Option<&str>,
        query: Query<'_>,
        body: Bytes,
    ) -> Result<Request<Bytes>> {
        let mut target = match &self.in_path {
            Some(bucket) => format!("/{bucket}/"),
            None => "/".to_owned(),
        };
        if let Some(key) = key {
            self.check(key)?;
            target.push_str(&encode::percent_path(key));
        }
        if !query.is_empty() {
            target.push('?');
            target.push_str(&written(query));
        }
        encode::request(&self.endpoint, method, &target, None, body)
    }

    /// A link that gets an object, valid for so long from the instant of the signature.
    ///
    /// # Errors
    /// As [`Self::request`] and [`StoreSigner::presign`].
    pub(super) fn link(
        &self,
        key: &str,
        signer: &dyn StoreSigner,
        signing: &Signing<'_>,
        valid_for: Duration,
    ) -> Result<Link> {
        let mut request = self.request(Method::GET, Some(key), &[], Bytes::new())?;
        signer.presign(&mut request, signing, valid_for)?;
        Ok(Link::new(request.uri().to_string()))
    }

    /// HTTP clients resolve dots in a path, so that another path would be sent than was signed.
    fn check(&self, key: &str) -> Result<()> {
        let why = if key.is_empty() {
            "is empty".to_owned()
        } else if key.len() > self.longest_key {
            format!("is longer than {} bytes", self.longest_key)
        } else if key.starts_with(['/', '\\']) {
            "begins with a slash".to_owned()
        } else if key.split('/').any(|segment| matches!(segment, "." | "..")) {
            "has a segment of dots only".to_owned()
        } else if key.contains(char::is_control) {
            "has a control character".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("the key `{}` {why}", key.escape_debug()),
        )
        .with_provider(self.provider)
        .with_remedy("Name the object with letters, digits, dots, dashes and slashes inside."))
    }
}

fn written(query: Query<'_>) -> String {
    let pairs = query.iter().map(|(name, value)| match *value {
        "" => encode::percent(name),
        value => encode::pairs([(*name, value)]),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The signature that stands last in `Authorization`, behind a mark; none where it follows the word `Signature=`, which core
/// finds by itself.
pub(super) fn signature_after(request: &Request<Bytes>, mark: &str) -> Vec<String> {
    let value = request.headers().get("authorization").filter(|_| !mark.is_empty());
    let signature = value.and_then(|value| value.to_str().ok()?.rsplit(mark).next());
    signature.map(str::to_owned).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(endpoint: Option<&str>, addressing: Addressing) -> Result<Site> {
        let mut bucket = Bucket::new(Provider::JDCLOUD, "cn-north-1", "images").unwrap();
        bucket.endpoint = endpoint.map(|text| text.parse().unwrap());
        bucket.addressing = addressing;
        Site::of(&bucket, &crate::generated::s3::STORE, "s3.{region}.example")
    }

    fn url(site: &Site, key: Option<&str>, query: Query<'_>) -> String {
        let request = site.request(Method::GET, key, query, Bytes::new()).unwrap();
        assert_eq!(request.headers()["host"], request.uri().authority().unwrap().as_str());
        request.uri().to_string()
    }

    #[test]
    fn the_bucket_stands_in_the_host_or_in_the_path() {
        let site_ = site(None, Addressing::VirtualHost).unwrap();
        assert_eq!(
            url(&site_, Some("a b/ü+~*.raw"), &[("uploads", ""), ("x", "a/b=")]),
            "https://images.s3.cn-north-1.example/a%20b/%C3%BC%2B~%2A.raw?uploads&x=a%2Fb%3D"
        );
        assert_eq!(url(&site_, None, &[]), "https://images.s3.cn-north-1.example/");
        let site_ = site(Some("http://127.0.0.1:9000"), Addressing::PathStyle).unwrap();
        assert_eq!(url(&site_, Some("k"), &[]), "http://127.0.0.1:9000/images/k");
        let error = site(Some("http://[::1]:9000"), Addressing::VirtualHost).unwrap_err();
        assert!(error.remedy().unwrap().to_string().contains("path style"), "{error}");
    }

    #[test]
    fn keys_that_no_url_carries_unchanged_are_refused() {
        let site = site(None, Addressing::VirtualHost).unwrap();
        let long = "k".repeat(1025);
        for key in ["", "/a", "a/../b", "./a", "a/.", "a\nb", long.as_str()] {
            let error = site.request(Method::GET, Some(key), &[], Bytes::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{key}");
        }
        assert!(
            site.request(Method::GET, Some("a..b/.hidden"), &[], Bytes::new())
                .is_ok()
        );
    }
}

//! The signature that Huawei OBS calls its own and Alibaba OSS its first: HMAC-SHA1 over a few plain lines. A pure function.
//!
//! Source: esdk-obs-python 3.26.6 (`obs/auth.py`); oss2 2.19.1 and alibabacloud-oss-v2 1.4.1, whose tests' numbers are the
//! tests here. The two differ in names only.

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Bytes, Result, canonical,
    credentials::Keys,
    datetime, digest, encode,
    http::{Request, header},
};

use super::site;

/// The names of one store.
pub(super) struct Names {
    /// The scheme in `Authorization`.
    scheme: &'static str,
    /// What the store's own headers and parameters begin with.
    own: &'static str,
    /// The store's own date header.
    date: &'static str,
    /// Whether that date stands in the line of the date, too, and the line is not empty then.
    repeats_date: bool,
    /// Whether the key is signed as it is, and not as it stands in the URL.
    plain_key: bool,
    /// The parameter for the access key id in a link.
    key_id: &'static str,
    /// The parameter for the token in a link.
    token: &'static str,
    /// Parameters that are part of the resource.
    resources: &'static [&'static str],
}

/// Alibaba OSS.
#[cfg(feature = "oss")]
pub(super) const OSS: Names = Names {
    scheme: "OSS",
    own: "x-oss-",
    date: "x-oss-date",
    repeats_date: true,
    plain_key: true,
    key_id: "OSSAccessKeyId",
    token: "security-token",
    resources: &[
        "acl",
        "bucketInfo",
        "lifecycle",
        "location",
        "partNumber",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "security-token",
        "uploadId",
        "uploads",
        "versionId",
    ],
};

/// Huawei OBS.
#[cfg(feature = "obs")]
pub(super) const OBS: Names = Names {
    scheme: "OBS",
    own: "x-obs-",
    date: "x-obs-date",
    repeats_date: false,
    plain_key: false,
    key_id: "AccessKeyId",
    token: "x-obs-security-token",
    resources: &[
        "acl",
        "lifecycle",
        "location",
        "partNumber",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "uploadId",
        "uploads",
        "versionId",
        "x-obs-security-token",
    ],
};

/// Adds `Date` and `Authorization`.
///
/// # Errors
/// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) for an access key id that no header carries.
pub(super) fn sign(
    names: &Names,
    bucket: Option<&str>,
    request: &mut Request<Bytes>,
    keys: &Keys<'_>,
    instant: SystemTime,
) -> Result<()> {
    canonical::set_default(request.headers_mut(), "date", &http_date(instant))?;
    let date = match header_text(request, names.date) {
        "" => header_text(request, "date"),
        own if names.repeats_date => own,
        _ => "",
    };
    let signature = signature(names, bucket, request, keys, date);
    let authorization = format!("{} {}:{signature}", names.scheme, keys.access_key_id);
    canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), &authorization)
}

/// Puts the signature into the query, valid for so many seconds from an instant.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) when that makes no URL.
pub(super) fn presign(
    names: &Names,
    bucket: Option<&str>,
    request: &mut Request<Bytes>,
    keys: &Keys<'_>,
    from: SystemTime,
    valid_for: Duration,
) -> Result<()> {
    let end = datetime::unix(from)
        .saturating_add_unsigned(valid_for.as_secs())
        .to_string();
    let mut parameters = vec![(names.key_id, keys.access_key_id.to_owned()), ("Expires", end.clone())];
    parameters.extend(keys.security_token.map(|token| (names.token, token.to_owned())));
    site::add_to_query(request, &parameters)?;
    let signature = signature(names, bucket, request, keys, &end);
    site::add_to_query(request, &[("Signature", signature)])
}

fn signature(names: &Names, bucket: Option<&str>, request: &Request<Bytes>, keys: &Keys<'_>, date: &str) -> String {
    let string_to_sign = format!(
        "{}\n{}\n{}\n{date}\n{}{}",
        request.method(),
        header_text(request, "content-md5"),
        header_text(request, "content-type"),
        own_headers(names, request),
        resource(names, bucket, request),
    );
    digest::base64(&digest::hmac_sha1(
        keys.secret_access_key.as_bytes(),
        string_to_sign.as_bytes(),
    ))
}

fn header_text<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim()
}

fn own_headers(names: &Names, request: &Request<Bytes>) -> String {
    let mut own: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
    own.retain(|name| name.starts_with(names.own));
    own.sort_unstable();
    let lines = own
        .iter()
        .map(|name| format!("{name}:{}\n", header_text(request, name)));
    lines.collect()
}

/// Bucket, key and the parameters that choose what is meant.
fn resource(names: &Names, bucket: Option<&str>, request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    let path = if names.plain_key {
        encode::percent_decode(path)
    } else {
        canonical::path(path)
    };
    let mut resource = match bucket {
        Some(bucket) => format!("/{bucket}{path}"),
        None => path,
    };
    let mut chosen = encode::decode_pairs(request.uri().query().unwrap_or_default());
    chosen.retain(|(name, _)| names.resources.contains(&name.as_str()));
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

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(instant: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = datetime::extended(instant);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let month = part(5..7).parse::<usize>().unwrap_or(1);
    // The first of January 1970 was a Thursday.
    let day = datetime::unix(instant).div_euclid(86_400).rem_euclid(7);
    let day = usize::try_from(day).unwrap_or_default();
    format!(
        "{}, {} {} {} {} GMT",
        DAYS.get(day).unwrap_or(&DAYS[0]),
        part(8..10),
        MONTHS.get(month.saturating_sub(1)).unwrap_or(&MONTHS[0]),
        part(0..4),
        part(11..19),
    )
}

#[cfg(test)]
#[cfg(feature = "oss")]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;

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
        let keys = credentials.keys().unwrap();
        sign(&OSS, Some(bucket), &mut request, &keys, at(1_700_000_000)).unwrap();
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
            let keys = credentials.keys().unwrap();
            let hour = Duration::from_secs(3600);
            presign(&OSS, Some(bucket), &mut get, &keys, at(end - 3600), hour).unwrap();
            let query = get.uri().query().unwrap();
            assert!(
                query.ends_with(&format!("&Expires={end}&Signature={expected}")),
                "{query}"
            );
        }
    }

    #[test]
    fn a_date_is_written_as_http_writes_it() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        ] {
            assert_eq!(http_date(at(seconds)), expected);
        }
    }
}

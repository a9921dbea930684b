//! Requests in the older RPC form: everything is a parameter, the signature (`HMAC-SHA1`, version 1.0) too. Pure, no I/O.
//!
//! Source: RPC mechanism, V2 request syntax and signature (documentation, undated); aliyun-python-sdk-core 2.16.1,
//! alibabacloud_tea_openapi for Python 0.4.6 and @alicloud/pop-core 1.8.0.

use cloud_import_core::{
    Bytes, Endpoint, Error, ErrorKind, Result,
    http::{self, Method, Request, Uri, header},
    provider::{
        Operation, canonical, datetime, digest,
        encode::{self, Fields, Pairs, borrow_pairs},
        protocol::Signing,
    },
};

const SIGNATURE: &str = "Signature";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// How a request with the RPC signature is sent. The method is part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RpcForm {
    /// `POST` with all parameters in the query and an empty body, as both Python SDKs send it.
    #[default]
    PostQuery,
    /// `POST` with all parameters in a form body, as @alicloud/pop-core sends it: no signature stands in a URL, and none
    /// gets too long.
    PostForm,
    /// `GET` with all parameters in the query, as all of them can.
    Get,
}

/// An unsigned request: the fields, lists counted from 1, with action and version, and JSON asked for in place of the
/// XML that this form answers by default.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when the parameters are too long for a URL (about 64 KiB).
pub(crate) fn request(
    endpoint: &Endpoint,
    operation: &Operation,
    version: &str,
    mut fields: Fields,
    form: RpcForm,
) -> Result<Request<Bytes>> {
    let own = [("Action", operation.name), ("Version", version), ("Format", "JSON")];
    fields.extend(own.map(|(name, value)| (name.to_owned(), value.into())));
    let parameters = encode::sorted_pairs(encode::dotted(&fields, 1));
    let in_query = format!("{}?{parameters}", operation.path);
    let mut request = match form {
        RpcForm::PostQuery => encode::request(endpoint, Method::POST, &in_query, None, Bytes::new()),
        RpcForm::Get => encode::request(endpoint, Method::GET, &in_query, None, Bytes::new()),
        RpcForm::PostForm => encode::request(endpoint, Method::POST, operation.path, Some(FORM), parameters.into()),
    }?;
    canonical::set(request.headers_mut(), header::ACCEPT.as_str(), "application/json")?;
    Ok(request)
}

/// Signs the parameters of query and form together; see [`Signer::sign`](crate::Signer::sign). A body that is no form is
/// not covered.
///
/// # Errors
/// [`ErrorKind::Credentials`] without a key pair; [`ErrorKind::InvalidRequest`] when the query gets too long for a URL.
pub(crate) fn sign(request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
    let keys = signing.credentials.keys()?;
    let timestamp = datetime::extended(signing.instant);
    let own = [
        ("Timestamp", Some(timestamp.as_str())),
        ("SignatureNonce", Some(signing.nonce)),
        ("SignatureMethod", Some("HMAC-SHA1")),
        ("SignatureVersion", Some("1.0")),
        ("AccessKeyId", Some(keys.access_key_id)),
        ("SecurityToken", keys.security_token),
    ];
    let (mut query, mut form) = (query(request), form(request));
    query.retain(|(name, _)| name != SIGNATURE);
    if let Some(form) = &mut form {
        form.retain(|(name, _)| name != SIGNATURE);
    }
    let mut all: Pairs<'_> = query.iter().chain(form.iter().flatten()).cloned().collect();
    let carrier = form.as_mut().unwrap_or(&mut query);
    for (name, value) in own {
        if let Some(value) = value
            && !all.iter().any(|(there, _)| there == name)
        {
            all.push((name.into(), value.into()));
            carrier.push((name.into(), value.into()));
        }
    }
    let string_to_sign = format!(
        "{}&{}&{}",
        request.method(),
        encode::percent(request.uri().path()),
        encode::percent(&encode::sorted_pairs(all))
    );
    let key = format!("{}&", keys.secret_access_key);
    let signature = digest::base64(&digest::hmac_sha1(key.as_bytes(), string_to_sign.as_bytes()));
    carrier.push((SIGNATURE.into(), signature.into()));
    let (query, form) = (encode::pairs(query), form.map(encode::pairs));
    set_query(request, &query)?;
    if let Some(form) = form {
        *request.body_mut() = form.into();
    }
    Ok(())
}

/// Gives a request that is not signed its date and nonce.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when the query gets too long for a URL.
pub(crate) fn stamp(request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
    let mut query = query(request);
    query.push(("Timestamp".into(), datetime::extended(signing.instant).into()));
    query.push(("SignatureNonce".into(), signing.nonce.into()));
    let query = encode::pairs(query);
    set_query(request, &query)
}

/// The signatures in a request's parameters.
pub(crate) fn signatures(request: &Request<Bytes>) -> Vec<String> {
    let all = query(request).into_iter().chain(form(request).into_iter().flatten());
    all.filter_map(|(name, value)| (name == SIGNATURE).then(|| value.into_owned()))
        .collect()
}

fn query(request: &Request<Bytes>) -> Pairs<'_> {
    borrow_pairs(request.uri().query().unwrap_or_default())
}

/// The parameters in a request's body; `None` when it is no form.
fn form(request: &Request<Bytes>) -> Option<Pairs<'_>> {
    let content_type = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let body = std::str::from_utf8(request.body()).ok()?;
    content_type.starts_with(FORM).then(|| borrow_pairs(body))
}

fn set_query(request: &mut Request<Bytes>, query: &str) -> Result<()> {
    let path = request.uri().path();
    let target = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(target.parse().map_err(no_url)?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(no_url)?;
    Ok(())
}

/// The cause names what is wrong with the URL, never the URL.
fn no_url(cause: impl Into<http::Error>) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "the signed parameters do not make a valid URL",
    )
    .with_remedy("If they are very many, send them in a form body.")
    .with_source(cause.into())
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;
    use crate::{SignatureVersion, Signer};

    const NONCE: &str = "3ee8c1b883d344afa94f4e0ad82fd6cf";
    const INSTANT: &str = "2023-11-14T22:13:20Z";
    const IMPORT: &str = "Action=ImportImage&Architecture=x86_64&BootMode=UEFI&ClientToken=tok-1&DiskDeviceMapping.1.DiskImageSize=40&DiskDeviceMapping.1.Format=QCOW2&DiskDeviceMapping.1.OSSBucket=mybucket&DiskDeviceMapping.1.OSSObject=dir%2Fa%20b.qcow2&DiskDeviceMapping.2.OSSBucket=mybucket&DiskDeviceMapping.2.OSSObject=data.raw&DryRun=true&Features.NvmeSupport=supported&Format=json&ImageName=img%20~%2A%2B%2F%E6%B5%8B%E8%AF%95&OSType=linux&Platform=Others%20Linux&RegionId=cn-hangzhou&Tag.1.Key=k1&Tag.1.Value=v%201&Version=2014-05-26";

    fn in_query(method: &str, query: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(format!("https://ecs.aliyuncs.com/?{query}"))
            .body(Bytes::new())
            .unwrap()
    }

    fn in_form(query: &str, form: &str) -> Request<Bytes> {
        let mut request = in_query("POST", query);
        let content_type = header::HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        *request.body_mut() = Bytes::copy_from_slice(form.as_bytes());
        request
    }

    fn sign_at(request: &mut Request<Bytes>, keys: &Credentials, instant: &str, nonce: &str) -> Result<()> {
        let signing = Signing {
            credentials: keys,
            instant: datetime::parse_rfc3339(instant).unwrap(),
            nonce,
            signed_headers: None,
        };
        let version = SignatureVersion::Rpc;
        Signer { version }.sign(request, &signing)
    }

    fn signed(mut request: Request<Bytes>, keys: &Credentials, instant: &str, nonce: &str) -> String {
        sign_at(&mut request, keys, instant, nonce).unwrap();
        let mut found = signatures(&request);
        assert_eq!(found.len(), 1, "{request:?}");
        found.remove(0)
    }

    fn keys() -> Credentials {
        Credentials::new("testid", "testsecret")
    }

    /// The worked examples of the documentation.
    #[test]
    fn agrees_with_the_documented_examples() {
        let regions = in_query("GET", "Action=DescribeRegions&Format=XML&Version=2014-05-26");
        assert_eq!(
            signed(
                regions,
                &keys(),
                "2016-02-23T12:46:24Z",
                "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"
            ),
            "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
        );
        let hosts = "Action=DescribeDedicatedHosts&Format=JSON&RegionId=cn-beijing&Version=2014-05-26";
        for (method, expected) in [
            ("GET", "9NaGiOspFP5UPcwX8Iwt2YJXXuk="),
            // Not in the document: computed apart from any SDK.
            ("POST", "ZvQ9xGiFnquSJRvj+WE6kdSpTwU="),
        ] {
            let nonce = "edb2b34af0af9a6d14deaf7c1a5315eb";
            let request = in_query(method, hosts);
            assert_eq!(signed(request, &keys(), "2023-03-13T08:34:30Z", nonce), expected);
        }
    }

    /// Numbers of the official TypeScript and Python SDKs with clock and nonce held still.
    #[test]
    fn agrees_with_the_official_signers() {
        let posted = "iC/r6aGUl5Ls/n0TilaMqhnDqvM=";
        for (request, expected) in [
            (in_query("POST", IMPORT), posted),
            // It is the parameters that are signed, wherever they stand.
            (in_form("", IMPORT), posted),
            (in_form("Action=ImportImage", IMPORT.split_once('&').unwrap().1), posted),
            (in_query("GET", IMPORT), "JHwbZ5Vfbl8wuyYkbYbdGtmAMg8="),
            (
                in_query("POST", &IMPORT.replace("DryRun=true", "DryRun=True")),
                "OXxvYssD/zplfLTZ79NZvk53Sr0=",
            ),
        ] {
            let shown = format!("{request:?}");
            assert_eq!(signed(request, &keys(), INSTANT, NONCE), expected, "{shown}");
        }
        let temporary = Credentials::temporary("testid", "testsecret", "STS/tok+==");
        let query = "Action=DescribeImages&Format=json&ImageId=m-bp1&RegionId=cn-hangzhou&Status=Creating%2CWaiting%2CAvailable%2CUnAvailable%2CCreateFailed&Version=2014-05-26";
        assert_eq!(
            signed(in_query("POST", query), &temporary, INSTANT, NONCE),
            "N0eF78XulQCzWoEnohpeJrAPbDA="
        );
    }

    #[test]
    fn signing_twice_is_signing_once_and_what_is_there_stays() {
        let keys = Credentials::temporary("testid", "testsecret", "STS/tok+==");
        for mut request in [
            in_query("POST", IMPORT),
            in_form("", IMPORT),
            in_form("Signature=old", "Action=X&Signature=older"),
        ] {
            sign_at(&mut request, &keys, INSTANT, NONCE).unwrap();
            let once = (request.uri().clone(), request.body().clone());
            // Date and nonce are in it now, and another signature would come of others.
            sign_at(&mut request, &keys, "2030-01-01T00:00:00Z", "another").unwrap();
            assert_eq!((request.uri().clone(), request.body().clone()), once);
        }
    }

    #[test]
    fn every_attempt_has_its_own_date_and_nonce() {
        let first = signed(in_query("GET", IMPORT), &keys(), INSTANT, NONCE);
        for (instant, nonce) in [("2023-11-14T22:13:21Z", NONCE), (INSTANT, "another")] {
            assert_ne!(signed(in_query("GET", IMPORT), &keys(), instant, nonce), first);
        }
    }

    #[test]
    fn what_cannot_be_signed_is_refused_without_showing_it() {
        let mut request = in_query("POST", IMPORT);
        let error = sign_at(&mut request, &Credentials::bearer_token("t0ken"), INSTANT, NONCE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!format!("{error:?}").contains("t0ken"), "{error:?}");

        // Fits into a URL until the signature is added.
        let mut long = in_query("POST", &format!("ImageName={}", "n".repeat(65_400)));
        let error = sign_at(&mut long, &keys(), INSTANT, NONCE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("nnnn") && !shown.contains("testid"), "{shown}");
    }
}

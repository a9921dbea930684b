//! The five signatures, as short as they can be: only what these tests send.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{AK, SK, http::Request};

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// `a=b&c=d`, sorted by name.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let joined: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    joined.join("&")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

pub(crate) fn hmac256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[allow(clippy::disallowed_methods, reason = "these tests sign with the real time")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

pub(crate) fn compact(at: OffsetDateTime) -> String {
    let (date, time) = (at.date(), at.time());
    format!(
        "{}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn dashed(at: OffsetDateTime) -> String {
    let text = compact(at);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        &text[..4],
        &text[4..6],
        &text[6..8],
        &text[9..11],
        &text[11..13],
        &text[13..15]
    )
}

fn nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn target(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

fn request(method: &'static str, path: &str, query: &str, body: &str, headers: &[(&str, String)]) -> Request {
    Request {
        method,
        target: target(path, query),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        body: body.to_owned(),
    }
}

/// Canonical lines of headers that are sorted already, and their names.
fn canonical(headers: &[(&str, String)]) -> (String, String) {
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    (lines, names.join(";"))
}

/// JD Cloud, signed for this region.
pub(crate) fn jdcloud(method: &'static str, path: &str, query: &str, body: &str, region: &str) -> Request {
    jdcloud_at("vm.jdcloud-api.com", "vm", method, path, query, body, region)
}

/// The same for a service at its own host.
pub(crate) fn jdcloud_at(
    host: &str,
    service: &str,
    method: &'static str,
    path: &str,
    query: &str,
    body: &str,
    region: &str,
) -> Request {
    let date = compact(now());
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("host", host.to_owned()),
        ("x-jdcloud-date", date.clone()),
        ("x-jdcloud-nonce", nonce()),
    ];
    let (lines, names) = canonical(&headers);
    let escaped = path.replace(':', "%3A");
    let canonical = format!("{method}\n{escaped}\n{query}\n{lines}\n{names}\n{}", sha256(body));
    let scope = format!("{}/{region}/{service}/jdcloud2_request", &date[..8]);
    let mut key = format!("JDCLOUD2{SK}").into_bytes();
    for piece in scope.split('/') {
        key = hmac256(&key, piece);
    }
    let text = format!("JDCLOUD2-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(&canonical));
    let authorization = format!(
        "JDCLOUD2-HMAC-SHA256 Credential={AK}/{scope}, SignedHeaders={names}, Signature={}",
        hex(&hmac256(&key, &text))
    );
    request(method, path, query, body, &headers).set("authorization", &authorization)
}

/// Tencent, signature v3: a JSON body with POST, a query with GET.
pub(crate) fn tencent(action: &str, region: &str, query: &str, body: &str) -> Request {
    tencent_at(action, region, query, body, now())
}

pub(crate) fn tencent_at(action: &str, region: &str, query: &str, body: &str, at: OffsetDateTime) -> Request {
    let signed = tencent_of(["cvm", "2017-03-12"], action, query, body, at);
    signed.set("x-tc-region", region)
}

/// Tencent's tag service.
pub(crate) fn tencent_tags(action: &str, body: &str) -> Request {
    tencent_of(["tag", "2018-08-13"], action, "", body, now())
}

/// One of Tencent's products and its version.
pub(crate) fn tencent_of(
    [product, version]: [&str; 2],
    action: &str,
    query: &str,
    body: &str,
    at: OffsetDateTime,
) -> Request {
    let (method, content_type) = if query.is_empty() {
        ("POST", "application/json")
    } else {
        ("GET", "application/x-www-form-urlencoded")
    };
    let headers = [
        ("content-type", content_type.to_owned()),
        ("host", format!("{product}.tencentcloudapi.com")),
    ];
    let (lines, names) = canonical(&headers);
    let canonical = format!("{method}\n/\n{query}\n{lines}\n{names}\n{}", sha256(body));
    let timestamp = at.unix_timestamp();
    let date = dashed(at)[..10].to_owned();
    let scope = format!("{date}/{product}/tc3_request");
    let mut key = format!("TC3{SK}").into_bytes();
    for piece in scope.split('/') {
        key = hmac256(&key, piece);
    }
    let text = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", sha256(&canonical));
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential={AK}/{scope}, SignedHeaders={names}, Signature={}",
        hex(&hmac256(&key, &text))
    );
    request(method, "/", query, body, &headers)
        .set("authorization", &authorization)
        .set("x-tc-action", action)
        .set("x-tc-version", version)
        .set("x-tc-timestamp", &timestamp.to_string())
}

/// Huawei, to a host and in a project.
pub(crate) fn huawei(
    method: &'static str,
    host: &str,
    path: &str,
    query: &str,
    body: &str,
    project: Option<&str>,
) -> Request {
    let date = compact(now());
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("host", host.to_owned()),
    ];
    headers.extend(project.map(|id| ("x-project-id", id.to_owned())));
    headers.push(("x-sdk-date", date.clone()));
    let (lines, names) = canonical(&headers);
    let canonical = format!("{method}\n{path}/\n{query}\n{lines}\n{names}\n{}", sha256(body));
    let text = format!("SDK-HMAC-SHA256\n{date}\n{}", sha256(&canonical));
    let authorization = format!(
        "SDK-HMAC-SHA256 Access={AK}, SignedHeaders={names}, Signature={}",
        hex(&hmac256(SK.as_bytes(), &text))
    );
    request(method, path, query, body, &headers).set("authorization", &authorization)
}

/// Alibaba, signature V3, everything in the query.
pub(crate) fn aliyun(action: &str, pairs: &[(&str, &str)]) -> Request {
    aliyun_at("ecs.cn-hangzhou.aliyuncs.com", "2014-05-26", action, pairs)
}

/// Alibaba, signature V3, at the host and in the version of an API.
pub(crate) fn aliyun_at(host: &str, version: &str, action: &str, pairs: &[(&str, &str)]) -> Request {
    let query = query(pairs);
    let headers = [
        ("host", host.to_owned()),
        ("x-acs-action", action.to_owned()),
        ("x-acs-content-sha256", sha256("")),
        ("x-acs-date", dashed(now())),
        ("x-acs-signature-nonce", nonce()),
        ("x-acs-version", version.to_owned()),
    ];
    let (lines, names) = canonical(&headers);
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{}", sha256(""));
    let text = format!("ACS3-HMAC-SHA256\n{}", sha256(&canonical));
    let authorization = format!(
        "ACS3-HMAC-SHA256 Credential={AK},SignedHeaders={names},Signature={}",
        hex(&hmac256(SK.as_bytes(), &text))
    );
    request("POST", "/", &query, "", &headers).set("authorization", &authorization)
}

/// Alibaba, the RPC signature, everything in a form.
pub(crate) fn aliyun_rpc(action: &str, pairs: &[(&str, &str)]) -> Request {
    let (timestamp, nonce) = (dashed(now()), nonce());
    let mut all = pairs.to_vec();
    all.extend([
        ("Action", action),
        ("Version", "2014-05-26"),
        ("AccessKeyId", AK),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", nonce.as_str()),
        ("Timestamp", timestamp.as_str()),
    ]);
    let text = format!("POST&%2F&{}", encode(&query(&all)));
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{SK}&").as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    all.push(("Signature", signature.as_str()));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("host", "ecs.cn-hangzhou.aliyuncs.com".to_owned()),
    ];
    request("POST", "/", "", &query(&all), &headers)
}

/// UCloud, a form.
pub(crate) fn ucloud(action: &str, pairs: &[(&str, &str)]) -> Request {
    let all = ucloud_pairs(action, pairs);
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("host", "api.ucloud.cn".to_owned()),
    ];
    request("POST", "/", "", &query(&all), &headers)
}

/// The same as a query.
pub(crate) fn ucloud_get(action: &str, pairs: &[(&str, &str)]) -> Request {
    let all = ucloud_pairs(action, pairs);
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let headers = [("host", "api.ucloud.cn".to_owned())];
    request("GET", "/", &query(&all), "", &headers)
}

fn ucloud_pairs(action: &str, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = pairs
        .iter()
        .chain(&[("Action", action), ("PublicKey", AK)])
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    all.sort();
    let text: String = all.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let signature = hex(&Sha1::digest(format!("{text}{SK}")));
    all.push(("Signature".to_owned(), signature));
    all
}

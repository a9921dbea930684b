//! The documents' examples, runs of the SDK, and what must be refused.

use time::macros::datetime;

use super::*;
use crate::{
    cloud::Cloud,
    verify::{
        example::{assert_malformed, assert_mismatch, request, with_authorization, with_header},
        store::example::Shop,
    },
    wire::WireRequest,
};

/// The account of the documents' examples.
const DOCUMENTED: Shop = Shop {
    cloud: Cloud::Tencent,
    bucket: "examplebucket-1250000000",
    id: "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",
    key: "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
    token: None,
};
/// The account of the runs of the SDK.
const SDK: Shop = Shop {
    cloud: Cloud::Tencent,
    bucket: "img-1250000000",
    id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
    key: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
    token: None,
};
const SDK_HOST: (&str, &str) = ("Host", "img-1250000000.cos.ap-guangzhou.myqcloud.com");
const SDK_TIME: &str = "1699999940;1700003600";

fn authorization(shop: &Shop, time: &str, headers: &str, fields: &str, signature: &str) -> String {
    format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list={headers}&q-url-param-list={fields}&q-signature={signature}",
        shop.id
    )
}

fn put() -> WireRequest {
    let authorization = authorization(
        &DOCUMENTED,
        "1557989151;1557996351",
        "content-length;content-md5;content-type;date;host;x-cos-acl;x-cos-grant-read",
        "",
        "3b8851a11a569213c17ba8fa7dcf2abec6935172",
    );
    let headers = [
        ("Date", "Thu, 16 May 2019 06:45:51 GMT"),
        ("Host", "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"),
        ("Content-Type", "text/plain"),
        ("Content-Length", "13"),
        ("Content-MD5", "mQ/fVh815F3k6TAUm8m0eg=="),
        ("x-cos-acl", "private"),
        ("x-cos-grant-read", "uin=\"100000000011\""),
        ("Authorization", &authorization),
    ];
    request("PUT", "/exampleobject(腾讯云)", &headers, "")
}

/// A link as the SDK makes it.
fn link(path: &str, fields: &str, rest: &str, signature: &str) -> WireRequest {
    let query = authorization(&SDK, SDK_TIME, "host", fields, signature).replace(';', "%3B");
    request("GET", &format!("{path}?{query}{rest}"), &[SDK_HOST], "")
}

#[test]
fn the_documented_put_verifies() {
    let verified = DOCUMENTED.verify(&put()).unwrap();
    assert_eq!(verified.algorithm, StoreAlgorithm::CosSha1);
    assert_eq!(verified.instant, Some(datetime!(2019-05-16 06:45:51 UTC)));
    assert_eq!(verified.expires_at, Some(datetime!(2019-05-16 08:45:51 UTC)));
    assert!(!verified.presigned);
    assert_eq!(verified.signed_headers.len(), 7);
}

#[test]
fn the_documented_get_verifies() {
    let authorization = authorization(
        &DOCUMENTED,
        "1557989753;1557996953",
        "date;host",
        "response-cache-control;response-content-type",
        "01681b8c9d798a678e43b685a9f1bba0f6c0e012",
    );
    let headers = [
        ("Date", "Thu, 16 May 2019 06:55:53 GMT"),
        ("Host", "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"),
        ("Authorization", &authorization),
    ];
    let target = "/exampleobject(%E8%85%BE%E8%AE%AF%E4%BA%91)?response-content-type=application%2Foctet-stream&response-cache-control=max-age%3D600";
    assert!(DOCUMENTED.verify(&request("GET", target, &headers, "")).is_ok());
}

#[test]
fn links_of_the_sdk_verify() {
    let plain = link(
        "/a%20b/~x%2A%2By.qcow2",
        "",
        "",
        "ccb50529106b9fbd92441dca15ac8a68c9bb97d7",
    );
    let verified = SDK.verify(&plain).unwrap();
    assert!(verified.presigned);
    assert_eq!(verified.expires_at, Some(datetime!(2023-11-14 23:13:20 UTC)));
    let temporary = link(
        "/k.raw",
        "x-cos-security-token",
        "&x-cos-security-token=tok%2Fen%3D%3D",
        "6b89c0597c4b8ca821192b36c890653b7c69a0f3",
    );
    let with = |token| Shop { token, ..SDK };
    assert!(with(Some("tok/en==")).verify(&temporary).is_ok());
    assert_eq!(SDK.verify(&temporary), Err(Refusal::WrongToken));
    assert_eq!(with(Some("tok/en==")).verify(&plain), Err(Refusal::WrongToken));
}

/// The documents append the token of temporary keys to a link that is signed without it.
#[test]
fn a_token_may_be_appended_to_a_link() {
    let shop = Shop {
        token: Some("t"),
        ..SDK
    };
    let path = "/a%20b/~x%2A%2By.qcow2";
    let signature = "ccb50529106b9fbd92441dca15ac8a68c9bb97d7";
    assert!(
        shop.verify(&link(path, "", "&x-cos-security-token=t", signature))
            .is_ok()
    );
    let other = link(path, "", "&x-cos-security-token=u", signature);
    assert_eq!(shop.verify(&other), Err(Refusal::WrongToken));
}

#[test]
fn parts_and_uploads_of_the_sdk_verify() {
    let part = authorization(
        &SDK,
        SDK_TIME,
        "content-length;host;x-cos-security-token",
        "partnumber;uploadid",
        "1b30e0fdd796741d1c65641e2ad1d692d0297e67",
    );
    let headers = [
        ("Content-Length", "5"),
        ("x-cos-security-token", "tok/en=="),
        SDK_HOST,
        ("Authorization", &part),
    ];
    let target = "/a%20b/~x%2A%2By.qcow2?partNumber=1&uploadId=abc%2FDEF%3D%3D";
    let shop = Shop {
        token: Some("tok/en=="),
        ..SDK
    };
    assert!(shop.verify(&request("PUT", target, &headers, "")).is_ok());

    let initiate = authorization(
        &SDK,
        SDK_TIME,
        "host",
        "uploads",
        "23afcac705d4d9894a55022318f3e264a318e5dc",
    );
    let headers = [SDK_HOST, ("Authorization", &initiate)];
    for target in ["/k.raw?uploads", "/k.raw?uploads="] {
        assert!(SDK.verify(&request("POST", target, &headers, "")).is_ok(), "{target}");
    }
    let stripped = request("POST", "/k.raw", &headers, "");
    assert_malformed(SDK.verify(&stripped), "uploads");
    let another = request("POST", "/k.raw?uploads&Uploads", &headers, "");
    assert_malformed(SDK.verify(&another), "twice");
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    for (name, value) in [
        ("content-length", "14"),
        ("host", "other-1250000000.cos.ap-beijing.myqcloud.com"),
        ("x-cos-acl", "public-read"),
    ] {
        assert_mismatch(DOCUMENTED.verify(&with_header(&put(), name, Some(value))), name);
    }
    let longer = with_authorization(&put(), "1557989151;1557996351", "1557989151;1557999999");
    assert_mismatch(DOCUMENTED.verify(&longer), "time");
    let fewer = with_authorization(&put(), ";x-cos-acl", "");
    assert_mismatch(DOCUMENTED.verify(&fewer), "the list");
    let post = WireRequest {
        method: "POST".to_owned(),
        ..put()
    };
    assert_mismatch(DOCUMENTED.verify(&post), "method");
    let other = Shop {
        key: "other",
        ..DOCUMENTED
    };
    assert_mismatch(other.verify(&put()), "secret");
}

#[test]
fn malformed_requests_are_refused() {
    for (from, to, about) in [
        ("algorithm=sha1", "algorithm=sha256", "sha1"),
        ("q-key-time=1557989151", "q-key-time=1557989152", "q-sign-time"),
        ("&q-url-param-list=", "", "q-url-param-list"),
        ("&q-signature=", "&q-sign=", "unknown part"),
        ("date;host", "host;date", "sorted"),
        ("date;host", "date;expect;host", "expect"),
        ("q-ak=", "q-ak=&q-ak=", "twice"),
    ] {
        assert_malformed(DOCUMENTED.verify(&with_authorization(&put(), from, to)), about);
    }
    for time in ["1557996351;1557989151", "1557989151", "a;b"] {
        let changed = with_authorization(&put(), "1557989151;1557996351", time);
        assert_malformed(DOCUMENTED.verify(&changed), "q-key-time");
    }
    let both = with_header(&link("/k.raw", "", "", "0"), "Authorization", Some("q-ak=x"));
    assert_malformed(SDK.verify(&both), "both");
}

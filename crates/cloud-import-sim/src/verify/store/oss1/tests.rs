//! The vendor's SDK tests, runs of its SDK, and what must be refused.

use time::macros::datetime;

use super::*;
use crate::{
    cloud::Cloud,
    verify::{
        example::{assert_malformed, assert_mismatch, request, with_authorization, with_header},
        store::{example::Shop, verified::Payload},
    },
    wire::WireRequest,
};

const SHOP: Shop = Shop {
    cloud: Cloud::Aliyun,
    bucket: "examplebucket",
    id: "ak",
    key: "sk",
    token: None,
};

fn put(target: &str, signature: &str) -> WireRequest {
    let authorization = format!("OSS ak:{signature}");
    let headers = [
        ("Content-MD5", "eB5eJF1ptWaXm4bijSPyxw=="),
        ("Content-Type", "text/html"),
        ("x-oss-meta-magic", "abracadabra"),
        ("x-oss-meta-author", "alice"),
        ("x-oss-date", "Wed, 28 Dec 2022 10:27:41 GMT"),
        ("Date", "Wed, 28 Dec 2022 10:00:00 GMT"),
        ("Authorization", &authorization),
    ];
    request("PUT", target, &headers, "")
}

fn plain() -> WireRequest {
    put("/nelson", "kSHKmLxlyEAKtZPkJhG9bZb5k7M=")
}

fn link() -> (Shop, WireRequest) {
    let shop = Shop {
        bucket: "bucket",
        ..SHOP
    };
    let target =
        "/key?versionId=versionId&Expires=1699807420&OSSAccessKeyId=ak&Signature=dcLTea%2BYh9ApirQ8o8dOPqtvJXQ%3D";
    (shop, request("GET", target, &[], ""))
}

#[test]
fn the_sdks_own_tests_verify() {
    let verified = SHOP.verify(&plain()).unwrap();
    assert_eq!(verified.algorithm, StoreAlgorithm::Oss1);
    assert_eq!(verified.instant, Some(datetime!(2022-12-28 10:27:41 UTC)));
    assert_eq!(verified.payload, Payload::None);
    assert_eq!(
        verified.signed_headers,
        [
            "content-md5",
            "content-type",
            "x-oss-date",
            "x-oss-meta-author",
            "x-oss-meta-magic"
        ]
    );
    for target in ["/nelson?acl", "/nelson?acl=&prefix=not-signed"] {
        assert!(
            SHOP.verify(&put(target, "/afkugFbmWDQ967j1vr6zygBLQk=")).is_ok(),
            "{target}"
        );
    }
    let (shop, link) = link();
    let verified = shop.verify(&link).unwrap();
    assert!(verified.presigned);
    assert_eq!(verified.instant, None);
    assert_eq!(verified.expires_at, Some(datetime!(2023-11-12 16:43:40 UTC)));
}

#[test]
fn runs_of_the_sdk_verify() {
    let shop = Shop {
        bucket: "mybucket",
        token: Some("tok"),
        ..SHOP
    };
    let headers = [
        ("Content-Type", "application/octet-stream"),
        ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("security-token", "tok"),
        ("Authorization", "OSS ak:YXILotIDDFAlwPv6kV7itGaiGMk="),
    ];
    let part = request(
        "PUT",
        "/dir/a%20b.qcow2?uploadId=ABC%2Fdef%2B%3D%3D&partNumber=1",
        &headers,
        "",
    );
    assert!(shop.verify(&part).is_ok());
    assert_eq!(
        shop.verify(&with_header(&part, "security-token", Some("other"))),
        Err(Refusal::WrongToken)
    );
    assert_mismatch(
        shop.verify(&with_header(&part, "Date", Some("Tue, 14 Nov 2023 22:13:21 GMT"))),
        "date",
    );
    let permanent = Shop { token: None, ..shop };
    let target = "/dir/a%20b.qcow2?OSSAccessKeyId=ak&Expires=1700003600&Signature=K8hRLVfOGhhuC%2BazspKNYyUNeIQ%3D";
    assert!(permanent.verify(&request("GET", target, &[], "")).is_ok());
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    for (name, value) in [
        ("content-type", Some("text/plain")),
        ("content-md5", None),
        ("x-oss-meta-magic", Some("other")),
        ("x-oss-meta-new", Some("1")),
        ("x-oss-date", Some("Wed, 28 Dec 2022 10:27:42 GMT")),
    ] {
        assert_mismatch(SHOP.verify(&with_header(&plain(), name, value)), name);
    }
    for target in ["/nelson?uploads", "/nelson?response-content-type=a", "/nelson2"] {
        assert_mismatch(SHOP.verify(&put(target, "kSHKmLxlyEAKtZPkJhG9bZb5k7M=")), target);
    }
    let (shop, link) = link();
    let other_bucket = Shop {
        bucket: "other",
        ..shop
    };
    assert_mismatch(other_bucket.verify(&link), "bucket");
    let later = WireRequest {
        query: link.query.replace("1699807420", "1699807421"),
        ..link
    };
    assert_mismatch(
        Shop {
            bucket: "bucket",
            ..SHOP
        }
        .verify(&later),
        "Expires",
    );
}

#[test]
fn malformed_requests_are_refused() {
    assert_malformed(SHOP.verify(&with_authorization(&plain(), "OSS ", "OBS ")), "OSS");
    assert_malformed(
        SHOP.verify(&with_header(&plain(), DATE, Some("20221228T102741Z"))),
        "HTTP date",
    );
    let undated = with_header(&with_header(&plain(), DATE, None), "Date", None);
    assert_malformed(SHOP.verify(&undated), "date");
    let (shop, link) = link();
    let endless = WireRequest {
        query: link.query.replace("Expires=1699807420", "Expires=-1"),
        ..link
    };
    assert_malformed(shop.verify(&endless), "Expires");
}

//! Requests signed with `esdk-obs-python` 3.26.6, and what must be refused.

use time::macros::datetime;

use super::*;
use crate::{
    cloud::Cloud,
    verify::{
        example::{assert_malformed, assert_mismatch, request, with_authorization, with_header},
        store::{Addressing, example::Shop},
    },
    wire::WireRequest,
};

const SHOP: Shop = Shop {
    cloud: Cloud::Huawei,
    bucket: "images",
    id: "AKIDEXAMPLE",
    key: "SKEXAMPLE0001",
    token: None,
};

fn part() -> WireRequest {
    let headers = [
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("Content-Type", "application/octet-stream"),
        ("x-obs-date", "Thu, 02 Jan 2025 03:04:05 GMT"),
        ("Date", "Thu, 02 Jan 2025 03:04:09 GMT"),
        ("x-obs-meta-sha256", "00ff"),
        ("Authorization", "OBS AKIDEXAMPLE:gSmnkFsgQh5Ihskfdrrb8rNC1T8="),
    ];
    let target = "/dir/a%20b~%2B.raw?partNumber=3&uploadId=abc%2FDEF%3D%3D";
    request("PUT", target, &headers, "")
}

#[test]
fn a_part_with_a_date_of_its_own_verifies() {
    let verified = SHOP.verify(&part()).unwrap();
    assert_eq!(verified.algorithm, StoreAlgorithm::ObsSha1);
    assert_eq!(verified.instant, Some(datetime!(2025-01-02 03:04:05 UTC)));
    assert_eq!(
        verified.signed_headers,
        ["content-md5", "content-type", "x-obs-date", "x-obs-meta-sha256"]
    );
    // With a date of its own the other one is not signed.
    assert!(SHOP.verify(&with_header(&part(), "Date", None)).is_ok());
}

#[test]
fn questions_about_a_bucket_verify_with_the_bucket_in_host_or_path() {
    let ask = |target: &str, signature: &str| {
        let authorization = format!("OBS AKIDEXAMPLE:{signature}");
        let headers = [
            ("Date", "Thu, 02 Jan 2025 03:04:05 GMT"),
            ("Authorization", authorization.as_str()),
        ];
        request("GET", target, &headers, "")
    };
    let in_host = ask("/?uploads&prefix=p", "PhFTMkt0rweXP8Lox3UfEUx8Iow=");
    let verified = SHOP.verify(&in_host).unwrap();
    assert_eq!(verified.signed_headers, ["date"]);
    let in_path = ask("/images?location", "Or5sIZa1KIKFOYuWprneP3OhziI=");
    assert!(SHOP.verify_at(&in_path, Addressing::PathStyle).is_ok());
    assert_mismatch(
        SHOP.verify_at(
            &ask("/other?location", "Or5sIZa1KIKFOYuWprneP3OhziI="),
            Addressing::PathStyle,
        ),
        "bucket",
    );
}

#[test]
fn a_link_signs_its_token_as_part_of_the_resource() {
    let shop = Shop {
        cloud: Cloud::Huawei,
        bucket: "images-pub",
        id: "AKIDEXAMPLE3",
        key: "s3",
        token: Some("TOKENEXAMPLE.public/1+abc=="),
    };
    let target = "/centos7.qcow2?x-obs-security-token=TOKENEXAMPLE.public/1%2Babc%3D%3D&Expires=1709251499&AccessKeyId=AKIDEXAMPLE3&Signature=JIURuVZFEr3YRXx5T1DTVV0tH9o%3D";
    let link = request("GET", target, &[], "");
    let verified = shop.verify(&link).unwrap();
    assert!(verified.presigned);
    assert_eq!(verified.expires_at, Some(datetime!(2024-03-01 00:04:59 UTC)));
    let renamed = WireRequest {
        query: link.query.replace("x-obs-security-token", "security-token"),
        ..link.clone()
    };
    assert_eq!(shop.verify(&renamed), Err(Refusal::WrongToken));
    let later = WireRequest {
        query: link.query.replace("Expires=1709251499", "Expires=1709251500"),
        ..link
    };
    assert_mismatch(shop.verify(&later), "Expires");
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    for (name, value) in [
        ("content-md5", Some("other")),
        ("content-type", None),
        ("x-obs-meta-sha256", Some("00fe")),
        ("x-obs-acl", Some("public-read")),
        (DATE, Some("Thu, 02 Jan 2025 03:04:06 GMT")),
    ] {
        assert_mismatch(SHOP.verify(&with_header(&part(), name, value)), name);
    }
    let other = Shop { key: "other", ..SHOP };
    assert_mismatch(other.verify(&part()), "secret");
}

#[test]
fn malformed_requests_are_refused() {
    assert_malformed(SHOP.verify(&with_authorization(&part(), "OBS ", "OSS ")), "OBS");
    assert_malformed(SHOP.verify(&with_header(&part(), DATE, Some("now"))), "HTTP date");
    let undated = with_header(&with_header(&part(), DATE, None), "Date", None);
    assert_malformed(SHOP.verify(&undated), "date");
    assert_malformed(
        SHOP.verify(&with_header(&part(), "x-obs-acl", Some("a\nb"))),
        "line break",
    );
}

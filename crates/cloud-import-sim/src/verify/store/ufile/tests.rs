//! Runs of the Python SDK, the order of the vendor's headers, and what must be refused.

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
    cloud: Cloud::Ucloud,
    bucket: "demobucket",
    id: "TOKEN_test-public",
    key: "test-private-key",
    token: None,
};

fn call(method: &str, target: &str, content_type: &str, signature: &str) -> WireRequest {
    let authorization = format!("UCloud TOKEN_test-public:{signature}");
    let headers = [("Content-Type", content_type), ("Authorization", &authorization)];
    request(method, target, &headers, "")
}

fn put() -> WireRequest {
    call(
        "PUT",
        "/dir/img.qcow2",
        "application/octet-stream",
        "TloN6jMx8DH3lULjd6O6po3Lnz8=",
    )
}

fn link(signature: &str) -> WireRequest {
    let target = format!("/dir/img.qcow2?UCloudPublicKey=TOKEN_test-public&Expires=1735873445&Signature={signature}");
    request("GET", &target, &[], "")
}

#[test]
fn runs_of_the_sdk_verify() {
    let verified = SHOP.verify(&put()).unwrap();
    assert_eq!(
        verified,
        StoreVerified {
            algorithm: StoreAlgorithm::UfileSha1,
            access_key_id: SHOP.id.to_owned(),
            instant: None,
            expires_at: None,
            region: None,
            payload: Payload::None,
            signed_headers: vec!["content-type".to_owned()],
            presigned: false,
        }
    );
    let post = call(
        "POST",
        "/dir/img.qcow2?uploadId=u",
        "text/plain",
        "SOK6xg9r8WuhrhZxynP00WbIUdU=",
    );
    assert!(SHOP.verify(&post).is_ok());
    for signature in ["xPr8rZjFD%2F9swkQ6IybldpVeTGk%3D", "xPr8rZjFD/9swkQ6IybldpVeTGk="] {
        let verified = SHOP.verify(&link(signature)).unwrap();
        assert!(verified.presigned);
        assert_eq!(verified.expires_at, Some(datetime!(2025-01-03 03:04:05 UTC)));
    }
}

#[test]
fn a_plus_sign_in_a_link_may_stand_unescaped() {
    let shop = Shop {
        bucket: "images-pub",
        id: "AKIDEXAMPLE00000000000000000001",
        key: "SKEXAMPLE000000000000000000000001",
        ..SHOP
    };
    let target = "/镜像/系统盘.vmdk?UCloudPublicKey=AKIDEXAMPLE00000000000000000001&Expires=1704067499&Signature=+sQWXTAfAAfdtbQvLMiBligDuws=";
    assert!(shop.verify(&request("GET", target, &[], "")).is_ok());
}

#[test]
fn date_hash_and_own_headers_are_signed_in_order() {
    let headers = [
        ("x-ucloud-foo", "1"),
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("X-UCloud-Bar", "2"),
        ("Content-Type", "text/plain"),
        ("Date", "Thu, 02 Jan 2025 03:04:05 GMT"),
        ("Authorization", "UCloud TOKEN_test-public:msJ2w5OvUL1sCz12xL37rbzqLJY="),
    ];
    let request = request("PUT", "/dir/img.qcow2", &headers, "");
    let verified = SHOP.verify(&request).unwrap();
    assert_eq!(verified.instant, Some(datetime!(2025-01-02 03:04:05 UTC)));
    assert_eq!(
        verified.signed_headers,
        ["content-md5", "content-type", "date", "x-ucloud-bar", "x-ucloud-foo"]
    );
    assert_mismatch(SHOP.verify(&with_header(&request, "Date", Some("later"))), "date");
}

#[test]
fn a_token_is_compared_and_not_signed() {
    let with = |token| Shop { token, ..SHOP };
    let temporary = with_header(&put(), TOKEN, Some("t"));
    assert!(with(Some("t")).verify(&temporary).is_ok());
    assert_eq!(with(Some("u")).verify(&temporary), Err(Refusal::WrongToken));
    assert_eq!(SHOP.verify(&temporary), Err(Refusal::WrongToken));
    assert_eq!(with(Some("t")).verify(&put()), Err(Refusal::WrongToken));
}

#[test]
fn a_mismatch_never_shows_what_was_signed() {
    let other = Shop {
        bucket: "other",
        ..SHOP
    };
    let nothing = Err(Refusal::SignatureMismatch {
        string_to_sign: String::new(),
    });
    assert_eq!(other.verify(&put()), nothing);
    for (name, value) in [
        ("Content-Type", Some("text/plain")),
        ("Content-Type", None),
        ("Content-MD5", Some("x")),
        ("x-ucloud-acl", Some("x")),
    ] {
        assert_eq!(SHOP.verify(&with_header(&put(), name, value)), nothing, "{name}");
    }
}

#[test]
fn malformed_requests_are_refused() {
    assert_malformed(SHOP.verify(&with_authorization(&put(), "UCloud ", "Ucloud ")), "UCloud");
    assert_malformed(SHOP.verify(&with_authorization(&put(), ":", "")), "colon");
    let whole = link("xPr8rZjFD%2F9swkQ6IybldpVeTGk%3D");
    for (from, to, about) in [
        ("Expires=1735873445", "Expires=soon", "Expires"),
        ("&Expires=1735873445", "", "Expires"),
        ("UCloudPublicKey=", "PublicKey=", "UCloudPublicKey"),
    ] {
        let changed = WireRequest {
            query: whole.query.replace(from, to),
            ..whole.clone()
        };
        assert_malformed(SHOP.verify(&changed), about);
    }
}

//! The vendor's SDK tests, runs of its SDK, and what must be refused.

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

const SHOP: Shop = Shop {
    cloud: Cloud::Aliyun,
    bucket: "bucket",
    id: "ak",
    key: "sk",
    token: None,
};
const TARGET: &str = "/1234+-/123/1.txt?param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2&%7Cparam2&param2";

/// The request of the SDK's tests, of this time, with these headers beside theirs.
fn put(date: &str, additional: &str, headers: &[(&str, &str)], signature: &str) -> WireRequest {
    let day = &date[..8];
    let authorization = format!(
        "OSS4-HMAC-SHA256 Credential=ak/{day}/cn-hangzhou/oss/aliyun_v4_request,{additional}Signature={signature}"
    );
    let mut all = vec![
        ("x-oss-head1", "value"),
        ("abc", "value"),
        ("ZAbc", "value"),
        ("XYZ", "value"),
        ("content-type", "text/plain"),
        (CONTENT_HASH, UNSIGNED),
        (DATE, date),
        ("Authorization", &authorization),
    ];
    all.extend(headers);
    request("PUT", TARGET, &all, "")
}

fn plain() -> WireRequest {
    put(
        "20231216T162057Z",
        "",
        &[],
        "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe",
    )
}

fn link() -> WireRequest {
    let target = format!(
        "{TARGET}&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20231217T025437Z&x-oss-expires=599&x-oss-credential=ak%2F20231217%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-signature=a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe"
    );
    let headers = [
        ("x-oss-head1", "value"),
        ("abc", "value"),
        ("content-type", "application/octet-stream"),
    ];
    request("PUT", &target, &headers, "")
}

#[test]
fn the_sdks_own_test_verifies() {
    assert_eq!(
        SHOP.verify(&plain()).unwrap(),
        StoreVerified {
            algorithm: StoreAlgorithm::Oss4,
            access_key_id: "ak".to_owned(),
            instant: Some(datetime!(2023-12-16 16:20:57 UTC)),
            expires_at: None,
            region: Some("cn-hangzhou".to_owned()),
            payload: Payload::Unsigned,
            signed_headers: ["content-type", CONTENT_HASH, DATE, "x-oss-head1"]
                .map(str::to_owned)
                .to_vec(),
            presigned: false,
        }
    );
}

#[test]
fn a_token_is_a_signed_header() {
    let temporary = put(
        "20231217T034736Z",
        "",
        &[(TOKEN, "token")],
        "b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea",
    );
    let with = |token| Shop { token, ..SHOP };
    assert!(with(Some("token")).verify(&temporary).is_ok());
    assert_eq!(SHOP.verify(&temporary), Err(Refusal::WrongToken));
    assert_eq!(with(Some("token")).verify(&plain()), Err(Refusal::WrongToken));
}

#[test]
fn additional_headers_are_signed_by_name() {
    let more = put(
        "20231216T172512Z",
        "AdditionalHeaders=abc;zabc,",
        &[],
        "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f",
    );
    assert!(SHOP.verify(&more).is_ok());
    assert_mismatch(SHOP.verify(&with_header(&more, "abc", Some("other"))), "abc");
    assert_malformed(SHOP.verify(&with_header(&more, "abc", None)), "abc");
    assert_mismatch(SHOP.verify(&with_authorization(&more, "abc;zabc", "abc")), "the list");
    assert_malformed(
        SHOP.verify(&with_authorization(&more, "abc;zabc", "zabc;abc")),
        "sorted",
    );
    // One that is not listed is not signed.
    assert!(SHOP.verify(&with_header(&plain(), "abc", Some("other"))).is_ok());
}

#[test]
fn a_link_holds_for_the_time_it_names() {
    let verified = SHOP.verify(&link()).unwrap();
    assert!(verified.presigned);
    assert_eq!(verified.instant, Some(datetime!(2023-12-17 02:54:37 UTC)));
    assert_eq!(verified.expires_at, Some(datetime!(2023-12-17 03:04:36 UTC)));
}

#[test]
fn runs_of_the_sdk_verify() {
    let shop = Shop {
        bucket: "mybucket",
        ..SHOP
    };
    let call = |method: &str, query: &str, signature: &str, headers: &[(&str, &str)]| {
        let authorization =
            format!("OSS4-HMAC-SHA256 Credential=ak/20231114/cn-hangzhou/oss/aliyun_v4_request, Signature={signature}");
        let mut all = vec![
            (CONTENT_HASH, UNSIGNED),
            (DATE, "20231114T221320Z"),
            ("Authorization", authorization.as_str()),
        ];
        all.extend(headers);
        request(method, &format!("/dir/a%20b.qcow2?{query}"), &all, "")
    };
    let part = call(
        "PUT",
        "partNumber=1&uploadId=ABC%2Fdef%2B%3D%3D",
        "491793d6b1be76bd5350167905f304ed72f741fb69fd97266e7a607f2b84e9f2",
        &[("Content-Type", "application/octet-stream")],
    );
    assert!(shop.verify(&part).is_ok());
    let signature = "8a8adac2ef8dcce98b833da532f55c9ed7cbff0df71a78dc3a38a6d8b3e65bc3";
    for query in ["uploads", "uploads="] {
        assert!(shop.verify(&call("POST", query, signature, &[])).is_ok(), "{query}");
    }
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    for (name, value) in [
        ("content-type", Some("text/html")),
        ("content-type", None),
        ("content-md5", Some("XUFAKrxLKna5cZ2REBfFkg==")),
        ("x-oss-head1", Some("other")),
        ("x-oss-meta-new", Some("1")),
        (DATE, Some("20231216T162058Z")),
    ] {
        assert_mismatch(SHOP.verify(&with_header(&plain(), name, value)), name);
    }
    let other_bucket = Shop {
        bucket: "other",
        ..SHOP
    };
    assert_mismatch(other_bucket.verify(&plain()), "bucket");
    let other_key = Shop { key: "other", ..SHOP };
    assert_mismatch(other_key.verify(&link()), "secret");
    let longer = WireRequest {
        query: link().query.replace("x-oss-expires=599", "x-oss-expires=600"),
        ..link()
    };
    assert_mismatch(SHOP.verify(&longer), "validity");
}

#[test]
fn a_malformed_signature_is_refused() {
    for (from, to, about) in [
        ("OSS4-HMAC-SHA256 ", "OSS4-HMAC-SHA256", NAME),
        ("Credential=", "Access=", "unknown part"),
        ("Signature=", "Signature=1,Signature=", "twice"),
        ("/oss/", "/ecs/", "oss/aliyun_v4_request"),
        ("/20231216/", "/20231217/", "date"),
    ] {
        assert_malformed(SHOP.verify(&with_authorization(&plain(), from, to)), about);
    }
    assert_malformed(SHOP.verify(&with_header(&plain(), CONTENT_HASH, None)), CONTENT_HASH);
    assert_malformed(SHOP.verify(&with_header(&plain(), CONTENT_HASH, Some("00"))), UNSIGNED);
    assert_malformed(SHOP.verify(&with_header(&plain(), DATE, None)), DATE);
    for (from, to, about) in [
        ("x-oss-signature-version=OSS4", "x-oss-signature-version=OSS2", NAME),
        ("x-oss-expires=599", "x-oss-expires=604801", "validity"),
        ("&x-oss-expires=599", "", "x-oss-expires"),
    ] {
        let changed = WireRequest {
            query: link().query.replace(from, to),
            ..link()
        };
        assert_malformed(SHOP.verify(&changed), about);
    }
}

//! AWS's published examples, requests made with botocore 1.44.5, and what must be refused.

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

/// The account of "Examples: Signature Calculations" in the documentation of S3.
const AWS: Shop = Shop {
    cloud: Cloud::Jdcloud,
    bucket: "examplebucket",
    id: "AKIAIOSFODNN7EXAMPLE",
    key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    token: None,
};
/// The account of the requests made with botocore.
const JD: Shop = Shop {
    cloud: Cloud::Jdcloud,
    bucket: "images",
    id: "AKIDEXAMPLE",
    key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    token: None,
};
const TEMPORARY: Shop = Shop {
    token: Some("TOKENEXAMPLE.public/1+abc=="),
    ..JD
};
const LINK: &str = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
const HOST: (&str, &str) = ("Host", "examplebucket.s3.amazonaws.com");

/// A published example: those headers beside host, date and the hash of the body, and their list.
fn published(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    hash: &str,
    list: &str,
    signature: &str,
) -> WireRequest {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders={list},Signature={signature}"
    );
    let mut all = vec![
        HOST,
        ("x-amz-date", "20130524T000000Z"),
        (CONTENT_HASH, hash),
        ("Authorization", &authorization),
    ];
    all.extend(headers);
    request(method, target, &all, "")
}

fn get() -> WireRequest {
    published(
        "GET",
        "/test.txt",
        &[("Range", "bytes=0-9")],
        EMPTY,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    )
}

fn link() -> WireRequest {
    request("GET", LINK, &[HOST], "")
}

#[test]
fn get_object_with_a_range() {
    let verified = AWS.verify(&get()).unwrap();
    assert_eq!(
        verified,
        StoreVerified {
            algorithm: StoreAlgorithm::S3V4,
            access_key_id: AWS.id.to_owned(),
            instant: Some(datetime!(2013-05-24 00:00:00 UTC)),
            expires_at: None,
            region: Some("us-east-1".to_owned()),
            payload: Payload::Sha256(EMPTY.to_owned()),
            signed_headers: ["host", "range", "x-amz-content-sha256", "x-amz-date"]
                .map(str::to_owned)
                .to_vec(),
            presigned: false,
        }
    );
}

#[test]
fn put_object() {
    let hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    let put = published(
        "PUT",
        "/test$file.text",
        &[
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ],
        hash,
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    assert_eq!(AWS.verify(&put).unwrap().payload, Payload::Sha256(hash.to_owned()));
}

#[test]
fn get_bucket_lifecycle_and_list_objects() {
    let list = "host;x-amz-content-sha256;x-amz-date";
    let lifecycle = published(
        "GET",
        "/?lifecycle",
        &[],
        EMPTY,
        list,
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
    let objects = published(
        "GET",
        "/?max-keys=2&prefix=J",
        &[],
        EMPTY,
        list,
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
    for request in [lifecycle, objects] {
        assert!(AWS.verify(&request).is_ok(), "{}", request.query);
    }
}

#[test]
fn a_presigned_link() {
    let verified = AWS.verify(&link()).unwrap();
    assert!(verified.presigned);
    assert_eq!(verified.instant, Some(datetime!(2013-05-24 00:00:00 UTC)));
    assert_eq!(verified.expires_at, Some(datetime!(2013-05-25 00:00:00 UTC)));
    assert_eq!(verified.payload, Payload::Unsigned);
    assert_eq!(verified.signed_headers, ["host"]);
}

#[test]
fn links_made_with_botocore() {
    let scope = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20250102%2Fcn-north-1%2Fs3%2Faws4_request&X-Amz-Date=20250102T030405Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
    let token = "X-Amz-Security-Token=TOKENEXAMPLE.public%2F1%2Babc%3D%3D";
    let get = |host: &str, target: &str| request("GET", target, &[("Host", host)], "");
    let in_host = |rest: &str| {
        let target = format!("/dir/a%20b%2Bc.qcow2?{scope}&{rest}");
        get("images.s3-internal.cn-north-1.jdcloud-oss.com", &target)
    };
    let in_path = |rest: &str| {
        let target = format!("/images/%E9%95%9C%E5%83%8F.raw?response-content-type=a%2Fb&{scope}&{rest}");
        get("s3.cn-north-1.jdcloud-oss.com", &target)
    };
    let signature = |hex: &str| format!("X-Amz-Signature={hex}");
    let with_token = |hex: &str| format!("{token}&X-Amz-Signature={hex}");

    let long = "422bc51d7b929e2e021b4e549a5e7bf91bd9ed5c34e79aa7d4baa7f7475a626a";
    assert!(JD.verify(&in_host(&signature(long))).is_ok());
    let temporary = in_host(&with_token(
        "22b7786c44860c62fd22ba4b885d2737af82729cb8c3159a824838910ff48fc0",
    ));
    assert!(TEMPORARY.verify(&temporary).is_ok());
    assert_eq!(JD.verify(&temporary), Err(Refusal::WrongToken));
    assert_eq!(TEMPORARY.verify(&in_host(&signature(long))), Err(Refusal::WrongToken));

    let long = in_path(&signature(
        "1ee4455d4dc76f99bb009122e637325c0bbb7d71e563e13137920494c6a82064",
    ));
    assert!(JD.verify_at(&long, Addressing::PathStyle).is_ok());
    let temporary = in_path(&with_token(
        "41a479f8998645d177806211fe132708c8a42d9184be13f709edd465689a81b0",
    ));
    assert!(TEMPORARY.verify_at(&temporary, Addressing::PathStyle).is_ok());
}

/// A request made with botocore, with permanent keys or (a token is given) temporary ones.
fn part(list: &str, token: Option<&str>, signature: &str) -> WireRequest {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250102/cn-north-1/s3/aws4_request, SignedHeaders={list}, Signature={signature}"
    );
    let mut headers = vec![
        ("Host", "images.s3.cn-north-1.jdcloud-oss.com"),
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("x-amz-meta-note", "a   b"),
        ("X-Amz-Date", "20250102T030405Z"),
        (
            "X-Amz-Content-SHA256",
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
        ("Authorization", &authorization),
    ];
    headers.extend(token.map(|token| ("X-Amz-Security-Token", token)));
    request("PUT", "/k?partNumber=1&uploadId=abc%2FDEF%3D%3D", &headers, "")
}

#[test]
fn parts_made_with_botocore() {
    let list = "content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-meta-note";
    let long = part(
        list,
        None,
        "b9c81906eb895864d335232c3cefaf5853f9bb3c6130ce88867eda772b02bb54",
    );
    assert!(JD.verify(&long).is_ok());
    let temporary = part(
        &format!("{list};x-amz-security-token"),
        TEMPORARY.token,
        "9a16cc742e2233cf307bed27cf5be6bc1612c39d7485cc0630c1d2d6bd5dd4fe",
    );
    assert!(TEMPORARY.verify(&temporary).is_ok());
    let unsigned_token = with_authorization(&temporary, ";x-amz-security-token", "");
    assert_malformed(TEMPORARY.verify(&unsigned_token), TOKEN);
}

#[test]
fn every_own_header_and_the_host_must_be_signed() {
    assert_malformed(
        AWS.verify(&with_header(&get(), "X-Amz-Meta-A", Some("1"))),
        "x-amz-meta-a",
    );
    assert_malformed(
        AWS.verify(&with_header(&link(), "x-amz-acl", Some("public-read"))),
        "x-amz-acl",
    );
    assert_malformed(AWS.verify(&with_authorization(&get(), "host;", "")), "host");
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    for (name, value) in [
        ("Range", "bytes=0-8"),
        ("Host", "examplebucket.s3.example.com"),
        ("x-amz-date", "20130524T000001Z"),
        (CONTENT_HASH, UNSIGNED),
    ] {
        assert_mismatch(AWS.verify(&with_header(&get(), name, Some(value))), name);
    }
    for query in ["a=1", "uploads"] {
        let changed = WireRequest {
            query: query.to_owned(),
            ..get()
        };
        assert_mismatch(AWS.verify(&changed), query);
    }
    let other = Shop { key: "other", ..AWS };
    assert_mismatch(other.verify(&link()), "secret");
    let stranger = Shop { id: "other", ..AWS };
    assert_eq!(
        stranger.verify(&link()),
        Err(Refusal::UnknownAccessKey(AWS.id.to_owned()))
    );
}

#[test]
fn what_the_body_may_be() {
    let outcome = |shop: &Shop, hash| shop.verify(&with_header(&get(), CONTENT_HASH, hash));
    assert_malformed(outcome(&AWS, None), CONTENT_HASH);
    assert_malformed(outcome(&AWS, Some("e3b0")), CONTENT_HASH);
    assert_malformed(outcome(&AWS, Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")), "chunks");
    let huawei = Shop {
        cloud: Cloud::Huawei,
        ..AWS
    };
    assert_eq!(huawei.verify(&get()).unwrap().algorithm, StoreAlgorithm::ObsAws4);
    assert_malformed(outcome(&huawei, Some(&"0".repeat(64))), "OBS");
}

#[test]
fn a_malformed_signature_is_refused() {
    for (from, to, about) in [
        ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA1 ", NAME),
        ("/s3/", "/oss/", "s3/aws4_request"),
        ("/20130524/", "/20130525/", "date"),
        ("Signature=", "Signature=,Other=", "unknown part"),
        (";range", ";Range", "lower-case"),
    ] {
        assert_malformed(AWS.verify(&with_authorization(&get(), from, to)), about);
    }
    let changed = |from: &str, to: &str| WireRequest {
        query: link().query.replace(from, to),
        ..link()
    };
    for (from, to, about) in [
        ("X-Amz-Expires=86400", "X-Amz-Expires=604801", "validity"),
        ("X-Amz-Expires=86400", "X-Amz-Expires=0", "validity"),
        ("&X-Amz-Expires=86400", "", "X-Amz-Expires"),
        ("X-Amz-SignedHeaders=host&", "", "X-Amz-SignedHeaders"),
        ("X-Amz-Date=20130524T", "X-Amz-Date=2013-05-24T", DATE),
        ("X-Amz-Algorithm=AWS4", "X-Amz-Algorithm=AWS5", NAME),
    ] {
        assert_malformed(AWS.verify(&changed(from, to)), about);
    }
    let twice = with_header(&link(), "Authorization", get().header("authorization"));
    assert_malformed(AWS.verify(&twice), "both");
}

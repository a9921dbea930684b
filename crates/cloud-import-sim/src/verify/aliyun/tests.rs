//! The documentation's worked examples, examples from the vendor's SDKs, and what the API must refuse.

use time::macros::datetime;

use super::*;
use crate::verify::example::{account, assert_malformed, assert_mismatch, request, with_authorization, with_header};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The official V3 example.
fn run() -> WireRequest {
    let headers = [
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-version", "2014-05-26"),
        (
            "Authorization",
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,\
             SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,\
             Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
        ),
    ];
    let target = "/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd";
    request("POST", target, &headers, "")
}

fn verify(request: &WireRequest) -> Result<Verified, Refusal> {
    aliyun(request, &account("YourAccessKeyId", "YourAccessKeySecret", None))
}

/// A V3 request of `testid` with further signed headers, all of them listed.
fn v3(target: &str, extra: &[(&str, &str)], signature: &str, body: &str) -> WireRequest {
    let mut headers = vec![
        ("host", "ecs-cn-hangzhou.aliyuncs.com"),
        ("x-acs-date", "2023-11-14T22:13:20Z"),
        ("x-acs-signature-nonce", "3ee8c1b883d344afa94f4e0ad82fd6cf"),
        ("x-acs-version", "2014-05-26"),
    ];
    headers.extend_from_slice(extra);
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let authorization = format!(
        "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders={},Signature={signature}",
        names.join(";")
    );
    headers.push(("Authorization", &authorization));
    request("POST", target, &headers, body)
}

fn token_request() -> WireRequest {
    v3(
        "/?ImageId=m-bp1&RegionId=cn-hangzhou&Status=Creating%2CWaiting%2CAvailable%2CUnAvailable%2CCreateFailed",
        &[
            ("x-acs-action", "DescribeImages"),
            ("x-acs-content-sha256", EMPTY),
            ("x-acs-accesskey-id", "testid"),
            ("x-acs-security-token", "STS/tok+=="),
        ],
        "2f67756e2a39ab0e64dcbea1e573bbab943b4b8b32394655f605605f23993451",
        "",
    )
}

#[test]
fn the_documented_v3_example_verifies() {
    let verified = verify(&run()).unwrap();
    assert_eq!(verified.algorithm, Algorithm::Acs3);
    assert_eq!(verified.access_key_id, "YourAccessKeyId");
    assert_eq!(verified.instant, Some(datetime!(2023-10-26 10:22:32 UTC)));
    assert_eq!(verified.nonce.as_deref(), Some("3156853299f313e23d1673dc12e1703d"));
    assert_eq!(verified.signed_headers.len(), 6);
}

#[test]
fn v3_verifies_nested_parameters_in_any_order_and_escaping() {
    let target = "/?RegionId=cn-hangzhou&Architecture=x86_64&BootMode=UEFI&ClientToken=tok-1&DiskDeviceMapping.1.DiskImageSize=40&DiskDeviceMapping.1.Format=QCOW2&DiskDeviceMapping.1.OSSBucket=mybucket&DiskDeviceMapping.1.OSSObject=dir/a+b.qcow2&DiskDeviceMapping.2.OSSBucket=mybucket&DiskDeviceMapping.2.OSSObject=data.raw&DryRun=true&Features.NvmeSupport=supported&ImageName=img%20%7E%2A%2B%2F%E6%B5%8B%E8%AF%95&OSType=linux&Platform=Others%20Linux&Tag.1.Key=k1&Tag.1.Value=v%201";
    let example = v3(
        target,
        &[("x-acs-action", "ImportImage"), ("x-acs-content-sha256", EMPTY)],
        "28f052b7b2d7b3e3c359c46d992c7ff24794c0a6f39ccbc1eaadc57cac97ea3a",
        "",
    );
    assert!(aliyun(&example, &account("testid", "testsecret", None)).is_ok());
}

#[test]
fn v3_verifies_a_form_body_with_its_content_type() {
    let example = v3(
        "/?RegionId=cn-hangzhou",
        &[
            ("x-acs-action", "DescribeTasks"),
            (
                "x-acs-content-sha256",
                "9ba5fda567594e5a56d4ff1916797e4955a5ab72aef74d2aa49e9eda9862d4e1",
            ),
            ("content-type", "application/x-www-form-urlencoded"),
        ],
        "b53167111a379f6d28a566ef30c172e52fa990363e9c2803f4d02b872e404634",
        "Action=x&k=v%201",
    );
    let known = account("testid", "testsecret", None);
    assert!(aliyun(&example, &known).is_ok());
    let unlisted = with_authorization(&example, "content-type;", "");
    assert_malformed(aliyun(&unlisted, &known), "content-type");
    let other_body = WireRequest {
        body: b"Action=y&k=v%201".to_vec(),
        ..example
    };
    assert_malformed(aliyun(&other_body, &known), CONTENT_HASH);
}

#[test]
fn v3_compares_token_and_key_id() {
    let outcome = |token| aliyun(&token_request(), &account("testid", "testsecret", token));
    assert!(outcome(Some("STS/tok+==")).is_ok());
    assert_eq!(outcome(Some("other")), Err(Refusal::WrongToken));
    assert_eq!(outcome(None), Err(Refusal::WrongToken));
    let other = with_header(&token_request(), KEY_ID, Some("otherid"));
    assert_malformed(verify(&other), KEY_ID);
}

#[test]
fn v3_refuses_a_change_of_anything_signed() {
    for (part, request) in [
        (
            "method",
            WireRequest {
                method: "GET".to_owned(),
                ..run()
            },
        ),
        (
            "path",
            WireRequest {
                path: "/x".to_owned(),
                ..run()
            },
        ),
        (
            "query",
            WireRequest {
                query: "RegionId=cn-shanghai".to_owned(),
                ..run()
            },
        ),
        ("host", with_header(&run(), "host", Some("ecs.cn-beijing.aliyuncs.com"))),
        ("action", with_header(&run(), "x-acs-action", Some("runinstances"))),
        ("date", with_header(&run(), DATE, Some("2023-10-26T10:22:33Z"))),
        ("nonce", with_header(&run(), NONCE, Some("0"))),
    ] {
        assert_mismatch(verify(&request), part);
    }
    assert_mismatch(aliyun(&run(), &account("YourAccessKeyId", "other", None)), "secret");
    assert_eq!(
        aliyun(&run(), &account("other", "x", None)),
        Err(Refusal::UnknownAccessKey("YourAccessKeyId".to_owned()))
    );
}

#[test]
fn v3_needs_its_headers_signed() {
    for name in ["host", "x-acs-action", "x-acs-version", DATE, NONCE, CONTENT_HASH] {
        assert_malformed(verify(&with_header(&run(), name, None)), name);
    }
    assert_malformed(verify(&with_authorization(&run(), "host;", "")), "host");
    assert_malformed(
        verify(&with_authorization(&run(), ";x-acs-version", "")),
        "x-acs-version",
    );
    assert_malformed(verify(&with_header(&run(), "X-Acs-Extra", Some("1"))), "x-acs-extra");
    assert_malformed(verify(&with_header(&run(), DATE, Some("yesterday"))), DATE);
    assert_malformed(verify(&with_authorization(&run(), "ACS3", "ACS4")), ALGORITHM);
    for query in ["a=%", "a", "a=1&a=2", "=1"] {
        let request = WireRequest {
            query: query.to_owned(),
            ..run()
        };
        assert!(matches!(verify(&request), Err(Refusal::Malformed(_))), "{query}");
    }
}

const REGIONS: &str = "AccessKeyId=testid&Action=DescribeRegions&Format=XML&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&SignatureVersion=1.0&Timestamp=2016-02-23T12%3A46%3A24Z&Version=2014-05-26&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D";

fn rpc_request(method: &str, query: &str, body: &str) -> WireRequest {
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let headers = if body.is_empty() { &headers[..0] } else { &headers[..] };
    request(method, &format!("/?{query}"), headers, body)
}

fn verify_rpc(method: &str, query: &str, body: &str, token: Option<&str>) -> Result<Verified, Refusal> {
    aliyun(
        &rpc_request(method, query, body),
        &account("testid", "testsecret", token),
    )
}

#[test]
fn the_documented_rpc_example_verifies() {
    let verified = verify_rpc("GET", REGIONS, "", None).unwrap();
    assert_eq!(verified.algorithm, Algorithm::AcsRpcHmacSha1);
    assert_eq!(verified.access_key_id, "testid");
    assert_eq!(verified.instant, Some(datetime!(2016-02-23 12:46:24 UTC)));
    assert_eq!(verified.nonce.as_deref(), Some("3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"));
}

#[test]
fn rpc_verifies_in_query_form_or_both_with_its_own_signature_per_method() {
    let query = "AccessKeyId=testid&Action=DescribeDedicatedHosts&Format=JSON&RegionId=cn-beijing&SignatureMethod=HMAC-SHA1&SignatureNonce=edb2b34af0af9a6d14deaf7c1a5315eb&SignatureVersion=1.0";
    let rest = "Timestamp=2023-03-13T08%3A34%3A30Z&Version=2014-05-26";
    let post = "Signature=ZvQ9xGiFnquSJRvj%2BWE6kdSpTwU%3D";
    let get = "Signature=9NaGiOspFP5UPcwX8Iwt2YJXXuk%3D";
    assert!(verify_rpc("GET", &format!("{query}&{rest}&{get}"), "", None).is_ok());
    assert!(verify_rpc("POST", &format!("{query}&{rest}&{post}"), "", None).is_ok());
    assert!(verify_rpc("POST", "", &format!("{query}&{rest}&{post}"), None).is_ok());
    assert!(verify_rpc("POST", &format!("{query}&{post}"), rest, None).is_ok());
    assert_mismatch(verify_rpc("POST", &format!("{query}&{rest}&{get}"), "", None), "method");
}

#[test]
fn rpc_verifies_an_import_with_every_kind_of_character() {
    let query = "AccessKeyId=testid&Action=ImportImage&Architecture=x86_64&BootMode=UEFI&ClientToken=tok-1&DiskDeviceMapping.1.DiskImageSize=40&DiskDeviceMapping.1.Format=QCOW2&DiskDeviceMapping.1.OSSBucket=mybucket&DiskDeviceMapping.1.OSSObject=dir%2Fa%20b.qcow2&DiskDeviceMapping.2.OSSBucket=mybucket&DiskDeviceMapping.2.OSSObject=data.raw&DryRun=true&Features.NvmeSupport=supported&Format=json&ImageName=img%20~%2A%2B%2F%E6%B5%8B%E8%AF%95&OSType=linux&Platform=Others%20Linux&RegionId=cn-hangzhou&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b883d344afa94f4e0ad82fd6cf&SignatureVersion=1.0&Tag.1.Key=k1&Tag.1.Value=v%201&Timestamp=2023-11-14T22%3A13%3A20Z&Version=2014-05-26";
    let signed = format!("{query}&Signature=iC%2Fr6aGUl5Ls%2Fn0TilaMqhnDqvM%3D");
    assert!(verify_rpc("POST", &signed, "", None).is_ok());
}

#[test]
fn rpc_compares_the_token() {
    let query = "AccessKeyId=testid&Action=DescribeImages&Format=json&ImageId=m-bp1&RegionId=cn-hangzhou&SecurityToken=STS%2Ftok%2B%3D%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b883d344afa94f4e0ad82fd6cf&SignatureVersion=1.0&Status=Creating%2CWaiting%2CAvailable%2CUnAvailable%2CCreateFailed&Timestamp=2023-11-14T22%3A13%3A20Z&Version=2014-05-26&Signature=N0eF78XulQCzWoEnohpeJrAPbDA%3D";
    assert!(verify_rpc("POST", query, "", Some("STS/tok+==")).is_ok());
    assert_eq!(verify_rpc("POST", query, "", Some("other")), Err(Refusal::WrongToken));
    assert_eq!(verify_rpc("POST", query, "", None), Err(Refusal::WrongToken));
    assert_eq!(verify_rpc("GET", REGIONS, "", Some("t")), Err(Refusal::WrongToken));
}

#[test]
fn an_rpc_mismatch_shows_the_string_that_was_expected() {
    let changed = REGIONS.replace("Format=XML", "Format=JSON");
    let expected = "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DJSON%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26";
    assert_eq!(
        verify_rpc("GET", &changed, "", None),
        Err(Refusal::SignatureMismatch {
            string_to_sign: expected.to_owned()
        })
    );
}

#[test]
fn rpc_refuses_what_it_cannot_verify() {
    let edited = |from: &str, to: &str| {
        assert!(REGIONS.contains(from), "{from}");
        verify_rpc("GET", &REGIONS.replace(from, to), "", None)
    };
    assert_mismatch(edited("Format=XML", "Format=XML&Extra="), "added");
    assert_malformed(
        edited("SignatureMethod=HMAC-SHA1", "SignatureMethod=none"),
        "SignatureMethod",
    );
    assert_malformed(
        edited("SignatureVersion=1.0", "SignatureVersion=2.0"),
        "SignatureVersion",
    );
    assert_malformed(edited("Timestamp=2016", "Timestamp=16"), "Timestamp");
    assert_malformed(edited("&Version=2014-05-26", ""), "Version");
    assert_malformed(edited("Format=XML", "Format=XML&Format=XML"), "Format was sent twice");
    assert_malformed(edited("Format=XML", "Format=%fe"), "UTF-8");
    assert_malformed(verify_rpc("GET", REGIONS, "Format=XML", None), "body");
    assert_eq!(
        verify_rpc("GET", "Action=DescribeRegions", "", None),
        Err(Refusal::MissingSignature)
    );
}

//! Worked examples made with the Python SDK's signer, tokens, and what the gateway must refuse.

use time::macros::datetime;

use super::*;
use crate::verify::example::{account, assert_malformed, assert_mismatch, request, with_authorization, with_header};

const ID: &str = "EXAMPLEAK0000000000A";
const KEY: &str = "exampleSecretKey00000000000000000000Test";
const PROJECT: &str = "0123456789abcdef0123456789abcdef";
const IMPORT_BODY: &str = r#"{"name":"ims_test_file","description":"import test","image_url":"ims-image:centos70.zvhd2","os_version":"CentOS 7.0 64bit","min_disk":40,"type":"ECS","image_tags":[{"key":"env","value":"ci"}]}"#;

fn verify(request: &WireRequest) -> Result<Verified, Refusal> {
    huawei(request, &account(ID, KEY, None))
}

fn signed(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    list: &str,
    signature: &str,
    body: &str,
) -> WireRequest {
    let authorization = format!("SDK-HMAC-SHA256 Access={ID}, SignedHeaders={list}, Signature={signature}");
    let mut all = headers.to_vec();
    all.push(("X-Sdk-Date", "20240102T030405Z"));
    all.push(("Authorization", &authorization));
    request(method, target, &all, body)
}

fn import() -> WireRequest {
    signed(
        "POST",
        "/v2/cloudimages/quickimport/action",
        &[
            ("Host", "ims.cn-north-4.myhuaweicloud.com"),
            ("Content-Type", "application/json"),
            ("X-Project-Id", PROJECT),
        ],
        "content-type;host;x-project-id;x-sdk-date",
        "b61041ba609df00e6e4a983c5d34ac9a4f4aa0805ce8efe8c0e3f4d736a755eb",
        IMPORT_BODY,
    )
}

fn job() -> WireRequest {
    signed(
        "GET",
        "/v1/0123456789abcdef0123456789abcdef/jobs/ff8080814dbd65d7014dbe0d84db0013",
        &[
            ("Host", "ims.ap-southeast-3.myhuaweicloud.com"),
            ("Content-Type", "application/json"),
            ("X-Project-Id", PROJECT),
            ("X-Security-Token", "gQ1leGFtcGxlLXRva2Vu/with+chars=="),
        ],
        "content-type;host;x-project-id;x-sdk-date;x-security-token",
        "42bbc5e3f3a28c7a91ad0888f0a52bf090d48d52fdf1adc4dd5581d6cdffc215",
        "",
    )
}

#[test]
fn a_post_with_json_verifies() {
    let verified = verify(&import()).unwrap();
    assert_eq!(verified.algorithm, Algorithm::SdkHmacSha256);
    assert_eq!(verified.access_key_id, ID);
    assert_eq!(verified.instant, Some(datetime!(2024-01-02 03:04:05 UTC)));
    assert_eq!(
        verified.signed_headers,
        ["content-type", "host", "x-project-id", "x-sdk-date"]
    );
}

#[test]
fn queries_and_paths_are_canonicalized() {
    let host = ("Host", "ims.cn-north-4.myhuaweicloud.com");
    let project = ("X-Project-Id", PROJECT);
    let list = "host;x-project-id;x-sdk-date";
    let images = signed(
        "GET",
        "/v2/cloudimages?name=my+image%2F%C3%BC%2B%26%3D~%2A&limit=10&__imagetype=private&created_at=gte:2024-01-02T03:04:05Z",
        &[host, project],
        list,
        "10c6d2799fdc97d370dae929c13c9ff99d24feb604822452a702802ab3ab8450",
        "",
    );
    assert!(verify(&images).is_ok());
    let tag = signed(
        "DELETE",
        "/v2/0123456789abcdef0123456789abcdef/images/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90/tags/%E9%94%AE%201",
        &[host, project],
        list,
        "c1ff7d7b8d2f1f8743126edce5a85cf5d654df1341ac2bfae09cc85101fc4dc1",
        "",
    );
    assert!(verify(&tag).is_ok());
    let projects = signed(
        "GET",
        "/v3/projects?name=cn-north-4",
        &[("Host", "iam.cn-north-4.myhuaweicloud.com")],
        "host;x-sdk-date",
        "679bf6d68c022fe729611129565663471514ff6d0e44791eecc2691e480876ba",
        "",
    );
    assert!(verify(&projects).is_ok());
}

#[test]
fn a_security_token_must_be_signed_and_fit() {
    let outcome = |token| huawei(&job(), &account(ID, KEY, token));
    assert!(outcome(Some("gQ1leGFtcGxlLXRva2Vu/with+chars==")).is_ok());
    assert_eq!(outcome(Some("other")), Err(Refusal::WrongToken));
    assert_eq!(outcome(None), Err(Refusal::WrongToken));
    assert_eq!(
        huawei(&import(), &account(ID, KEY, Some("t"))),
        Err(Refusal::WrongToken)
    );
    assert_malformed(verify(&with_authorization(&job(), ";x-security-token", "")), TOKEN);
}

#[test]
fn an_iam_token_is_compared_with_the_token_account() {
    let with = |token| request("GET", "/v2/cloudimages", &[("X-Auth-Token", token)], "");
    let outcome = |token| huawei(&with(token), &account(TOKEN_ACCOUNT, "", Some("MIIexample")));
    let verified = outcome("MIIexample").unwrap();
    assert_eq!(verified.algorithm, Algorithm::HuaweiToken);
    assert_eq!(verified.access_key_id, TOKEN_ACCOUNT);
    assert_eq!(outcome("MIIother"), Err(Refusal::WrongToken));
    assert_eq!(verify(&with("MIIexample")), Err(Refusal::WrongToken));
    assert_eq!(
        verify(&with_header(&import(), "authorization", None)),
        Err(Refusal::MissingSignature)
    );
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    let mut changed = import();
    changed.body[0] = b'[';
    assert_mismatch(verify(&changed), "body");
    for (part, request) in [
        (
            "method",
            WireRequest {
                method: "PUT".to_owned(),
                ..import()
            },
        ),
        (
            "path",
            WireRequest {
                path: "/v2/cloudimages/action".to_owned(),
                ..import()
            },
        ),
        (
            "query",
            WireRequest {
                query: "a=1".to_owned(),
                ..import()
            },
        ),
        (
            "host",
            with_header(&import(), "Host", Some("ims.cn-east-3.myhuaweicloud.com")),
        ),
        ("project", with_header(&import(), "X-Project-Id", Some("other"))),
        ("date", with_header(&import(), "X-Sdk-Date", Some("20240102T030406Z"))),
    ] {
        assert_mismatch(verify(&request), part);
    }
    assert_mismatch(huawei(&import(), &account(ID, "other", None)), "secret");
    assert_eq!(
        huawei(&import(), &account("other", KEY, None)),
        Err(Refusal::UnknownAccessKey(ID.to_owned()))
    );
}

#[test]
fn a_json_body_cannot_be_left_unsigned() {
    assert_malformed(
        verify(&with_header(&import(), CONTENT_HASH, Some(UNSIGNED))),
        "unsigned",
    );
    assert_malformed(verify(&with_header(&import(), CONTENT_HASH, Some("0"))), CONTENT_HASH);
    let hash = "4a302d04aa48a9bb2e296b1ff768f0bff91a9d67be2e08f736beb9f3901894b4";
    assert!(verify(&with_header(&import(), CONTENT_HASH, Some(hash))).is_ok());
}

#[test]
fn another_body_may_be_left_unsigned() {
    let text = with_header(&import(), "Content-Type", Some("text/plain"));
    let text = with_header(&text, CONTENT_HASH, Some(UNSIGNED));
    assert_eq!(payload_hash(&text).as_deref(), Ok(UNSIGNED));
    let empty = WireRequest {
        body: Vec::new(),
        ..text
    };
    assert_eq!(
        payload_hash(&empty).as_deref(),
        Ok("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    );
}

#[test]
fn malformed_requests_are_refused() {
    assert_malformed(verify(&with_header(&import(), DATE, None)), DATE);
    assert_malformed(
        verify(&with_header(&import(), DATE, Some("2024-01-02T03:04:05Z"))),
        DATE,
    );
    assert_malformed(verify(&with_header(&import(), "x-project-id", None)), "x-project-id");
    assert_malformed(
        verify(&with_header(&import(), "x-project-id", Some("a\nhost:b"))),
        "line break",
    );
    assert_malformed(verify(&with_authorization(&import(), ";x-sdk-date", "")), DATE);
    assert_malformed(
        verify(&with_authorization(&import(), "SDK-HMAC", "V11-HMAC")),
        ALGORITHM,
    );
    assert_malformed(
        verify(&with_authorization(&import(), "Access=", "Credential=")),
        "unknown part",
    );
    for (path, query) in [("/%", ""), ("/%ff", ""), ("/", "a=%4"), ("/", "flag")] {
        let request = WireRequest {
            path: path.to_owned(),
            query: query.to_owned(),
            ..import()
        };
        assert!(matches!(verify(&request), Err(Refusal::Malformed(_))), "{path} {query}");
    }
}

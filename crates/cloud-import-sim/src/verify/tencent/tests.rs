//! The documentation's worked examples of both versions, and what the API must refuse.

use time::macros::datetime;

use super::*;
use crate::verify::example::{account, assert_malformed, assert_mismatch, request, with_authorization, with_header};

const ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
const KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";

fn verify(request: &WireRequest) -> Result<Verified, Refusal> {
    tencent(request, &account(ID, KEY, None))
}

fn tc3(method: &str, target: &str, headers: [&str; 2], date: &str, body: &str, signature: &str) -> WireRequest {
    let [content_type, timestamp] = headers;
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential={ID}/{date}/cvm/tc3_request, SignedHeaders=content-type;host, Signature={signature}"
    );
    let headers = [
        ("Host", "cvm.tencentcloudapi.com"),
        ("Content-Type", content_type),
        ("X-TC-Action", "DescribeInstances"),
        ("X-TC-Version", "2017-03-12"),
        ("X-TC-Timestamp", timestamp),
        ("Authorization", &authorization),
    ];
    request(method, target, &headers, body)
}

fn post() -> WireRequest {
    tc3(
        "POST",
        "/",
        ["application/json; charset=utf-8", "1551113065"],
        "2019-02-25",
        r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
    )
}

fn get() -> WireRequest {
    tc3(
        "GET",
        "/?Limit=10&Offset=0",
        ["application/x-www-form-urlencoded", "1539084154"],
        "2018-10-09",
        "",
        "5da7a33f6993f0614b047e5df4582db9e9bf4672ba50567dba16c6ccf174c474",
    )
}

#[test]
fn the_documented_post_and_get_verify() {
    let verified = verify(&post()).unwrap();
    assert_eq!(verified.algorithm, Algorithm::Tc3);
    assert_eq!(verified.access_key_id, ID);
    assert_eq!(verified.instant, Some(datetime!(2019-02-25 16:44:25 UTC)));
    assert_eq!(verified.signed_headers, ["content-type", "host"]);
    assert!(verify(&get()).is_ok());
}

#[test]
fn a_signed_action_is_signed_in_lower_case() {
    let listed = with_authorization(&post(), "content-type;host", "content-type;host;x-tc-action");
    let example = with_authorization(
        &listed,
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26",
    );
    assert!(verify(&example).is_ok());
    assert_mismatch(
        verify(&with_header(&example, "X-TC-Action", Some("ImportImage"))),
        "action",
    );
}

#[test]
fn an_unsigned_token_is_still_compared() {
    let example = tc3(
        "POST",
        "/",
        ["application/json", "1700000000"],
        "2023-11-14",
        "{}",
        "0fce01dcca24914a476cf92b4b36453c89dc0302ec8c6d817f6a19401d7032e6",
    );
    let example = with_header(&example, "Host", Some("cvm.intl.tencentcloudapi.com"));
    let example = with_header(&example, "X-TC-Token", Some("token"));
    let outcome = |token| tencent(&example, &account(ID, KEY, token));
    assert!(outcome(Some("token")).is_ok());
    assert_eq!(outcome(Some("other")), Err(Refusal::WrongToken));
    assert_eq!(outcome(None), Err(Refusal::WrongToken));
    let without = with_header(&example, "X-TC-Token", None);
    assert_eq!(
        tencent(&without, &account(ID, KEY, Some("token"))),
        Err(Refusal::WrongToken)
    );
}

#[test]
fn a_query_is_signed_as_it_was_sent() {
    let query = "Filters.0.Name=image-name&Filters.0.Values.0=ubuntu+~%2A%2B+22&Filters.0.Values.1=a%2Fb%3Dc%26d&Offset=0&Limit=20";
    let example = |query: &str| {
        tc3(
            "GET",
            &format!("/?{query}"),
            ["application/x-www-form-urlencoded", "1700000000"],
            "2023-11-14",
            "",
            "df4fde56b2195667fe5b1913845b2893941720e66918c54611f316f498f1ca6a",
        )
    };
    assert!(verify(&example(query)).is_ok());
    assert_mismatch(verify(&example(&query.replace('+', "%20"))), "escaping");
    assert_malformed(verify(&example("Limit=%zz")), "'%'");
    assert_malformed(verify(&example("Limit")), "'='");
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    let mut changed = post();
    changed.body[0] = b'[';
    assert_mismatch(verify(&changed), "body");
    for (part, request) in [
        (
            "method",
            WireRequest {
                method: "PUT".to_owned(),
                ..post()
            },
        ),
        (
            "path",
            WireRequest {
                path: "/v2".to_owned(),
                ..post()
            },
        ),
        (
            "query",
            WireRequest {
                query: "a=1".to_owned(),
                ..post()
            },
        ),
        ("host", with_header(&post(), "Host", Some("cvm.example.com"))),
        (
            "content type",
            with_header(&post(), "Content-Type", Some("application/json")),
        ),
        ("timestamp", with_header(&post(), "X-TC-Timestamp", Some("1551113066"))),
        ("unsigned payload", with_header(&post(), CONTENT_HASH, Some(UNSIGNED))),
        (
            "body of a GET",
            WireRequest {
                body: b"x".to_vec(),
                ..get()
            },
        ),
    ] {
        assert_mismatch(verify(&request), part);
    }
    assert_mismatch(tencent(&post(), &account(ID, "other", None)), "secret");
}

/// A private cloud's host says nothing of the product: the scope does.
#[test]
fn a_host_of_no_product_takes_every_scope() {
    let elsewhere = with_header(&post(), "Host", Some("api.cloud.example"));
    for to in ["/cvm/", "/tag/"] {
        assert_mismatch(verify(&with_authorization(&elsewhere, "/cvm/", to)), to);
    }
    let tags = with_header(&post(), "Host", Some("tag.tencentcloudapi.com"));
    assert_malformed(verify(&tags), "is not tag");
    assert_mismatch(verify(&with_authorization(&tags, "/cvm/", "/tag/")), "the signature");
}

#[test]
fn the_scope_and_the_required_headers_are_checked() {
    for (from, to, about) in [
        ("/2019-02-25/", "/2019-02-26/", "date"),
        ("/cvm/", "/cbs/", "service"),
        ("/cvm/", "/tag/", "service"),
        ("/tc3_request", "/tc2_request", "tc3_request"),
        ("/cvm/tc3_request", "", "four parts"),
        (ID, "", "secret id"),
        ("=content-type;host", "=host", "content-type"),
        ("content-type;host", "content-type", "host"),
        ("TC3-HMAC", "TC4-HMAC", "TC3-HMAC-SHA256"),
    ] {
        assert_malformed(verify(&with_authorization(&post(), from, to)), about);
    }
    assert_malformed(verify(&with_header(&post(), TIMESTAMP, None)), TIMESTAMP);
    assert_malformed(verify(&with_header(&post(), TIMESTAMP, Some("-1"))), TIMESTAMP);
    assert_malformed(verify(&with_header(&post(), CONTENT_HASH, Some("0"))), CONTENT_HASH);
    assert_eq!(
        verify(&with_header(&post(), "Authorization", None)),
        Err(Refusal::MissingSignature)
    );
}

const V1_HOST: [(&str, &str); 1] = [("Host", "cvm.tencentcloudapi.com")];
const V1_FORM: [(&str, &str); 2] = [
    ("Host", "cvm.tencentcloudapi.com"),
    ("Content-Type", "application/x-www-form-urlencoded"),
];

fn v1_get() -> WireRequest {
    let target = "/?Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20&Nonce=11886&Offset=0&Region=ap-guangzhou&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE&Timestamp=1465185768&Version=2017-03-12&Signature=EliP9YW3pW28FpsEdkXt%2F%2BWcGeI%3D";
    request("GET", target, &V1_HOST, "")
}

/// STS token and odd characters, form body, HMAC-SHA256.
fn v1_post() -> WireRequest {
    let body = "Signature=NGU7VGRnbyKra9MozF5UJn6Xu7GHFWNYMLXP7%2F68nrM%3D&Action=DescribeImages&Filters.0.Name=image-name&Filters.0.Values.0=ubuntu+~%2A%2B%2022&Limit=20&Nonce=11886&Offset=0&Region=ap-guangzhou&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE&SignatureMethod=HmacSHA256&Timestamp=1700000000&Token=tok%2Ben%2F%3D%3D&Version=2017-03-12";
    request("POST", "/", &V1_FORM, body)
}

#[test]
fn version_1_verifies_in_query_and_form() {
    let verified = verify(&v1_get()).unwrap();
    assert_eq!(verified.algorithm, Algorithm::TcHmacSha1);
    assert_eq!(verified.access_key_id, ID);
    assert_eq!(verified.nonce.as_deref(), Some("11886"));
    assert_eq!(verified.instant, Some(datetime!(2016-06-06 04:02:48 UTC)));

    let verified = tencent(&v1_post(), &account(ID, KEY, Some("tok+en/=="))).unwrap();
    assert_eq!(verified.algorithm, Algorithm::TcHmacSha256);
}

#[test]
fn version_1_signs_values_as_they_stand_before_escaping() {
    let target = "/?Action=ImportImage&Architecture=x86_64&ImageDescription=sampleimage&ImageName=sample&ImageUrl=http%3A%2F%2F111-1251233127.cosd.myqcloud.com%2FWindows%2520Server%25202008%2520R2%2520x64a.vmdk&Nonce=11886&OsType=CentOS&OsVersion=6&Region=ap-guangzhou&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE&SignatureMethod=HmacSHA256&Timestamp=1465185768&Version=2017-03-12&Signature=1KQ9kRVrPfrhx3pmqStbjWrK4urMY%2FdEHJtmJAP3I0c%3D";
    let example = request("GET", target, &V1_HOST, "");
    assert!(verify(&example).is_ok());
    let once = example.query.replace("%2520", "%20");
    assert_mismatch(verify(&WireRequest { query: once, ..example }), "escaped once");
}

#[test]
fn version_1_refuses_what_its_signature_does_not_fit() {
    let edited = |from: &str, to: &str| {
        let example = v1_get();
        assert!(example.query.contains(from), "{from}");
        verify(&WireRequest {
            query: example.query.replace(from, to),
            ..example
        })
    };
    assert_mismatch(edited("Limit=20", "Limit=21"), "value");
    assert_mismatch(edited("Limit=20", "Limit=20&Extra="), "added");
    assert_mismatch(edited("Timestamp=1465185768", "Timestamp=1465185769"), "time");
    assert_mismatch(verify(&with_header(&v1_get(), "Host", Some("cvm.example.com"))), "host");
    assert_mismatch(
        verify(&WireRequest {
            method: "POST".to_owned(),
            ..v1_get()
        }),
        "method",
    );
    assert_malformed(edited("Limit=20", "Limit=20&Limit=20"), "Limit was sent twice");
    assert_malformed(edited("Limit=20", "Limit"), "'='");
    assert_malformed(edited("Limit=20", "Limit=20&SignatureMethod=none"), "SignatureMethod");
    assert_malformed(edited("Nonce=11886", "Nonce=x"), "Nonce");
    assert_malformed(edited("&Nonce=11886", ""), "Nonce");
    assert_malformed(edited("&Timestamp=1465185768", ""), "Timestamp");
    assert_malformed(
        verify(&WireRequest {
            body: b"{}".to_vec(),
            ..v1_get()
        }),
        "body",
    );
    assert_malformed(verify(&with_header(&v1_get(), "Host", None)), "host");
    assert_eq!(
        tencent(&v1_post(), &account(ID, KEY, Some("other"))),
        Err(Refusal::WrongToken)
    );
    assert_eq!(verify(&v1_post()), Err(Refusal::WrongToken));
    assert_eq!(
        tencent(&v1_get(), &account("other", KEY, None)),
        Err(Refusal::UnknownAccessKey(ID.to_owned()))
    );
}

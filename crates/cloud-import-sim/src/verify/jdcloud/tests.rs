//! The documentation's worked example, examples from the vendor's signers, and what a gateway must refuse.

use time::macros::datetime;

use super::*;
use crate::verify::example::{account, assert_malformed, assert_mismatch, request, with_authorization, with_header};

const IMPORT_BODY: &str = r#"{"architecture":"x86_64","osType":"linux","platform":"Other Linux","diskFormat":"qcow2","systemDiskSizeGB":40,"imageUrl":"https://bkt.s3-internal.cn-north-1.jdcloud-oss.com/img.qcow2","imageName":"import-test","dataDisks":[{"diskFormat":"raw","dataDiskSizeGB":20,"imageUrl":"https://bkt.s3-internal.cn-north-1.jdcloud-oss.com/d1.raw"}],"clientToken":"tok-1","bootMode":"uefi"}"#;

/// A request with the four usual headers signed, `version` being 2 or 3.
fn signed(version: u8, method: &str, target: &str, body: &str, signature: &str) -> WireRequest {
    let authorization = format!(
        "JDCLOUD{version}-HMAC-SHA256 \
         Credential=AKEXAMPLE/20250102/cn-north-1/vm/jdcloud{version}_request, \
         SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, Signature={signature}"
    );
    let headers = [
        ("Host", "vm.jdcloud-api.com"),
        ("Content-Type", "application/json"),
        ("X-Jdcloud-Date", "20250102T030405Z"),
        ("X-Jdcloud-Nonce", "55f3919e-3a7d-4174-b117-f150ff25e274"),
        ("Authorization", &authorization),
    ];
    request(method, target, &headers, body)
}

fn import() -> WireRequest {
    let signature = "46a04e2b859d8a02da332e957a78e82a4598f84ff4f1f79d612a23c1e15cde8d";
    signed(
        2,
        "POST",
        "/v1/regions/cn-north-1/images:import",
        IMPORT_BODY,
        signature,
    )
}

fn verify(request: &WireRequest) -> Result<Verified, Refusal> {
    jdcloud(request, &account("AKEXAMPLE", "SKEXAMPLE", None))
}

#[test]
fn the_documented_example_verifies() {
    let headers = [
        ("Host", "test.jdcloud-api.com"),
        ("x-jdcloud-date", "20190214T104514Z"),
        ("x-jdcloud-nonce", "testnonce"),
        ("x-my-header", "test"),
        ("x-my-header_blank", " blank"),
        (
            "Authorization",
            "JDCLOUD2-HMAC-SHA256 Credential=TESTAK/20190214/cn-north-1/test/jdcloud2_request, \
             SignedHeaders=x-jdcloud-date;x-jdcloud-nonce;x-my-header;x-my-header_blank, \
             Signature=2a98f83c074e7bee260bfc8ef64f009c07595bd93f7f0c3f4e156bf6479ed9bf",
        ),
    ];
    let example = request("POST", "/v1/resource:action?p1=p1&p0=p0&o=%&u=u", &headers, "body data");
    let verified = jdcloud(&example, &account("TESTAK", "TESTSK", None)).unwrap();
    assert_eq!(
        verified,
        Verified {
            algorithm: Algorithm::Jdcloud2,
            access_key_id: "TESTAK".to_owned(),
            instant: Some(datetime!(2019-02-14 10:45:14 UTC)),
            nonce: Some("testnonce".to_owned()),
            region: Some("cn-north-1".to_owned()),
            signed_headers: ["x-jdcloud-date", "x-jdcloud-nonce", "x-my-header", "x-my-header_blank"]
                .map(str::to_owned)
                .to_vec(),
        }
    );
}

#[test]
fn the_rust_signer_example_verifies_without_a_signed_host() {
    let headers = [
        ("content-type", "application/json"),
        ("x-jdcloud-date", "20180405T010203Z"),
        ("x-jdcloud-nonce", "55f3919e-3a7d-4174-b117-f150ff25e274"),
        (
            "Authorization",
            "JDCLOUD2-HMAC-SHA256 Credential=ak/20180405/cn-north-1/service_name/jdcloud2_request, \
             SignedHeaders=content-type;x-jdcloud-date;x-jdcloud-nonce, \
             Signature=cea138630c57ba3de51933926e3b1657c34b4d1b6f86d360511bf40a09f63729",
        ),
    ];
    let example = request(
        "GET",
        "/v1/regions/cn-north-1/instances?pageNumber=2&pageSize=10",
        &headers,
        "",
    );
    assert!(jdcloud(&example, &account("ak", "sk", None)).is_ok());
}

#[test]
fn both_versions_verify_for_every_kind_of_call() {
    let images = "/v1/regions/cn-north-1/images?imageSource=private&imageName=a%20b~%2A%2B%2F%25%E4%B8%AD&pageNumber=1&pageSize=10";
    let tasks = "/v1/regions/cn-north-1/imageTasks?taskAction=ImportImage&taskIds.1=123456&taskIds.2=task-2&pageNumber=1&pageSize=10&startTime=2025-01-02T03%3A04%3A05Z";
    let delete = "/v1/regions/cn-north-1/images/img-abc123?deleteSnapshot=true";
    let import = "/v1/regions/cn-north-1/images:import";
    for (version, method, target, body, signature) in [
        (
            2,
            "POST",
            import,
            IMPORT_BODY,
            "46a04e2b859d8a02da332e957a78e82a4598f84ff4f1f79d612a23c1e15cde8d",
        ),
        (
            3,
            "POST",
            import,
            IMPORT_BODY,
            "1496ea6d6a2ce44c7e13164850e7f127e897d8f85c178983615d355a22a0bf36",
        ),
        (
            2,
            "GET",
            images,
            "",
            "82658d8dbc0ed3f3b8dde772bac068b8e30d0ac14f6e622ce9a1782c823679d4",
        ),
        (
            3,
            "GET",
            images,
            "",
            "3d9f8e1bff9dd54f88ea0e1bb539753a49261fad7eae3a738fa753ec171abbe2",
        ),
        (
            2,
            "DELETE",
            delete,
            "",
            "b154c77601ea9c16f09986a478175076262fefbdcdca02255384ae843e0509b1",
        ),
        (
            3,
            "DELETE",
            delete,
            "",
            "eaefb4cb269f3ff69a4ea6be8215a547e5020f75a52d33b00cb17e8c86960232",
        ),
        (
            2,
            "GET",
            tasks,
            "",
            "747fc02e07d00e2320a940b82b9285d950934162dd02b94db3940c5cb63089e7",
        ),
        (
            3,
            "GET",
            tasks,
            "",
            "aa4167fd54896602a54af4ddb45d3bce13ad1aff3385465e64084be81a9aa0fa",
        ),
    ] {
        let outcome = verify(&signed(version, method, target, body, signature));
        assert!(outcome.is_ok(), "{version} {method} {target}: {outcome:?}");
    }
}

#[test]
fn a_path_verifies_whether_the_colon_is_escaped_and_slashes_repeat_or_not() {
    for path in [
        "/v1/regions/cn-north-1/images%3Aimport",
        "/v1//regions/cn-north-1/images:import",
    ] {
        let mut same = import();
        same.path = path.to_owned();
        assert!(verify(&same).is_ok(), "{path}");
    }
}

#[test]
fn a_default_port_in_the_host_is_not_signed() {
    for (host, accepted) in [("vm.jdcloud-api.com:443", true), ("vm.jdcloud-api.com:8443", false)] {
        let outcome = verify(&with_header(&import(), "Host", Some(host)));
        assert_eq!(outcome.is_ok(), accepted, "{host}: {outcome:?}");
    }
}

#[test]
fn a_token_must_be_signed_and_fit_in_base64_or_raw() {
    let signature = "0e39b5f0ae7b5684078e516a2def8f0f8c40c131f46ca4b253756e2e09adb161";
    let tasks = "/v1/regions/cn-north-1/imageTasks?pageNumber=1&pageSize=10&startTime=2025-01-02T03%3A04%3A05Z&taskAction=ImportImage&taskIds.1=123456&taskIds.2=task-2";
    let unsigned = with_header(&signed(2, "GET", tasks, "", signature), TOKEN, Some("U1RTVE9LRU49PQ=="));
    let example = with_authorization(
        &unsigned,
        "x-jdcloud-nonce,",
        "x-jdcloud-nonce;x-jdcloud-security-token,",
    );
    let with = |token: Option<&'static str>| account("AKEXAMPLE", "SKEXAMPLE", token);

    assert!(jdcloud(&example, &with(Some("STSTOKEN=="))).is_ok());
    assert!(jdcloud(&example, &with(Some("U1RTVE9LRU49PQ=="))).is_ok(), "raw");
    assert_malformed(jdcloud(&unsigned, &with(Some("STSTOKEN=="))), TOKEN);
    assert_eq!(jdcloud(&example, &with(Some("OTHER"))), Err(Refusal::WrongToken));
    assert_eq!(jdcloud(&example, &with(None)), Err(Refusal::WrongToken));
    assert_eq!(jdcloud(&import(), &with(Some("STSTOKEN=="))), Err(Refusal::WrongToken));
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    let change = |change: fn(&mut WireRequest)| {
        let mut changed = import();
        change(&mut changed);
        verify(&changed)
    };
    assert_mismatch(change(|request| request.method = "PUT".to_owned()), "method");
    assert_mismatch(change(|request| request.path.push('x')), "path");
    assert_mismatch(change(|request| request.query = "a=1".to_owned()), "query");
    assert_mismatch(change(|request| request.body[0] = b'['), "body");
    assert_mismatch(
        verify(&with_header(&import(), "Content-Type", Some("text/plain"))),
        "header",
    );
    assert_mismatch(verify(&with_header(&import(), DATE, Some("20250102T030406Z"))), "date");
    assert_mismatch(jdcloud(&import(), &account("AKEXAMPLE", "other", None)), "secret");
    let outcome = jdcloud(&import(), &account("OTHER", "SKEXAMPLE", None));
    assert_eq!(outcome, Err(Refusal::UnknownAccessKey("AKEXAMPLE".to_owned())));
}

#[test]
fn the_scope_must_fit_the_request() {
    for (from, to, about) in [
        ("/20250102/", "/20250103/", "date"),
        ("/20250102/", "/2025010/", "malformed part"),
        ("/cn-north-1/", "/cn-east-2/", "region"),
        ("/cn-north-1/", "//", "malformed part"),
        ("/vm/", "/oss/", "service"),
        ("/jdcloud2_request", "/jdcloud3_request", "jdcloud2_request"),
        ("/vm/jdcloud2_request", "", "five parts"),
        ("JDCLOUD2-HMAC", "JDCLOUD1-HMAC", "algorithm"),
    ] {
        assert_malformed(verify(&with_authorization(&import(), from, to)), about);
    }
}

#[test]
fn headers_that_a_signature_needs_must_be_sent_and_signed() {
    assert_eq!(
        verify(&with_header(&import(), "authorization", None)),
        Err(Refusal::MissingSignature)
    );
    assert_malformed(verify(&with_header(&import(), DATE, None)), DATE);
    assert_malformed(verify(&with_header(&import(), DATE, Some("2025-01-02"))), DATE);
    assert_malformed(verify(&with_header(&import(), NONCE, None)), NONCE);
    assert_malformed(
        verify(&with_header(&import(), "host", None)),
        "host is signed but was not sent",
    );
    assert_malformed(verify(&with_authorization(&import(), ";x-jdcloud-nonce", "")), NONCE);
    assert_malformed(
        verify(&with_header(&import(), CONTENT_HASH, Some("UNSIGNED-PAYLOAD"))),
        CONTENT_HASH,
    );
    let mut doubled = import();
    doubled.headers.push(("HOST".to_owned(), "other.example".to_owned()));
    assert_malformed(verify(&doubled), "host was sent twice");
}

#[test]
fn version_3_may_sign_the_host_alone_but_not_less() {
    let scope = "JDCLOUD3-HMAC-SHA256 Credential=AKEXAMPLE/20250102/cn-north-1/vm/jdcloud3_request";
    let request = |list: &str| {
        let authorization = format!("{scope}, SignedHeaders={list}, Signature=0");
        with_header(&import(), "Authorization", Some(&authorization))
    };
    let signing = |list: &str| verify(&request(list));
    assert_mismatch(signing("content-type;host"), "the signature is compared");
    assert_malformed(signing("content-type"), "SignedHeaders");
    assert_malformed(signing("content-type;x-jdcloud-date"), "SignedHeaders");
    for name in [DATE, NONCE] {
        let without = with_header(&request("content-type;host"), name, None);
        assert_malformed(verify(&without), &format!("{name} is missing"));
    }
}

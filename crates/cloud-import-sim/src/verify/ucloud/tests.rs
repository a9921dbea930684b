//! The documentation's worked example, examples of the vendor's SDKs, the JSON body, and what the API must refuse.

use super::*;
use crate::verify::example::{account, assert_malformed, assert_mismatch, request};

const ID: &str = "ucloudsomeone@example.com1296235120854146120";
const KEY: &str = "46f09bb9fab4f12dfc160dae12273d5332b5debe";
const FORM: &str = "application/x-www-form-urlencoded";
const PUBLIC_KEY: &str = "PublicKey=ucloudsomeone%40example.com1296235120854146120";

fn form(body: &str, signature: &str) -> WireRequest {
    let body = format!("{body}&{PUBLIC_KEY}&Signature={signature}");
    request("POST", "/", &[("Content-Type", FORM)], &body)
}

fn json(body: &str) -> WireRequest {
    request("POST", "/", &[("Content-Type", "application/json")], body)
}

fn verify(request: &WireRequest) -> Result<Verified, Refusal> {
    ucloud(request, &account(ID, KEY, None))
}

const HOSTS: &str = "Action=DescribeUHostInstance&Limit=10&Region=cn-bj2";
const HOSTS_SIGNATURE: &str = "cba5cf5ec4d4233d206b1b54951e3787350a642f";

#[test]
fn the_documented_example_verifies_as_form_and_as_query() {
    let verified = verify(&form(HOSTS, HOSTS_SIGNATURE)).unwrap();
    assert_eq!(
        verified,
        Verified {
            algorithm: Algorithm::UcloudSha1,
            access_key_id: ID.to_owned(),
            instant: None,
            nonce: None,
            region: None,
            signed_headers: Vec::new(),
        }
    );
    let query = format!("/?{HOSTS}&{PUBLIC_KEY}&Signature={HOSTS_SIGNATURE}");
    assert!(verify(&request("GET", &query, &[], "")).is_ok());
}

#[test]
fn sdk_examples_verify() {
    let backends: Vec<String> = (0..12)
        .map(|index| format!("Backends.{index}={}", ["foo", "bar", "42"][index % 3]))
        .collect();
    let backends = format!("Action=AllocateBackendBatch&{}", backends.join("&"));
    for (body, signature) in [
        (
            "Action=CreateUHostInstance&CPU=2&ChargeType=Month&DiskSpace=10&ImageId=f43736e1-65a5-4bea-ad2e-8a46e18883c2&LoginMode=Password&Memory=2048&Name=Host01&Password=VUNsb3VkLmNu&Quantity=1&Region=cn-bj2&Zone=cn-bj2-04",
            "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65",
        ),
        (&backends, "6bc32642779f8cb0bb3d3f128b1c0688abf9a1a3"),
        (
            "Region=cn-bj2&ProjectId=org-abc&Action=DescribeImage&ImageIds.0=uimage-1&ImageIds.1=uimage-2&ImageType=Custom&Limit=100&Offset=0",
            "516169505aa4c5ff0e381d6eff32c0ceddd9f07b",
        ),
        (
            "Action=ImportCustomImage&ImageName=import-test&UFileUrl=https%3A%2F%2Fbkt.cn-bj.ufileos.com%2Fa+b%2Fimg.qcow2%3FUCloudPublicKey%3Dpk%26Expires%3D1%26Signature%3Da%252Bb%253D&OsType=Other&OsName=Other&Format=qcow2&Auth=true&Region=cn-bj2&ProjectId=org-abc",
            "de09dd079670c7cc3a51e667c639683bbbb0e0bd",
        ),
        (
            "Action=ImportCustomImage&ImageName=测试~*%2B%20img&UFileUrl=https://bkt.cn-bj.ufileos.com/img.vmdk&OsType=CentOS&OsName=CentOS+7.9+64%E4%BD%8D&Format=VMDK&Auth=true&Tag=Default&ImageDescription=x%26y%3Dz&Region=cn-bj2&ProjectId=org-abc",
            "b944d23c32ba155d34a6e4809b5275a6cb7e83ac",
        ),
    ] {
        let outcome = verify(&form(body, signature));
        assert!(outcome.is_ok(), "{body}: {outcome:?}");
    }
}

#[test]
fn the_token_is_a_signed_parameter_and_compared() {
    let body = "Action=CreateUHostInstance&CPU=2&ChargeType=Month&DiskSpace=10&ImageId=f43736e1-65a5-4bea-ad2e-8a46e18883c2&LoginMode=Password&Memory=2048&Name=Host01&Password=VUNsb3VkLmNu&Quantity=1&Region=cn-bj2&Zone=cn-bj2-04&SecurityToken=some_stoken";
    let example = form(body, "170c480ad176a247b324eb92a2cfe536aacfbd04");
    let outcome = |token| ucloud(&example, &account(ID, KEY, token));
    assert!(outcome(Some("some_stoken")).is_ok());
    assert_eq!(outcome(Some("other")), Err(Refusal::WrongToken));
    assert_eq!(outcome(None), Err(Refusal::WrongToken));
    let without = form(HOSTS, HOSTS_SIGNATURE);
    assert_eq!(ucloud(&without, &account(ID, KEY, Some("t"))), Err(Refusal::WrongToken));
}

#[test]
fn json_bodies_verify() {
    let backends = r#"["foo","bar","42","foo","bar","42","foo","bar","42","foo","bar","42"]"#;
    for body in [
        format!(
            r#"{{"Action":"AllocateBackendBatch","Backends":{backends},"PublicKey":"{ID}","Signature":"a966d507edd245d0c8812e4b58bc5d5f9aafbde3"}}"#
        ),
        format!(
            r#"{{"Region":"cn-bj2","ProjectId":"org-abc","Action":"DescribeImage","ImageIds":["uimage-1","uimage-2"],"ImageType":"Custom","Limit":100,"Offset":0,"PublicKey":"{ID}","Signature":"919581601c353218095430dd07a37bc28eed878d"}}"#
        ),
    ] {
        let outcome = verify(&json(&body));
        assert!(outcome.is_ok(), "{body}: {outcome:?}");
        assert_mismatch(verify(&json(&body.replace("\"Action\":\"", "\"Action\":\"x"))), "value");
    }
}

#[test]
fn json_values_are_written_as_the_signature_needs_them() {
    let body = r#"{"F":42.0,"G":42.42,"H":false,"Big":1e21,"D":{"b":1,"a":[true,"x"]},"N":-7}"#;
    let params = ucloud_json::params(&json(body)).unwrap();
    let written: Vec<(&str, &str)> = params.signed().collect();
    assert_eq!(
        written,
        [
            ("Big", "1000000000000000000000"),
            ("D", "atruexb1"),
            ("F", "42"),
            ("G", "42.42"),
            ("H", "false"),
            ("N", "-7")
        ]
    );
}

#[test]
fn a_mismatch_never_shows_what_was_hashed() {
    for changed in [
        form(&HOSTS.replace("Limit=10", "Limit=11"), HOSTS_SIGNATURE),
        form(&format!("{HOSTS}&Extra=1"), HOSTS_SIGNATURE),
        form(HOSTS, &HOSTS_SIGNATURE.to_uppercase()),
    ] {
        assert_eq!(
            verify(&changed),
            Err(Refusal::SignatureMismatch {
                string_to_sign: String::new()
            })
        );
    }
    assert_mismatch(
        ucloud(&form(HOSTS, HOSTS_SIGNATURE), &account(ID, "other", None)),
        "secret",
    );
    assert_eq!(
        ucloud(&form(HOSTS, HOSTS_SIGNATURE), &account("other", KEY, None)),
        Err(Refusal::UnknownAccessKey(ID.to_owned()))
    );
}

#[test]
fn malformed_requests_are_refused() {
    let body = |text: &str| verify(&form(text, HOSTS_SIGNATURE));
    assert_malformed(body("Region=cn-bj2"), "Action");
    assert_malformed(body(&format!("{HOSTS}&Limit=10")), "Limit was sent twice");
    assert_malformed(body(&format!("{HOSTS}&Limit2")), "'='");
    assert_malformed(body(&format!("{HOSTS}&Name=%ff")), "UTF-8");
    assert_malformed(body(&format!("{HOSTS}&Name=%f")), "'%'");
    let no_key = request("POST", "/", &[("Content-Type", FORM)], &format!("{HOSTS}&Signature=0"));
    assert_malformed(verify(&no_key), "PublicKey");
    let unsigned = request("POST", "/", &[("Content-Type", FORM)], HOSTS);
    assert_eq!(verify(&unsigned), Err(Refusal::MissingSignature));
    assert_eq!(verify(&json("")), Err(Refusal::MissingSignature));
    assert_malformed(verify(&json("[1]")), "JSON object");
    assert_malformed(verify(&json(&"[".repeat(100_000))), "JSON object");
    assert_malformed(verify(&json(r#"{"Signature":"0","Limit":null}"#)), "null");
    let mut twice = json(r#"{"Signature":"0","Limit":1}"#);
    twice.query = "Limit=1".to_owned();
    assert_malformed(verify(&twice), "Limit was sent twice");
}

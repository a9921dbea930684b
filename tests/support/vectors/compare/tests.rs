//! Doctored requests: each must be told from the recorded one, and what is no difference must not be.

use serde_json::{Value, json};

use super::*;

fn vector(change: impl FnOnce(&mut Value)) -> Vector {
    let mut value = json!({
        "id": "v", "provider": "jdcloud", "algorithm": "JDCLOUD3-HMAC-SHA256", "operation": "importImage",
        "instant": "2025-01-02T03:04:05Z", "nonce": "n",
        "credentials": {"access_key_id": "AK", "secret_access_key": "SK"},
        "region": "cn-north-1", "params": {"on": true, "list": [{"off": false}], "text": "True"},
        "quirks": [],
        "request": {
            "method": "POST", "scheme": "https", "host": "vm.example", "path": "/v1/images%3Aimport",
            "query": "a=1&b=two+words&a=2",
            "headers": [
                ["Host", "vm.example"], ["Content-Type", "application/json"], ["x-jdcloud-date", "20250102T030405Z"],
                ["X-Jdcloud-Nonce", "n"],
                ["Authorization", "JDCLOUD3-HMAC-SHA256 Credential=AK/20250102/r/vm/jdcloud3_request, SignedHeaders=host, Signature=0"]
            ],
            "body": "{\"name\": \"n\", \"unset\": null, \"size\": 40}"
        }
    });
    change(&mut value);
    serde_json::from_value(value).unwrap()
}

fn plain() -> Vector {
    vector(|_| {})
}

#[test]
fn what_is_no_part_of_the_contract_is_no_difference() {
    let mut produced = plain().wire();
    produced.path = "/v1/images:import".to_owned();
    produced.query = "b=two%20words&a=2&a=1".to_owned();
    produced.body = br#"{"size":40,"name":"\u006e"}"#.to_vec();
    produced.headers.reverse();
    for (name, value) in &mut produced.headers {
        name.make_ascii_uppercase();
        *value = value.replace("SignedHeaders=host, Signature=0", "SignedHeaders=host;x, Signature=1");
    }
    produced.headers.push(("x-optional".to_owned(), "1".to_owned()));
    assert_eq!(differences(&plain(), &produced), Vec::<String>::new());
}

#[test]
fn every_doctored_request_is_noticed() {
    let with_header = |name: &str, value: &str| {
        let mut request = plain().wire();
        for (found, old) in &mut request.headers {
            if found.eq_ignore_ascii_case(name) {
                *old = value.to_owned();
            }
        }
        request
    };
    let without_header = |name: &str| {
        let mut request = plain().wire();
        request.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        request
    };
    let with = |change: &dyn Fn(&mut WireRequest)| {
        let mut request = plain().wire();
        change(&mut request);
        request
    };
    let scope =
        "JDCLOUD3-HMAC-SHA256 Credential=AK/20250102/other/vm/jdcloud3_request, SignedHeaders=host, Signature=0";
    let scheme = "JDCLOUD2-HMAC-SHA256 Credential=AK/20250102/r/vm/jdcloud3_request, SignedHeaders=host, Signature=0";
    let cases = [
        ("method:", with(&|request| request.method = "PUT".to_owned())),
        ("host:", with_header("host", "other.example")),
        ("host:", without_header("host")),
        ("path:", with(&|request| request.path = "/v1/images".to_owned())),
        ("query b:", with(&|request| request.query = "a=1&b=x&a=2".to_owned())),
        (
            "query a:",
            with(&|request| request.query = "a=1&b=two+words".to_owned()),
        ),
        (
            "query a:",
            with(&|request| request.query = "a=1&b=two+words&a=2&a=2".to_owned()),
        ),
        ("query c:", with(&|request| request.query.push_str("&c="))),
        (
            "body.size:",
            with(&|request| request.body = br#"{"name":"n","size":"40"}"#.to_vec()),
        ),
        ("body.name:", with(&|request| request.body = br#"{"size":40}"#.to_vec())),
        (
            "body.more:",
            with(&|request| request.body = br#"{"name":"n","size":40,"more":""}"#.to_vec()),
        ),
        ("body:", with(&|request| request.body.clear())),
        ("x-jdcloud-date:", with_header("x-jdcloud-date", "20250102T030406Z")),
        ("x-jdcloud-nonce:", without_header("x-jdcloud-nonce")),
        (
            "x-jdcloud-security-token:",
            with(&|request| {
                let token = ("x-jdcloud-security-token".to_owned(), "t".to_owned());
                request.headers.push(token);
            }),
        ),
        ("content-type:", with_header("content-type", "text/plain")),
        ("Credential:", with_header("authorization", scope)),
        ("signature scheme:", with_header("authorization", scheme)),
        ("signature scheme:", without_header("authorization")),
    ];
    for (expected, produced) in cases {
        let found = differences(&plain(), &produced);
        assert!(
            found.iter().any(|text| text.starts_with(expected)),
            "{expected} {found:?}"
        );
    }
}

#[test]
fn a_boolean_in_python_spelling_is_forgiven_where_it_is_a_quirk_and_a_boolean() {
    let doctored = |quirk: &str| {
        vector(|value| {
            value["quirks"] = json!([quirk]);
            value["request"]["query"] = json!("on=True&list.1.off=False&text=True");
        })
    };
    let mut produced = plain().wire();
    produced.query = "on=true&list.1.off=false&text=True".to_owned();
    assert_eq!(
        differences(&doctored("python-style-boolean"), &produced),
        Vec::<String>::new()
    );
    assert_eq!(differences(&doctored("another"), &produced).len(), 2);
    produced.query = "on=true&list.1.off=false&text=true".to_owned();
    assert_eq!(differences(&doctored("python-style-boolean"), &produced).len(), 1);
    produced.query = "on=false&list.1.off=false&text=True".to_owned();
    assert_eq!(differences(&doctored("python-style-boolean"), &produced).len(), 1);
}

#[test]
fn only_the_repeated_region_is_forgotten() {
    let doctored = |quirk: &str, region: &str| {
        vector(|value| {
            value["quirks"] = json!([quirk]);
            value["request"]["body"] = json!(format!(r#"{{"name":"n","size":40,"regionId":"{region}"}}"#));
        })
    };
    let produced = plain().wire();
    let quirk = "path-parameter-repeated-in-body";
    assert_eq!(
        differences(&doctored(quirk, "cn-north-1"), &produced),
        Vec::<String>::new()
    );
    assert_eq!(differences(&doctored(quirk, "elsewhere"), &produced).len(), 1);
    assert_eq!(differences(&doctored("another", "cn-north-1"), &produced).len(), 1);
}

#[test]
fn only_the_repeated_image_is_forgotten() {
    let doctored = |asked: &str, repeated: &str| {
        vector(|value| {
            value["quirks"] = json!(["path-parameter-repeated-in-body"]);
            value["params"]["imageId"] = json!(asked);
            value["request"]["body"] = json!(format!(r#"{{"name":"n","size":40,"imageId":"{repeated}"}}"#));
        })
    };
    let produced = plain().wire();
    assert_eq!(
        differences(&doctored("img-1", "img-1"), &produced),
        Vec::<String>::new()
    );
    assert_eq!(differences(&doctored("img-1", "img-2"), &produced).len(), 1);
}

#[test]
fn a_form_is_compared_by_its_fields() {
    let form = vector(|value| {
        value["algorithm"] = json!("UCLOUD-SHA1");
        value["request"]["headers"] = json!([
            ["Host", "vm.example"],
            ["Content-Type", "application/x-www-form-urlencoded"]
        ]);
        value["request"]["body"] = json!("Name=a+b&Signature=0&Empty=");
    });
    let mut produced = form.wire();
    produced.body = b"Empty=&Name=a%20b&Signature=0".to_vec();
    assert_eq!(differences(&form, &produced), Vec::<String>::new());
    for body in [
        "Name=a+b&Signature=0",
        "Name=a+b&Signature=1&Empty=",
        "Name=a%2Bb&Signature=0&Empty=",
    ] {
        produced.body = body.as_bytes().to_vec();
        assert_eq!(differences(&form, &produced).len(), 1, "{body}");
    }
}

/// A request of Alibaba's RPC scheme with this query.
fn rpc(query: &str) -> Vector {
    vector(|value| {
        value["algorithm"] = json!("ACS-RPC-HMAC-SHA1");
        value["params"] = json!({"ImageId": "m-1"});
        value["request"]["query"] = json!(query);
    })
}

#[test]
fn what_an_sdk_adds_by_itself_is_forgiven_and_its_signature_with_it() {
    let plain = "Format=JSON&ImageId=m-1&Signature=0";
    let produced = rpc("Format=JSON&ImageId=m-1&Signature=1").wire();
    assert_eq!(differences(&rpc(plain), &produced).len(), 1);
    for forgiven in [
        "Format=JSON&ImageId=m-1&Signature=0&SignatureType=",
        "Format=JSON&ImageId=m-1&Signature=0&SignatureType=&RegionId=cn-north-1",
        "Format=json&ImageId=m-1&Signature=0",
    ] {
        assert!(!compares_signature(&rpc(forgiven)), "{forgiven}");
        assert_eq!(
            differences(&rpc(forgiven), &produced),
            Vec::<String>::new(),
            "{forgiven}"
        );
    }
    for query in [
        "Format=JSON&ImageId=m-1&Signature=1&SignatureType=BEARERTOKEN",
        "Format=JSON&ImageId=m-1&Signature=1&RegionId=elsewhere",
        "Format=XML&ImageId=m-1&Signature=1",
        "ImageId=m-1&Signature=1",
        "Format=json&ImageId=m-2&Signature=1",
    ] {
        assert_eq!(differences(&rpc(query), &produced).len(), 1, "{query}");
    }
    // A region that the client fills in, as the SDK does.
    let mut filled = produced.clone();
    filled.query.push_str("&RegionId=cn-north-1");
    let recorded = "Format=JSON&ImageId=m-1&Signature=0&RegionId=cn-north-1";
    assert_eq!(differences(&rpc(recorded), &filled), Vec::<String>::new());
    assert_eq!(
        differences(&rpc("Format=JSON&ImageId=m-1&Signature=0&SignatureType="), &filled).len(),
        1
    );
    // A region that the caller named is no addition.
    let named = vector(|value| {
        value["algorithm"] = json!("ACS-RPC-HMAC-SHA1");
        value["params"] = json!({"RegionId": "cn-north-1"});
        value["request"]["query"] = json!("Format=JSON&RegionId=cn-north-1");
    });
    assert_eq!(added_by_sdk(&named), []);
    let mut without = named.wire();
    without.query = "Format=JSON".to_owned();
    assert_eq!(differences(&named, &without).len(), 1);
}

#[test]
fn optional_parameters_are_forgiven_by_name_in_their_scheme_only() {
    let recorded = |algorithm: &str, query: &str| {
        vector(|value| {
            value["algorithm"] = json!(algorithm);
            value["request"]["query"] = json!(query);
        })
    };
    let query = "Action=A&Language=en-US&RequestClient=SDK_PYTHON_1&Signature=0";
    let mut produced = plain().wire();
    produced.query = "Action=A&Signature=1".to_owned();
    for algorithm in ["TC-HmacSHA256", "TC-HmacSHA1"] {
        let with_options = recorded(algorithm, query);
        assert!(!compares_signature(&with_options));
        assert_eq!(differences(&with_options, &produced), Vec::<String>::new());
        let without = recorded(algorithm, "Action=A&Signature=0");
        assert!(compares_signature(&without));
        assert_eq!(differences(&without, &produced).len(), 1);
        let other = recorded(algorithm, &query.replace("Action=A", "Action=B&Region=r"));
        assert_eq!(differences(&other, &produced).len(), 2);
    }
    // What is produced needs a reason.
    let mut more = produced.clone();
    more.query.push_str("&Language=en-US");
    assert_eq!(differences(&recorded("TC-HmacSHA1", query), &more).len(), 1);
    assert_eq!(differences(&recorded("UCLOUD-SHA1", query), &produced).len(), 3);
}

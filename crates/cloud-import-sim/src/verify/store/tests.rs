//! What holds for all stores alike.

use super::{example::Shop, *};
use crate::verify::example::request;

const SHOP: Shop = Shop {
    cloud: Cloud::Jdcloud,
    bucket: "b",
    id: "id",
    key: "key",
    token: None,
};

#[test]
fn a_request_without_a_signature_is_told_from_a_wrong_one() {
    for &cloud in Cloud::ALL {
        let shop = Shop { cloud, ..SHOP };
        let plain = request("GET", "/k?versionId=1", &[("Host", "b.example.com")], "");
        assert_eq!(shop.verify(&plain), Err(Refusal::MissingSignature), "{cloud}");
        let foreign = request("GET", "/k", &[("Authorization", "Basic aWQ6a2V5")], "");
        assert!(matches!(shop.verify(&foreign), Err(Refusal::Malformed(_))), "{cloud}");
    }
}

/// One `Authorization` of each scheme, and who takes it.
const SCHEMES: [(&str, &[Cloud]); 6] = [
    (
        "AWS4-HMAC-SHA256 Credential=id/20250102/r/s3/aws4_request,SignedHeaders=date;host;x-amz-content-sha256,Signature=0",
        &[Cloud::Jdcloud, Cloud::Huawei],
    ),
    ("OSS id:sig", &[Cloud::Aliyun]),
    (
        "OSS4-HMAC-SHA256 Credential=id/20250102/r/oss/aliyun_v4_request,Signature=0",
        &[Cloud::Aliyun],
    ),
    ("OBS id:sig", &[Cloud::Huawei]),
    ("UCloud id:sig", &[Cloud::Ucloud]),
    (
        "q-sign-algorithm=sha1&q-ak=id&q-sign-time=1;2&q-key-time=1;2&q-header-list=&q-url-param-list=&q-signature=0",
        &[Cloud::Tencent],
    ),
];

#[test]
fn each_store_takes_its_own_schemes_only() {
    for (scheme, takers) in SCHEMES {
        let headers = [
            ("Host", "b.example.com"),
            ("Date", "Thu, 02 Jan 2025 03:04:05 GMT"),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-oss-date", "20250102T030405Z"),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
            ("Authorization", scheme),
        ];
        let mut request = request("GET", "/k", &headers, "");
        if scheme.starts_with("OSS id") {
            request.headers.retain(|(name, _)| name != "x-oss-date");
        }
        for &cloud in Cloud::ALL {
            let outcome = Shop { cloud, ..SHOP }.verify(&request);
            let fits = match takers.contains(&cloud) {
                true => matches!(outcome, Err(Refusal::SignatureMismatch { .. })),
                false => matches!(outcome, Err(Refusal::Malformed(_))),
            };
            assert!(fits, "{cloud} {scheme}: {outcome:?}");
        }
    }
}

#[test]
fn names_are_those_of_the_recordings() {
    let algorithms = [
        (StoreAlgorithm::S3V4, "AWS4-HMAC-SHA256"),
        (StoreAlgorithm::Oss1, "OSS-HMAC-SHA1"),
        (StoreAlgorithm::Oss4, "OSS4-HMAC-SHA256"),
        (StoreAlgorithm::CosSha1, "COS-SHA1"),
        (StoreAlgorithm::ObsSha1, "OBS-HMAC-SHA1"),
        (StoreAlgorithm::ObsAws4, "OBS-AWS4-HMAC-SHA256"),
        (StoreAlgorithm::UfileSha1, "UFILE-HMAC-SHA1"),
    ];
    for (algorithm, name) in algorithms {
        assert_eq!(algorithm.name(), name);
        assert!(store_parts(algorithm).contains(&StorePart::Method), "{name}");
    }
}

//! How each store's answers are read: lists and heads, and errors in any form, with and without a body.

use std::sync::Arc;

use cloud_import_core::{Bytes, Error, ErrorKind, Provider, http::Response, testing::Scripted};

use crate::requests::{bucket, keys, store};

const XML: [Provider; 4] = [Provider::JDCLOUD, Provider::TENCENT, Provider::HUAWEI, Provider::ALIYUN];

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// The error of a HEAD or of another call that gets this answer.
async fn refused(provider: Provider, answer: Response<Bytes>) -> Error {
    let script = Arc::new(Scripted::default());
    script.push(Ok(answer));
    store(bucket(provider), keys(), &script)
        .complete("k", "u", &[])
        .await
        .unwrap_err()
}

pub(crate) fn error_body(code: &str, beside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>It was &lt;refused&gt;.</Message>\
         <RequestId>r-1</RequestId>{beside}</Error>"
    )
}

#[tokio::test]
async fn codes_become_kinds() {
    let cases = [
        ("NoSuchUpload", 404, ErrorKind::NotFound),
        ("NoSuchBucket", 404, ErrorKind::NotFound),
        ("AccessDenied", 403, ErrorKind::PermissionDenied),
        ("SignatureDoesNotMatch", 403, ErrorKind::Credentials),
        ("InvalidAccessKeyId", 403, ErrorKind::Credentials),
        ("RequestTimeTooSkewed", 403, ErrorKind::ClockSkew),
        ("SlowDown", 503, ErrorKind::RateLimited),
        ("ServiceUnavailable", 503, ErrorKind::Unavailable),
        ("InternalError", 500, ErrorKind::Unavailable),
        ("RequestTimeout", 400, ErrorKind::Timeout),
        ("BadDigest", 400, ErrorKind::Transport),
        ("InvalidDigest", 400, ErrorKind::Transport),
        ("EntityTooSmall", 400, ErrorKind::InvalidRequest),
        ("NotImplemented", 501, ErrorKind::Unsupported),
        ("Unheard", 400, ErrorKind::InvalidRequest),
        ("Unheard", 502, ErrorKind::Unavailable),
    ];
    for provider in XML {
        for (code, status, kind) in cases {
            let error = refused(provider, answer(status, &[], &error_body(code, ""))).await;
            assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{provider} {error}");
            assert_eq!(error.message(), "It was <refused>.");
            assert_eq!((error.request_id(), error.http_status()), (Some("r-1"), Some(status)));
        }
    }
}

#[tokio::test]
async fn a_corrupted_body_was_not_executed_and_may_be_sent_again() {
    let error = refused(Provider::HUAWEI, answer(400, &[], &error_body("BadDigest", ""))).await;
    assert!(error.is_retryable() && !error.may_have_executed());
}

#[tokio::test]
async fn an_error_in_a_good_answer_is_an_error() {
    for provider in XML {
        let error = refused(provider, answer(200, &[], &error_body("InternalError", ""))).await;
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{provider}");
        assert!(error.may_have_executed());
    }
}

#[tokio::test]
async fn what_was_signed_is_not_shown() {
    let echo = "<StringToSign>GET\nsk-secret</StringToSign><CanonicalRequest>c-secret</CanonicalRequest>\
                <SignatureProvided>s-secret</SignatureProvided>";
    for provider in XML {
        let error = refused(provider, answer(403, &[], &error_body("SignatureDoesNotMatch", echo))).await;
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn another_region_is_named() {
    let body = error_body(
        "PermanentRedirect",
        "<Endpoint>images.s3.cn-east-2.jdcloud-oss.com</Endpoint>",
    );
    let error = refused(Provider::JDCLOUD, answer(301, &[], &body)).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("cn-east-2"), "{error}");
    assert!(error.remedy().unwrap().to_string().contains("region"));
    let error = refused(
        Provider::TENCENT,
        answer(301, &[("x-cos-bucket-region", "ap-beijing")], ""),
    )
    .await;
    assert_eq!(error.code(), Some("PermanentRedirect"));
    assert!(error.message().contains("ap-beijing"), "{error}");
    let body = error_body("PermanentRedirect", "<Endpoint>&lt;script&gt; x</Endpoint>");
    let error = refused(Provider::ALIYUN, answer(301, &[], &body)).await;
    assert_eq!(error.message(), "It was <refused>.");
}

#[tokio::test]
async fn what_is_not_the_stores_is_not_read() {
    for (status, body, kind) in [
        (200, "<html><body>Sign in</body></html>", ErrorKind::InvalidResponse),
        (200, "<R><UploadId>cut", ErrorKind::InvalidResponse),
        (200, "{}", ErrorKind::InvalidResponse),
        (503, "busy", ErrorKind::Unavailable),
        (404, "<html/>", ErrorKind::InvalidResponse),
        (404, "", ErrorKind::NotFound),
    ] {
        for provider in XML {
            let error = refused(provider, answer(status, &[], body)).await;
            assert_eq!(error.kind(), kind, "{provider} {body}");
        }
    }
    for (status, body, kind) in [
        (200, "<html/>", ErrorKind::InvalidResponse),
        (200, "[]", ErrorKind::InvalidResponse),
        (502, "busy", ErrorKind::Unavailable),
    ] {
        let error = refused(Provider::UCLOUD, answer(status, &[], body)).await;
        assert_eq!(error.kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn an_answer_that_lacks_what_was_asked_for_is_no_success() {
    for (provider, body) in [(Provider::ALIYUN, "<R/>"), (Provider::UCLOUD, "{}")] {
        let script = Arc::new(Scripted::new([(200, body), (200, "")]));
        let store = store(bucket(provider), keys(), &script);
        let error = store.initiate("k", None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(error.message().contains("lacks `UploadId`"), "{error}");
        let error = store.head("k").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(error.message().contains("content-length"), "{error}");
    }
}

#[tokio::test]
async fn a_list_that_lacks_what_it_must_have_names_the_element() {
    for (provider, body, element) in [
        (Provider::TENCENT, "<R><Contents><Size>5</Size></Contents></R>", "`Key`"),
        (Provider::HUAWEI, "<R><Contents><Key>k</Key></Contents></R>", "`Size`"),
        (Provider::UCLOUD, r#"{"Contents":[{"Size":5}]}"#, "`Key`"),
        (Provider::UCLOUD, r#"{"Contents":[{"Key":"k"}]}"#, "`Size`"),
    ] {
        let script = Arc::new(Scripted::new([(200, body)]));
        let error = store(bucket(provider), keys(), &script).list("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(error.message().contains(element), "{error}");
    }
    let parts = "<R><Part><ETag>e</ETag></Part></R>";
    let script = Arc::new(Scripted::new([
        (200, parts),
        (200, "<R><Upload><Key>k</Key></Upload></R>"),
    ]));
    let store = store(bucket(Provider::ALIYUN), keys(), &script);
    let error = store.list_parts("k", "u").await.unwrap_err();
    assert!(error.message().contains("`PartNumber`"), "{error}");
    let error = store.open_uploads("").await.unwrap_err();
    assert!(error.message().contains("`UploadId`"), "{error}");
}

/// What is recorded and sent back is held to be what it is called, in each dialect.
#[tokio::test]
async fn etags_and_ids_that_are_none_are_no_answer() {
    let long = "e".repeat(129);
    for provider in Provider::all() {
        let is_json = provider == Provider::UCLOUD;
        for (etag, read) in [
            ("0af6-12", Some("0af6-12")),
            ("", Some("")),
            ("a b", None),
            ("a,b", None),
            ("a\u{202e}b", None),
            (&long, None),
        ] {
            let body = match is_json {
                true => serde_json::json!({"Parts": [{"PartNum": 1, "Etag": etag}]}).to_string(),
                false => format!("<R><Part><PartNumber>1</PartNumber><ETag>\"{etag}\"</ETag></Part></R>"),
            };
            let script = Arc::new(Scripted::new([(200, body.as_str())]));
            let listed = store(bucket(provider), keys(), &script).list_parts("k", "u").await;
            match read {
                Some(etag) => assert_eq!(listed.unwrap().unwrap()[0].etag, etag, "{provider}"),
                None => {
                    let error = listed.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{provider} {etag}");
                    assert!(error.message().ends_with("an `ETag` that is none"), "{error}");
                }
            }
        }
        let body = match is_json {
            true => r#"{"DataSet":[{"UploadId":"a b","FileName":"k"}]}"#,
            false => "<R><Upload><Key>k</Key><UploadId>a b</UploadId></Upload></R>",
        };
        let script = Arc::new(Scripted::new([(200, body)]));
        let error = store(bucket(provider), keys(), &script)
            .open_uploads("")
            .await
            .unwrap_err();
        assert!(
            error.message().contains("an `UploadId` that is none"),
            "{provider}: {error}"
        );
        // In a header it is as good as none.
        let script = Arc::new(Scripted::default());
        script.push(Ok(answer(200, &[("etag", &long), ("content-length", "5")], "")));
        let head = store(bucket(provider), keys(), &script)
            .head("k")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(head.receipt.etag, "", "{provider}");
    }
    let script = Arc::new(Scripted::default());
    let version = [("x-oss-version-id", "a b"), ("content-length", "5")];
    script.push(Ok(answer(200, &version, "")));
    let head = store(bucket(Provider::ALIYUN), keys(), &script)
        .head("k")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(head.receipt.version, None);
}

#[tokio::test]
async fn lists_are_read_with_blanks_other_elements_and_numbers_of_either_kind() {
    let body = "<R>\n  <IsTruncated> TRUE </IsTruncated>\n  <Contents><Key> a b\n</Key><Owner><ID>1</ID></Owner><Size> 5 </Size></Contents>\
                <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><Contents><Key>c</Key><Size>6</Size>\
                <LastModified>2025-01-02T03:04:05.000Z</LastModified></Contents></R>";
    for (provider, first) in [
        (Provider::JDCLOUD, body),
        (
            Provider::UCLOUD,
            r#"{"RetCode":0,"IsTruncated":"true","Contents":[{"Key":" a b\n","Size":"5"},{"Key":"c","Size":6,"LastModified":"2025-01-02T03:04:05Z"}]}"#,
        ),
    ] {
        let last = if provider == Provider::UCLOUD {
            r#"{"Contents":null}"#
        } else {
            "<R/>"
        };
        let script = Arc::new(Scripted::new([(200, first), (200, last)]));
        let listed = store(bucket(provider), keys(), &script).list("").await.unwrap();
        let found: Vec<(&str, u64, bool)> = listed
            .iter()
            .map(|object| (object.key.as_str(), object.size, object.modified.is_some()))
            .collect();
        assert_eq!(found, [(" a b\n", 5, false), ("c", 6, true)], "{provider}");
        assert_eq!(script.sent().len(), 2, "{provider}: there was a second page");
    }
}

#[tokio::test]
async fn heads_without_a_body_tell_by_their_headers() {
    async fn head(provider: Provider, answer: Response<Bytes>) -> Result<bool, Error> {
        let script = Arc::new(Scripted::default());
        script.push(Ok(answer));
        let found = store(bucket(provider), keys(), &script).head("k").await;
        found.map(|found| found.is_some())
    }
    for provider in Provider::all() {
        assert!(!head(provider, answer(404, &[], "")).await.unwrap(), "{provider}");
        let error = head(provider, answer(403, &[], "")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
    // <Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>
    let document = "PEVycm9yPjxDb2RlPk5vU3VjaEJ1Y2tldDwvQ29kZT48TWVzc2FnZT5nb25lPC9NZXNzYWdlPjwvRXJyb3I+";
    let error = head(Provider::ALIYUN, answer(404, &[("x-oss-err", document)], ""))
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.message()), (Some("NoSuchBucket"), "gone"));
    let error = head(
        Provider::HUAWEI,
        answer(403, &[("x-obs-error-code", "RequestTimeTooSkewed")], ""),
    );
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::ClockSkew);
}

#[tokio::test]
async fn the_hash_in_the_metadata_is_read() {
    let digest = "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (provider, name) in [
        (Provider::JDCLOUD, "x-amz-meta-cloud-import-sha256"),
        (Provider::TENCENT, "x-cos-meta-cloud-import-sha256"),
        (Provider::HUAWEI, "x-obs-meta-cloud-import-sha256"),
        (Provider::ALIYUN, "x-oss-meta-cloud-import-sha256"),
    ] {
        for (value, expected) in [(digest, Some(digest.to_ascii_lowercase())), ("short", None)] {
            let script = Arc::new(Scripted::default());
            script.push(Ok(answer(
                200,
                &[("content-length", "5"), (name, value), ("etag", "\"e-2\"")],
                "",
            )));
            let head = store(bucket(provider), keys(), &script)
                .head("k")
                .await
                .unwrap()
                .unwrap();
            assert_eq!((head.size, head.receipt.etag.as_str()), (5, "e-2"));
            assert_eq!(head.sha256, expected, "{provider}");
        }
    }
}

#[tokio::test]
async fn us3_errors_have_numbers() {
    for (status, body, kind) in [
        (
            404,
            r#"{"RetCode":-30010,"ErrMsg":"bucket not exist"}"#,
            ErrorKind::NotFound,
        ),
        (
            404,
            r#"{"RetCode":-148654,"ErrMsg":"file not exist"}"#,
            ErrorKind::NotFound,
        ),
        (
            403,
            r#"{"RetCode":-148658,"ErrMsg":"invalid signature"}"#,
            ErrorKind::Credentials,
        ),
        (500, r#"{"RetCode":-1,"ErrMsg":"x"}"#, ErrorKind::Unavailable),
        (200, r#"{"RetCode":-1,"ErrMsg":"x"}"#, ErrorKind::Service),
    ] {
        let error = refused(Provider::UCLOUD, answer(status, &[("X-SessionId", "s-1")], body)).await;
        assert_eq!((error.kind(), error.request_id()), (kind, Some("s-1")), "{error}");
        assert!(error.code().is_some());
    }
}

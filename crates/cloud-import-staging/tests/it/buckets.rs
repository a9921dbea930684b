//! What a bucket tells of itself, in each store's words, and what is wrong with it.

use std::sync::Arc;

use cloud_import_core::{Bytes, Error, ErrorKind, Provider, Severity, http::Response, testing::Scripted};
use cloud_import_staging::{Bucket, BucketFacts};

use crate::{
    answers::{answer, error_body},
    requests::{bucket, keys, store},
};

/// What a bucket tells with these answers, in order.
async fn told(provider: Provider, answers: &[Response<Bytes>]) -> Result<BucketFacts, Error> {
    let script = Arc::new(Scripted::default());
    for answer in answers {
        script.push(Ok(answer.clone()));
    }
    let facts = store(bucket(provider), keys(), &script).facts().await;
    assert_eq!(script.sent().len(), answers.len(), "{provider}");
    facts
}

type Told<'a> = (Option<&'a str>, Option<bool>, Option<&'a str>, Option<bool>);

fn shown(facts: &BucketFacts) -> Told<'_> {
    (
        facts.region.as_deref(),
        facts.public,
        facts.storage_class.as_deref(),
        facts.aborts_unfinished_uploads,
    )
}

fn grant(grantee: &str) -> String {
    format!(
        "<AccessControlPolicy><AccessControlList><Grant><Grantee><ID>1</ID></Grantee></Grant>\
         <Grant><Grantee>{grantee}</Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
}

#[tokio::test]
async fn each_bucket_tells_what_its_store_documents() {
    let everyone = grant("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>");
    let answers = [
        answer(200, &[], ""),
        answer(200, &[], "<LocationConstraint>cn-north-1</LocationConstraint>"),
        answer(200, &[], &everyone),
    ];
    let facts = told(Provider::JDCLOUD, &answers).await.unwrap();
    assert_eq!(shown(&facts), (Some("cn-north-1"), Some(true), None, Some(false)));

    let rules = "<LifecycleConfiguration><Rule><Status>Disabled</Status><AbortIncompleteMultipartUpload/></Rule>\
                 <Rule><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>3\
                 </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
    let answers = [
        answer(200, &[("x-cos-bucket-region", "ap-guangzhou")], ""),
        answer(
            200,
            &[],
            &grant("<URI>http://cam.qcloud.com/groups/global/AllUsers</URI>"),
        ),
        answer(200, &[], rules),
    ];
    let facts = told(Provider::TENCENT, &answers).await.unwrap();
    assert_eq!(shown(&facts), (Some("ap-guangzhou"), Some(true), None, Some(true)));

    let head = [("x-obs-bucket-location", "cn-north-4"), ("x-obs-storage-class", "WARM")];
    let answers = [
        answer(200, &head, ""),
        answer(200, &[], &grant("<Canned>Everyone</Canned>")),
        answer(404, &[], &error_body("NoSuchLifecycleConfiguration", "")),
    ];
    let facts = told(Provider::HUAWEI, &answers).await.unwrap();
    assert_eq!(
        shown(&facts),
        (Some("cn-north-4"), Some(true), Some("WARM"), Some(false))
    );

    let info = "<BucketInfo><Bucket><Location>oss-cn-hangzhou</Location><StorageClass>Standard</StorageClass>\
                <AccessControlList><Grant>private</Grant></AccessControlList></Bucket></BucketInfo>";
    let answers = [
        answer(200, &[], info),
        answer(404, &[], &error_body("NoSuchLifecycle", "")),
    ];
    let facts = told(Provider::ALIYUN, &answers).await.unwrap();
    assert_eq!(
        shown(&facts),
        (Some("cn-hangzhou"), Some(false), Some("Standard"), Some(false))
    );

    assert_eq!(facts.encryption, None);

    let described = r#"{"RetCode":0,"DataSet":[{"BucketName":"images","Type":"public","Region":"cn-bj"}]}"#;
    let facts = told(Provider::UCLOUD, &[answer(200, &[], described)]).await.unwrap();
    assert_eq!(shown(&facts), (Some("cn-bj"), Some(true), None, None));
}

#[tokio::test]
async fn ucloud_describes_a_bucket_where_its_api_is_and_its_code_may_be_text() {
    for (api, host) in [
        (None, "api.ucloud.cn"),
        (Some("https://api.surfercloud.com"), "api.surfercloud.com"),
    ] {
        let script = Arc::new(Scripted::new([
            (
                200,
                r#"{"RetCode":0,"DataSet":[{"BucketName":"images","Region":"cn-bj"}]}"#,
            ),
            (200, r#"{"RetCode":"171","Message":"Signature VerifyAC Error"}"#),
        ]));
        let mut bucket = bucket(Provider::UCLOUD);
        bucket.api = api.map(|url| url.parse().unwrap());
        let store = store(bucket, keys(), &script);
        assert_eq!(store.facts().await.unwrap().region.as_deref(), Some("cn-bj"));
        // The API does not take the keys: that says nothing of the bucket.
        assert_eq!(store.facts().await.unwrap(), BucketFacts::default());
        for request in script.sent() {
            let form = String::from_utf8_lossy(request.body()).into_owned();
            assert_eq!(request.uri().host(), Some(host));
            assert!(
                form.contains("&Signature=") && form.contains("BucketName=images"),
                "{form}"
            );
            assert!(!request.headers().contains_key("authorization"));
        }
    }
}

#[tokio::test]
async fn a_question_that_is_refused_leaves_its_fact_open() {
    let denied = || answer(403, &[], &error_body("AccessDenied", ""));
    let head = [("x-obs-bucket-location", "cn-north-4")];
    let answers = [answer(200, &head, ""), denied(), denied()];
    let facts = told(Provider::HUAWEI, &answers).await.unwrap();
    assert_eq!(shown(&facts), (Some("cn-north-4"), None, None, None));
    // Neither does a store that stays busy hold up what the fact is only a help for; whether the bucket is there is no such help.
    let busy = || answer(503, &[], "busy");
    let facts = told(Provider::HUAWEI, &[answer(200, &head, ""), busy(), busy()])
        .await
        .unwrap();
    assert_eq!(shown(&facts), (Some("cn-north-4"), None, None, None));
    let error = told(Provider::HUAWEI, &[busy()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_an_error_that_says_why() {
    for provider in [Provider::JDCLOUD, Provider::TENCENT, Provider::HUAWEI] {
        let error = told(provider, &[answer(404, &[], "")]).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::NotFound, Some("NoSuchBucket"))
        );
        assert!(
            error.message().contains("`images") && error.remedy().is_some(),
            "{error}"
        );
        let nothing = answer(403, &[], "");
        let error = told(provider, &[nothing.clone(), nothing]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.message().contains("another account"), "{error}");
    }
    let nothing = answer(200, &[], r#"{"RetCode":0,"DataSet":[]}"#);
    let error = told(Provider::UCLOUD, &[nothing]).await.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchBucket"));
}

/// The reason that a HEAD has no body for is in the answer to a GET of the same thing.
#[tokio::test]
async fn why_a_bucket_is_refused_is_asked_for() {
    let body = |code: &str, message: &str, more: &str| {
        format!("<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>")
    };
    let elsewhere = "The bucket must be addressed using the specified endpoint.";
    for (provider, status, reason, kind, said) in [
        (
            Provider::TENCENT,
            400,
            body("InvalidRequest", "Missing required header for this request: Appid", ""),
            ErrorKind::InvalidRequest,
            "Appid",
        ),
        (
            Provider::HUAWEI,
            403,
            body("AccessDenied", "Frozen", ""),
            ErrorKind::PermissionDenied,
            "The store says: Frozen",
        ),
        (
            Provider::HUAWEI,
            301,
            body(
                "PermanentRedirect",
                elsewhere,
                "<Endpoint>obs.cn-east-3.myhuaweicloud.com</Endpoint>",
            ),
            ErrorKind::InvalidRequest,
            "in the region cn-east-3",
        ),
        (
            Provider::JDCLOUD,
            400,
            body(
                "AuthorizationHeaderMalformed",
                "the region is wrong",
                "<Region>cn-east-2</Region>",
            ),
            ErrorKind::InvalidRequest,
            "in the region cn-east-2",
        ),
        (
            Provider::JDCLOUD,
            307,
            body(
                "TemporaryRedirect",
                elsewhere,
                "<Endpoint>b.s3.cn-south-1.jdcloud-oss.com</Endpoint>",
            ),
            ErrorKind::InvalidRequest,
            "in the region cn-south-1",
        ),
        (
            Provider::TENCENT,
            301,
            body("PermanentRedirect", elsewhere, "<Endpoint>store.example.com</Endpoint>"),
            ErrorKind::InvalidRequest,
            "reached at store.example.com",
        ),
    ] {
        let answers = [answer(status, &[], ""), answer(status, &[], &reason)];
        let error = told(provider, &answers).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(said), "{error}");
    }
    // OSS tells with a code that any refusal has.
    for host in [
        "oss-cn-beijing.aliyuncs.com",
        "oss-cn-beijing-internal.aliyuncs.com",
        "b.oss-cn-beijing.aliyuncs.com",
    ] {
        let reason = body("AccessDenied", elsewhere, &format!("<Endpoint>{host}</Endpoint>"));
        let error = told(Provider::ALIYUN, &[answer(403, &[], &reason)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert!(error.message().contains("in the region cn-beijing)"), "{error}");
        assert!(error.remedy().unwrap().to_string().contains("region"), "{error}");
    }
}

/// A clock that is off is all that stood against a HEAD: the GET tells, and the HEAD is sent again.
#[tokio::test]
async fn a_head_is_sent_again_by_the_clouds_clock() {
    let skew = error_body("RequestTimeTooSkewed", "");
    let date = [("date", "Thu, 02 Jan 2025 09:04:05 GMT")];
    let answers = [
        answer(403, &date, ""),
        answer(403, &date, &skew),
        answer(200, &[], "<Location>cn-north-4</Location>"),
        answer(
            200,
            &[
                ("x-obs-bucket-location", "cn-north-4"),
                ("x-obs-storage-class", "STANDARD"),
            ],
            "",
        ),
        answer(403, &[], ""),
        answer(403, &[], ""),
    ];
    let facts = told(Provider::HUAWEI, &answers).await.unwrap();
    assert_eq!(facts.storage_class.as_deref(), Some("STANDARD"));
}

#[tokio::test]
async fn facts_become_problems() {
    let info = |location: &str, class: &str, grant: &str| {
        format!(
            "<BucketInfo><Bucket><Location>{location}</Location><StorageClass>{class}</StorageClass>\
             <AccessControlList><Grant>{grant}</Grant></AccessControlList></Bucket></BucketInfo>"
        )
    };
    let no_rule = || answer(404, &[], &error_body("NoSuchLifecycle", ""));
    let wrong = info("oss-cn-beijing", "ColdArchive", "public-read");
    let facts = told(Provider::ALIYUN, &[answer(200, &[], &wrong), no_rule()])
        .await
        .unwrap();
    let problems = facts.problems(&bucket(Provider::ALIYUN));
    let severities: Vec<Severity> = problems.iter().map(|problem| problem.severity).collect();
    assert_eq!(
        severities,
        [Severity::Error, Severity::Error, Severity::Warning, Severity::Warning]
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem.field == "bucket" && problem.remedy.is_some())
    );
    assert!(problems[0].rule.to_string().contains("cn-beijing"), "{}", problems[0]);

    let rule = "<LifecycleConfiguration><Rule><Status>Enabled</Status><AbortMultipartUpload><Days>3</Days>\
                </AbortMultipartUpload></Rule></LifecycleConfiguration>";
    let right = info("oss-cn-hangzhou", "IA", "private");
    let facts = told(Provider::ALIYUN, &[answer(200, &[], &right), answer(200, &[], rule)])
        .await
        .unwrap();
    assert!(facts.problems(&bucket(Provider::ALIYUN)).is_empty());
    // Alibaba's import reads from no bucket that encrypts, by whatever algorithm.
    for (word, refused) in [
        ("KMS", true),
        ("AES256", true),
        ("SM4", true),
        ("None", false),
        ("", false),
    ] {
        let rule_of = format!(
            "<ServerSideEncryptionRule><SSEAlgorithm>{word}</SSEAlgorithm></ServerSideEncryptionRule></Bucket>"
        );
        let info = right.replace("</Bucket>", &rule_of);
        let facts = told(Provider::ALIYUN, &[answer(200, &[], &info), answer(200, &[], rule)])
            .await
            .unwrap();
        let problems = facts.problems(&bucket(Provider::ALIYUN));
        assert_eq!(problems.len(), usize::from(refused), "{word}: {problems:?}");
        for problem in problems {
            let told = problem.to_string();
            assert!(problem.is_error() && told.contains(&format!("({word})")), "{told}");
            assert!(
                told.contains("InvalidOSSBucket.EncryptUnsupported") && told.contains("without encryption"),
                "{told}"
            );
        }
        // Of no other cloud is that known.
        assert!(
            facts
                .problems(&Bucket::new(Provider::JDCLOUD, "cn-hangzhou", "images").unwrap())
                .is_empty()
        );
    }
    // Huawei's import wants the standard class; UCloud's store names Beijing otherwise than its API.
    let head = [("x-obs-bucket-location", "cn-north-4"), ("x-obs-storage-class", "WARM")];
    let denied = || answer(403, &[], "");
    let facts = told(Provider::HUAWEI, &[answer(200, &head, ""), denied(), denied()])
        .await
        .unwrap();
    let problems = facts.problems(&bucket(Provider::HUAWEI));
    assert!(problems.len() == 1 && problems[0].is_error(), "{problems:?}");
    let described = r#"{"RetCode":0,"DataSet":[{"BucketName":"images","Type":"private","Region":"cn-bj"}]}"#;
    let facts = told(Provider::UCLOUD, &[answer(200, &[], described)]).await.unwrap();
    assert!(facts.problems(&bucket(Provider::UCLOUD)).is_empty());
}

//! Nothing secret is ever shown: not in logs at any level of any crate, not in `Debug` or `Display` of anything, not in an
//! error or what is behind it, not in a stored task.
//!
//! Every cloud goes through an import that succeeds and through every way to fail, with temporary keys and signed links,
//! against clouds that echo what they were sent. Everything that can be shown is kept, and then searched for the secret
//! key, the token, the signatures that were really sent and the links' queries: as they are, in hexadecimal, in base64 and
//! percent-encoded.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "scenes are played by tests and fail by panicking, too"
)]

mod echo;
mod scenes;
mod show;

use cloud_import::Credentials;
use cloud_import_tests::simulated::{self, ACCESS_KEY_ID, Case, SECRET_ACCESS_KEY};
use scenes::{Account, play};

const SECURITY_TOKEN: &str = "FwoGZXIvYXdzEJr//////////wEaDH+t0ken/for=tests~only";
const IAM_TOKEN: &str = "MIIGhwYJKoZIhvcNAQcCoIIGeDCCBnQCAQExDTALBglghkgBZQMEAgEwggQ";

async fn with_temporary_keys(case: &'static Case) {
    let keys = |secret| Credentials::temporary(ACCESS_KEY_ID, secret, SECURITY_TOKEN);
    let account = Account {
        good: keys(SECRET_ACCESS_KEY),
        bad: keys("another-secret-access-key"),
        secrets: vec![
            ("secret key", SECRET_ACCESS_KEY),
            ("wrong secret key", "another-secret-access-key"),
            ("security token", SECURITY_TOKEN),
        ],
        is_signed: true,
    };
    play(case, &account, |config| config.security_token(SECURITY_TOKEN)).await;
}

#[tokio::test]
async fn jdcloud() {
    with_temporary_keys(&simulated::JDCLOUD).await;
}

#[tokio::test]
async fn tencent() {
    with_temporary_keys(&simulated::TENCENT).await;
}

#[tokio::test]
async fn aliyun() {
    with_temporary_keys(&simulated::ALIYUN).await;
}

#[tokio::test]
async fn ucloud() {
    with_temporary_keys(&simulated::UCLOUD).await;
}

#[tokio::test]
async fn huawei_common() {
    with_temporary_keys(&simulated::HUAWEI_COMMON).await;
}

#[tokio::test]
async fn huawei_quick() {
    with_temporary_keys(&simulated::HUAWEI_QUICK).await;
}

#[tokio::test]
async fn huawei_with_an_iam_token() {
    let account = Account {
        good: Credentials::bearer_token(IAM_TOKEN),
        bad: Credentials::bearer_token("an-iam-token-of-yesterday"),
        secrets: vec![
            ("IAM token", IAM_TOKEN),
            ("wrong IAM token", "an-iam-token-of-yesterday"),
        ],
        is_signed: false,
    };
    play(&simulated::HUAWEI_COMMON, &account, |config| {
        config.huawei_auth_token(IAM_TOKEN)
    })
    .await;
}

/// JD Cloud's tasks show the link that they import from.
#[tokio::test]
async fn jdcloud_tasks_are_shown_without_their_links_query() {
    let stage = simulated::Stage::new(&simulated::JDCLOUD).await.unwrap();
    let importer = stage.importer().unwrap();
    let plain = importer.prepare(&stage.order()).unwrap().into_task();
    importer.start(&stage.order()).await.unwrap();
    let signature = "X-Amz-Signature=8f2a4c6e0b1d3f5a7c9e8f2a4c6e0b1d";
    let rewriter = simulated::Rewriter::new(stage.transport().unwrap(), move |_, answer| {
        answer.map(|body| {
            let text = String::from_utf8_lossy(&body).replace(".qcow2\"", &format!(".qcow2?{signature}\""));
            assert!(text.contains(signature));
            bytes::Bytes::from(text)
        })
    });
    let settings = stage.settings().unwrap().transport(std::sync::Arc::new(rewriter));
    let client = cloud_import::ClientBuilder::<cloud_import::jdcloud::Client>::from(settings)
        .build()
        .unwrap();
    let tasks = client
        .image_tasks(&cloud_import::jdcloud::types::ImageTasksRequest::default())
        .await
        .unwrap();
    let mut watch = cloud_import_tests::leaks::Watch::default();
    watch.secret("link's query", signature);
    watch.shown("the vendor's answer", &tasks);
    let found = cloud_import::ImageImporter::lookup(&cloud_import::jdcloud::Importer::new(client), &plain).await;
    show::task(&mut watch, &found.unwrap().unwrap());
    assert_eq!(watch.leaks(), [""; 0]);
}

#[tokio::test]
async fn an_iam_token_is_no_key_pair_elsewhere_and_is_not_shown_for_it() {
    for case in [
        &simulated::JDCLOUD,
        &simulated::TENCENT,
        &simulated::ALIYUN,
        &simulated::UCLOUD,
    ] {
        let stage = simulated::Stage::new(case).await.unwrap();
        let importer = stage
            .importer_with(|settings| settings.credentials(Credentials::bearer_token(IAM_TOKEN)))
            .unwrap();
        let error = importer.start(&stage.order()).await.unwrap_err();
        assert_eq!(error.kind(), cloud_import::ErrorKind::Credentials, "{error:?}");
        assert_eq!(stage.requests(), 0);
        let mut watch = cloud_import_tests::leaks::Watch::default();
        watch.secret("IAM token", IAM_TOKEN);
        show::error(&mut watch, "a refused IAM token", &error);
        watch.shown("importer", &importer);
        assert_eq!(watch.leaks(), [""; 0]);
    }
}

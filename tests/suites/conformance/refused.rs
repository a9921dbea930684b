//! What the cloud says no to: keys, names, too many requests.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use cloud_import::{Credentials, ErrorKind, ImportedImage, Provider, RetryPolicy, TaskState, transport::HttpTransport};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{ACCESS_KEY_ID, Case, Stage, quick_retries};

use crate::import::endless;

async fn refused_keys(case: &'static Case, credentials: Credentials) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage
        .importer_with(|settings| settings.credentials(credentials))
        .unwrap();
    let error = importer.start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error:?}");
    assert!(!error.may_have_executed() && !error.is_retryable());
    assert!(error.remedy().is_some());
    assert_eq!(stage.requests(), 1, "refused keys are not tried again");
    assert!(stage.images().is_empty());
}

pub(crate) async fn a_wrong_secret_is_a_matter_of_credentials(case: &'static Case) {
    refused_keys(case, Credentials::new(ACCESS_KEY_ID, "some-other-secret")).await;
}

pub(crate) async fn an_unknown_key_is_a_matter_of_credentials(case: &'static Case) {
    refused_keys(case, Credentials::new("some-other-key-id", "some-other-secret")).await;
}

pub(crate) async fn keys_that_stop_working_end_the_wait_and_not_the_import(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let good = stage.importer().unwrap();
    let bad = stage
        .importer_with(|settings| settings.credentials(Credentials::new(ACCESS_KEY_ID, "some-other-secret")))
        .unwrap();
    let mut task = good.start(&stage.order()).await.unwrap();
    let error = stage.wait(&*bad, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error:?}");
    stage.wait(&*good, &mut task).await.unwrap();
}

pub(crate) async fn a_taken_name_is_refused_where_names_are_unique(case: &'static Case) {
    let stage = Stage::with(case, endless).await.unwrap();
    let importer = stage.importer().unwrap();
    let first = importer.start(&stage.order()).await.unwrap();
    // Another order for the same name, while the first image is still being made.
    let mut order = stage.order();
    order.generation = 1;
    let second = importer.start(&order).await;
    if matches!(case.provider, Provider::JDCLOUD | Provider::UCLOUD) {
        // These two let names be taken twice: another generation is another image.
        let mut second = second.unwrap();
        assert!(matches!(
            importer.poll(&mut second).await.unwrap(),
            TaskState::InProgress { .. }
        ));
        assert_eq!(stage.imports(), 2);
        assert_ne!(first.image_id, second.image_id);
        return;
    }
    let error = second.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateName, "{error:?}");
    assert!(!error.may_have_executed() && error.code().is_some() && error.remedy().is_some());
    assert_eq!((stage.starts(), stage.imports()), (2, 1));
}

pub(crate) async fn the_same_order_again_is_the_same_import(case: &'static Case) {
    let stage = Stage::with(case, endless).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut first = importer.start(&stage.order()).await.unwrap();
    assert_eq!(importer.start(&stage.order()).await.unwrap(), first, "it is remembered");
    // Another process remembers nothing: the token tells, or a look.
    let mut again = stage.importer().unwrap().start(&stage.order()).await.unwrap();
    importer.poll(&mut first).await.unwrap();
    importer.poll(&mut again).await.unwrap();
    // Huawei Cloud's job names its image late.
    assert!(
        first.image_id.is_none() || again.image_id == first.image_id,
        "{first:?} {again:?}"
    );
    assert_eq!(stage.imports(), 1);
}

pub(crate) async fn a_refusal_is_final_and_has_the_vendors_words(case: &'static Case) {
    let stage = Stage::with(case, |config| config.quota(case.cloud, 0)).await.unwrap();
    let importer = stage.importer().unwrap();
    let error = importer.start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error:?}");
    assert_eq!(
        (error.provider(), error.operation()),
        (Some(case.provider), Some(case.start))
    );
    assert!(!error.message().is_empty() && error.code().is_some() && error.request_id().is_some());
    assert!(error.http_status().is_some() && error.remedy().is_some());
    assert!(!error.may_have_executed() && error.attempts() == 1);
    assert_eq!((stage.starts(), stage.imports()), (1, 0));
}

pub(crate) async fn a_code_that_nobody_has_published_is_a_refusal_too(case: &'static Case) {
    let (http, code) = match case.provider {
        Provider::UCLOUD => (200, "99999"),
        Provider::TENCENT => (200, "NeverHeardOf.Such"),
        Provider::HUAWEI => (400, "IMG.9999"),
        _ => (400, "NeverHeardOf.Such"),
    };
    let stage = Stage::new(case).await.unwrap();
    let message = "no such thing".to_owned();
    let code = code.to_owned();
    stage.fail_start(FaultKind::Refuse {
        http,
        code: code.clone(),
        message,
    });
    let importer = stage.importer().unwrap();
    let error = importer.start(&stage.order()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.http_status()),
        (Some(code.as_str()), Some(http)),
        "{error:?}"
    );
    assert!(!error.may_have_executed() && error.request_id().is_some(), "{error:?}");
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some(case.start), 1),
        "it was not looked for: {error:?}"
    );
    assert_eq!((stage.starts(), stage.imports()), (1, 0));
    // The same order again is sent again.
    importer.start(&stage.order()).await.unwrap();
    assert_eq!((stage.starts(), stage.imports()), (2, 1));
}

pub(crate) async fn throttling_is_waited_out(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.inject(FaultKind::Throttle, |fault| fault.operation(case.start).times(2));
    stage.fail_polls(FaultKind::Throttle, 3);
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    assert_eq!((stage.starts(), stage.imports()), (3, 1));
    stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!((stage.starts(), stage.imports()), (3, 1));
}

pub(crate) async fn lasting_throttling_is_told_with_the_vendors_hint(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.inject(FaultKind::Throttle, |fault| fault.operation(case.start).times(5));
    let importer = stage.importer().unwrap();
    let error = importer.start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error:?}");
    assert!(error.is_retryable() && !error.may_have_executed());
    assert_eq!((error.attempts(), stage.starts()), (quick_retries().attempts, 5));

    stage.fail_start(FaultKind::ThrottleFor { seconds: 7 });
    let once = stage
        .importer_with(|settings| settings.retry(RetryPolicy::none()))
        .unwrap();
    let error = once.start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    // The others' APIs give no hint.
    let hint = matches!(case.provider, Provider::HUAWEI | Provider::ALIYUN).then(|| Duration::from_secs(7));
    assert_eq!(error.retry_after(), hint);
    assert_eq!(stage.imports(), 0);
}

pub(crate) async fn no_connection_is_no_unknown_outcome(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    // Nobody listens on port 1.
    let nowhere = HttpTransport::builder()
        .dial(SocketAddr::from(([127, 0, 0, 1], 1)))
        .build()
        .unwrap();
    let importer = stage
        .importer_with(|settings| settings.transport(Arc::new(nowhere)))
        .unwrap();
    let error = importer.start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(!error.may_have_executed() && error.is_retryable());
    assert_eq!(error.attempts(), quick_retries().attempts);
    assert_eq!(error.http_status(), None);
}

pub(crate) async fn a_wrong_clock_is_set_by_the_clouds(case: &'static Case) {
    for ahead in [3600, -3600] {
        let stage = Stage::new(case).await.unwrap();
        stage.inject(FaultKind::SkewedDate(ahead), |fault| fault.times(u32::MAX));
        let importer = stage.importer().unwrap();
        // The order is the first request, but for the project's at Huawei Cloud.
        let prepared = importer.prepare(&stage.order()).unwrap();
        let mut task = importer.submit(prepared).await.unwrap();
        stage.wait(&*importer, &mut task).await.unwrap();
        assert_eq!(stage.imports(), 1);
        // The clock is set once, by the first request that was refused; UCloud's requests have no date.
        let refused = u64::from(case.provider != Provider::UCLOUD);
        let counters = stage.simulator.counters();
        let first = counters
            .requests_of(case.cloud, "KeystoneListProjects")
            .max(stage.starts());
        assert_eq!(first, 1 + refused, "{:?}", counters.requests);
    }
}

pub(crate) async fn what_belongs_elsewhere_is_refused_before_anything_is_asked(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer_with(|settings| settings.project("own")).unwrap();
    let order = stage.order();
    let prepared = importer.prepare(&order).unwrap();
    let mut own = prepared.task().clone();
    (own.task_id, own.image_id) = (Some("task".to_owned()), Some("image".to_owned()));
    let other = if case.provider == Provider::TENCENT {
        Provider::ALIYUN
    } else {
        Provider::TENCENT
    };
    let mut elsewhere = [own.clone(), own.clone(), own.clone(), own.clone()];
    elsewhere[0].provider = other;
    elsewhere[1].region = "other".to_owned();
    elsewhere[2].endpoint = "https://other.example".to_owned();
    elsewhere[3].project = Some("other".to_owned());
    // A call of UCloud names its project, whatever the client's own is.
    let reaches_projects = case.provider == Provider::UCLOUD;
    let refused = if reaches_projects { 3 } else { 4 };
    for mut task in elsewhere.into_iter().take(refused) {
        // Images do not say by which endpoint they were made.
        let image = (task.endpoint == own.endpoint).then(|| ImportedImage::of(&task, "image"));
        let order_and_task = (&order, task.clone());
        let mut answers = vec![
            importer.resume(order_and_task.0, order_and_task.1).await.map(drop),
            importer.poll(&mut task).await.map(drop),
            importer.lookup(&task).await.map(drop),
            importer.cancel(&task).await.map(drop),
        ];
        if let Some(image) = &image {
            answers.push(importer.delete(image).await);
            answers.push(importer.rename(image, "new").await);
        }
        for answer in answers {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
            assert!(
                error.message().starts_with("it belongs to ") && error.remedy().is_some(),
                "{error:?}"
            );
            assert!(!error.may_have_executed());
        }
    }
    // An order is refused like its task.
    let settings = stage
        .settings()
        .unwrap()
        .endpoint("https://other.example".parse().unwrap());
    let abroad = cloud_import::connect(case.provider, settings.project("own")).unwrap();
    assert_eq!(
        abroad.submit(prepared).await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    assert_eq!(stage.requests(), 0);
}

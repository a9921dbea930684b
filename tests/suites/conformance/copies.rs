//! Copies of an image to another region: one copy or an honest unknown, never two, whatever happens to the answer.

use std::time::Duration;

use cloud_import::{
    CancelOutcome, ErrorKind, ImageImporter, ImageSource, ImportRequest, ImportTask, ImportedImage, Provider, Result,
    TaskState,
};
use cloud_import_sim::{Config, FaultKind, ImageSummary};
use cloud_import_tests::simulated::{ALIYUN, Case, HUAWEI_COMMON, JDCLOUD, Stage, TENCENT, UCLOUD_HK};

/// How a cloud copies.
struct Copying {
    case: &'static Case,
    from: &'static str,
    to: &'static str,
    /// The operation that orders a copy.
    order: &'static str,
    /// What finds a copy whose answer was lost; `None` where its token does that.
    search: Option<&'static str>,
    /// The same order with what this cloud alone needs.
    complete: fn(ImportRequest) -> ImportRequest,
}

const ROWS: &[Copying] = &[
    Copying {
        case: &ALIYUN,
        from: "cn-hangzhou",
        to: "cn-beijing",
        order: "CopyImage",
        search: None,
        complete: |order| order,
    },
    Copying {
        case: &TENCENT,
        from: "ap-guangzhou",
        to: "ap-nanjing",
        order: "SyncImages",
        search: Some("DescribeImages"),
        complete: |order| order,
    },
    Copying {
        case: &HUAWEI_COMMON,
        from: "cn-north-4",
        to: "cn-east-3",
        order: "CopyImageCrossRegion",
        search: Some("ListImages"),
        complete: |order| {
            let options = serde_json::json!({"agency_name": "ims_copy"});
            order.vendor(Provider::HUAWEI, &options).unwrap()
        },
    },
    Copying {
        case: &JDCLOUD,
        from: "cn-north-1",
        to: "cn-south-1",
        order: "copyImages",
        search: Some("describeImages"),
        complete: |order| order,
    },
    Copying {
        case: &UCLOUD_HK,
        from: "hk",
        to: "sg",
        order: "CopyCustomImage",
        search: Some("DescribeImage"),
        complete: |order| order,
    },
];

/// A finished image, and importers in its region and in the one that it is copied to.
struct Scene {
    row: &'static Copying,
    stage: Stage,
    image: ImportedImage,
    there: Box<dyn ImageImporter>,
}

impl Scene {
    async fn new(provider: Provider) -> Self {
        Self::with(provider, |config| config).await
    }

    async fn with(provider: Provider, change: impl FnOnce(Config) -> Config) -> Self {
        let row = ROWS.iter().find(|row| row.case.provider == provider).unwrap();
        let config = |config: Config| change(config.any_object(true));
        let stage = Stage::with(row.case, config).await.unwrap();
        let here = importer(&stage, row.from, Duration::from_secs(20));
        let mut task = here.start(&stage.order_named("source")).await.unwrap();
        let image = stage.wait(&*here, &mut task).await.unwrap();
        let there = importer(&stage, row.to, Duration::from_secs(20));
        Self {
            row,
            stage,
            image,
            there,
        }
    }

    fn order(&self) -> ImportRequest {
        self.order_of(&self.image)
    }

    fn order_of(&self, image: impl Into<ImageSource>) -> ImportRequest {
        (self.row.complete)(ImportRequest::copy_of(image, "web-2026"))
    }

    fn fail(&self, kind: FaultKind) {
        self.stage.inject(kind, |fault| fault.operation(self.row.order));
    }

    fn orders(&self) -> u64 {
        let counters = self.stage.simulator.counters();
        counters.requests_of(self.row.case.cloud, self.row.order)
    }

    fn copies(&self) -> u64 {
        self.stage
            .simulator
            .counters()
            .copies_of(self.row.case.cloud, "web-2026")
    }

    fn made(&self) -> Vec<ImageSummary> {
        let images = self.stage.images().into_iter();
        images.filter(|image| image.copied_from.is_some()).collect()
    }

    async fn ends_with_the_only_copy(&self, started: Result<ImportTask>) {
        let mut task = started.unwrap();
        let image = self.stage.wait(&*self.there, &mut task).await.unwrap();
        let made = self.made();
        assert_eq!((self.copies(), made.len()), (1, 1));
        assert_eq!((&image.id, image.region.as_str()), (&made[0].image_id, self.row.to));
    }
}

fn importer(stage: &Stage, region: &str, patience: Duration) -> Box<dyn ImageImporter> {
    let grace = cloud_import::Grace::new(patience, Duration::from_millis(25));
    let settings = |mut settings: cloud_import::Settings| {
        settings.region = region.to_owned();
        settings.project = None;
        settings.grace(grace)
    };
    stage.importer_with(settings).unwrap()
}

pub(crate) async fn ends_with_an_image_of_the_other_region(provider: Provider) {
    let scene = Scene::new(provider).await;
    let errors = scene.there.validate(&scene.order()).into_iter();
    assert_eq!(errors.filter(|problem| problem.is_error()).collect::<Vec<_>>(), []);
    let mut task = scene.there.start(&scene.order()).await.unwrap();
    let origin = format!("image,{},{}", scene.row.from, scene.image.id);
    assert_eq!(
        (task.region.as_str(), task.source.as_str()),
        (scene.row.to, origin.as_str())
    );
    assert!(task.is_copy());
    let image = scene.stage.wait(&*scene.there, &mut task).await.unwrap();
    let made = scene.made();
    assert_eq!(made.len(), 1);
    assert_eq!((&image.id, &image.name), (&made[0].image_id, &made[0].name));
    let from = format!("{}/{}", scene.row.from, scene.image.id);
    assert_eq!(
        (made[0].region.as_str(), made[0].copied_from.as_deref()),
        (scene.row.to, Some(from.as_str()))
    );
    let again = scene.there.poll(&mut task).await.unwrap();
    assert_eq!(again, TaskState::Succeeded { image: image.clone() });
    assert_eq!((scene.orders(), scene.copies()), (1, 1));
    // It is an image of its own.
    scene.there.delete(&image).await.unwrap();
    assert!(
        scene
            .stage
            .images()
            .iter()
            .any(|left| left.image_id == scene.image.id && !left.deleted)
    );
}

pub(crate) async fn the_same_order_again_is_the_same_copy(provider: Provider) {
    let scene = Scene::new(provider).await;
    let first = scene.there.start(&scene.order()).await;
    scene.ends_with_the_only_copy(first).await;
    let again = scene.there.start(&scene.order()).await;
    scene.ends_with_the_only_copy(again).await;
}

pub(crate) async fn another_process_goes_on_with_the_stored_task(provider: Provider) {
    let scene = Scene::new(provider).await;
    let task = scene.there.start(&scene.order()).await.unwrap();
    let stored = serde_json::to_string(&task).unwrap();
    let other = importer(&scene.stage, scene.row.to, Duration::from_secs(20));
    let mut task: ImportTask = serde_json::from_str(&stored).unwrap();
    let image = scene.stage.wait(&*other, &mut task).await.unwrap();
    assert_eq!(image.id, scene.made()[0].image_id);
}

pub(crate) async fn cut_before_acceptance(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.fail(FaultKind::DropBefore);
    let impatient = importer(&scene.stage, scene.row.to, Duration::from_millis(300));
    let started = impatient.start(&scene.order()).await;
    if scene.row.search.is_none() {
        scene.ends_with_the_only_copy(started).await;
        return;
    }
    let error = started.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert!(error.to_string().contains("the copy of `web-2026`"), "{error}");
    assert_eq!((scene.orders(), scene.copies()), (1, 0));
}

pub(crate) async fn cut_after_acceptance(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.fail(FaultKind::DropAfter);
    let started = scene.there.start(&scene.order()).await;
    scene.ends_with_the_only_copy(started).await;
}

pub(crate) async fn cut_after_acceptance_and_listed_late(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.fail(FaultKind::DropAfter);
    scene
        .stage
        .inject(FaultKind::Hide(4), |fault| fault.operation(scene.row.order));
    let started = scene.there.start(&scene.order()).await;
    scene.ends_with_the_only_copy(started).await;
}

pub(crate) async fn cut_after_acceptance_and_never_listed(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.fail(FaultKind::DropAfter);
    let hide = FaultKind::Hide(u32::MAX);
    scene.stage.inject(hide, |fault| fault.operation(scene.row.order));
    let impatient = importer(&scene.stage, scene.row.to, Duration::from_millis(300));
    let started = impatient.start(&scene.order()).await;
    match scene.row.search {
        Some(_) => assert_eq!(started.unwrap_err().kind(), ErrorKind::OutcomeUnknown),
        None => assert!(started.is_ok()),
    }
    assert_eq!(scene.copies(), 1);
}

pub(crate) async fn a_process_that_died_finds_what_it_ordered(provider: Provider) {
    let scene = Scene::new(provider).await;
    let prepared = scene.there.prepare(&scene.order()).unwrap();
    let stored = serde_json::to_string(prepared.task()).unwrap();
    scene.there.submit(prepared).await.unwrap();
    let other = importer(&scene.stage, scene.row.to, Duration::from_secs(20));
    let task = serde_json::from_str(&stored).unwrap();
    let resumed = other.resume(&scene.order(), task).await;
    scene.ends_with_the_only_copy(resumed).await;
}

pub(crate) async fn throttling_and_a_failing_server_are_waited_out(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.fail(FaultKind::Throttle);
    let started = scene.there.start(&scene.order()).await;
    scene.ends_with_the_only_copy(started).await;
    assert_eq!(scene.orders(), 2);
}

pub(crate) async fn one_that_fails_is_told(provider: Provider) {
    let scene = Scene::new(provider).await;
    let kind = FaultKind::FailImport {
        code: "C".to_owned(),
        reason: "r".to_owned(),
    };
    scene.stage.inject(kind, |fault| fault.operation(scene.row.order));
    let mut task = scene.there.start(&scene.order()).await.unwrap();
    let error = scene.stage.wait(&*scene.there, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    // Causes of failed imports explain no copy.
    assert!(!error.to_string().contains("likely"), "{error}");
}

pub(crate) async fn an_image_that_is_not_usable_yet_is_refused(provider: Provider) {
    let scene = Scene::with(provider, |config| config).await;
    let here = importer(&scene.stage, scene.row.from, Duration::from_secs(20));
    let stall = scene.row.case.start;
    scene.stage.inject(FaultKind::Stall, |fault| fault.operation(stall));
    let mut task = here.start(&scene.stage.order_named("unfinished")).await.unwrap();
    let _ = here.poll(&mut task).await.unwrap();
    let unfinished = scene
        .stage
        .images()
        .into_iter()
        .find(|image| image.name == "unfinished");
    let id = unfinished.unwrap().image_id;
    let source = ImageSource::new(scene.row.from, id);
    let error = scene.there.start(&scene.order_of(source)).await.unwrap_err();
    assert!(!error.may_have_executed() && error.code().is_some(), "{error:?}");
    assert_ne!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(scene.copies(), 0);
}

pub(crate) async fn cancel_is_done_or_plainly_refused(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene
        .stage
        .inject(FaultKind::Stall, |fault| fault.operation(scene.row.order));
    let task = scene.there.start(&scene.order()).await.unwrap();
    match scene.there.cancel(&task).await.unwrap() {
        CancelOutcome::Requested => {
            assert!(scene.there.capabilities().after.copy_cancel.value);
            assert!(
                scene.made().iter().all(|copy| copy.canceled || copy.deleted),
                "{:?}",
                scene.made()
            );
        }
        CancelOutcome::Unsupported(why) => {
            assert!(!scene.there.capabilities().after.copy_cancel.value);
            assert!(why.contains("copy"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn what_is_the_images_own_cannot_be_ordered(provider: Provider) {
    let scene = Scene::new(provider).await;
    let requests = scene.stage.requests();
    let order = scene.order().os(cloud_import::Os::new("CentOS", "7.9")).nvme(true);
    let error = scene.there.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let fields: Vec<String> = error
        .problems()
        .iter()
        .map(|problem| problem.field.to_string())
        .collect();
    assert_eq!(fields, ["os", "nvme"], "{error:?}");
    let elsewhere = scene.order_of(ImageSource::new("", ""));
    assert!(scene.there.start(&elsewhere).await.is_err());
    assert_eq!(scene.stage.requests(), requests, "nothing is asked");
}

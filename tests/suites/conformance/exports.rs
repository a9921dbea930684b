//! Exports of an image to a bucket: the object is there at the end, or an honest unknown that says where to look, and never an export
//! under another key, whatever happens to the answer.

use std::time::Duration;

use cloud_import::{
    DiskFormat, Error, ErrorKind, ExportRequest, ExportState, ExportTask, ExportedImage, Field, Grace, ImageImporter,
    ImageSource, ImportedImage, Provider, Result, Severity, wait_for_export,
};
use cloud_import_sim::{Config, FaultKind, ObjectSummary};
use cloud_import_tests::simulated::{ALIYUN, Case, HUAWEI_COMMON, JDCLOUD, Stage, TENCENT, UCLOUD};
use serde_json::{Value, json};

/// What settles an export whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    ByToken,
    ByTask,
    No,
}

/// How a cloud exports.
struct Exporting {
    case: &'static Case,
    /// The operation that orders an export.
    order: &'static str,
    /// The operation that a poll asks.
    poll: &'static str,
    settled: Settled,
    /// Whether the cloud says how an export ended.
    is_told: bool,
    /// Whether an object that is there is never written over.
    keeps_objects: bool,
    /// Options that the order must have.
    options: &'static [(&'static str, &'static str)],
    /// The option that names the role by which the cloud writes, where it looks at that.
    role: Option<&'static str>,
    /// A prefix that it does not take.
    bad_prefix: Option<&'static str>,
}

const ROWS: &[Exporting] = &[
    Exporting {
        case: &ALIYUN,
        order: "ExportImage",
        poll: "DescribeTaskAttribute",
        settled: Settled::ByTask,
        is_told: true,
        keeps_objects: false,
        options: &[],
        role: Some("RoleName"),
        bad_prefix: Some("a-b"),
    },
    Exporting {
        case: &TENCENT,
        order: "ExportImages",
        poll: "DescribeImages",
        settled: Settled::No,
        is_told: false,
        keeps_objects: false,
        options: &[],
        role: Some("RoleName"),
        bad_prefix: None,
    },
    Exporting {
        case: &HUAWEI_COMMON,
        order: "ExportImage",
        poll: "ShowJobProgress",
        settled: Settled::No,
        is_told: true,
        keeps_objects: true,
        options: &[],
        role: None,
        bad_prefix: Some("//a"),
    },
    Exporting {
        case: &JDCLOUD,
        order: "exportImage",
        poll: "imageTasks",
        settled: Settled::ByToken,
        is_told: true,
        keeps_objects: false,
        options: &[("roleName", "exporter")],
        role: None,
        bad_prefix: Some("a-b"),
    },
];

/// A finished image, and an importer in its region.
struct Scene {
    row: &'static Exporting,
    stage: Stage,
    image: ImportedImage,
    importer: Box<dyn ImageImporter>,
}

impl Scene {
    async fn new(provider: Provider) -> Self {
        Self::with(provider, |config| config).await
    }

    async fn with(provider: Provider, change: impl FnOnce(Config) -> Config) -> Self {
        let row = ROWS.iter().find(|row| row.case.provider == provider).unwrap();
        let stage = Stage::with(row.case, change).await.unwrap();
        let importer = patient(&stage, Duration::from_secs(20));
        let mut task = importer.start(&stage.order()).await.unwrap();
        let image = stage.wait(&*importer, &mut task).await.unwrap();
        Self {
            row,
            stage,
            image,
            importer,
        }
    }

    /// An importer that gives up settling soon.
    fn impatient(&self) -> Box<dyn ImageImporter> {
        patient(&self.stage, Duration::from_millis(300))
    }

    fn order(&self) -> ExportRequest {
        self.order_of(&self.image)
    }

    fn order_of(&self, image: impl Into<ImageSource>) -> ExportRequest {
        let options: Value = self.row.options.iter().copied().collect();
        let order = ExportRequest::new(image, self.row.case.bucket());
        order.vendor(self.row.case.provider, &options).unwrap()
    }

    fn inject(&self, kind: FaultKind) {
        self.stage.inject(kind, |fault| fault.operation(self.row.order));
    }

    fn orders(&self) -> u64 {
        let counters = self.stage.simulator.counters();
        counters.requests_of(self.row.case.cloud, self.row.order)
    }

    fn exports(&self) -> u64 {
        let exports = self.stage.simulator.counters().exports;
        let of_cloud = exports.get(&self.row.case.cloud);
        of_cloud.map_or(0, |counts| counts.values().sum())
    }

    /// The keys of what was exported.
    fn written(&self) -> Vec<String> {
        let is_export =
            |object: &ObjectSummary| object.bucket == self.row.case.bucket() && object.key != self.row.case.key();
        let objects = self.stage.simulator.objects().into_iter();
        objects.filter(is_export).map(|object| object.key).collect()
    }

    async fn wait(&self, importer: &dyn ImageImporter, task: &mut ExportTask) -> Result<ExportedImage> {
        let export = wait_for_export(importer, task, &Stage::wait_options()).await;
        // What has ended is in the bucket from the next request on.
        importer.presence(&self.image).await.unwrap();
        export
    }

    async fn ends_with_the_only_object(&self, submitted: Result<ExportTask>) {
        let mut task = submitted.unwrap();
        let export = self.wait(&*self.importer, &mut task).await.unwrap();
        assert_eq!((export.keys, self.exports()), (self.written(), 1));
    }

    /// It says where to look, and that is where the object is or will be.
    async fn is_unknown(&self, submitted: Result<ExportTask>, task: &ExportTask, exports: u64) {
        let error = submitted.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        let remedy = error.remedy().unwrap().to_string();
        let told = format!("{error}; {remedy}");
        assert!(
            told.contains(&self.image.id) && told.contains(&task.key_begins),
            "{told}"
        );
        assert_eq!((self.orders(), self.exports()), (1, exports));
        if exports > 0 {
            while self.written().is_empty() {
                self.importer.presence(&self.image).await.unwrap();
            }
            assert!(self.written()[0].starts_with(&task.key_begins), "{:?}", self.written());
        }
    }
}

fn patient(stage: &Stage, patience: Duration) -> Box<dyn ImageImporter> {
    let grace = Grace::new(patience, Duration::from_millis(25));
    stage.importer_with(|settings| settings.grace(grace)).unwrap()
}

async fn submit(importer: &dyn ImageImporter, order: &ExportRequest) -> Result<ExportTask> {
    importer.submit_export(importer.prepare_export(order)?).await
}

pub(crate) async fn ends_with_the_object_in_the_bucket(provider: Provider) {
    let scene = Scene::new(provider).await;
    assert_eq!(scene.importer.validate_export(&scene.order()), []);
    let mut task = submit(&*scene.importer, &scene.order()).await.unwrap();
    assert_eq!(
        (&task.image_id, task.bucket.as_str()),
        (&scene.image.id, scene.row.case.bucket())
    );
    let export = scene.wait(&*scene.importer, &mut task).await.unwrap();
    let written = scene.written();
    assert_eq!((written.len(), &export.keys), (1, &written));
    assert!(
        written[0].starts_with(&task.key_begins) && written[0].starts_with(&task.prefix),
        "{task:?}"
    );
    let default = scene.importer.capabilities().after.export_formats.value[0];
    assert_eq!((export.format, export.confirmed), (default, scene.row.is_told));
    let again = scene.importer.poll_export(&mut task).await.unwrap();
    assert_eq!(again, ExportState::Succeeded { export });
    assert_eq!((scene.orders(), scene.exports()), (1, 1));
}

pub(crate) async fn the_same_order_writes_the_same_object_and_another_one_another(provider: Provider) {
    let scene = Scene::new(provider).await;
    let mut first = submit(&*scene.importer, &scene.order()).await.unwrap();
    let export = scene.wait(&*scene.importer, &mut first).await.unwrap();
    match submit(&*scene.importer, &scene.order()).await {
        Ok(mut again) => {
            assert_eq!(scene.wait(&*scene.importer, &mut again).await.unwrap(), export);
        }
        Err(error) => assert!(
            scene.row.keeps_objects && error.kind() == ErrorKind::Conflict,
            "{error:?}"
        ),
    }
    assert_eq!(scene.written().len(), 1);
    let mut other = submit(&*scene.importer, &scene.order().generation(1)).await.unwrap();
    scene.wait(&*scene.importer, &mut other).await.unwrap();
    assert_eq!(scene.written().len(), 2);
    let named = scene.order().prefix("web2026");
    let mut named = submit(&*scene.importer, &named).await.unwrap();
    let export = scene.wait(&*scene.importer, &mut named).await.unwrap();
    assert!(export.keys[0].starts_with("web2026"), "{export:?}");
    assert!(scene.written().contains(&export.keys[0]));
}

pub(crate) async fn another_process_goes_on_with_the_stored_task(provider: Provider) {
    let scene = Scene::new(provider).await;
    let task = submit(&*scene.importer, &scene.order()).await.unwrap();
    let stored = serde_json::to_string(&task).unwrap();
    let other = patient(&scene.stage, Duration::from_secs(20));
    let mut task: ExportTask = serde_json::from_str(&stored).unwrap();
    let export = scene.wait(&*other, &mut task).await.unwrap();
    assert_eq!(export.keys, scene.written());
}

pub(crate) async fn cut_before_acceptance(provider: Provider) {
    not_taken(provider, FaultKind::DropBefore).await;
}

/// The order did not arrive, which the one that sent it cannot know.
async fn not_taken(provider: Provider, fault: FaultKind) {
    let scene = Scene::new(provider).await;
    scene.inject(fault);
    let prepared = scene.impatient().prepare_export(&scene.order()).unwrap();
    let task = prepared.task().clone();
    let submitted = scene.impatient().submit_export(prepared).await;
    match scene.row.settled {
        Settled::ByToken => scene.ends_with_the_only_object(submitted).await,
        Settled::ByTask | Settled::No => scene.is_unknown(submitted, &task, 0).await,
    }
}

pub(crate) async fn cut_after_acceptance(provider: Provider) {
    taken(provider, FaultKind::DropAfter).await;
}

/// The order was taken, and its answer did not come whole.
async fn taken(provider: Provider, fault: FaultKind) {
    let scene = Scene::new(provider).await;
    scene.inject(fault);
    let prepared = scene.importer.prepare_export(&scene.order()).unwrap();
    let task = prepared.task().clone();
    let submitted = scene.importer.submit_export(prepared).await;
    match scene.row.settled {
        Settled::ByToken | Settled::ByTask => scene.ends_with_the_only_object(submitted).await,
        Settled::No => scene.is_unknown(submitted, &task, 1).await,
    }
}

pub(crate) async fn cut_more_often_than_a_request_is_tried(provider: Provider) {
    let scene = Scene::new(provider).await;
    let cut = |fault: cloud_import_sim::Fault| fault.operation(scene.row.order).times(5);
    scene.stage.inject(FaultKind::DropAfter, cut);
    let submitted = submit(&*scene.importer, &scene.order()).await;
    match scene.row.settled {
        Settled::ByToken | Settled::ByTask => scene.ends_with_the_only_object(submitted).await,
        Settled::No => assert_eq!(submitted.unwrap_err().kind(), ErrorKind::OutcomeUnknown),
    }
    assert_eq!(scene.exports(), 1);
}

pub(crate) async fn a_process_that_died_finds_what_it_ordered(provider: Provider) {
    let scene = Scene::new(provider).await;
    let prepared = scene.importer.prepare_export(&scene.order()).unwrap();
    let task = prepared.task().clone();
    let stored = serde_json::to_string(&task).unwrap();
    scene.importer.submit_export(prepared).await.unwrap();
    let other = patient(&scene.stage, Duration::from_secs(20));
    let resumed = other
        .resume_export(&scene.order(), serde_json::from_str(&stored).unwrap())
        .await;
    match scene.row.settled {
        Settled::ByToken | Settled::ByTask => scene.ends_with_the_only_object(resumed).await,
        Settled::No => scene.is_unknown(resumed, &task, 1).await,
    }
    let error = other
        .resume_export(&scene.order().generation(1), task)
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::InvalidRequest,
        "the task is that of another order"
    );
}

pub(crate) async fn an_export_of_another_order_is_not_taken_for_the_lost_one(provider: Provider) {
    let scene = Scene::new(provider).await;
    let mut older = submit(&*scene.importer, &scene.order().prefix("older")).await.unwrap();
    scene.wait(&*scene.importer, &mut older).await.unwrap();
    scene.inject(FaultKind::DropBefore);
    match submit(&*scene.impatient(), &scene.order()).await {
        Ok(mut task) => {
            assert_eq!(scene.row.settled, Settled::ByToken);
            let export = scene.wait(&*scene.importer, &mut task).await.unwrap();
            assert!(!export.keys[0].starts_with("older"), "{export:?}");
        }
        Err(error) => {
            assert_ne!(scene.row.settled, Settled::ByToken, "{error:?}");
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
            assert_eq!((scene.orders(), scene.exports()), (2, 1));
        }
    }
    // Nor by another process, which does not know what was there before.
    let mut task = scene.impatient().prepare_export(&scene.order()).unwrap().into_task();
    task.started_at += Duration::from_secs(3600);
    if scene.row.settled == Settled::ByTask {
        let resumed = scene.impatient().resume_export(&scene.order(), task).await;
        assert_eq!(resumed.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    }
}

pub(crate) async fn throttling_is_waited_out(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.inject(FaultKind::Throttle);
    let submitted = submit(&*scene.importer, &scene.order()).await;
    scene.ends_with_the_only_object(submitted).await;
    assert_eq!(scene.orders(), 2);
}

/// The same as an answer that is lost: whether a server that fails took the order, it does not say.
pub(crate) async fn a_server_error_on_the_order_makes_no_second_export(provider: Provider) {
    for http in [500, 503] {
        not_taken(provider, FaultKind::ServerError { http }).await;
    }
}

pub(crate) async fn half_an_answer_to_the_order_makes_no_second_export(provider: Provider) {
    taken(provider, FaultKind::Cut).await;
}

pub(crate) async fn polls_that_fail_are_waited_out(provider: Provider) {
    let scene = Scene::new(provider).await;
    let mut task = submit(&*scene.importer, &scene.order()).await.unwrap();
    for kind in [
        FaultKind::ServerError { http: 500 },
        FaultKind::DropBefore,
        FaultKind::Throttle,
        FaultKind::Garbage,
    ] {
        scene
            .stage
            .inject(kind, |fault| fault.operation(scene.row.poll).times(2));
    }
    let export = scene.wait(&*scene.importer, &mut task).await.unwrap();
    assert_eq!((export.keys, scene.exports()), (scene.written(), 1));
}

pub(crate) async fn one_that_fails_is_told_where_the_cloud_tells(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.inject(FaultKind::FailImport {
        code: "E7".to_owned(),
        reason: "the bucket is full".to_owned(),
    });
    let mut task = submit(&*scene.importer, &scene.order()).await.unwrap();
    let ended = scene.wait(&*scene.importer, &mut task).await;
    assert_eq!(scene.written(), Vec::<String>::new());
    if !scene.row.is_told {
        // The image is busy no longer: that is all there is to know.
        assert!(!ended.unwrap().confirmed);
        return;
    }
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    assert!(error.message().contains("the bucket is full"), "{error}");
    let code = error.code().unwrap_or(error.message());
    assert!(code.contains("E7"), "{error:?}");
}

pub(crate) async fn an_unknown_state_is_in_progress_and_the_limit_ends_the_wait(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene.inject(FaultKind::Stall);
    let mut task = submit(&*scene.importer, &scene.order()).await.unwrap();
    let odd = FaultKind::UnknownState("PONDERING".to_owned());
    scene.stage.inject(odd, |fault| fault.operation(scene.row.poll));
    match scene.importer.poll_export(&mut task).await.unwrap() {
        ExportState::InProgress { raw, .. } => assert_eq!(raw, "PONDERING"),
        other => panic!("{other:?}"),
    }
    let options = Stage::wait_options().limit(Duration::from_millis(50));
    let error = wait_for_export(&*scene.importer, &mut task, &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitLimitReached, "{error:?}");
    assert!(error.message().contains("the export of"), "{error}");
}

pub(crate) async fn an_image_that_is_not_usable_is_refused(provider: Provider) {
    let scene = Scene::new(provider).await;
    let start = scene.row.case.start;
    scene.stage.inject(FaultKind::Stall, |fault| fault.operation(start));
    let mut task = scene
        .importer
        .start(&scene.stage.order_named("unfinished"))
        .await
        .unwrap();
    let _ = scene.importer.poll(&mut task).await.unwrap();
    let images = scene.stage.images().into_iter();
    let id = images
        .clone()
        .find(|image| image.name == "unfinished")
        .unwrap()
        .image_id;
    let unfinished = ImageSource::new(scene.row.case.region, id);
    let gone = ImageSource::new(scene.row.case.region, format!("{}0", scene.image.id));
    for image in [unfinished, gone] {
        let error = submit(&*scene.importer, &scene.order_of(image)).await.unwrap_err();
        assert!(!error.may_have_executed() && error.code().is_some(), "{error:?}");
        assert_ne!(error.kind(), ErrorKind::OutcomeUnknown);
    }
    assert_eq!(scene.exports(), 0);
}

pub(crate) async fn what_the_cloud_does_not_do_is_refused_before_anything_is_asked(provider: Provider) {
    let scene = Scene::new(provider).await;
    let before = scene.stage.requests();
    let formats = scene.importer.capabilities().after.export_formats.value;
    let format = DiskFormat::ALL.iter().find(|format| !formats.contains(format)).unwrap();
    let error = |order: ExportRequest| scene.importer.prepare_export(&order).unwrap_err();
    is_sourced(&error(scene.order().format(*format)), &Field::Format);
    let limited = scene.importer.capabilities().after.export_format_regions.value;
    if !limited.is_empty() {
        is_sourced(&error(scene.order().format(formats[1])), &Field::Format);
    }
    let elsewhere = scene.order_of(ImageSource::new("elsewhere-1", &scene.image.id));
    has(&error(elsewhere), &Field::Image);
    has(
        &error(scene.order_of(ImageSource::new(scene.row.case.region, "../x"))),
        &Field::Image,
    );
    let mut bad = scene.order();
    bad.bucket = "Bad_Bucket".to_owned();
    is_sourced(&error(bad), &Field::Bucket);
    if let Some(prefix) = scene.row.bad_prefix {
        is_sourced(&error(scene.order().prefix(prefix)), &Field::Prefix);
    }
    let odd = scene.order().vendor(provider, &json!({"NoSuchOption": 1})).unwrap();
    has(&error(odd), &Field::Vendor);
    if !scene.row.options.is_empty() {
        let none = scene.order().vendor(provider, &json!({})).unwrap();
        is_sourced(&error(none), &Field::vendor(scene.row.options[0].0));
    }
    let mut task = scene.importer.prepare_export(&scene.order()).unwrap().into_task();
    task.region = "elsewhere-1".to_owned();
    let error = scene.importer.poll_export(&mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    assert_eq!(scene.stage.requests(), before);
}

fn has(error: &Error, field: &Field) {
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    let mut problems = error.problems().iter();
    let found = problems.find(|problem| problem.field == *field && problem.severity == Severity::Error);
    assert!(found.is_some_and(|problem| problem.remedy.is_some()), "{error:?}");
}

fn is_sourced(error: &Error, field: &Field) {
    has(error, field);
    let mut problems = error.problems().iter().filter(|problem| problem.field == *field);
    assert!(problems.all(|problem| !problem.source.is_empty()), "{error:?}");
}

pub(crate) async fn every_format_that_can_be_had_is_written(provider: Provider) {
    let scene = Scene::new(provider).await;
    let after = &scene.importer.capabilities().after;
    let formats = match after.export_format_regions.value {
        [] => after.export_formats.value,
        _ => &after.export_formats.value[..1],
    };
    for (nth, format) in formats.iter().enumerate() {
        let order = scene.order().format(*format);
        let mut task = submit(&*scene.importer, &order).await.unwrap();
        let export = scene.wait(&*scene.importer, &mut task).await.unwrap();
        assert_eq!((export.format, scene.written().len()), (*format, nth + 1));
        assert!(export.keys[0].contains(&format!(".{format}")), "{export:?}");
    }
}

pub(crate) async fn a_role_that_may_not_write_is_a_matter_of_permission(provider: Provider) {
    let scene = Scene::new(provider).await;
    let Some(role) = scene.row.role else {
        return;
    };
    let order = scene.order().vendor(provider, &json!({role: "Nobody"})).unwrap();
    let error = submit(&*scene.importer, &order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    assert!(error.remedy().unwrap().to_string().contains("role"), "{error:?}");
    assert_eq!(scene.exports(), 0);
}

/// Alibaba Cloud's exports are listed by a right of their own.
pub(crate) async fn keys_that_may_not_list_exports_order_one_all_the_same() {
    let scene = Scene::new(Provider::ALIYUN).await;
    let refuse = || FaultKind::Refuse {
        http: 403,
        code: "Forbidden.RAM".to_owned(),
        message: "no".to_owned(),
    };
    let looks = |fault: cloud_import_sim::Fault| fault.operation("DescribeTasks").times(1000);
    scene.stage.inject(refuse(), looks);
    let submitted = submit(&*scene.importer, &scene.order()).await;
    scene.ends_with_the_only_object(submitted).await;
    scene.inject(FaultKind::DropAfter);
    let error = submit(&*scene.impatient(), &scene.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert!(error.message().contains("looking for it failed"), "{error}");
}

/// Tencent Cloud shows no task. An image that is not busy yet has not been exported.
pub(crate) async fn an_image_that_was_never_shown_as_busy_is_not_exported_yet() {
    let scene = Scene::new(Provider::TENCENT).await;
    scene.inject(FaultKind::Stall);
    let mut task = submit(&*scene.importer, &scene.order()).await.unwrap();
    let normal = FaultKind::UnknownState("NORMAL".to_owned());
    scene
        .stage
        .inject(normal, |fault| fault.operation(scene.row.poll).times(2));
    match scene.importer.poll_export(&mut task).await.unwrap() {
        ExportState::InProgress { raw, .. } => assert!(raw.starts_with("NORMAL,"), "{raw}"),
        other => panic!("{other:?}"),
    }
    // After as long as a lost answer would be looked for, it is over.
    let late = patient(&scene.stage, Duration::ZERO);
    match late.poll_export(&mut task).await.unwrap() {
        ExportState::Succeeded { export } => assert!(!export.confirmed),
        other => panic!("{other:?}"),
    }
}

/// UCloud has no call for it.
pub(crate) async fn where_there_is_no_export_it_is_refused_with_the_source() {
    let stage = Stage::new(&UCLOUD).await.unwrap();
    let importer = stage.importer().unwrap();
    let order = ExportRequest::new(ImageSource::new(UCLOUD.region, "uimage-1"), UCLOUD.bucket());
    is_sourced(&importer.prepare_export(&order).unwrap_err(), &Field::Image);
    assert_eq!(stage.requests(), 0);
}

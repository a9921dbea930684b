//! Answers of the vendors, replayed to the importers: what is said of each, and what it costs.
//!
//! `shapes.json` holds them: some were pasted by users into public reports, some stand in the vendors' own documents, the rest is built
//! of published error tables and types; each names its source, and personal values are replaced. Nothing is sent: a transport answers
//! each request with the first answer whose mark the request holds, and the clock stands still but for pauses.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod expect;
mod script;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Disk, DiskFormat, Error, ImageImporter, ImportRequest, ImportTask, Os, Provider, Settings, TaskState,
    WaitOptions, connect, testing::Frozen, wait,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    expect::Expect,
    script::{Answer, Script},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shapes {
    /// What else is answered, per cloud: nothing of that name is there.
    otherwise: BTreeMap<String, Vec<Answer>>,
    shapes: Vec<Shape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    name: String,
    source: String,
    cloud: Provider,
    ask: Ask,
    /// What the task has beside what every task of that cloud has here.
    #[serde(default)]
    task: Map<String, Value>,
    answers: Vec<Answer>,
    expect: Expect,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Ask {
    Start,
    Poll,
    Wait,
}

/// What came of it, whatever was asked.
#[derive(Debug)]
enum Outcome {
    Started(Box<ImportTask>),
    State(TaskState),
    Refused(Error),
}

/// When the tasks here were started, half a minute ago, and now.
const STARTED: &str = "2026-11-29T10:20:00Z";
const NOW: &str = "2026-11-29T10:20:30Z";

fn importer(cloud: Provider, script: &Arc<Script>, clock: &Arc<Frozen>) -> Box<dyn ImageImporter> {
    let region = cloud_import::capabilities(cloud).unwrap().default_region;
    let settings = Settings::new(region)
        .credentials(Credentials::new("an-access-key", "a-secret-key"))
        .env(Arc::clone(clock) as _)
        .transport(Arc::clone(script) as _);
    let settings = match cloud {
        Provider::HUAWEI => settings.project("0123456789abcdef0123456789abcdef"),
        Provider::UCLOUD => settings.project("org-1"),
        _ => settings,
    };
    connect(cloud, settings).unwrap()
}

fn order(cloud: Provider) -> ImportRequest {
    let disk = match cloud {
        Provider::JDCLOUD => Disk::url("https://b.s3-internal.cn-north-1.jdcloud-oss.com/web.qcow2"),
        Provider::TENCENT => Disk::url("https://b-1250000000.cos.ap-guangzhou.myqcloud.com/web.qcow2"),
        Provider::UCLOUD => Disk::url("https://b.cn-bj.ufileos.com/web.qcow2"),
        _ => Disk::object("images", "web.qcow2"),
    };
    ImportRequest::new("web", disk.format(DiskFormat::Qcow2).size_gib(40)).os(Os::new("CentOS", "7.9"))
}

fn task(shape: &Shape, importer: &dyn ImageImporter) -> ImportTask {
    let mut task = json!({
        "version": 1, "provider": shape.cloud, "endpoint": importer.connection().unwrap().endpoint.to_string(),
        "region": importer.region(), "name": "web", "source": "b:web.qcow2", "started_at": STARTED,
    });
    let own = match shape.cloud {
        Provider::JDCLOUD => json!({"task_id": "7094", "image_id": "img-1", "token": "ci-1"}),
        Provider::TENCENT => json!({"image_id": "img-1", "marker": "ci-0123456789abcdef"}),
        Provider::HUAWEI => json!({"project": importer.project(), "route": "common", "task_id": "job-1"}),
        Provider::ALIYUN => json!({"task_id": "t-1", "image_id": "m-1", "token": "ci-1"}),
        _ => json!({"image_id": "uimage-1", "marker": "ci-0123456789abcdef"}),
    };
    let fields = task.as_object_mut().unwrap();
    fields.extend(own.as_object().unwrap().clone());
    fields.extend(shape.task.clone());
    serde_json::from_value(task).unwrap()
}

/// What differs from what is expected of a shape.
async fn differs(shape: &Shape, otherwise: &[Answer]) -> Option<String> {
    let script = Arc::new(Script::new(shape.answers.iter().chain(otherwise).cloned()));
    let clock = Arc::new(Frozen::at(NOW, "11886"));
    let importer = importer(shape.cloud, &script, &clock);
    let outcome = match shape.ask {
        Ask::Start => match importer.start(&order(shape.cloud)).await {
            Ok(task) => Outcome::Started(Box::new(task)),
            Err(error) => Outcome::Refused(error),
        },
        Ask::Poll => match importer.poll(&mut task(shape, &importer)).await {
            Ok(state) => Outcome::State(state),
            Err(error) => Outcome::Refused(error),
        },
        Ask::Wait => {
            let options = WaitOptions::default().limit(Duration::from_secs(20));
            match wait(&importer, &mut task(shape, &importer), &options).await {
                Ok(image) => Outcome::State(TaskState::Succeeded { image }),
                Err(error) => Outcome::Refused(error),
            }
        }
    };
    let answered = shape.answers.first().map_or(0, |answer| script.answered_by(answer));
    let cost = expect::Cost {
        attempts: answered,
        was_last: script.last_is(&shape.answers[0]),
        slept: clock.slept(),
    };
    let told = shape.expect.differs(&outcome, &cost, shape.ask)?;
    Some(format!("{} ({}): {told}\n    {outcome:?}", shape.name, shape.source))
}

#[tokio::test]
async fn every_shape_is_read_as_it_is_meant() {
    let shapes: Shapes = serde_json::from_str(include_str!("shapes.json")).unwrap();
    assert_eq!(shapes.shapes.len(), 67);
    let mut wrong = Vec::new();
    for shape in &shapes.shapes {
        let otherwise = match shape.ask {
            Ask::Start => shapes.otherwise[shape.cloud.id()].as_slice(),
            Ask::Poll | Ask::Wait => &[],
        };
        wrong.extend(differs(shape, otherwise).await);
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        shapes.shapes.len(),
        wrong.join("\n")
    );
}

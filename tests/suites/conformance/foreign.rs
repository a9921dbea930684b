//! Text that no cloud sends, in each field of each answer: ids that are none are no answer, and nothing else of it gets out unbounded
//! or with anything in it that a terminal obeys or the eye does not see.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use cloud_import::{
    Error, Grace, ImageImporter, ImportTask, RetryPolicy, Shown, TaskState,
    env::{Env as _, SystemEnv},
};
use cloud_import_tests::simulated::{Case, Rewriter, Stage};
use http::Response;
use serde_json::Value;

/// The longest text that may come of one field of an answer, in bytes.
const LONGEST: usize = 4_000;

/// Ends a line and begins another, turns the direction of writing, hides, clears the screen, and does not end.
fn hostile() -> String {
    let text = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{200b}\u{feff}\naliyun/cn-hangzhou m-FORGED\r\n";
    format!("{text}{}", "A".repeat(200_000))
}

/// Hands each text of an answer over with the name of its field.
fn each_text(name: &str, value: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    match value {
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(name, value)| each_text(name, value, visit)),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(name, item, visit)),
        Value::String(_) => visit(name, value),
        _ => {}
    }
}

fn rewritten(answer: Response<Bytes>, visit: &mut dyn FnMut(&str, &mut Value)) -> Response<Bytes> {
    answer.map(|body| match serde_json::from_slice::<Value>(&body) {
        Ok(mut json) => {
            each_text("", &mut json, visit);
            Bytes::from(json.to_string())
        }
        Err(_) => body,
    })
}

/// Tries once, and looks for what is lost only for a moment.
fn importer(stage: &Stage, visit: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Box<dyn ImageImporter> {
    let change = Rewriter::new(stage.transport().unwrap(), move |_, answer| {
        rewritten(answer, &mut |name, value| visit(name, value))
    });
    let grace = Grace::new(Duration::from_millis(20), Duration::from_millis(10));
    let settings = |settings: cloud_import::Settings| {
        settings
            .transport(Arc::new(change))
            .retry(RetryPolicy::none())
            .grace(grace)
    };
    stage.importer_with(settings).unwrap()
}

#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let unseen = text.chars().find(|c| Shown::is_unseen(*c));
    let start: String = text.chars().take(200).collect();
    assert!(unseen.is_none(), "{what}: {unseen:?} in {start:?}");
    assert!(text.len() <= LONGEST, "{what}: {} bytes: {start:?}", text.len());
}

fn assert_error_is_harmless(what: &str, error: &Error) {
    let parts = [Some(error.message()), error.code(), error.request_id()];
    parts.into_iter().flatten().for_each(|part| assert_harmless(what, part));
    assert_harmless(what, &error.to_string());
}

fn assert_task_is_harmless(what: &str, task: &ImportTask) {
    assert_harmless(what, &serde_json::to_string(task).unwrap());
    for id in [&task.task_id, &task.image_id].into_iter().flatten() {
        assert!(
            id.len() <= 128 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b)),
            "{what}: {id}"
        );
    }
}

/// Starts an import and polls it three times; every text of the field is changed on the way.
async fn assert_field_is_harmless(stage: &Stage, field: &str, number: usize, change: fn(&str) -> String) {
    let own = field.to_owned();
    let importer = importer(stage, move |name, value| {
        if let (true, Value::String(text)) = (name == own, &*value) {
            *value = Value::from(change(text));
        }
    });
    let order = stage.order_named(&format!("web-{number}"));
    let mut task = match importer.start(&order).await {
        Ok(task) => task,
        Err(error) => return assert_error_is_harmless(field, &error),
    };
    for _ in 0..3 {
        assert_task_is_harmless(field, &task);
        match importer.poll(&mut task).await {
            Ok(TaskState::InProgress { raw, .. }) => assert_harmless(field, &raw),
            Ok(TaskState::Succeeded { image }) => {
                assert_harmless(field, &serde_json::to_string(&image).unwrap());
                return assert_task_is_harmless(field, &task);
            }
            Ok(TaskState::Failed(failure)) => {
                return assert_harmless(field, &serde_json::to_string(&failure).unwrap());
            }
            Ok(_) => return,
            Err(error) => assert_error_is_harmless(field, &error),
        }
        SystemEnv.sleep(Duration::from_millis(3)).await;
    }
}

pub(crate) async fn text_that_no_cloud_sends_gets_nowhere(case: &'static Case) {
    let stage = Stage::with(case, |config| config.import_time(Duration::from_millis(1)))
        .await
        .unwrap();
    let fields = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&fields);
    let plain = importer(&stage, move |name, _| {
        seen.lock().unwrap().insert(name.to_owned());
    });
    let mut task = plain.start(&stage.order()).await.unwrap();
    stage.wait(&*plain, &mut task).await.unwrap();
    let fields = fields.lock().unwrap().clone();
    assert!(fields.len() >= 4, "{fields:?}");
    let changes: [fn(&str) -> String; 2] = [|text| format!("{text}{}", hostile()), |_| hostile()];
    for (number, field) in fields.iter().enumerate() {
        for (which, change) in changes.into_iter().enumerate() {
            assert_field_is_harmless(&stage, field, 2 * number + which, change).await;
        }
    }
}

pub(crate) async fn an_id_that_is_none_is_no_answer(case: &'static Case) {
    // The ids of the five clouds, however they are written.
    const IDS: [&str; 4] = ["imageid", "taskid", "jobid", "id"];
    for bad in ["/../x", "'; rm -rf ~; '", "?a=b", " ", "\u{202e}"] {
        let stage = Stage::new(case).await.unwrap();
        let importer = importer(&stage, move |name, value| {
            if let (true, Value::String(text)) = (
                IDS.contains(&name.to_ascii_lowercase().replace('_', "").as_str()),
                &*value,
            ) {
                *value = Value::from(format!("{text}{bad}"));
            }
        });
        let error = importer.start(&stage.order()).await.unwrap_err();
        assert_error_is_harmless(bad, &error);
        assert_eq!(stage.imports(), u64::from(error.may_have_executed()), "{error:?}");
    }
}

pub(crate) async fn a_task_whose_ids_are_none_is_not_asked_after(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let task = importer.start(&stage.order()).await.unwrap();
    let asked = stage.requests();
    for bad in ["../../x", "a b", "a\n", &"a".repeat(129)] {
        let sets: [fn(&mut ImportTask, String); 2] =
            [|task, id| task.task_id = Some(id), |task, id| task.image_id = Some(id)];
        for set in sets {
            let mut task = task.clone();
            set(&mut task, bad.to_owned());
            let error = importer.poll(&mut task).await.unwrap_err();
            assert_eq!(error.kind(), cloud_import::ErrorKind::InvalidRequest, "{error:?}");
            assert_error_is_harmless(bad, &error);
        }
    }
    assert_eq!(stage.requests(), asked);
}

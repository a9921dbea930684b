//! The usual way of an import, and what can be done beside waiting.

use bytes::Bytes;
use cloud_import::{CancelOutcome, ErrorKind, ImportTask, Settings, TaskState};
use cloud_import_sim::{Config, FaultKind};
use cloud_import_tests::simulated::{ACCESS_KEY_ID, Case, Rewriter, SECRET_ACCESS_KEY, Stage};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// Imports that no test sees the end of.
pub(crate) fn endless(config: Config) -> Config {
    config.import_time(Duration::from_secs(3600))
}

pub(crate) async fn succeeds_with_the_image_that_the_cloud_made(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let order = stage.order();
    let errors: Vec<_> = importer.validate(&order).into_iter().filter(|p| p.is_error()).collect();
    assert_eq!(errors, []);

    let mut task = importer.start(&order).await.unwrap();
    assert_eq!(task.provider, case.provider);
    assert_eq!(task.region, case.region);
    assert_eq!(task.name, order.name);
    assert_eq!(task.route.as_deref(), case.route);
    assert!(task.first_seen_at.is_none() && !task.dry_run, "{task:?}");

    let image = stage.wait(&*importer, &mut task).await.unwrap();
    let made = stage.images();
    assert_eq!(made.len(), 1);
    assert_eq!((&image.id, &image.name), (&made[0].image_id, &order.name));
    assert_eq!(image.provider, case.provider);
    assert_eq!(made[0].operation, case.start);
    assert_eq!(made[0].sources, [order.disks[0].source.identity()]);
    assert_eq!(task.image_id.as_ref(), Some(&image.id));
    assert!(task.first_seen_at.is_some());
    assert_eq!((stage.starts(), stage.imports()), (1, 1));

    // A verdict stays: whoever asks again is told the same.
    let again = importer.poll(&mut task).await.unwrap();
    assert_eq!(again, TaskState::Succeeded { image });
}

pub(crate) async fn another_client_goes_on_with_the_stored_task(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let stored = {
        let importer = stage.importer().unwrap();
        let task = importer.start(&stage.order()).await.unwrap();
        let mut stored = serde_json::to_value(&task).unwrap();
        // A later version of this crate may have written more.
        stored["noted_later"] = json!({"by": "a later version"});
        stored.to_string()
    };

    // All that the other process has is the text, the keys and the network.
    let mut task: ImportTask = serde_json::from_str(&stored).unwrap();
    assert_eq!(task.extra["noted_later"]["by"], "a later version");
    let mut settings = Settings::new(&task.region)
        .endpoint(task.endpoint.parse().unwrap())
        .credentials(cloud_import::Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
        .transport(stage.transport().unwrap());
    settings.project = task.project.clone();
    let importer = cloud_import::connect(task.provider, settings).unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(image.id, stage.images()[0].image_id);
    assert_eq!(stage.starts(), 1);
    let written: Value = serde_json::to_value(&task).unwrap();
    assert_eq!(written["noted_later"]["by"], "a later version");
}

pub(crate) async fn a_running_import_is_found_from_plain_data(case: &'static Case) {
    let stage = Stage::with(case, endless).await.unwrap();
    let importer = stage.importer().unwrap();
    let order = stage.order();
    let unsent = importer.prepare(&order).unwrap().into_task();
    assert_eq!(importer.lookup(&unsent).await.unwrap(), None);
    assert_eq!(stage.starts(), 0, "neither `prepare` nor `lookup` starts anything");

    let started = importer.start(&order).await.unwrap();
    let plain: ImportTask = serde_json::from_str(&serde_json::to_string(&unsent).unwrap()).unwrap();
    assert_eq!((&plain.task_id, &plain.image_id), (&None, &None));
    let mut found = importer.lookup(&plain).await.unwrap().unwrap();
    assert_eq!(found.image_id.as_ref(), Some(&stage.images()[0].image_id));
    if found.task_id.is_some() {
        assert_eq!(found.task_id, started.task_id);
    }
    assert!(found.first_seen_at.is_some());
    assert!(matches!(
        importer.poll(&mut found).await.unwrap(),
        TaskState::InProgress { .. }
    ));

    let other = importer
        .prepare(&stage.order_named("another-2026"))
        .unwrap()
        .into_task();
    assert_eq!(importer.lookup(&other).await.unwrap(), None);
}

pub(crate) async fn cancel_is_done_or_plainly_refused(case: &'static Case) {
    let stage = Stage::with(case, endless).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let requests = stage.requests();
    match importer.cancel(&task).await.unwrap() {
        CancelOutcome::Requested => {
            assert!(importer.capabilities().cancel.value);
            assert!(stage.images()[0].canceled);
            let error = stage.wait(&*importer, &mut task).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Canceled);
            // Once more is no error: it is cancelled.
            assert_eq!(importer.cancel(&task).await.unwrap(), CancelOutcome::Requested);
        }
        CancelOutcome::Unsupported(why) => {
            assert!(!importer.capabilities().cancel.value);
            assert!(
                why.contains(case.provider.name()) && why.contains("delete the image"),
                "{why}"
            );
            assert_eq!(stage.requests(), requests, "what cannot be done is not tried");
            let state = importer.poll(&mut task).await.unwrap();
            assert!(matches!(state, TaskState::InProgress { .. }), "{state:?}");
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn delete_removes_the_image(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    importer.delete(&image).await.unwrap();
    assert!(stage.images()[0].deleted);
    let error = importer.delete(&image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(!error.may_have_executed());
}

pub(crate) async fn a_delete_whose_answer_was_lost_is_done(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    for kind in [FaultKind::DropBefore, FaultKind::Throttle, FaultKind::DropAfter] {
        stage.inject(kind, |fault| fault.operation(case.delete));
    }
    importer.delete(&image).await.unwrap();
    assert!(stage.images()[0].deleted);
}

pub(crate) async fn fields_that_are_not_known_yet_do_no_harm(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let rewriter = Rewriter::new(stage.transport().unwrap(), |_, answer| {
        answer.map(|body| match serde_json::from_slice::<Value>(&body) {
            Ok(mut json) => {
                add_fields(&mut json);
                Bytes::from(json.to_string())
            }
            Err(_) => body,
        })
    });
    let importer = stage
        .importer_with(|settings| settings.transport(Arc::new(rewriter)))
        .unwrap();
    let order = stage.order();
    let plain = importer.prepare(&order).unwrap().into_task();
    let mut task = importer.start(&order).await.unwrap();
    let found = importer.lookup(&plain).await.unwrap().unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(found.image_id, task.image_id);
    importer.delete(&image).await.unwrap();
    // Errors have fields, too.
    let error = importer.delete(&image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Puts a field of a later day into every object.
fn add_fields(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.values_mut().for_each(add_fields);
            members.insert(
                "zzFieldOfALaterDay".to_owned(),
                json!({"nested": [1, null, {"deep": true}]}),
            );
        }
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        _ => {}
    }
}

//! Orders that are only checked.

use cloud_import::{ErrorKind, RetryPolicy};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{Case, Stage};

pub(crate) async fn makes_no_image(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut order = stage.order();
    order.dry_run = true;
    if importer.capabilities().dry_run.value {
        let task = importer.start(&order).await.unwrap();
        assert!(task.dry_run, "{task:?}");
        assert_eq!((&task.task_id, &task.image_id), (&None, &None));
        assert_eq!(stage.starts(), 1);
    } else {
        let error = importer.start(&order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.problems()[0].field, "dry_run");
        // Whoever switches validation off still does not want an image.
        order.no_validate = true;
        let error = importer.start(&order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
        assert_eq!(stage.requests(), 0);
    }
    assert!(stage.images().is_empty());

    // What a dry run is for: it finds out what the cloud would refuse.
    if importer.capabilities().dry_run.value {
        let mut taken = stage.order();
        importer.start(&taken).await.unwrap();
        taken.dry_run = true;
        taken.generation = 1;
        let error = importer.start(&taken).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateName, "{error:?}");
        assert_eq!(stage.images().len(), 1);
    }
}

pub(crate) async fn that_is_lost_is_not_looked_for(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage
        .importer_with(|settings| settings.retry(RetryPolicy::none()))
        .unwrap();
    if !importer.capabilities().dry_run.value {
        return;
    }
    let mut order = stage.order();
    order.dry_run = true;
    for kind in [FaultKind::DropBefore, FaultKind::DropAfter] {
        let requests = stage.requests();
        stage.fail_start(kind);
        let error = importer.start(&order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
        assert_eq!(stage.requests(), requests + 1);
    }
    assert!(stage.images().is_empty());
}

//! Something goes wrong at one request, and the same run settles it.

use cloud_import_sim::FaultKind;

use crate::{on_every_store, place::Place, stores::StoreCase};

on_every_store!(
    answers_lost,
    requests_lost,
    damaged_on_the_way,
    cut_on_the_way,
    throttled,
    failing,
    forgotten,
    an_error_in_a_good_answer,
);

const STEPS: [&str; 4] = [
    "HeadObject",
    "InitiateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
];

async fn answers_lost(case: &'static StoreCase) {
    for operation in STEPS {
        let place = Place::new(case, 2).await;
        place.inject(operation, FaultKind::DropAfter, |fault| fault);
        let staged = place.run().await.unwrap();
        place.check_object(&staged);
        if case.lists || operation != "InitiateMultipartUpload" {
            place.check(&staged);
            assert_eq!(place.requests("InitiateMultipartUpload"), 1, "{operation}");
        } else {
            // That store cannot be asked which uploads are open: the user is told.
            assert_eq!(place.open_uploads(), 1);
            assert!(
                place.warnings().iter().any(|text| text.contains("left open")),
                "{:?}",
                place.warnings()
            );
        }
        assert_eq!(place.requests("CompleteMultipartUpload"), 1, "{operation}");
    }
}

async fn requests_lost(case: &'static StoreCase) {
    for operation in STEPS {
        let place = Place::new(case, 2).await;
        place.inject(operation, FaultKind::DropBefore, |fault| fault);
        let staged = place.run().await.unwrap();
        place.check(&staged);
        assert_eq!(place.parts_repeated(), 0);
    }
}

async fn damaged_on_the_way(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    place.inject("UploadPart", FaultKind::CorruptBody, |fault| fault.times(2));
    let staged = place.run().await.unwrap();
    if case.etag_is_md5 {
        place.check(&staged);
        assert_eq!(place.requests("UploadPart"), place.parts() + 2);
    } else {
        // US3's ETag is a sum of its own that is not documented for parts, and it ignores Content-MD5: nothing tells.
        assert_eq!(place.requests("UploadPart"), place.parts());
    }
}

async fn cut_on_the_way(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    place.inject("UploadPart", FaultKind::DropMidBody, |fault| fault.times(2));
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!(place.parts_repeated(), 0);
}

async fn throttled(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    for operation in STEPS {
        place.inject(operation, FaultKind::Throttle, |fault| fault.times(2));
    }
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!(place.parts_repeated(), 0);
}

async fn failing(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    // More than one request's retries: the rounds beyond them count.
    place.inject("UploadPart", FaultKind::ServerError { http: 500 }, |fault| {
        fault.times(17)
    });
    let staged = place.run().await.unwrap();
    place.check(&staged);
}

async fn forgotten(case: &'static StoreCase) {
    for operation in ["UploadPart", "CompleteMultipartUpload"] {
        let place = Place::new(case, 2).await;
        place.inject(operation, FaultKind::ForgetUpload, |fault| fault);
        let staged = place.run().await.unwrap();
        place.check(&staged);
        assert_eq!(place.requests("InitiateMultipartUpload"), 2, "{operation}");
    }
}

async fn an_error_in_a_good_answer(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    place.inject("CompleteMultipartUpload", FaultKind::Error200InBody, |fault| fault);
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!(place.requests("CompleteMultipartUpload"), 2);
}

//! When nothing goes wrong.

use cloud_import_staging::Budget;

use crate::{on_every_store, place::Place, stores::StoreCase};

on_every_store!(
    in_parts,
    in_one_piece,
    there_already,
    another_object_at_the_key,
    within_the_budget
);

async fn in_parts(case: &'static StoreCase) {
    let place = Place::new(case, 3).await;
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert!(staged.etag.is_some());
    assert_eq!(place.requests("UploadPart"), 4);
    assert_eq!(place.requests("InitiateMultipartUpload"), 1);
    assert_eq!(place.requests("CompleteMultipartUpload"), 1);
    assert_eq!(place.record().unwrap().parts.keys().next().copied(), Some(case.first));
    assert_eq!(place.warnings(), [""; 0]);
    if case.etag_is_md5 {
        assert!(staged.etag.unwrap().ends_with("-4"));
    }
}

async fn in_one_piece(case: &'static StoreCase) {
    let place = Place::new(case, 0).await;
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!((place.requests("PutObject"), place.requests("UploadPart")), (1, 0));
}

async fn there_already(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    place.run().await.unwrap();
    std::fs::remove_file(place.record_path()).unwrap();
    let sent = place.requests("UploadPart");
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!(place.requests("UploadPart"), sent);
}

async fn another_object_at_the_key(case: &'static StoreCase) {
    let place = Place::new(case, 2).await;
    let (cloud, region) = (case.cloud, case.region);
    let bucket = crate::stores::BUCKET;
    place
        .simulator
        .put_object(cloud, region, bucket, &place.key(), vec![0; 10].into());
    let error = place.run().await.unwrap_err();
    assert_eq!(error.code(), Some("WrongObject"), "{error}");
    for named in [place.key().as_str(), bucket, "10 bytes"] {
        assert!(error.message().contains(named), "{error}");
    }
    assert_eq!(place.requests("InitiateMultipartUpload"), 0);
}

async fn within_the_budget(case: &'static StoreCase) {
    let mut place = Place::new(case, 5).await;
    let part = place.case.part_mib as u32;
    place.options.budget = Budget::mib(2 * part);
    place.options.parallel = 8;
    place.check(&place.run().await.unwrap());
    let counters = place.simulator.counters();
    let most = counters.peak_parts_in_flight[&case.cloud];
    assert!(most <= 2, "{most} parts in flight");
    assert!(place.options.budget.peak() <= u64::from(2 * part) << 20);
}

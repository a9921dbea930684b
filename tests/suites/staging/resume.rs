//! The run is broken off at random points, and another goes on.

use std::{fs, sync::Arc, time::Duration};

use cloud_import_core::{
    Stop,
    env::{Env as _, SystemEnv},
};
use cloud_import_sim::FaultKind;
use cloud_import_staging::FileRecordStore;

use crate::{on_every_store, place::Place, stores::StoreCase};

on_every_store!(dropped_at_random, a_changed_file, without_a_list, listed_without_sums);

/// Drops a run after a random time, at most so long. Whether it was still running.
async fn dropped_within(place: &Place, most: Duration) -> bool {
    let upload = place.upload().await;
    let (record, record_store) = (place.record(), Arc::new(FileRecordStore::new(place.record_path())));
    let running = tokio::spawn(async move {
        upload
            .run(record, record_store, Arc::new(|_| {}), &Stop::default())
            .await
    });
    let random = u32::from(SystemEnv.random().unwrap()[0]);
    SystemEnv.sleep(most * random / 255).await;
    let broken_off = !running.is_finished();
    running.abort();
    let _ = running.await;
    broken_off
}

async fn dropped_at_random(case: &'static StoreCase) {
    let place = Place::new(case, 12).await;
    // Slow enough that most drops hit it.
    place.inject("UploadPart", FaultKind::Delay(30), |fault| fault.times(u32::MAX));
    let mut drops = 0;
    for _ in 0..6 {
        drops += u64::from(dropped_within(&place, Duration::from_millis(200)).await);
    }
    place.simulator.clear_faults();
    let staged = place.run().await.unwrap();
    place.check_object(&staged);
    let repeated = place.parts_repeated();
    // On their way were at most as many as may be in flight.
    assert!(repeated <= drops * 4, "{repeated} parts repeated in {drops} drops");
    assert!(place.parts_stored() <= place.parts() + drops * 4);
    if case.lists {
        place.check(&staged);
    } else {
        // An initiate whose answer nobody saw cannot be found again there.
        assert!(place.open_uploads() as u64 <= drops);
    }
}

async fn a_changed_file(case: &'static StoreCase) {
    let mut place = Place::new(case, 3).await;
    let refusal = FaultKind::Refuse {
        http: 403,
        code: if case.lists { "AccessDenied" } else { "-148643" }.to_owned(),
        message: "as planned".to_owned(),
    };
    place.inject("UploadPart", refusal, |fault| fault.skip(2).times(u32::MAX));
    let error = place.run().await.unwrap_err();
    let open = place.open_uploads();
    assert!(open == 1 && place.record().is_some(), "{error:?}");
    place.simulator.clear_faults();
    place.content[3] ^= 1;
    fs::write(place.path(), &place.content).unwrap();
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert!(place.requests("AbortMultipartUpload") >= 1);
}

async fn broken_after_two(place: &Place) {
    place.inject("UploadPart", FaultKind::ServerError { http: 503 }, |fault| {
        fault.skip(2).times(u32::MAX)
    });
    let error = place.run().await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(
        error.remedy().unwrap().to_string().contains("repeat the order"),
        "{error:?}"
    );
    assert_eq!(place.record().unwrap().parts.len(), 2);
    place.simulator.clear_faults();
}

async fn without_a_list(case: &'static StoreCase) {
    let place = Place::with(case, 4, |config| config.list_parts(case.cloud, false)).await;
    broken_after_two(&place).await;
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!(place.parts_repeated(), 0);
}

async fn listed_without_sums(case: &'static StoreCase) {
    let place = Place::with(case, 4, |config| config.listed_without_etag(true)).await;
    broken_after_two(&place).await;
    let staged = place.run().await.unwrap();
    place.check(&staged);
    assert_eq!(place.parts_repeated(), 0);
}

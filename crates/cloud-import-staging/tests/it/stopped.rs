//! A wish to stop: no more is begun, what runs may arrive, the record stays.

use cloud_import_core::ErrorKind;

use crate::{
    fake::Fate,
    stage::{MIB, Stage},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_keeps_what_was_sent() {
    let mut stage = Stage::new(9 * MIB);
    let stop = stage.stop.clone();
    stage.fake.plan(move |seen| {
        if seen.part == Some(4) {
            stop.request();
        }
        Fate::Served
    });
    let error = stage.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
    assert!(error.remedy().unwrap().to_string().contains("resumes where it stopped"));
    let sent = stage.fake.state().kept.len();
    assert!((1..9).contains(&sent), "{sent}");
    // What arrives after the grace is in the store and not in the record.
    let recorded = stage.record().unwrap().parts.len();
    assert!((1..=sent).contains(&recorded), "{recorded} of {sent}");
    assert_eq!(stage.fake.state().open(), 1);

    stage.stop = cloud_import_core::Stop::default();
    stage.fake.plan(|_| Fate::Served);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().kept.len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_hangs_does_not_hold_a_stop_up() {
    let stage = Stage::new(4 * MIB);
    let stop = stage.stop.clone();
    stage.fake.plan(move |seen| {
        if seen.operation != "UploadPart" {
            return Fate::Served;
        }
        stop.request();
        Fate::HangsBefore
    });
    let error = stage.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
    assert!(stage.record().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_it_began_nothing_is_sent() {
    let stage = Stage::new(4 * MIB);
    stage.stop.request();
    assert_eq!(stage.run().await.unwrap_err().kind(), ErrorKind::Stopped);
    assert_eq!(stage.fake.state().seen.len(), 0);
}

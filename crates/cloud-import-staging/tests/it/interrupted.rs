//! The process ends at any request, before or after the store served it; the next run goes on.

use std::{collections::BTreeMap, sync::Arc};

use cloud_import_staging::Upload;

use crate::{
    fake::{Fate, Lists},
    stage::{MIB, Stage},
};

/// One run that ends at its request of this number, as if the process were killed there. Whether it came so far.
async fn killed_at(stage: &Stage, index: usize, fate: Fate) -> bool {
    let first = stage.fake.state().seen.len();
    stage.fake.plan(move |seen| {
        if seen.index == first + index {
            fate
        } else {
            Fate::Served
        }
    });
    let upload: Upload = stage.upload().await;
    let (record, record_store) = (stage.record(), Arc::new(stage.record_store()));
    let running = tokio::spawn(async move {
        upload
            .run(
                record,
                record_store,
                Arc::new(|_| {}),
                &cloud_import_core::Stop::default(),
            )
            .await
    });
    let killed = tokio::select! {
        () = stage.fake.hung.notified() => true,
        () = async { while !running.is_finished() { tokio::task::yield_now().await } } => false,
    };
    running.abort();
    let _ = running.await;
    // What the record's writer had begun is done.
    for _ in 0..5 {
        tokio::task::spawn_blocking(|| {}).await.unwrap();
    }
    stage.fake.plan(|_| Fate::Served);
    killed
}

fn times_kept(stage: &Stage) -> BTreeMap<u32, usize> {
    let mut times = BTreeMap::new();
    for number in &stage.fake.state().kept {
        *times.entry(*number).or_default() += 1;
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_request_it_goes_on() {
    for fate in [Fate::HangsBefore, Fate::HangsAfter] {
        let mut index = 0;
        loop {
            let stage = Stage::new(5 * MIB + 1);
            if !killed_at(&stage, index, fate).await {
                break;
            }
            let staged = stage.run().await.unwrap();
            stage.check(&staged);
            // What was acknowledged is never sent again; on their way were three at most.
            let times = times_kept(&stage);
            let repeated: usize = times.values().map(|times| times - 1).sum();
            assert!(repeated <= 3, "{fate:?} at {index}: {times:?}");
            assert_eq!(stage.warnings(), [""; 0], "{fate:?} at {index}");
            index += 1;
        }
        // Two looks, two lists, initiate, six parts, complete, look.
        assert!(index >= 11, "{fate:?} {index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_parts_are_listed_nothing_that_arrived_is_sent_again() {
    for index in 4..10 {
        let stage = Stage::new(5 * MIB + 1);
        assert!(killed_at(&stage, index, Fate::HangsAfter).await);
        let arrived = times_kept(&stage);
        stage.check(&stage.run().await.unwrap());
        let times = times_kept(&stage);
        for number in arrived.keys() {
            assert_eq!(times[number], 1, "part {number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_ends() {
    for lists in [Lists::Whole, Lists::WithoutEtag] {
        let stage = Stage::new(8 * MIB);
        stage.fake.state().lists = lists;
        let mut kills = 0;
        for index in 0..40 {
            let fate = if index % 2 == 0 {
                Fate::HangsAfter
            } else {
                Fate::HangsBefore
            };
            if !killed_at(&stage, index % 9, fate).await {
                break;
            }
            kills += 1;
        }
        let staged = stage.run().await.unwrap();
        stage.check(&staged);
        assert!(kills >= 5, "{kills}");
        let sent: usize = times_kept(&stage).values().sum();
        assert!(sent <= 8 + 3 * kills, "{sent} parts for 8 in {kills} kills");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_record_costs_nothing_where_parts_are_listed() {
    let stage = Stage::new(6 * MIB);
    assert!(killed_at(&stage, 7, Fate::HangsBefore).await);
    let arrived = stage.fake.state().kept.len();
    assert!(arrived > 0);
    std::fs::remove_file(stage.folder().join("upload.json")).unwrap();
    let staged = stage.run().await.unwrap();
    stage.check(&staged);
    assert_eq!(stage.fake.state().kept.len(), 6);
    assert_eq!(stage.fake.state().count("InitiateMultipartUpload"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_the_record_is_enough() {
    let stage = Stage::new(6 * MIB);
    stage.fake.state().lists = Lists::Nothing;
    stage.fake.plan(|seen| match seen.part {
        Some(number) if number > 3 => Fate::Refused(403, "AccessDenied"),
        _ => Fate::Served,
    });
    stage.run().await.unwrap_err();
    stage.fake.plan(|_| Fate::Served);
    // What arrives after the grace is in the store and not in the record.
    let arrived = stage.fake.state().kept.len();
    let recorded = stage.record().unwrap().parts.len();
    assert!(
        arrived <= 3 && (1..=arrived).contains(&recorded),
        "{recorded} of {arrived}"
    );
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().kept.len(), arrived + 6 - recorded);
}

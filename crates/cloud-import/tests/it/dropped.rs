//! The future of a call is dropped, at whatever moment, and the call is made again: one image, and nothing left over.

use std::{fs, sync::Arc, time::Duration};

use cloud_import::{
    Provider,
    publish::{Event, Leftover, Phase, leftovers},
};
use cloud_import_sim::Cloud;
use tokio::sync::Notify;

use super::{Fuse, IMAGE, Scene, cloud, id, one};

/// Nothing is left in the stores but what is told. An upload of US3 whose id never arrived cannot be found again; it holds no byte.
async fn nothing_is_left(scene: &Scene, provider: Provider, when: &str) {
    assert!(scene.simulator.objects().is_empty(), "{when}");
    let mut told = Vec::new();
    for left in leftovers(&scene.state()).await.unwrap() {
        let left = left.unwrap();
        let is_possible = matches!(left, Leftover::PossibleUpload { .. });
        assert!(is_possible && provider == Provider::UCLOUD, "{when}: {left}");
        told.push(left.to_string());
    }
    let mut uploads = scene.simulator.open_uploads(cloud(provider));
    uploads.retain(|upload| upload.parts > 0 || !told.iter().any(|told| told.contains(&upload.key)));
    assert!(uploads.is_empty(), "{when}: {uploads:?}, of which were told: {told:?}");
}

/// Drops the call at every request in turn, before and after it arrives, and makes it again.
async fn at_every_request(provider: Provider, file: &str, content: &[u8]) {
    let mut drops = 0;
    for arrives in [false, true] {
        for requests in 0.. {
            let when = format!("{provider}, request {requests}, arrives: {arrives}");
            let scene = Scene::new(&format!("drop-{file}-{provider}-{arrives}-{requests}")).await;
            fs::write(scene.path(file), content).unwrap();
            let fuse = Fuse::after(requests, arrives);
            let dropped = fuse.guard(scene.publish(file).to(scene.fused(provider, &fuse))).await;
            let is_whole = dropped.is_some();
            drops += usize::from(!is_whole);
            let again = || one(scene.publish(file).to(scene.destination(provider)));
            let mut last = again().await;
            if last.phase() == Phase::Unknown {
                // The order never arrived, and nothing but the image's name could tell.
                assert_eq!(scene.imports(provider), 0, "{when}");
                last = one(scene.publish(file).to(scene.destination(provider)).again(true)).await;
            }
            id(&last);
            assert_eq!(scene.imports(provider), 1, "{when}");
            nothing_is_left(&scene, provider, &when).await;
            if is_whole {
                break;
            }
        }
    }
    assert!(drops > 10, "{provider}: {drops}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_staged_sent_and_waited_for() {
    let image = fs::read(IMAGE).unwrap();
    for provider in Provider::all() {
        at_every_request(provider, "small.qcow2", &image).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_its_parts_are_sent() {
    // Three parts, none like another.
    let mut image = fs::read(IMAGE).unwrap();
    image.extend((0..20u32 << 18).flat_map(u32::to_le_bytes));
    for provider in [Provider::ALIYUN, Provider::UCLOUD] {
        at_every_request(provider, "parts.qcow2", &image).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_hashed() {
    let scene = Scene::new("drop-hash").await;
    let mut image = fs::read(IMAGE).unwrap();
    image.resize(256 << 20, 0);
    fs::write(scene.path("large.qcow2"), &image).unwrap();
    drop(image);
    let to = || scene.publish("large.qcow2").to(scene.destination(Provider::ALIYUN));
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    let dropped = to().on_event(move |_, event| {
        if matches!(event, Event::Hashing { done, total } if done < total) {
            told.notify_one();
        }
    });
    tokio::select! {
        biased;
        () = begun.notified() => {}
        done = dropped.run() => panic!("it ended before it was dropped: {done:?}"),
    }
    assert!(scene.simulator.counters().requests.is_empty());
    assert!(!scene.path("state/jobs").exists());
    id(&one(to()).await);
    assert_eq!(scene.imports(Provider::ALIYUN), 1);
    nothing_is_left(&scene, Provider::ALIYUN, "hashed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_gives_its_locks_back() {
    let scene = Scene::with_imports_of("drop-lock", Duration::from_secs(1)).await;
    let started = Arc::new(Notify::new());
    let told = Arc::clone(&started);
    let call = scene.publish(IMAGE).to(scene.destination(Provider::UCLOUD));
    let call = call.on_event(move |_, event| {
        if matches!(event, Event::Started { .. }) {
            told.notify_one();
        }
    });
    let mut call = Box::pin(call.run());
    tokio::select! {
        biased;
        () = started.notified() => {}
        done = &mut call => panic!("it ended before it was dropped: {done:?}"),
    }
    drop(call);
    let again = one(scene.publish(IMAGE).to(scene.destination(Provider::UCLOUD))).await;
    assert!(!again.is_found());
    id(&again);
    assert_eq!(scene.simulator.images(Cloud::Ucloud).len(), 1);
}

//! What a program is told before it begins, and what it makes of that.

use std::time::Duration;

use cloud_import::{Asking, CheckOutcome, ErrorKind, Provider, Subject, publish::Phase};
use cloud_import_sim::{Cloud, Config};

use super::{IMAGE, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_refused_is_known_before_anything_is_begun() {
    let config = Config::new("ak", "sk").import_time(Duration::from_millis(30));
    let scene = Scene::of("preflight", config.quota(Cloud::Tencent, 0)).await;
    let publish = || {
        let places = [Provider::TENCENT, Provider::UCLOUD].map(|provider| scene.destination(provider));
        places
            .into_iter()
            .fold(scene.publish(IMAGE), |publish, to| publish.to(to))
    };
    let ready = publish().preflight(&Asking::reads()).await.unwrap();
    let kinds: Vec<_> = ready
        .iter()
        .map(|one| one.refusal().map(|error| error.kind()))
        .collect();
    assert_eq!(kinds, [Some(ErrorKind::QuotaExceeded), None]);
    let bucket = |check: &&cloud_import::Check| check.what == Subject::Bucket;
    for one in &ready {
        let bucket = one.checks.iter().find(bucket).unwrap();
        assert_eq!(bucket.outcome, CheckOutcome::Passed, "{bucket:?}");
    }
    assert!(!scene.path("state").exists(), "it is recorded nowhere");

    let stopped = publish().after(ready.clone()).best_effort(false).run().await;
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert!(!scene.path("state").exists(), "nothing was begun");

    let done = publish().after(ready).run().await.unwrap();
    let phases: Vec<Phase> = done.outcomes.iter().map(|outcome| outcome.phase()).collect();
    assert_eq!(phases, [Phase::NotStarted, Phase::Succeeded]);

    // Of what was carried out nothing is asked that could stand against it.
    let repeated = publish().preflight(&Asking::reads()).await.unwrap();
    assert!(repeated[1].may_be_made && repeated[1].checks.is_empty(), "{repeated:?}");
}

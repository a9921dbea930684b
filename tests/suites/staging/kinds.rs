//! Buckets that encrypt, keep versions or lock, and stores that say less than the truth.

use cloud_import::{ErrorKind, Provider};
use cloud_import_sim::{BucketSettings, Cloud, FaultKind, ObjectSummary};
use cloud_import_staging::Bucket;

use crate::{
    on_every_store,
    place::{Place, store_of},
    stores::{BUCKET, StoreCase},
};

on_every_store!(
    encrypted_with_keys_of_its_own,
    versions_go_for_good,
    what_hides_a_version_is_looked_under,
    a_lock_holds,
    a_deletion_that_lies,
    an_abort_that_lies,
    a_refused_head_has_its_reason,
    a_bucket_elsewhere,
    a_lost_beginning_is_told,
    parts_of_an_object_are_read,
);

fn settings() -> BucketSettings {
    BucketSettings::default()
}

impl Place {
    fn set(&self, settings: BucketSettings) {
        let StoreCase { cloud, region, .. } = *self.case;
        self.simulator.create_bucket(cloud, region, BUCKET, settings);
    }

    /// What is in the bucket, older versions included.
    fn objects(&self) -> Vec<ObjectSummary> {
        self.simulator.objects()
    }
}

/// Ways to send a file: at once, and in parts.
const WAYS: [usize; 2] = [0, 2];

async fn encrypted_with_keys_of_its_own(case: &'static StoreCase) {
    for parts in WAYS {
        let place = Place::new(case, parts).await;
        place.set(settings().encryption("kms"));
        place.check(&place.run().await.unwrap());
        assert_eq!(place.requests("PutObject"), u64::from(parts == 0), "sent once");
        assert_eq!(place.parts_repeated(), 0);
        // It is known again, too.
        std::fs::remove_file(place.record_path()).unwrap();
        place.check(&place.run().await.unwrap());
        assert_eq!(place.requests("PutObject"), u64::from(parts == 0), "sent once");
        assert_eq!(place.warnings(), [""; 0]);
    }
    // What arrives changed is found out all the same where the store tells a sum of its own.
    if matches!(case.provider, Provider::ALIYUN | Provider::TENCENT) {
        for (parts, operation) in [(0, "PutObject"), (2, "UploadPart")] {
            let place = Place::new(case, parts).await;
            place.set(settings().encryption("kms"));
            place.inject(operation, FaultKind::CorruptBody, |fault| fault);
            place.check(&place.run().await.unwrap());
        }
    }
}

async fn versions_go_for_good(case: &'static StoreCase) {
    let keeps = case.provider != Provider::UCLOUD;
    for parts in WAYS {
        for names_it in [true, false] {
            let place = Place::new(case, parts).await;
            place.set(settings().versioned(true));
            let staged = place.run().await.unwrap();
            place.check(&staged);
            assert_eq!(staged.version.is_some(), keeps);
            assert_eq!(staged.version, place.objects()[0].version);
            let version = staged.version.as_deref().filter(|_| names_it);
            place.store().delete(&staged.key, version).await.unwrap();
            assert!(place.objects().is_empty(), "{:?}", place.objects());
        }
    }
    // A PUT whose answer was lost and that was sent again made two.
    let place = Place::new(case, 0).await;
    place.set(settings().versioned(true));
    place.inject("PutObject", FaultKind::DropAfter, |fault| fault);
    let staged = place.run().await.unwrap();
    assert_eq!(place.objects().len(), 1 + usize::from(keeps));
    place
        .store()
        .delete(&staged.key, staged.version.as_deref())
        .await
        .unwrap();
    assert!(place.objects().is_empty(), "{:?}", place.objects());
}

/// Somebody else deleted it, and so hid it: what is known to be there goes all the same.
async fn what_hides_a_version_is_looked_under(case: &'static StoreCase) {
    if case.provider == Provider::UCLOUD {
        return;
    }
    let place = Place::new(case, 0).await;
    place.set(settings().versioned(true));
    let staged = place.run().await.unwrap();
    place
        .simulator
        .delete_object(case.cloud, case.region, BUCKET, &staged.key);
    assert_eq!(place.store().head(&staged.key).await.unwrap(), None);
    assert!(place.objects()[0].hidden);
    place
        .store()
        .delete(&staged.key, staged.version.as_deref())
        .await
        .unwrap();
    assert!(place.objects().is_empty(), "{:?}", place.objects());
}

async fn a_lock_holds(case: &'static StoreCase) {
    let place = Place::new(case, 0).await;
    place.set(settings().versioned(true).locked(true));
    let staged = place.run().await.unwrap();
    let version = staged.version.as_deref();
    let error = place.store().delete(&staged.key, version).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    let left = place.objects();
    assert!(left.len() == 1 && !left[0].hidden, "it is not hidden instead: {left:?}");
}

async fn a_deletion_that_lies(case: &'static StoreCase) {
    let place = Place::new(case, 0).await;
    for (versioned, settings) in [(false, settings()), (true, settings().versioned(true))] {
        place.set(settings);
        let staged = place.run().await.unwrap();
        let version = staged.version.as_deref();
        place.inject("DeleteObject", FaultKind::Empty, |fault| fault);
        place.inject("DeleteObject", FaultKind::Garbage, |fault| fault);
        // UCloud publishes no number that says so; what it is not known to mean is told, not tried again.
        if case.provider != Provider::UCLOUD {
            place.inject("DeleteObject", FaultKind::Error200, |fault| fault);
        }
        place.store().delete(&staged.key, version).await.unwrap();
        assert!(place.objects().is_empty(), "versioned: {versioned}");
        place.simulator.clear_faults();
        place.run().await.unwrap();
        place.inject("DeleteObject", FaultKind::Empty, |fault| fault.times(100));
        let error = place.store().delete(&staged.key, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
        assert!(error.message().contains("still there"), "{error}");
        place.simulator.clear_faults();
        place.store().delete(&staged.key, None).await.unwrap();
        let _ = std::fs::remove_file(place.record_path());
    }
}

async fn an_abort_that_lies(case: &'static StoreCase) {
    let place = Place::with(case, 0, |config| config.list_parts(Cloud::Ucloud, true)).await;
    let store = place.store();
    let begun = store.initiate("k", None).await.unwrap();
    place.inject("AbortMultipartUpload", FaultKind::Empty, |fault| fault);
    store.abort("k", &begun.upload_id).await.unwrap();
    assert_eq!(place.open_uploads(), 0);
    let begun = store.initiate("k", None).await.unwrap();
    place.inject("AbortMultipartUpload", FaultKind::Empty, |fault| fault.times(100));
    let error = store.abort("k", &begun.upload_id).await.unwrap_err();
    assert!(error.message().contains("still there"), "{error}");
}

async fn a_refused_head_has_its_reason(case: &'static StoreCase) {
    let place = Place::new(case, 0).await;
    for (code, message) in [
        ("InvalidRequest", "the account is missing"),
        ("-30999", "the account is missing"),
    ] {
        for operation in [
            "HeadObject",
            "GetObject",
            "HeadBucket",
            "GetBucketLocation",
            "GetBucketInfo",
        ] {
            let refusal = FaultKind::Refuse {
                http: 400,
                code: code.to_owned(),
                message: message.to_owned(),
            };
            place.inject(operation, refusal, |fault| fault);
        }
        let error = place.store().head("k").await.unwrap_err();
        assert!(error.message().contains(message), "{error}");
        if case.provider != Provider::UCLOUD {
            let error = place.store().facts().await.unwrap_err();
            assert!(error.message().contains(message), "{error}");
        }
        place.simulator.clear_faults();
    }
    // Where there is none, nothing is said to correct what it names.
    let bare = FaultKind::Refuse {
        http: 400,
        code: String::new(),
        message: String::new(),
    };
    for operation in ["HeadObject", "GetObject"] {
        place.inject(operation, bare.clone(), |fault| fault);
    }
    let error = place.store().head("k").await.unwrap_err();
    assert!(!error.remedy().unwrap().to_string().contains("the message"), "{error}");
}

async fn a_bucket_elsewhere(case: &'static StoreCase) {
    let place = Place::new(case, 0).await;
    let elsewhere = match case.provider {
        Provider::JDCLOUD => "cn-east-2",
        Provider::TENCENT => "ap-beijing",
        Provider::HUAWEI => "cn-south-1",
        Provider::ALIYUN => "cn-beijing",
        _ => "hk",
    };
    let name = "others-1250000000";
    place
        .simulator
        .create_bucket(case.cloud, elsewhere, name, BucketSettings::default());
    let bucket = Bucket::new(case.provider, case.region, name).unwrap();
    let store = store_of(bucket, place.simulator.address(case.cloud));
    let error = store.facts().await.unwrap_err();
    // In two stores a name means another bucket in each region.
    match case.provider {
        Provider::TENCENT | Provider::UCLOUD => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.message().contains(case.region), "{error}");
        }
        _ => {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
            assert!(error.message().contains(&format!("region {elsewhere}")), "{error}");
            assert!(error.remedy().unwrap().to_string().contains("region"), "{error}");
        }
    }
}

/// UCloud lists unfinished uploads only for who applied for it: else it is said that one may be left, and what to do.
async fn a_lost_beginning_is_told(case: &'static StoreCase) {
    for lists in [true, false] {
        let place = Place::with(case, 2, |config| config.list_parts(Cloud::Ucloud, lists)).await;
        place.inject("InitiateMultipartUpload", FaultKind::DropAfter, |fault| fault.times(2));
        place.check_object(&place.run().await.unwrap());
        if lists || case.provider != Provider::UCLOUD {
            assert_eq!((place.open_uploads(), place.warnings()), (0, Vec::new()));
        } else {
            assert_eq!(place.open_uploads(), 2);
            let warnings = place.warnings();
            assert_eq!(warnings.len(), 2, "{warnings:?}");
            assert!(
                warnings[0].contains("may be left open") && warnings[0].contains("console"),
                "{warnings:?}"
            );
        }
    }
}

async fn parts_of_an_object_are_read(case: &'static StoreCase) {
    let place = Place::new(case, 0).await;
    let staged = place.run().await.unwrap();
    let store = place.store();
    assert_eq!(store.read(&staged.key, 3, 10).await.unwrap(), place.content[3..13]);
    assert_eq!(store.read(&staged.key, 70, 10_000).await.unwrap(), place.content[70..]);
    let error = store.read("absent", 0, 10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

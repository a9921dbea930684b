//! Buckets that are made and removed: every request as it leaves, and each store of the simulator, which checks them.

use std::sync::Arc;

use cloud_import_core::{Bytes, ErrorKind, Provider};
use cloud_import_sim::{BucketSettings, Fault, FaultKind};
use cloud_import_staging::{Bucket, MARK_OBJECT, Mark, PlannedRequest, Removal, Setting};
use insta::assert_snapshot;

use crate::{
    requests::{bucket, keys, store},
    simulated::World,
};

fn plan(requests: &[PlannedRequest]) -> String {
    let line = |one: &PlannedRequest| {
        let headers: Vec<String> = one
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let told = [
            format!("{} {}", one.method, one.url),
            headers.join(", "),
            one.body.trim().to_owned(),
        ];
        told.into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n  ")
    };
    requests.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_store_is_told_in_its_own_words() {
    for provider in Provider::all() {
        let store = store(bucket(provider), keys(), &Arc::default());
        let (made, removed) = (store.creation_plan().unwrap(), store.removal_plan().unwrap());
        let text = format!("{}\n\n{}", plan(&made), plan(&removed));
        assert_snapshot!(format!("bucket_of_{}", provider.id()), text);
    }
}

#[test]
fn a_name_that_a_store_does_not_take_is_refused_before_anything_is_sent() {
    let wrong = Bucket::new(Provider::TENCENT, "ap-guangzhou", "images").unwrap();
    let store = store(wrong, keys(), &Arc::default());
    let error = store.creation_plan().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.problems()[0].to_string().contains("APPID"), "{error}");
    assert_eq!(store.removal_plan().unwrap_err().kind(), ErrorKind::InvalidRequest);
}

fn lose(world: &World, operation: &str, kind: FaultKind) {
    let fault = Fault::new(kind).cloud(world.cloud).operation(operation);
    world.simulator.inject(fault);
}

#[tokio::test]
async fn a_bucket_is_made_once_private_and_removed_by_its_mark() {
    for provider in Provider::all() {
        let world = World::of(provider, |config| config).await;
        let store = world.store();
        let made = store.create_bucket(false).await.unwrap();
        assert!(made.created && made.mark_shown, "{provider}: {made:?}");
        let facts = store.facts().await.unwrap();
        assert_ne!(facts.public, Some(true), "{provider}");
        assert!(facts.problems(&world.bucket).is_empty(), "{provider}: {facts:?}");
        let is_set = |setting: &Setting| matches!(setting, Setting::Set(_));
        let (tagged, expires, encrypted) = match provider {
            Provider::TENCENT | Provider::HUAWEI => (true, true, true),
            Provider::ALIYUN => (true, true, false),
            _ => (false, false, false),
        };
        assert_eq!(made.mark == Mark::Tag, tagged, "{provider}");
        assert_eq!(is_set(&made.unfinished_uploads), expires, "{provider}");
        assert_eq!(is_set(&made.encryption), encrypted, "{provider}");
        assert_eq!(store.head(MARK_OBJECT).await.unwrap().is_some(), !tagged, "{provider}");
        if provider == Provider::ALIYUN {
            let Setting::NotSet(why) = &made.encryption else {
                panic!()
            };
            assert!(why.contains("reads no encrypted object"), "{why}");
        }

        let again = store.create_bucket(false).await.unwrap();
        assert!(!again.created && is_set(&again.encryption) == encrypted, "{provider}");
        assert_eq!(is_set(&again.unfinished_uploads), expires, "{provider}");

        let put = store.put("images/k", Bytes::from_static(b"x"), None, None);
        // What is encrypted has no MD5 as its ETag, and UCloud's is the vendor's own.
        let tells_md5 = put.await.unwrap().md5().is_some();
        assert_eq!(tells_md5, !encrypted && provider != Provider::UCLOUD, "{provider}");
        let left = store.remove_bucket(false).await.unwrap();
        assert!(
            matches!(left, Removal::NotEmpty { objects: 1, .. }),
            "{provider}: {left:?}"
        );
        store.delete("images/k", None).await.unwrap();
        let begun = store.initiate("images/k", None).await.unwrap();
        let left = store.remove_bucket(false).await;
        if store.limits().lists_uploads {
            let one = Removal::NotEmpty {
                objects: 0,
                uploads: Some(1),
            };
            assert_eq!(left.unwrap(), one, "{provider}");
        } else {
            assert!(left.is_err(), "{provider}: the store itself refuses");
        }
        store.abort("images/k", &begun.upload_id).await.unwrap();
        assert_eq!(
            store.remove_bucket(false).await.unwrap(),
            Removal::Removed,
            "{provider}"
        );
        assert_eq!(
            store.remove_bucket(false).await.unwrap(),
            Removal::NotThere,
            "{provider}"
        );
    }
}

#[tokio::test]
async fn what_was_not_made_here_is_neither_taken_over_nor_removed() {
    for provider in Provider::all() {
        let world = World::of(provider, |config| config).await;
        world.create(BucketSettings::default());
        let store = world.store();
        for error in [
            store.create_bucket(false).await.unwrap_err(),
            store.remove_bucket(false).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{provider}: {error}");
            assert!(error.message().contains("was not made by this tool"), "{error}");
            assert!(error.remedy().is_some(), "{error}");
        }
        // Who began it knows.
        let made = store.create_bucket(true).await.unwrap();
        assert!(!made.created && made.mark_shown, "{provider}");
        assert_eq!(
            store.remove_bucket(false).await.unwrap(),
            Removal::Removed,
            "{provider}"
        );

        world.create(BucketSettings::default().owner_is_other(true));
        let error = store.create_bucket(false).await.unwrap_err();
        // UCloud lists no bucket but the account's, and says that the name is taken.
        let told = error.message().contains("another account") || provider == Provider::UCLOUD;
        assert!(told, "{provider}: {error}");
        assert!(
            store.remove_bucket(true).await.is_err() || provider == Provider::UCLOUD,
            "{provider}"
        );
    }
}

#[tokio::test]
async fn rules_and_tags_of_others_stay() {
    for provider in [Provider::TENCENT, Provider::HUAWEI, Provider::ALIYUN] {
        let world = World::of(provider, |config| config).await;
        world.create(BucketSettings::default().expires_uploads(true).encryption("kms"));
        let made = world.store().create_bucket(true).await.unwrap();
        assert_eq!(
            made.unfinished_uploads,
            Setting::Set("by a rule of its own".to_owned()),
            "{provider}"
        );
        if provider != Provider::ALIYUN {
            assert_eq!(made.encryption, Setting::Set("kms".to_owned()), "{provider}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_settled_by_what_is_there() {
    for provider in Provider::all() {
        let world = World::of(provider, |config| config).await;
        let store = world.store();
        lose(&world, "CreateBucket", FaultKind::DropAfter);
        assert!(store.create_bucket(false).await.unwrap().created, "{provider}");
        lose(&world, "DeleteBucket", FaultKind::DropAfter);
        assert_eq!(
            store.remove_bucket(false).await.unwrap(),
            Removal::Removed,
            "{provider}"
        );
        // What never arrived was not done.
        lose(&world, "CreateBucket", FaultKind::DropBefore);
        assert!(store.create_bucket(false).await.is_err(), "{provider}");
        assert!(store.create_bucket(false).await.unwrap().created, "{provider}");
    }
}

#[tokio::test]
async fn a_step_that_fails_says_what_is_there_and_a_repeat_goes_on() {
    for provider in Provider::all() {
        let world = World::of(provider, |config| config).await;
        let store = world.store();
        let mark = match provider {
            Provider::JDCLOUD | Provider::UCLOUD => "PutObject",
            _ => "PutBucketTagging",
        };
        lose(&world, mark, FaultKind::ServerError { http: 500 });
        let error = store.create_bucket(false).await.unwrap_err();
        assert!(
            error.message().contains("is there and not set up"),
            "{provider}: {error}"
        );
        assert!(
            store.create_bucket(false).await.is_err(),
            "{provider}: nobody knows whose it is"
        );
        assert!(store.create_bucket(true).await.unwrap().mark_shown, "{provider}");
    }
    // What the store does not have in this region is told, and keeps nothing up.
    let world = World::of(Provider::HUAWEI, |config| config).await;
    let (code, message) = ("NotImplemented".to_owned(), "not in this region".to_owned());
    lose(
        &world,
        "PutBucketEncryption",
        FaultKind::Refuse {
            http: 501,
            code,
            message,
        },
    );
    let made = world.store().create_bucket(false).await.unwrap();
    let Setting::NotSet(why) = &made.encryption else {
        panic!()
    };
    assert!(why.contains("not in this region"), "{why}");
}

#[tokio::test]
async fn a_bucket_that_is_not_removed_keeps_its_mark() {
    for provider in Provider::all() {
        let world = World::of(provider, |config| config).await;
        let store = world.store();
        store.create_bucket(false).await.unwrap();
        let (code, message) = ("BucketNotEmpty".to_owned(), "older versions".to_owned());
        lose(
            &world,
            "DeleteBucket",
            FaultKind::Refuse {
                http: 409,
                code,
                message,
            },
        );
        let error = store.remove_bucket(false).await.unwrap_err();
        if provider != Provider::UCLOUD {
            assert!(error.message().contains("lists do not show"), "{provider}: {error}");
        }
        assert_eq!(
            store.remove_bucket(false).await.unwrap(),
            Removal::Removed,
            "{provider}"
        );
    }
}

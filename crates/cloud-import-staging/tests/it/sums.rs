//! What a store tells of the bytes that it took is held against what was sent, by the cheapest sum that it tells.

use std::{fs::OpenOptions, io::Write as _, sync::Arc};

use cloud_import_core::{ErrorKind, Provider};

use crate::{
    fake::{Between, Fate, Object, Tells},
    stage::{KEY, MIB, Stage},
};

fn stage(tells: Tells) -> Stage {
    let stage = Stage::new(3 * MIB + 1);
    stage.fake.state().tells = tells;
    stage
}

/// Parts that are read while they are sent, and parts in memory.
fn both(tells: Tells) -> [Stage; 2] {
    let stages = [stage(tells), stage(tells)];
    stages[1].fake.state().takes_whole = true;
    stages
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_store_tells_crc64_no_md5_is_made() {
    for stage in both(Tells::Crc64) {
        stage.check(&stage.run().await.unwrap());
        assert_eq!(stage.fake.state().with_md5, [false; 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_arrives_changed_is_sent_again() {
    for stage in both(Tells::Crc64) {
        stage.fake.strike("UploadPart", 1, Fate::Flipped);
        stage.check(&stage.run().await.unwrap());
        assert_eq!(stage.fake.state().kept.len(), 5);
        stage.fake.state().objects.clear();
        stage.fake.strike("UploadPart", u32::MAX, Fate::Flipped);
        let error = stage.run().await.unwrap_err();
        assert!(error.message().contains("CRC-64"), "{error}");
        assert!(!stage.fake.state().objects.contains_key(KEY));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_tells_no_sum_has_to_compare_one() {
    for stage in both(Tells::Neither) {
        stage.check(&stage.run().await.unwrap());
        let with_md5 = stage.fake.state().with_md5.clone();
        assert_eq!(with_md5.iter().filter(|with| **with).count(), 4, "{with_md5:?}");
    }
    // An MD5 that it tells is as good.
    let stage = Stage::new(3 * MIB + 1);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().with_md5, [false; 4]);
    // And one whose answers are not compared has to, too.
    let mut stage = Stage::new(3 * MIB + 1);
    stage.options.compare_etags = false;
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().with_md5, [true; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_each_part_brings_its_md5() {
    for provider in [Provider::JDCLOUD, Provider::HUAWEI] {
        let stage = Stage::new(11 * MIB);
        let upload = stage.upload_to(stage.store_of(provider, "cn-north-1")).await;
        stage.run_of(upload).await.unwrap();
        let with_md5 = stage.fake.state().with_md5.clone();
        assert!(
            with_md5.len() > 1 && with_md5.iter().all(|with| *with),
            "{provider}: {with_md5:?}"
        );
    }
}

/// Whatever the ETags say: the object is made of other bytes than the parts were.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_with_another_sum_than_its_parts_does_not_stay() {
    let stage = stage(Tells::Crc64);
    stage.fake.strike("CompleteMultipartUpload", 1, Fate::Tampered);
    let error = stage.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(error.message().contains("was not what its parts were"), "{error}");
    assert!(!stage.fake.state().objects.contains_key(KEY));
    stage.check(&stage.run().await.unwrap());
}

/// Nor does one that a run finds which did not hear how the earlier one ended.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_found_is_held_against_the_parts_on_record() {
    let stage = stage(Tells::Crc64);
    stage.fake.strike("CompleteMultipartUpload", u32::MAX, Fate::LostBefore);
    stage.run().await.unwrap_err();
    let object = Object {
        content: vec![7; stage.content.len()],
        etag: "x".to_owned(),
        sha256: None,
    };
    stage.fake.plan(|_| Fate::Served);
    stage.fake.state().objects.insert(KEY.to_owned(), object);
    let error = stage.run().await.unwrap_err();
    assert!(error.message().contains("was not what its parts were"), "{error}");
    stage.check(&stage.run().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_sent_makes_no_object() {
    for (how, message) in [("written", "changed while"), ("shorter", "became shorter")] {
        for tells in [Tells::Crc64, Tells::Md5] {
            let stage = stage(tells);
            let path = stage.path();
            let happens = move || {
                let file = OpenOptions::new().write(true).open(&path).unwrap();
                match how {
                    "written" => (&file).write_all(b"other").unwrap(),
                    _ => file.set_len(10).unwrap(),
                }
            };
            stage.fake.state().between = Some(Between(Arc::new(happens)));
            let error = stage.run().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            assert!(error.message().contains(message), "{error}");
            assert!(!stage.fake.state().objects.contains_key(KEY));
        }
    }
}

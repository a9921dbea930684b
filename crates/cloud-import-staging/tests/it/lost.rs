//! One answer is lost, or one request: the same run settles it.

use crate::{
    fake::{Fate, Lists},
    stage::{KEY, MIB, Stage},
};

#[tokio::test(flavor = "multi_thread")]
async fn any_one_request_or_answer_may_be_lost() {
    for size in [MIB / 2, 4 * MIB + 1] {
        for fate in [Fate::LostBefore, Fate::LostAfter] {
            for index in 0.. {
                let stage = Stage::new(size);
                stage
                    .fake
                    .plan(move |seen| if seen.index == index { fate } else { Fate::Served });
                let staged = stage.run().await.unwrap();
                stage.check(&staged);
                if stage.fake.state().seen.len() <= index {
                    break;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_beginning_is_taken_up_and_not_repeated() {
    let stage = Stage::new(2 * MIB);
    stage.fake.strike("InitiateMultipartUpload", 1, Fate::LostAfter);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().count("InitiateMultipartUpload"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_beginning_where_nothing_can_be_listed_is_told() {
    let stage = Stage::new(2 * MIB);
    stage.fake.state().lists = Lists::Nothing;
    stage.fake.strike("InitiateMultipartUpload", 1, Fate::LostAfter);
    stage.run().await.unwrap();
    assert_eq!(stage.fake.state().open(), 1);
    assert!(
        stage.warnings().iter().any(|text| text.contains("left open")),
        "{:?}",
        stage.warnings()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_end_is_looked_for_and_not_repeated() {
    let stage = Stage::new(2 * MIB);
    stage.fake.strike("CompleteMultipartUpload", 1, Fate::LostAfter);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().count("CompleteMultipartUpload"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_did_not_arrive_is_repeated() {
    for fate in [
        Fate::LostBefore,
        Fate::ErrorWith200,
        Fate::Refused(503, "ServiceUnavailable"),
    ] {
        let stage = Stage::new(2 * MIB);
        stage.fake.strike("CompleteMultipartUpload", 2, fate);
        stage.check(&stage.run().await.unwrap());
        assert_eq!(stage.fake.state().count("CompleteMultipartUpload"), 3, "{fate:?}");
        assert_eq!(stage.fake.state().kept.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_the_store_forgot_begins_anew() {
    for operation in ["UploadPart", "CompleteMultipartUpload", "ListParts"] {
        let stage = Stage::new(4 * MIB);
        stage.fake.strike(operation, 1, Fate::Forgets);
        let staged = stage.run().await.unwrap();
        stage.check(&staged);
        assert_eq!(stage.fake.state().count("InitiateMultipartUpload"), 2, "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_forgotten_for_ever_is_an_error() {
    let stage = Stage::new(2 * MIB);
    stage.fake.strike("UploadPart", u32::MAX, Fate::Forgets);
    let error = stage.run().await.unwrap_err();
    assert!(error.message().contains("3 times"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_damaged_on_the_way_is_sent_again() {
    let stage = Stage::new(3 * MIB);
    stage.fake.strike("UploadPart", 2, Fate::Flipped);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().count("UploadPart"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_without_end_is_an_error_and_no_object() {
    let stage = Stage::new(2 * MIB);
    stage.fake.strike("UploadPart", u32::MAX, Fate::Flipped);
    let error = stage.run().await.unwrap_err();
    assert!(error.message().contains("MD5"), "{error}");
    assert!(!stage.fake.state().objects.contains_key(KEY));
    // It can go on, and does.
    assert!(
        error.remedy().unwrap().to_string().contains("repeat the order"),
        "{error:?}"
    );
    stage.fake.plan(|_| Fate::Served);
    stage.check(&stage.run().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_and_bad_digests_pass() {
    for (status, code) in [
        (503, "SlowDown"),
        (429, "TooManyRequests"),
        (400, "BadDigest"),
        (500, "InternalError"),
        (400, "RequestTimeout"),
    ] {
        let stage = Stage::new(3 * MIB);
        stage.fake.strike("UploadPart", 4, Fate::Refused(status, code));
        stage.check(&stage.run().await.unwrap());
        assert_eq!(stage.fake.state().kept.len(), 3, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_store_is_away_for_long_the_record_stays() {
    let stage = Stage::new(4 * MIB);
    stage.fake.plan(|seen| match seen.part {
        Some(number) if number > 2 => Fate::Refused(503, "ServiceUnavailable"),
        _ => Fate::Served,
    });
    let error = stage.run().await.unwrap_err();
    assert!(error.is_retryable());
    assert!(
        error.remedy().unwrap().to_string().contains("repeat the order"),
        "{error:?}"
    );
    assert_eq!(stage.record().unwrap().parts.len(), 2);
    assert_eq!(stage.fake.state().open(), 1);
    stage.fake.plan(|_| Fate::Served);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().kept.len(), 4);
}

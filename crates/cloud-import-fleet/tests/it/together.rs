//! What workers know of each other: shares of a place, wishes to cancel, pauses.

use std::time::Duration;

use cloud_import::{
    Target,
    env::{Env as _, SystemEnv},
    publish::State,
};
use cloud_import_fleet::{Database, Notices, Order, Queue, Shares};
use serde_json::Value;

use super::{Postgres, records};

const PLACE: &str = "aliyun/";

fn order(job: &str, target: &str, rank: u16) -> Order {
    let place: Target = "aliyun/cn-hangzhou".parse().unwrap();
    let mut order = Order::new(job, target, &place, "images:web.qcow2", Value::Null, Value::Null).unwrap();
    order.rank = rank;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_of_a_place_are_those_of_all_workers_and_end_with_their_worker() {
    let Some(server) = Postgres::start() else { return };
    let (one, other) = (Shares::of(&records(&server).await), Shares::of(&records(&server).await));
    let first = one.take(PLACE, 2).await.unwrap().unwrap();
    let _second = one.take(PLACE, 2).await.unwrap().unwrap();
    assert!(one.take(PLACE, 2).await.unwrap().is_none());
    assert!(other.take(PLACE, 2).await.unwrap().is_none());
    assert!(other.take("tencent/", 2).await.unwrap().is_some(), "another place");
    one.give_back(first).await;
    let third = other.take(PLACE, 2).await.unwrap().unwrap();
    assert!(one.take(PLACE, 2).await.unwrap().is_none());
    other.give_back(third).await;
    // Its worker is gone, and what it had is free.
    server.sql(
        "images",
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'",
    );
    let mut taken = Vec::new();
    for _ in 0..200 {
        taken.extend(other.take(PLACE, 2).await.ok().flatten());
        if taken.len() == 2 {
            return;
        }
        SystemEnv.sleep(Duration::from_millis(20)).await;
    }
    panic!("only {taken:?} came free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_cancel_is_there_until_it_is_withdrawn() {
    let Some(server) = Postgres::start() else { return };
    let (one, other) = (
        Notices::of(&records(&server).await),
        Notices::of(&records(&server).await),
    );
    let key = "web-1/a".to_owned();
    for _ in 0..2 {
        one.cancel(&[key.clone(), "web-1/b".to_owned()]).await.unwrap();
    }
    assert_eq!(other.read().await.unwrap().cancels.len(), 2);
    assert!(other.is_to_cancel(&key).await.unwrap());
    other.withdraw(std::slice::from_ref(&key)).await.unwrap();
    assert!(!one.is_to_cancel(&key).await.unwrap());
    assert!(one.read().await.unwrap().cancels.contains("web-1/b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_grows_while_a_cloud_goes_on_refusing_and_is_small_after_a_rest() {
    let Some(server) = Postgres::start() else { return };
    let notices = Notices::of(&records(&server).await);
    let rest = async || {
        let found = notices.read().await.unwrap().pauses;
        found.get(PLACE).map_or(0, |rest| rest.as_secs_f64().round() as u64)
    };
    let past = |seconds: u32| {
        let sql = format!("update cloud_import.pause set until = until - interval '{seconds} seconds'");
        server.sql("images", &sql);
    };
    let refused = async |at_least: u64| {
        notices
            .pause(PLACE, [5, 300].map(Duration::from_secs), Duration::from_secs(at_least))
            .await
            .unwrap()
    };
    assert_eq!(rest().await, 0);
    for _ in 0..3 {
        refused(0).await;
    }
    assert_eq!(rest().await, 5, "three workers at once count once");
    for seconds in [10, 20] {
        past(u32::try_from(rest().await).unwrap() + 1);
        assert_eq!(rest().await, 0);
        refused(0).await;
        assert_eq!(rest().await, seconds);
    }
    refused(1_000).await;
    assert_eq!(rest().await, 1_000, "what the cloud asks for");
    past(3_000);
    refused(0).await;
    assert_eq!(rest().await, 5);
    for _ in 0..20 {
        past(u32::try_from(rest().await).unwrap() + 1);
        refused(0).await;
    }
    assert_eq!(rest().await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_began_is_taken_out_and_jobs_take_turns() {
    let Some(server) = Postgres::start() else { return };
    let queue = Queue::open(&Database::parse(&server.url()).unwrap(), 1).await.unwrap();
    let mut begun = order("large", "d", 3);
    begun.polls = 1;
    let orders = [
        order("large", "a", 0),
        order("large", "b", 1),
        order("large", "c", 2),
        begun,
        order("small", "a", 0),
    ];
    queue.add_many(&orders).await.unwrap();
    let sql = "select string_agg(key, ' ' order by priority, key) from graphile_worker._private_jobs";
    assert_eq!(
        server.sql("images", sql).trim(),
        "large/d large/a small/a large/b large/c"
    );
    let keys: Vec<String> = ["large/a", "large/b", "large/d", "none/a"].map(str::to_owned).to_vec();
    server.sql(
        "images",
        "update graphile_worker._private_jobs set locked_at = now() where key = 'large/b'",
    );
    assert_eq!(queue.remove_fresh(&keys).await.unwrap(), ["large/a"]);
    let left: Vec<String> = queue.all().await.unwrap().iter().map(|row| row.order.key()).collect();
    assert_eq!(left, ["large/b", "large/c", "large/d", "small/a"]);
    // A database that is a fleet's is one of records, too.
    assert!(
        State::on(std::sync::Arc::new(records(&server).await), "none")
            .jobs()
            .await
            .unwrap()
            .is_empty()
    );
}

//! Orders in a real queue, and steps that do nothing: how they are handed out.

use std::{future::Future, time::Duration};

use cloud_import::{Stop, Target};
use cloud_import_fleet::{Database, Next, Order, Queue, Recovery, Serving, Step, flags};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::postgres::Postgres;

/// Longer than what is waited for takes, on a machine that does other things, too.
const LIMIT: Duration = Duration::from_secs(20);

async fn queue(server: &Postgres, orders: usize) -> Queue {
    let queue = Queue::open(&Database::parse(&server.url()).unwrap(), 1).await.unwrap();
    let target: Target = "aliyun/cn-hangzhou".parse().unwrap();
    let order = |number| {
        Order::new(
            "web",
            &format!("target-{number}"),
            &target,
            "images:web",
            Value::Null,
            Value::Null,
        )
    };
    let orders: Vec<Order> = (0..orders).map(|number| order(number).unwrap()).collect();
    queue.add_many(&orders).await.unwrap();
    queue
}

/// A worker with one slot: its steps.
fn worker(queue: &Queue, stop: &Stop) -> (mpsc::Receiver<Step>, JoinHandle<()>) {
    let second = Duration::from_secs(1);
    let serving = Serving {
        flags: flags(&["all".to_owned()], false).unwrap(),
        slots: 1,
        recovery: Recovery {
            heartbeat: second,
            sweep: second * 60,
            threshold: second * 90,
        },
        grace: second,
    };
    let (to, steps) = mpsc::channel(1);
    let (queue, stop) = (queue.clone(), stop.clone());
    (
        steps,
        tokio::spawn(async move { queue.serve(&serving, to, &stop).await.unwrap() }),
    )
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = timeout(LIMIT, work).await;
    assert!(done.is_ok(), "{what} took longer than {LIMIT:?}");
    done.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_slot_takes_the_next_order_at_once() {
    let Some(server) = Postgres::start() else { return };
    // One each half second, as often as it is asked for orders, would be longer than the limit.
    let orders = 100;
    let queue = queue(&server, orders).await;
    let stop = Stop::default();
    let (mut steps, serving) = worker(&queue, &stop);
    within("all orders", async {
        for _ in 0..orders {
            steps.recv().await.unwrap().done(Next::Over);
        }
    })
    .await;
    within("their end", async {
        while queue
            .open_orders(&flags(&["all".to_owned()], false).unwrap())
            .await
            .unwrap()
            > 0
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stop.request();
    within("the worker's end", serving).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_busy_worker_has_fetched_another_gets() {
    let Some(server) = Postgres::start() else { return };
    let queue = queue(&server, 3).await;
    let stop = Stop::default();
    let (mut ones, _one) = worker(&queue, &stop);
    // It is busy with the first for as long as this lives.
    let first = within("the first", ones.recv()).await.unwrap();
    let (mut others, _other) = worker(&queue, &stop);
    let mut keys = vec![first.order.key()];
    for _ in 0..2 {
        let step = within("what waits behind it", others.recv()).await.unwrap();
        keys.push(step.order.key());
        step.done(Next::Over);
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3, "{keys:?}");
}

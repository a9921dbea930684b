//! The queue, over graphile_worker: the one file that knows which engine it is. The engine never decides by itself that something is
//! done again: a step says what comes next, and the same order is put back for later. No named queues: what excludes is the lock of
//! the record.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use cloud_import::{
    Error, ErrorKind, Field, Remedy, Result, Stop,
    env::{Env as _, SystemEnv},
};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use graphile_worker::{
    Database as Engine, DbExecutor as _, DbParams, DbValue, IntoTaskHandlerResult, JobKeyMode, JobSpec,
    LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext, WorkerOptions, WorkerRecoveryConfig, WorkerUtils,
    worker_utils::types::CleanupTask,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::{Database, Next, Order, Recovery, Row, Serving, Step};

/// The schema of the engine's tables.
const SCHEMA: &str = "graphile_worker";

/// What workers take.
const WORK: &str = "cloud-import";

/// What is left for a person: no worker takes it.
const LEFT: &str = "cloud-import-left";

/// Orders of one request.
const BATCH: usize = 500;

/// Sessions beside those of the slots.
const SESSIONS: usize = 4;

/// How often a worker that has a free slot asks. The pool of this crate's own TLS has no notifications.
const POLL: Duration = Duration::from_millis(500);

/// How long an order that was fetched waits for a free slot before it is given back to the others.
const FETCHED: Duration = Duration::from_secs(2);

/// The orders of a fleet, in its database.
#[derive(Debug, Clone)]
pub struct Queue {
    engine: Engine,
    utils: Verbs,
    shown: String,
}

/// The engine's verbs, which do not show themselves.
#[derive(Clone)]
struct Verbs(WorkerUtils);

impl std::fmt::Debug for Verbs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorkerUtils")
    }
}

impl Queue {
    /// Reaches the queue, and makes its tables. `sessions`: how many orders are worked on at a time.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the database cannot be reached, or refuses.
    pub async fn open(database: &Database, sessions: usize) -> Result<Self> {
        let mut config = database.config.clone();
        config.application_name("cloud-import fleet");
        config.connect_timeout(Duration::from_secs(15));
        let fast = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(config, database.tls.clone(), fast);
        let shown = database.to_string();
        let pool = Pool::builder(manager).max_size(sessions + SESSIONS).build();
        let engine = Engine::from(pool.map_err(|error| failed(&shown, error))?);
        let own = Self {
            utils: Verbs(WorkerUtils::new(engine.clone(), SCHEMA)),
            engine,
            shown,
        };
        own.utils.0.migrate().await.map_err(|error| failed(&own.shown, error))?;
        Ok(own)
    }

    /// Puts an order there, or in the place of the one with its key.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn add(&self, order: &Order) -> Result<()> {
        self.put(std::slice::from_ref(order), WORK, Duration::ZERO).await
    }

    /// The same of many, a batch in each request.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn add_many(&self, orders: &[Order]) -> Result<()> {
        for batch in orders.chunks(BATCH) {
            self.put(batch, WORK, Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Takes orders out that wait, by their keys. A step that is under way is not stopped.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn remove(&self, keys: &[String]) -> Result<()> {
        for key in keys {
            self.utils
                .0
                .remove_job(key)
                .await
                .map_err(|error| failed(&self.shown, error))?;
        }
        Ok(())
    }

    /// What stands there of these keys.
    ///
    /// # Errors
    /// As [`Self::open`]; and for what another version wrote.
    pub async fn look(&self, keys: &[String]) -> Result<HashMap<String, Row>> {
        let sql = "select jobs.key, jobs.payload, tasks.identifier, jobs.locked_at is not null as held
            from graphile_worker._private_jobs as jobs
            join graphile_worker._private_tasks as tasks on tasks.id = jobs.task_id where jobs.key = any($1)";
        let keys = DbParams::from(vec![DbValue::TextArray(keys.to_vec())]);
        let rows = self.engine.fetch_all(sql, keys).await;
        let rows = rows.map_err(|error| failed(&self.shown, error))?;
        let mut found = HashMap::new();
        for row in rows {
            let broken = |error| failed(&self.shown, error);
            let payload: serde_json::Value = row.try_get("payload").map_err(broken)?;
            let identifier: String = row.try_get("identifier").map_err(broken)?;
            let one = Row {
                order: serde_json::from_value(payload).map_err(|error| failed(&self.shown, error))?,
                is_left: identifier == LEFT,
                is_held: row.try_get("held").map_err(broken)?,
            };
            found.insert(row.try_get("key").map_err(broken)?, one);
        }
        Ok(found)
    }

    /// How many orders with one of these flags are not over.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_orders(&self, flags: &[String]) -> Result<usize> {
        let sql = "select count(*) as many from graphile_worker._private_jobs as jobs
            join graphile_worker._private_tasks as tasks on tasks.id = jobs.task_id
            where tasks.identifier = $1 and jobs.key is not null and jobs.flags ?| $2::text[]";
        let values = vec![DbValue::Text(WORK.to_owned()), DbValue::TextArray(flags.to_vec())];
        let row = self.engine.fetch_one(sql, DbParams::from(values)).await;
        let many: i64 = row
            .and_then(|row| row.try_get("many"))
            .map_err(|error| failed(&self.shown, error))?;
        Ok(usize::try_from(many).unwrap_or_default())
    }

    /// Hands out orders until it is stopped and what was under way has been answered, or until the database fails.
    ///
    /// # Errors
    /// As [`Self::open`]: whoever called it calls it again.
    pub async fn serve(&self, serving: &Serving, to: mpsc::Sender<Step>, stop: &Stop) -> Result<()> {
        let Recovery {
            heartbeat,
            sweep,
            threshold,
        } = serving.recovery;
        let recovery = WorkerRecoveryConfig::default()
            .enabled(true)
            .heartbeat_interval(heartbeat)
            .sweep_interval(sweep)
            .sweep_threshold(threshold)
            // Who is not dead after all still holds the record.
            .recovery_delay(Duration::ZERO);
        let stopped = stop.clone();
        let mut options = WorkerOptions::default()
            .schema(SCHEMA)
            .database(self.engine.clone())
            .concurrency(serving.slots.max(1))
            .poll_interval(POLL)
            // One request fetches for all slots, and a slot that becomes free takes the next at once: otherwise each does one step a poll.
            .local_queue(
                LocalQueueConfig::default()
                    .with_size(serving.slots.max(1))
                    .with_ttl(FETCHED),
            )
            .use_notification_delivery(false)
            .worker_recovery(recovery)
            .listen_os_shutdown_signals(false)
            .shutdown_signal(async move { stopped.requested().await })
            .shutdown_grace_period(serving.grace)
            .shutdown_interrupted_job_retry_delay(Duration::ZERO)
            .add_extension(Hands {
                queue: self.clone(),
                to,
            })
            .define_job::<Work>();
        for flag in &serving.flags {
            options = options.add_accepted_flag(flag);
        }
        // Rows that a worker had replaced by later ones when it died.
        let dead = [CleanupTask::DeletePermanentlyFailedJobs];
        let cleaned = self.utils.0.cleanup(&dead).await;
        cleaned.map_err(|error| failed(&self.shown, error))?;
        let worker = options.init().await.map_err(|error| failed(&self.shown, error))?;
        worker.run().await.map_err(|error| failed(&self.shown, error))
    }

    async fn put(&self, orders: &[Order], task: &str, after: Duration) -> Result<()> {
        let mut jobs = Vec::new();
        for order in orders {
            jobs.push(RawJobSpec {
                identifier: task.to_owned(),
                payload: serde_json::to_value(order).map_err(|error| failed(&self.shown, error))?,
                spec: JobSpec {
                    queue_name: None,
                    // By the clock of the database, where it is now.
                    run_at: (!after.is_zero()).then(|| DateTime::<Utc>::from(SystemEnv.now() + after)),
                    max_attempts: Some(i16::MAX),
                    job_key: Some(order.key()),
                    job_key_mode: Some(JobKeyMode::Replace),
                    priority: None,
                    flags: Some(order.flags()),
                },
            });
        }
        let added = self.utils.0.add_raw_jobs(&jobs).await;
        added.map(drop).map_err(|error| failed(&self.shown, error))
    }
}

/// What a step of the engine needs.
#[derive(Debug, Clone)]
struct Hands {
    queue: Queue,
    to: mpsc::Sender<Step>,
}

/// An order as the engine hands it out.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Work(Order);

impl TaskHandler for Work {
    const IDENTIFIER: &'static str = WORK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(hands) = context.get_ext::<Hands>().cloned() else {
            return Err("the worker has no hands".to_owned());
        };
        let (reply, next) = oneshot::channel();
        let step = Step::new(self.0.clone(), reply);
        let as_it_was = || Next::Again(Duration::ZERO, Box::new(self.0.clone()));
        let next = match hands.to.send(step).await {
            Ok(()) => next.await.unwrap_or_else(|_| as_it_was()),
            Err(_) => as_it_was(),
        };
        let put = match next {
            Next::Over => return Ok(()),
            Next::Again(after, order) => hands.queue.put(&[*order], WORK, after).await,
            Next::Left(order) => hands.queue.put(&[*order], LEFT, Duration::ZERO).await,
        };
        put.map_err(|error| error.message().to_owned())
    }
}

/// What the engine or the database said.
fn failed(shown: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let why = crate::session::told(&error);
    let remedy = Remedy::text("look whether the database runs and lets this user make the schema graphile_worker")
        .or(Remedy::Another(Field::State));
    Error::new(ErrorKind::Local, format!("the queue in {shown} cannot be used: {why}"))
        .with_remedy(remedy)
        .with_source(error)
}

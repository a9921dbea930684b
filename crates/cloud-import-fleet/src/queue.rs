//! The queue, over graphile_worker: the one file that knows which engine it is. The engine never decides by itself that something is
//! done again: a step says what comes next, and the same order is put back for later. No named queues: what excludes is the lock of
//! the record.

use std::{
    collections::HashMap,
    time::{Duration, UNIX_EPOCH},
};

use chrono::{DateTime, Utc};
use cloud_import::{
    Error, ErrorKind, Field, Remedy, Result, Stop,
    env::{Env as _, SystemEnv},
};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use graphile_worker::{
    Database as Engine, DbExecutor as _, DbParams, DbRow, DbValue, IntoTaskHandlerResult, JobKeyMode, JobSpec,
    LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext, WorkerOptions, WorkerRecoveryConfig, WorkerUtils,
    worker_utils::types::CleanupTask,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::{Counted, Database, Next, Order, Recovery, Row, Serving, Step, Waits};

/// The schema of the engine's tables.
const SCHEMA: &str = "graphile_worker";

/// What workers take.
const WORK: &str = "cloud-import";

/// What is left for a person: no worker takes it.
const LEFT: &str = "cloud-import-left";

/// Orders that are not over, by cloud and what they wait for. It is asked for often: one statement, and no payload leaves.
const CENSUS: &str = "select provider, waits, count(*) as many,
        cast(max(age) as bigint) as oldest, cast(sum(tries) as bigint) as tries, cast(max(late) as bigint) as late
    from (select jobs.payload ->> 'provider' as provider,
            case when tasks.identifier = $2 then 'left'
                when jobs.locked_at is not null then 'worked_on'
                when coalesce(cast(jobs.payload ->> 'looks' as bigint), 0) > 0 then 'unknown'
                when coalesce(cast(jobs.payload ->> 'tries' as bigint), 0) > 0 then 'retrying'
                when coalesce(cast(jobs.payload ->> 'polls' as bigint), 0) > 0 then 'running'
                else 'waiting' end as waits,
            greatest(extract(epoch from now()) - coalesce(cast(jobs.payload ->> 'submitted' as double precision),
                extract(epoch from jobs.created_at)), 0) as age,
            coalesce(cast(jobs.payload ->> 'tries' as bigint), 0) as tries,
            case when tasks.identifier = $1 and jobs.locked_at is null
                then greatest(extract(epoch from now() - jobs.run_at), 0) else 0 end as late
        from graphile_worker._private_jobs as jobs
        join graphile_worker._private_tasks as tasks on tasks.id = jobs.task_id
        where tasks.identifier in ($1, $2) and jobs.key is not null) as open
    where provider is not null group by provider, waits";

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

    /// Takes orders out that no worker has begun or will, by their keys, and returns the keys of those that it took.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn remove_fresh(&self, keys: &[String]) -> Result<Vec<String>> {
        let sql = "delete from graphile_worker._private_jobs as jobs using graphile_worker._private_tasks as tasks
            where tasks.id = jobs.task_id and jobs.key = any($1) and jobs.locked_at is null
            and (tasks.identifier = $2 or coalesce((jobs.payload->>'polls')::int, 0) + coalesce((jobs.payload->>'tries')::int, 0)
                + coalesce((jobs.payload->>'looks')::int, 0) = 0)
            returning jobs.key";
        let values = vec![DbValue::TextArray(keys.to_vec()), DbValue::Text(LEFT.to_owned())];
        let rows = self.engine.fetch_all(sql, DbParams::from(values)).await;
        let rows = rows.map_err(|error| failed(&self.shown, error))?;
        let keys = rows.iter().map(|row| row.try_get("key"));
        keys.collect::<Result<_, _>>()
            .map_err(|error| failed(&self.shown, error))
    }

    /// Lets workers take these now, however long they were to rest.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn hurry(&self, keys: &[String]) -> Result<()> {
        let sql = "update graphile_worker._private_jobs set run_at = now() where key = any($1) and locked_at is null and run_at > now()";
        let keys = DbParams::from(vec![DbValue::TextArray(keys.to_vec())]);
        let done = self.engine.execute(sql, keys).await;
        done.map(drop).map_err(|error| failed(&self.shown, error))
    }

    /// What stands there of these keys.
    ///
    /// # Errors
    /// As [`Self::open`]; and for what another version wrote.
    pub async fn look(&self, keys: &[String]) -> Result<HashMap<String, Row>> {
        let rows = self
            .rows("jobs.key = any($1)", vec![DbValue::TextArray(keys.to_vec())])
            .await?;
        Ok(rows.into_iter().map(|row| (row.order.key(), row)).collect())
    }

    /// All that stands there, by their keys.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn all(&self) -> Result<Vec<Row>> {
        self.rows("jobs.key is not null order by jobs.key", Vec::new()).await
    }

    async fn rows(&self, which: &str, values: Vec<DbValue>) -> Result<Vec<Row>> {
        let sql = format!(
            "select jobs.payload, tasks.identifier, jobs.locked_at is not null as held from graphile_worker._private_jobs as jobs
            join graphile_worker._private_tasks as tasks on tasks.id = jobs.task_id where {which}"
        );
        let rows = self.engine.fetch_all(&sql, DbParams::from(values)).await;
        let rows = rows.map_err(|error| failed(&self.shown, error))?;
        rows.iter().map(|row| self.row(row)).collect()
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

    /// What stands there of a job's orders, by their keys: of more than a thousand, the first.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn rows_of(&self, job: &str) -> Result<Vec<Row>> {
        let values = vec![DbValue::Text(format!("{job}/"))];
        self.rows("starts_with(jobs.key, $1) order by jobs.key limit 1000", values)
            .await
    }

    /// What is left for a person, by its keys: of more than a thousand, the first.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn left(&self) -> Result<Vec<Row>> {
        let values = vec![DbValue::Text(LEFT.to_owned())];
        self.rows("tasks.identifier = $1 order by jobs.key limit 1000", values)
            .await
    }

    fn row(&self, row: &DbRow) -> Result<Row> {
        let broken = |error| failed(&self.shown, error);
        let payload: serde_json::Value = row.try_get("payload").map_err(broken)?;
        let identifier: String = row.try_get("identifier").map_err(broken)?;
        Ok(Row {
            order: serde_json::from_value(payload).map_err(|error| failed(&self.shown, error))?,
            is_left: identifier == LEFT,
            is_held: row.try_get("held").map_err(broken)?,
        })
    }

    /// How many orders are not over, by cloud and what they wait for.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn census(&self) -> Result<Vec<Counted>> {
        let values = vec![DbValue::Text(WORK.to_owned()), DbValue::Text(LEFT.to_owned())];
        let rows = self.engine.fetch_all(CENSUS, DbParams::from(values)).await;
        let broken = |error| failed(&self.shown, error);
        let mut counted = Vec::new();
        for row in rows.map_err(broken)? {
            let number = |name| {
                row.try_get::<i64>(name)
                    .map(|value| u64::try_from(value).unwrap_or_default())
            };
            let waits: String = row.try_get("waits").map_err(broken)?;
            counted.push(Counted {
                provider: row.try_get("provider").map_err(broken)?,
                waits: Waits::ALL
                    .into_iter()
                    .find(|one| one.as_str() == waits)
                    .unwrap_or(Waits::Waiting),
                orders: number("many").map_err(broken)?,
                oldest: Duration::from_secs(number("oldest").map_err(broken)?),
                tries: number("tries").map_err(broken)?,
                late: Duration::from_secs(number("late").map_err(broken)?),
            });
        }
        Ok(counted)
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
        let now = SystemEnv.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut jobs = Vec::new();
        for order in orders {
            let mut order = order.clone();
            order.submitted.get_or_insert(now.as_secs());
            jobs.push(RawJobSpec {
                identifier: task.to_owned(),
                payload: serde_json::to_value(&order).map_err(|error| failed(&self.shown, error))?,
                spec: JobSpec {
                    queue_name: None,
                    // By the clock of the database, where it is now.
                    run_at: (!after.is_zero()).then(|| DateTime::<Utc>::from(SystemEnv.now() + after)),
                    max_attempts: Some(i16::MAX),
                    job_key: Some(order.key()),
                    job_key_mode: Some(JobKeyMode::Replace),
                    priority: Some(order.priority()),
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

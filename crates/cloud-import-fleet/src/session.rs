//! Sessions with the database: used one after the other, and each by one at a time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cloud_import::{
    Error, ErrorKind, Field, Remedy, Result,
    env::{Env as _, SystemEnv},
};
use tokio::{runtime::Handle, task::AbortHandle};
use tokio_postgres::{Client, error::SqlState};

use crate::Database;

/// Sessions that are kept for the next use.
const MOST_IDLE: usize = 8;

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(15);

/// What every session is told: no request takes without end, and a server that lost its client notices.
const SETTINGS: &str = "set application_name = 'cloud-import'; set statement_timeout = '30s'; set lock_timeout = '30s';
    set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/// A session that says nothing for so long is ended by the server, and its lock with it: its process is frozen. Postgres 14 and later.
const SILENCE: &str = "set idle_session_timeout = '90s'";

/// How often one that holds a lock says something.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The sessions of a process.
#[derive(Debug)]
pub(crate) struct Sessions {
    database: Database,
    runtime: Handle,
    idle: Mutex<Vec<Arc<Client>>>,
}

impl Sessions {
    /// Within the runtime that drives them.
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            runtime: Handle::current(),
            idle: Mutex::default(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// A session that nobody uses.
    pub(crate) async fn take(&self) -> Result<Arc<Client>> {
        loop {
            let Some(idle) = self.idle().pop() else { break };
            if !idle.is_closed() {
                return Ok(idle);
            }
        }
        self.open().await.map(Arc::new)
    }

    /// Gives one back that is as good as new.
    pub(crate) fn give_back(&self, client: Arc<Client>) {
        let mut idle = self.idle();
        if idle.len() < MOST_IDLE && !client.is_closed() {
            idle.push(client);
        }
    }

    /// Does something in a session, and once more in a new one where it was the session that failed. For what can be asked twice.
    pub(crate) async fn ask<T>(&self, work: impl AsyncFn(&Client) -> Result<T, tokio_postgres::Error>) -> Result<T> {
        let (done, client) = self.ask_and_keep(work).await?;
        self.give_back(client);
        Ok(done)
    }

    /// As [`Self::ask`], with the session in which it was done.
    pub(crate) async fn ask_and_keep<T>(
        &self,
        work: impl AsyncFn(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<(T, Arc<Client>)> {
        let client = self.take().await?;
        match work(&client).await {
            Ok(done) => return Ok((done, client)),
            Err(error) if is_lost(&client, &error) => {}
            Err(error) => return Err(self.failed(error)),
        }
        // The server ended it, and the others with it.
        self.idle().clear();
        let client = self.take().await?;
        match work(&client).await {
            Ok(done) => Ok((done, client)),
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn open(&self) -> Result<Client> {
        let Database { config, tls, .. } = &self.database;
        let connecting = tokio::time::timeout(CONNECTING, config.connect(tls.clone()));
        let (client, connection) = match connecting.await {
            Ok(connected) => connected.map_err(|error| self.unreachable(told(&error)).with_source(error))?,
            Err(_) => return Err(self.unreachable("it does not answer".to_owned())),
        };
        // Its end is told to whoever uses the client.
        self.runtime.spawn(async move {
            let _ = connection.await;
        });
        client
            .batch_execute(SETTINGS)
            .await
            .map_err(|error| self.failed(error))?;
        match client.batch_execute(SILENCE).await {
            Err(error) if error.code() != Some(&SqlState::UNDEFINED_OBJECT) => return Err(self.failed(error)),
            _ => {}
        }
        Ok(client)
    }

    /// Keeps a session from being silent until that is aborted.
    pub(crate) fn keep_alive(&self, client: &Arc<Client>) -> AbortHandle {
        let client = Arc::clone(client);
        let beating = self.runtime.spawn(async move {
            loop {
                SystemEnv.sleep(HEARTBEAT).await;
                if client.batch_execute("").await.is_err() {
                    return;
                }
            }
        });
        beating.abort_handle()
    }

    /// What the database said against a request.
    pub(crate) fn failed(&self, error: tokio_postgres::Error) -> Error {
        match error.as_db_error() {
            None => self.unreachable(told(&error)).with_source(error),
            Some(_) => {
                let message = format!("the records in {} cannot be used: {}", self.database, told(&error));
                Error::new(ErrorKind::Local, message)
                    .with_remedy(
                        Remedy::text("give the user all rights in the schema cloud_import")
                            .or(Remedy::Another(Field::State)),
                    )
                    .with_source(error)
            }
        }
    }

    fn unreachable(&self, why: String) -> Error {
        let message = format!("the records in {} cannot be reached: {why}", self.database);
        let remedy =
            Remedy::text("look whether the database runs and lets this user in").or(Remedy::Another(Field::State));
        Error::new(ErrorKind::Local, message).with_remedy(remedy)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a session ended before it did what it was asked.
fn is_lost(client: &Client, error: &tokio_postgres::Error) -> bool {
    let ended = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    client.is_closed() || error.is_closed() || error.code().is_some_and(|code| ended.contains(code))
}

/// An error of the database in words: what it says itself stands behind it.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

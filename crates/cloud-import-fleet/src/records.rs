//! Records in a table: a row each, and locks of sessions. What a lock guards is changed through the session that holds it, so that whoever
//! lost the lock changes nothing.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
};

use cloud_import::{
    Error, ErrorKind, Result,
    publish::{StateBackend, StateLock},
};
use tokio::task::{AbortHandle, JoinSet};
use tokio_postgres::{Client, Row, types::ToSql};

use crate::{Database, schema, session::Sessions};

/// What a program remembers, in a database. See the description of this crate.
#[derive(Debug, Clone)]
pub struct Records(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sessions: Sessions,
    /// Locks that were dropped and are on their way back.
    releases: Mutex<JoinSet<()>>,
}

/// The number of a lock, for a name: those of other programs in the database are others.
const NUMBER: &str = "cast(hashtextextended('cloud-import ' || $1, 0) as bigint)";

impl Records {
    /// Reaches the database and makes the tables what this version knows. Within a runtime of tokio, which drives its sessions for as
    /// long as this lives.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be reached, refuses, or has records of a later version.
    pub async fn open(database: Database) -> Result<Self> {
        let sessions = Sessions::new(database);
        let client = sessions.take().await?;
        schema::up_to_date(&client).await?;
        sessions.give_back(client);
        let releases = Mutex::default();
        Ok(Self(Arc::new(Shared { sessions, releases })))
    }

    #[cfg(feature = "queue")]
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let asked = self.0.sessions.ask(async |client| client.query(sql, values).await);
        self.0.sessions.runtime().block_on(asked)
    }
}

/// The database, without options and without a password.
impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.sessions.database().fmt(f)
    }
}

impl StateBackend for Records {
    fn read(&self, name: &str) -> Result<Option<String>> {
        let found = self.rows("select body from cloud_import.record where name = $1", &[&name])?;
        Ok(found.first().map(|row| row.get(0)))
    }

    /// In one request.
    fn read_all<'a>(
        &'a self,
        folder: &str,
        names: &'a [String],
    ) -> Box<dyn Iterator<Item = Result<Option<String>>> + 'a> {
        let wanted: Vec<String> = names.iter().map(|name| format!("{folder}/{name}")).collect();
        let sql = "select body from unnest($1::text[]) with ordinality as wanted (name, at)
            left join cloud_import.record using (name) order by at";
        match self.rows(sql, &[&wanted]) {
            Ok(found) => Box::new(found.into_iter().map(|row| Ok(row.get(0)))),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        // From one name to the first behind all that begin with it: `0` is the sign behind `/`.
        let sql = "select distinct split_part(substr(name, length($1) + 2), '/', 1) collate \"C\" as own from cloud_import.record
            where name >= $1 || '/' and name < $1 || '0' order by own";
        let found = self.rows(sql, &[&folder])?;
        Ok(found.iter().map(|row| row.get(0)).collect())
    }

    fn lock(&self, name: &str) -> Result<Option<Box<dyn StateLock>>> {
        let shared = &self.0;
        shared.sessions.runtime().block_on(async {
            // What this process gave back a moment ago is free before anybody is told that it is not.
            let mut releases = mem::take(&mut *shared.releases.lock().unwrap_or_else(PoisonError::into_inner));
            while releases.join_next().await.is_some() {}
            let sql = format!("select pg_try_advisory_lock({NUMBER})");
            let sql = sql.as_str();
            let taken = shared
                .sessions
                .ask_and_keep(async |client| client.query_one(sql, &[&name]).await);
            let (row, client) = taken.await?;
            if !row.get::<_, bool>(0) {
                shared.sessions.give_back(client);
                return Ok(None);
            }
            let held = Held {
                beating: shared.sessions.keep_alive(&client),
                shared: Arc::clone(shared),
                client: Some(client),
                name: name.to_owned(),
            };
            Ok(Some(Box::new(held) as Box<dyn StateLock>))
        })
    }
}

/// A lock, and the session that has it.
struct Held {
    shared: Arc<Shared>,
    /// Until it is dropped.
    client: Option<Arc<Client>>,
    beating: AbortHandle,
    name: String,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.name).finish()
    }
}

impl Held {
    fn change(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<()> {
        let lost = |why: String| {
            let (name, database) = (&self.name, self.shared.sessions.database());
            let message = format!("the lock `{name}` in {database} was lost, and nothing is recorded any more: {why}");
            Error::new(ErrorKind::Local, message).with_remedy("Start again: what was sent is found again.")
        };
        let Some(client) = self.client.as_ref().filter(|client| !client.is_closed()) else {
            return Err(lost("the session ended".to_owned()));
        };
        match self.shared.sessions.runtime().block_on(client.execute(sql, values)) {
            Ok(_) => Ok(()),
            Err(error) if client.is_closed() || error.is_closed() => {
                Err(lost(crate::session::told(&error)).with_source(error))
            }
            Err(error) => Err(self.shared.sessions.failed(error)),
        }
    }
}

impl StateLock for Held {
    fn write(&self, name: &str, text: &str) -> Result<()> {
        let sql = "insert into cloud_import.record (name, body) values ($1, $2)
            on conflict (name) do update set body = excluded.body, changed_at = now()";
        self.change(sql, &[&name, &text])
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.change("delete from cloud_import.record where name = $1", &[&name])
    }

    fn remove_folder(&self, name: &str) -> Result<()> {
        let sql = "delete from cloud_import.record where name >= $1 || '/' and name < $1 || '0'";
        self.change(sql, &[&name])
    }
}

impl Drop for Held {
    /// Gives the lock back while the program goes on. One that ends meanwhile ends the session, and the lock with it.
    fn drop(&mut self) {
        self.beating.abort();
        let Some(client) = self.client.take() else { return };
        let shared = Arc::clone(&self.shared);
        let mut releases = self.shared.releases.lock().unwrap_or_else(PoisonError::into_inner);
        while releases.try_join_next().is_some() {}
        releases.spawn_on(
            async move {
                if client.batch_execute("select pg_advisory_unlock_all()").await.is_ok() {
                    shared.sessions.give_back(client);
                }
            },
            self.shared.sessions.runtime(),
        );
    }
}

//! What all workers are told through the database: which orders are to be cancelled, and which clouds are not to be asked for a while.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use cloud_import::Result;

use crate::Records;

/// What stands there.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Notice {
    /// Orders that are to be cancelled, by their keys.
    pub cancels: HashSet<String>,
    /// For how long no worker begins a step at these places.
    pub pauses: HashMap<String, Duration>,
}

/// The notices of a fleet, beside its records.
#[derive(Debug, Clone)]
pub struct Notices(Records);

impl Notices {
    /// Those in the database of these records.
    pub fn of(records: &Records) -> Self {
        Self(records.clone())
    }

    /// All that stands there now.
    ///
    /// # Errors
    /// [`ErrorKind::Local`](cloud_import::ErrorKind::Local) when the database cannot be reached, or refuses; as all here.
    pub async fn read(&self) -> Result<Notice> {
        let sql = "select name, null::float8 from cloud_import.cancel
            union all select place, cast(extract(epoch from until - now()) as float8) from cloud_import.pause where until > now()";
        let rows = self.0.sessions().ask(async |client| client.query(sql, &[]).await);
        let mut notice = Notice::default();
        for row in rows.await? {
            let name: String = row.get(0);
            match row.get::<_, Option<f64>>(1) {
                None => {
                    notice.cancels.insert(name);
                }
                Some(seconds) => {
                    notice.pauses.insert(name, seconds_of(seconds));
                }
            }
        }
        Ok(notice)
    }

    /// Asks for orders to be cancelled. Whoever works on one sees it within seconds.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn cancel(&self, keys: &[String]) -> Result<()> {
        let sql = "insert into cloud_import.cancel (name) select unnest($1::text[]) on conflict do nothing";
        self.execute(sql, keys).await
    }

    /// Takes that back: it was done, or the same order is given anew.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn withdraw(&self, keys: &[String]) -> Result<()> {
        self.execute("delete from cloud_import.cancel where name = any($1)", keys)
            .await
    }

    /// Whether this order is to be cancelled.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn is_to_cancel(&self, key: &str) -> Result<bool> {
        let sql = "select exists (select from cloud_import.cancel where name = $1)";
        let asked = self
            .0
            .sessions()
            .ask(async |client| client.query_one(sql, &[&key]).await);
        Ok(asked.await?.get(0))
    }

    /// No worker begins a step at this place for a while: twice as long each time, until it was left alone for as long again. `rests`: the
    /// first and the longest. `at_least`: what the cloud asked for.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn pause(&self, place: &str, rests: [Duration; 2], at_least: Duration) -> Result<()> {
        // Several workers that are refused at the same time count once.
        let sql = "with old as (
                select coalesce(max(until), '-infinity') as until, coalesce(max(times), 0) as times
                from cloud_import.pause where place = $1
            ), next as (
                select case
                    when until > now() then times
                    when until + least($2 * power(2, times), $4) * interval '1 second' > now() then least(times + 1, 16)
                    else 1
                end as times from old
            )
            insert into cloud_import.pause as own (place, until, times)
            select $1, now() + greatest($3, least($2 * power(2, times - 1), $4)) * interval '1 second', times from next
            on conflict (place) do update set until = greatest(own.until, excluded.until), times = excluded.times";
        let [first, most, least] = [rests[0], rests[1], at_least].map(|rest| rest.as_secs_f64());
        let paused =
            async |client: &tokio_postgres::Client| client.execute(sql, &[&place, &first, &least, &most]).await;
        self.0.sessions().ask(paused).await.map(drop)
    }

    async fn execute(&self, sql: &str, keys: &[String]) -> Result<()> {
        let done = self
            .0
            .sessions()
            .ask(async |client| client.execute(sql, &[&keys]).await);
        done.await.map(drop)
    }
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

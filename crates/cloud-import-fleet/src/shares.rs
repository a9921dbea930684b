//! How many workers are at one place at a time: each has a numbered share of it, which is a lock of a session and so ends with its worker.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cloud_import::Result;
use tokio::{sync::Mutex as AsyncMutex, task::AbortHandle};
use tokio_postgres::Client;

use crate::Records;

/// The number of the lock of a share.
const NUMBER: &str = "cast(hashtextextended('cloud-import share ' || share || ' ' || $1, 0) as bigint)";

/// The shares that a worker has, of all places.
#[derive(Debug)]
pub struct Shares {
    records: Records,
    /// The session that has their locks.
    session: AsyncMutex<Option<Held>>,
    /// Those that are taken, by place. Locks of one session do not exclude each other.
    taken: Mutex<HashMap<String, Vec<i32>>>,
}

/// A session that is kept from being silent.
#[derive(Debug)]
struct Held {
    client: Arc<Client>,
    beating: AbortHandle,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

/// A share of a place, until it is given back.
#[derive(Debug)]
pub struct Share {
    place: String,
    number: i32,
}

impl Shares {
    /// Those in the database of these records.
    pub fn of(records: &Records) -> Self {
        Self {
            records: records.clone(),
            session: AsyncMutex::default(),
            taken: Mutex::default(),
        }
    }

    /// A share of a place, of which there are so many for all workers together; `None` when all are taken.
    ///
    /// # Errors
    /// [`ErrorKind::Local`](cloud_import::ErrorKind::Local) when the database cannot be reached, or refuses.
    pub async fn take(&self, place: &str, most: u16) -> Result<Option<Share>> {
        let mut session = self.session.lock().await;
        if session.as_ref().is_none_or(|held| held.client.is_closed()) {
            // With the session went what it had: others may have taken it, and for a while there are more at a place than should be.
            let client = self.records.sessions().take().await?;
            let beating = self.records.sessions().keep_alive(&client);
            *session = Some(Held { client, beating });
        }
        let Some(held) = session.as_ref() else { return Ok(None) };
        let own = self.taken().get(place).cloned().unwrap_or_default();
        let sql = format!(
            "select share from generate_series(0, $2::int4 - 1) as share
            where case when share = any($3) then false else pg_try_advisory_lock({NUMBER}) end limit 1"
        );
        let most = i32::from(most);
        let found = held.client.query_opt(sql.as_str(), &[&place, &most, &own]).await;
        let found = found.map_err(|error| self.records.sessions().failed(error))?;
        Ok(found.map(|row| {
            let number = row.get(0);
            self.taken().entry(place.to_owned()).or_default().push(number);
            Share {
                place: place.to_owned(),
                number,
            }
        }))
    }

    /// Gives a share back. A session that ended has given back all.
    pub async fn give_back(&self, share: Share) {
        let session = self.session.lock().await;
        if let Some(held) = session.as_ref() {
            let sql = format!("select pg_advisory_unlock({NUMBER}) from (values ($2::int4)) as own (share)");
            let _ = held.client.query(sql.as_str(), &[&share.place, &share.number]).await;
        }
        if let Some(own) = self.taken().get_mut(&share.place) {
            own.retain(|number| *number != share.number);
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, Vec<i32>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

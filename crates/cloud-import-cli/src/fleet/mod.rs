//! A fleet: orders that wait in a database, and workers that carry them out, each as `import` would.

mod cancel;
mod follow;
pub(crate) mod http;
mod orders;
mod pauses;
mod places;
pub(crate) mod rows;
mod step;
mod submit;
mod verbs;
mod watched;

use cloud_import::{Error, ErrorKind, Result};
use cloud_import_fleet::{Database, Notices, Queue, Records};

pub(crate) use self::{
    places::Limits,
    step::Worker,
    submit::ended,
    verbs::{cancel, retry, status, wait},
    watched::Watched,
};
use crate::{
    args::Reach,
    state::{Remembered, is_database},
};

/// A fleet, as its database has it.
pub(crate) struct Fleet {
    pub(crate) state: Remembered,
    pub(crate) queue: Queue,
    pub(crate) notices: Notices,
    pub(crate) records: Records,
}

impl Fleet {
    /// Reaches it. `slots`: how many orders are worked on at a time.
    pub(crate) async fn open(url: Option<&str>, slots: usize) -> Result<Self> {
        let url = url.filter(|url| is_database(url)).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the fleet's database is named by no URL of one",
            )
            .with_remedy("Write --fleet postgres://USER@HOST:PORT/NAME.")
        })?;
        let records = Records::open(Database::parse(url)?).await?;
        Ok(Self {
            state: Remembered::on(records.clone())?,
            queue: Queue::open(&Database::parse(url)?, slots).await?,
            notices: Notices::of(&records),
            records,
        })
    }
}

/// Refuses clouds that are forgotten with this process: no other would find them.
pub(crate) fn lasting(reach: &Reach) -> Result<()> {
    match reach.simulate {
        Some(None) => Err(Error::new(
            ErrorKind::InvalidRequest,
            "simulated clouds of this command alone are in no worker's reach",
        )
        .with_remedy("Start them with `cloud-import sim > sim.json`, and name the file: --simulate=sim.json.")),
        _ => Ok(()),
    }
}

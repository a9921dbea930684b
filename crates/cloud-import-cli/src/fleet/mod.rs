//! A fleet: orders that wait in a database, and workers that carry them out, each as `import` would.

mod follow;
pub(crate) mod http;
mod orders;
mod pauses;
mod step;
mod submit;
mod watched;

use cloud_import::{Error, ErrorKind, Result};
use cloud_import_fleet::{Database, Queue};

pub(crate) use self::{step::Worker, submit::ended, watched::Watched};
use crate::{
    args::{Reach, StateDir},
    state::{Remembered, is_database},
};

/// The records and the queue of a fleet. `slots`: how many orders are worked on at a time.
pub(crate) async fn open(url: &str, slots: usize) -> Result<(Remembered, Queue)> {
    if !is_database(url) {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            "the fleet's database is named by no URL of one",
        )
        .with_remedy("Write --fleet postgres://USER@HOST:PORT/NAME."));
    }
    let place = StateDir {
        folder: Some(url.into()),
    };
    let state = Remembered::of(&place, false).await?;
    let queue = Queue::open(&Database::parse(url)?, slots).await?;
    Ok((state, queue))
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

//! How many workers are at one account of a cloud at a time, and how long a cloud is left alone.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use cloud_import::{Provider, Result};
use cloud_import_fleet::{Notice, Order, Records, Share, Shares};

use crate::args::PerAccount;

/// The shares of a worker, and how many there are of each place.
pub(crate) struct Limits {
    shares: Shares,
    most: Vec<PerAccount>,
    /// How many orders found no share in a row.
    full: AtomicU32,
}

/// Whether a step may be begun.
pub(super) enum Turn {
    Now(Share),
    /// The cloud wants to be left alone for so long.
    After(Duration),
    /// Others are there, as so many orders in a row found.
    Full(u32),
}

impl Limits {
    pub(crate) fn new(records: &Records, most: &[PerAccount]) -> Self {
        Self {
            shares: Shares::of(records),
            most: most.to_vec(),
            full: AtomicU32::new(0),
        }
    }

    pub(super) async fn turn(&self, order: &Order, notice: &Notice) -> Result<Turn> {
        let place = place(order);
        if let Some(rest) = notice.pauses.get(&place) {
            return Ok(Turn::After(*rest));
        }
        Ok(match self.shares.take(&place, self.most(order.provider)).await? {
            Some(share) => {
                self.full.store(0, Ordering::Relaxed);
                Turn::Now(share)
            }
            None => Turn::Full(self.full.fetch_add(1, Ordering::Relaxed)),
        })
    }

    pub(super) async fn done(&self, share: Share) {
        self.shares.give_back(share).await;
    }

    /// What was said last of the cloud, else of all.
    fn most(&self, provider: Provider) -> u16 {
        let said = |of| self.most.iter().rev().find(|share| share.of == of);
        let most = said(Some(provider)).or_else(|| said(None));
        most.map_or(u16::MAX, |share| share.most.get())
    }
}

/// An account of a cloud. Simulated ones are others.
pub(super) fn place(order: &Order) -> String {
    let account = order.account.as_deref().unwrap_or_default();
    let simulated = if order.simulated { "simulated:" } else { "" };
    format!("{simulated}{}/{account}", order.provider)
}

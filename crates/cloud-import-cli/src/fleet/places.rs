//! How many workers are at one account of a cloud at a time, and how long a cloud is left alone.

use cloud_import::{Provider, Result};
use cloud_import_fleet::{Notice, Order, Records, Share, Shares};

use crate::args::PerAccount;

/// The shares of a worker, and how many there are of each place.
pub(crate) struct Limits {
    shares: Shares,
    most: Vec<PerAccount>,
}

/// Whether a step may be begun.
pub(super) enum Turn {
    Now(Share),
    /// Others are there, or the cloud wants to be left alone.
    Later(Option<std::time::Duration>),
}

impl Limits {
    pub(crate) fn new(records: &Records, most: &[PerAccount]) -> Self {
        Self {
            shares: Shares::of(records),
            most: most.to_vec(),
        }
    }

    pub(super) async fn turn(&self, order: &Order, notice: &Notice) -> Result<Turn> {
        let place = place(order);
        if let Some(rest) = notice.pauses.get(&place) {
            return Ok(Turn::Later(Some(*rest)));
        }
        let share = self.shares.take(&place, self.most(order.provider)).await?;
        Ok(share.map_or(Turn::Later(None), Turn::Now))
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

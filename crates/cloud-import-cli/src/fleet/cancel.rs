//! A worker cancels an order: what was not begun is dropped with what it staged; what runs is cancelled in its cloud.

use std::time::Duration;

use cloud_import::{
    CancelOutcome, Error, ErrorKind, Result,
    publish::{self, Reason, Record, Step, staged_by},
};
use cloud_import_fleet::{Next, Order};

use super::{
    orders::is_of,
    step::{Worker, may_pass, record},
};
use crate::{output, targets::Wanted, tasks::reattached};

/// What is left to do for an order that is to be cancelled.
enum Left {
    /// It is out.
    Nothing,
    /// Its cloud decides, or what became of it is found out first.
    Ask,
}

impl Worker<'_> {
    /// Cancels an order, and says what comes next.
    pub(super) async fn canceled(&self, mut order: Order) -> Next {
        let key = order.key();
        match self.fleet.notices.is_to_cancel(&key).await {
            Ok(true) => {}
            // It was given anew meanwhile.
            Ok(false) => return self.gone_on(order, true).await,
            Err(error) => return self.not_begun(order, &error),
        }
        match self.cancel(&order).await {
            Ok(Left::Nothing) => {
                output::say(&format!("{key}: cancelled before it was begun"));
                self.withdrawn(Next::Over, &key).await
            }
            Ok(Left::Ask) => match self.gone_on(order, false).await {
                Next::Over => self.withdrawn(Next::Over, &key).await,
                next => next,
            },
            Err(error) if may_pass(&error) => self.not_begun(order, &error),
            // It goes on, and that is told.
            Err(error) => {
                output::say(&format!("{key}: it cannot be cancelled: {error}"));
                order.not_canceled = Some(Reason::of(&error));
                self.withdrawn(Next::Again(Duration::ZERO, Box::new(order)), &key).await
            }
        }
    }

    async fn cancel(&self, order: &Order) -> Result<Left> {
        let state = self.fleet.state.state();
        let own = record(state, order).await?;
        let Some(own) = own.filter(|own| is_of(own, order)) else {
            return Ok(Left::Nothing);
        };
        match (own.step, &own.task) {
            (Step::Staging | Step::Staged, _) => self.dropped(order, &own).await,
            // What was asked for once is waited for.
            (Step::Started, Some(task)) if task.cancel_requested_at.is_none() => {
                let job = state.job(&order.job).await?;
                match publish::cancel(&job, reattached(&own, self.clouds)?).await? {
                    CancelOutcome::Unsupported(why) => {
                        Err(Error::new(ErrorKind::Unsupported, why).with_provider(order.provider))
                    }
                    _ => Ok(Left::Ask),
                }
            }
            _ => Ok(Left::Ask),
        }
    }

    /// Deletes what was staged for it.
    async fn dropped(&self, order: &Order, own: &Record) -> Result<Left> {
        let state = self.fleet.state.state();
        let job = state.job(&order.job).await?;
        let mut place = Wanted::of(cloud_import::Target::new(own.provider, &own.region));
        place.fields.account.clone_from(&order.account);
        let importer = self.clouds.importer(&place)?;
        for left in staged_by(&job, &own.target).await? {
            left.delete(state, &*importer).await?;
        }
        Ok(Left::Nothing)
    }

    async fn withdrawn(&self, next: Next, key: &str) -> Next {
        if let Err(error) = self.fleet.notices.withdraw(&[key.to_owned()]).await {
            output::say(&format!("{key}: {error}"));
        }
        next
    }
}

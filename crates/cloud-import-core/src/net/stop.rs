//! A wish to stop that many tasks can see: begin nothing new, and later let go of what is under way. It interrupts nothing by
//! itself, and knows no clock: how long what is under way may take is for who asks.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use tokio::sync::watch;

/// Says to all its clones that they should stop. Once requested, it stays so.
///
/// ```
/// use cloud_import_core::Stop;
///
/// let stop = Stop::default();
/// let handed_on = stop.clone();
/// stop.request();
/// assert!(handed_on.is_requested() && !handed_on.is_pressed());
/// stop.press();
/// assert!(handed_on.is_pressed());
/// ```
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<Wish>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    GoOn,
    Finish,
    LetGo,
}

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Wish::GoOn)))
    }
}

impl Stop {
    /// Asks to stop: nothing new is begun, nothing is sent again, and what was sent is finished.
    pub fn request(&self) {
        self.wish(Wish::Finish);
    }

    /// Asks to let go of what was sent, too: its answer is not waited for any longer.
    pub fn press(&self) {
        self.wish(Wish::LetGo);
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() >= Wish::Finish
    }

    /// Whether answers are not waited for any longer.
    pub fn is_pressed(&self) -> bool {
        *self.0.borrow() >= Wish::LetGo
    }

    /// Waits until it is asked for.
    pub async fn requested(&self) {
        self.wished(Wish::Finish).await;
    }

    /// Waits until answers are not waited for any longer.
    pub async fn pressed(&self) {
        self.wished(Wish::LetGo).await;
    }

    fn wish(&self, wish: Wish) {
        self.0.send_modify(|now| *now = wish.max(*now));
    }

    async fn wished(&self, wish: Wish) {
        // The sender lives as long as `self`, so the wait can only end by a request.
        let _ = self.0.subscribe().wait_for(|now| *now >= wish).await;
    }
}

/// Does the work to its end, or to where that other future ends: `None` then.
pub(crate) async fn unless<T>(ends: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut ends, mut work) = (pin!(ends), pin!(work));
    poll_fn(|context| match ends.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(context).map(Some),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_sees_it_also_later() {
        let stop = Stop::default();
        let other = stop.clone();
        assert!(!other.is_requested());
        let waiting = tokio::spawn(async move { other.requested().await });
        stop.request();
        waiting.await.unwrap();
        stop.clone().requested().await;
        assert!(stop.is_requested() && !stop.is_pressed());
        stop.press();
        stop.request();
        stop.pressed().await;
        assert!(stop.is_pressed(), "it is never taken back");
    }
}

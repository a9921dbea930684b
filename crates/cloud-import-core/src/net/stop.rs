//! A wish to stop that many tasks can see: begin nothing new, finish what runs. It interrupts nothing by itself.

use std::sync::Arc;

use tokio::sync::watch;

/// Says to all its clones that they should stop. Once requested, it stays so.
///
/// ```
/// use cloud_import_core::Stop;
///
/// let stop = Stop::default();
/// let handed_on = stop.clone();
/// stop.request();
/// assert!(handed_on.is_requested());
/// ```
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked for.
    pub async fn requested(&self) {
        // The sender lives as long as `self`, so the wait can only end by a request.
        let _ = self.0.subscribe().wait_for(|requested| *requested).await;
    }
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
        assert!(stop.is_requested());
    }
}

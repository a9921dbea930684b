//! What an importer remembers of the orders that it started, so that a start whose future was dropped, or two starts of one
//! order at once, make one image. It lasts as long as the importer; a program that must survive its own end records the task.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Mutex as AsyncMutex;

use crate::ImportTask;

/// Orders that are remembered at the most. The oldest goes first, but for one that may have been sent.
const ORDERS: usize = 4096;

/// What is known of an order here.
#[derive(Debug, Default)]
pub(crate) enum Standing {
    /// It was not sent.
    #[default]
    New,
    /// It may have been sent, and what became of it is not known.
    MayBeSent(ImportTask),
    /// The cloud took it.
    Started(ImportTask),
}

/// One order. Who holds the lock works on it; others wait.
pub(crate) type Slot = Arc<AsyncMutex<Standing>>;

/// The orders of one importer and its clones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Orders>>);

#[derive(Debug, Default)]
struct Orders {
    slots: HashMap<String, Slot>,
    oldest: VecDeque<String>,
}

impl Orders {
    /// Drops the oldest order of which all is known, else the oldest.
    fn drop_one(&mut self) {
        let is_known = |token: &String| {
            let standing = self.slots.get(token).and_then(|slot| slot.try_lock().ok());
            standing.is_some_and(|standing| !matches!(*standing, Standing::MayBeSent(_)))
        };
        let place = self.oldest.iter().position(is_known).unwrap_or_default();
        if let Some(token) = self.oldest.remove(place) {
            self.slots.remove(&token);
        }
    }
}

impl Memory {
    /// The order with this token.
    pub(crate) fn slot(&self, token: &str) -> Slot {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = orders.slots.get(token) {
            return Arc::clone(slot);
        }
        if orders.oldest.len() >= ORDERS {
            orders.drop_one();
        }
        let slot = Slot::default();
        orders.oldest.push_back(token.to_owned());
        orders.slots.insert(token.to_owned(), Arc::clone(&slot));
        slot
    }

    /// Forgets what was started, because it is over: its image is gone, or there is none.
    pub(crate) fn forget(&self, is_it: impl Fn(&ImportTask) -> bool) {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in orders.slots.values() {
            // One that is being worked on is not over.
            if let Ok(mut standing) = slot.try_lock()
                && matches!(&*standing, Standing::Started(task) if is_it(task))
            {
                *standing = Standing::New;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Provider;

    #[test]
    fn the_oldest_order_goes_when_there_are_too_many() {
        let memory = Memory::default();
        let slots: Vec<Slot> = (0..=ORDERS).map(|order| memory.slot(&order.to_string())).collect();
        let is_remembered = |order: usize| Arc::ptr_eq(&slots[order], &memory.slot(&order.to_string()));
        assert!(is_remembered(1) && is_remembered(ORDERS));
        assert!(!is_remembered(0));
    }

    #[tokio::test]
    async fn one_that_may_have_been_sent_outlives_those_that_are_known() {
        let memory = Memory::default();
        let sent = memory.slot("sent");
        let at = std::time::SystemTime::UNIX_EPOCH;
        let task = ImportTask::new(Provider::UCLOUD, "https://h", "r", "web", "b:k", at);
        *sent.lock().await = Standing::MayBeSent(task);
        for order in 0..=ORDERS {
            memory.slot(&order.to_string());
        }
        assert!(Arc::ptr_eq(&sent, &memory.slot("sent")));
    }
}

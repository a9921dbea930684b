//! What passes between the queue and whoever works: in words of no engine.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::Order;

/// What stands in the queue for an order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// It, with how far it has come.
    pub order: Order,
    /// No worker goes on with it: a person is to look.
    pub is_left: bool,
    /// A worker holds it.
    pub is_held: bool,
}

/// What comes after a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Nothing: its record says what came of it.
    Over,
    /// The same again, after this time.
    Again(Duration, Box<Order>),
    /// It is left as it is, for a person.
    Left(Box<Order>),
}

/// An order that is to be gone on with now, and who is to be told what comes next. One that is dropped is put back as it was.
#[derive(Debug)]
pub struct Step {
    /// What.
    pub order: Order,
    reply: oneshot::Sender<Next>,
}

impl Step {
    pub(crate) fn new(order: Order, reply: oneshot::Sender<Next>) -> Self {
        Self { order, reply }
    }

    /// It is done for now.
    pub fn done(self, next: Next) {
        // Who does not wait for it any more finds the order where it was.
        let _ = self.reply.send(next);
    }
}

/// When a worker counts as dead and others take over what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// How often a worker says that it lives.
    pub heartbeat: Duration,
    /// How often each looks for dead ones.
    pub sweep: Duration,
    /// How long it is silent by then.
    pub threshold: Duration,
}

/// How a worker serves.
#[derive(Debug, Clone)]
pub struct Serving {
    /// It takes orders with one of these: [`flags`](crate::flags).
    pub flags: Vec<String>,
    /// How many at a time.
    pub slots: usize,
    /// When others count as dead.
    pub recovery: Recovery,
    /// How long what is under way may take after a stop.
    pub grace: Duration,
}

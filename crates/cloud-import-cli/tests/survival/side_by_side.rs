//! Many pieces of work at a time, and every failure told, not only the first.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::{sync::Semaphore, task::JoinSet};

/// A piece of work and its name.
pub(crate) type Piece<T> = (String, Pin<Box<dyn Future<Output = Result<T, String>> + Send>>);

pub(crate) fn piece<T>(name: String, work: impl Future<Output = Result<T, String>> + Send + 'static) -> Piece<T> {
    (name, Box::pin(work))
}

/// Does all of it, so many at a time; the results are in the order given.
///
/// # Errors
/// Every failure, with the name of its piece.
pub(crate) async fn all<T: Send + 'static>(at_a_time: usize, work: Vec<Piece<T>>) -> Result<Vec<T>, String> {
    let slots = Arc::new(Semaphore::new(at_a_time));
    let mut set = JoinSet::new();
    for (index, (name, piece)) in work.into_iter().enumerate() {
        let slots = Arc::clone(&slots);
        set.spawn(async move {
            let _slot = slots.acquire().await;
            // A panic in it is its own failure.
            let done = match tokio::spawn(piece).await {
                Ok(done) => done,
                Err(error) => Err(error.to_string()),
            };
            (index, done.map_err(|error| format!("{name}: {error}")))
        });
    }
    let mut done: Vec<(usize, Result<T, String>)> = set.join_all().await;
    done.sort_by_key(|(index, _)| *index);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (_, one) in done {
        match one {
            Ok(one) => good.push(one),
            Err(error) => bad.push(error),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad.join("\n")) }
}

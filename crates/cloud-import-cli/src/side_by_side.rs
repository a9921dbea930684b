//! Asks clouds about many things at a time, and answers in their order.

use std::future::Future;

use futures_util::{StreamExt as _, stream};

/// So many are asked about at a time. How many requests of one cloud are under way is its throttle's business.
const AT_A_TIME: usize = 64;

/// Does it for each, side by side.
pub(crate) async fn side_by_side<T, A, F: Future<Output = A>>(
    things: impl IntoIterator<Item = T>,
    ask: impl FnMut(T) -> F,
) -> Vec<A> {
    stream::iter(things).map(ask).buffered(AT_A_TIME).collect().await
}

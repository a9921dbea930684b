//! How orders stand by what the queue has of them.

use cloud_import::{
    Error, ErrorKind, Result,
    publish::{self, Ended, Record, Step},
};
use cloud_import_fleet::{Queue, Row};

use crate::outcome::Outcome;

/// Orders that have no record yet, by the ids of their jobs.
pub(crate) async fn waiting(queue: &Queue) -> Result<Vec<(String, Outcome)>> {
    let rows = queue.all().await?.into_iter();
    Ok(rows.map(|row| (row.order.job.clone(), stands(&row))).collect())
}

/// How an order stands that has no record.
pub(super) fn stands(row: &Row) -> Outcome {
    if row.is_left {
        return publish::Outcome::new(&row.order.target, left(row, None)).into();
    }
    let what = match (row.is_held, &row.order.said) {
        (true, _) => "a worker has it".to_owned(),
        (false, None) => "waits for a worker".to_owned(),
        (false, Some(why)) => format!("is tried again: {}", why.message),
    };
    Outcome::aside(&row.order.target, what)
}

/// A person is to look at it.
pub(super) fn left(row: &Row, record: Option<&Record>) -> Ended {
    let order = &row.order;
    let error = order.said.as_ref().map(|said| said.error(order.provider));
    let error = error.unwrap_or_else(|| Error::new(ErrorKind::OutcomeUnknown, "it was left as it is"));
    match record.map(|record| (record.step, record.task.clone())) {
        Some((Step::Starting | Step::Unknown, task)) => Ended::Unknown { task, error },
        _ => Ended::not_started(error),
    }
}

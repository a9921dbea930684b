//! From what was typed to the orders of a fleet, and back.

use cloud_import::{
    Error, ErrorKind, Result, Target,
    publish::{JobFacts, Record, Step},
};
use cloud_import_fleet::Order;

use crate::{args::Import, asked, source::Place, targets::Wanted};

/// Refuses what no worker could do as it is asked.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`], with what to do.
pub(crate) fn check(options: &Import, wanted: &[Wanted]) -> Result<()> {
    let refused = [
        (
            options.dry_run || options.vendor_dry_run,
            "a trial",
            "Try it without --fleet.",
        ),
        (
            options.again,
            "--again",
            "Begin it again without --fleet: `cloud-import retry JOB --again --to TARGET --state URL`.",
        ),
        (
            options.staging.convert.is_some(),
            "--convert",
            "Convert the file first, with `qemu-img` or an import without --fleet.",
        ),
        (
            options.cancel_on_interrupt,
            "--cancel-on-interrupt",
            "Leave it out, and cancel with `cloud-import cancel JOB --state URL`.",
        ),
        (
            wanted.iter().any(|wanted| wanted.fields.copy_of.is_some()),
            "--copy-to",
            "Copy the image once it is there: `cloud-import copy`.",
        ),
    ];
    match refused.iter().find(|(is_asked, ..)| *is_asked) {
        Some((_, what, remedy)) => {
            Err(Error::new(ErrorKind::InvalidRequest, format!("{what} is nothing for a fleet")).with_remedy(*remedy))
        }
        None => Ok(()),
    }
}

/// The order for a target of a job. `sha256`: that of the file, where there is one. `record`: what the job has of it already.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when a secret would be in it.
pub(crate) fn order(
    options: &Import,
    wanted: &Wanted,
    job: &str,
    sha256: Option<&str>,
    record: Option<&Record>,
) -> Result<Order> {
    let untold = || {
        Error::new(
            ErrorKind::InvalidRequest,
            "the order has words that are no text, and cannot be sent on",
        )
    };
    let common = options.asked.clone().ok_or_else(untold)?;
    let own = asked::of_target(wanted).ok_or_else(untold)?;
    let typed = wanted.fields.source.clone();
    let image = match &typed {
        Some(source) => source.clone(),
        None => options.order.image.to_str().ok_or_else(untold)?.to_owned(),
    };
    let place = Place::read(&image)?;
    let image = match &place {
        Place::File(path) => std::path::absolute(path)
            .ok()
            .and_then(|path| path.into_os_string().into_string().ok())
            .ok_or_else(untold)?,
        _ => image,
    };
    let is_simulated = asked::was_simulated(&common);
    let mut order = Order::new(job, &wanted.label, &wanted.target, &image, common, own)?;
    // A data disk, and whatever else may be a link.
    if order.asked_of_target.get("cut").is_some() {
        let problem = "a link of the order may be signed, and the database would hold it";
        return Err(
            Error::new(ErrorKind::InvalidRequest, problem).with_remedy("Name links without a query, or BUCKET:KEY.")
        );
    }
    order.account = account(options, wanted);
    order.sha256 = sha256.filter(|_| matches!(place, Place::File(_))).map(str::to_owned);
    order.simulated = is_simulated;
    order.generation = record.map_or(0, wanted_generation);
    Ok(order)
}

/// The order for a target of a job again, by its record; `None` where it did not fail.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when a secret would be in it, or what was asked is not recorded.
pub(crate) fn anew(job: &JobFacts, record: &Record) -> Result<Option<Order>> {
    if !matches!(record.step, Step::Failed | Step::Canceled) && record.step.is_settled() {
        return Ok(None);
    }
    let asked = record.asked.as_ref();
    let Some((asked, common)) = asked.and_then(|asked| Some((asked, job.orders.get(&asked.order)?))) else {
        let message = format!("what was asked of `{}` is not recorded", record.target);
        return Err(Error::new(ErrorKind::Conflict, message).with_remedy("Repeat its import with --fleet."));
    };
    let target = Target::new(record.provider, &record.region);
    let image = common["image"].as_str().unwrap_or(&job.source);
    let mut order = Order::new(
        &job.id,
        &record.target,
        &target,
        image,
        common.clone(),
        asked.target.clone(),
    )?;
    order.account = asked.target["fields"]["account"].as_str().map(str::to_owned);
    order.sha256.clone_from(&job.sha256);
    order.simulated = asked::was_simulated(common);
    order.generation = wanted_generation(record);
    Ok(Some(order))
}

/// The name of the account of a target.
fn account(options: &Import, wanted: &Wanted) -> Option<String> {
    let of_cloud = options.reach.account.iter().rev();
    let of_cloud = of_cloud.filter(|(provider, _)| *provider == wanted.target.provider);
    let of_cloud = of_cloud.map(|(_, name)| name).next();
    wanted.fields.account.as_ref().or(of_cloud).cloned()
}

/// What is settled is begun anew, or looked at once more; what is not is gone on with.
fn wanted_generation(record: &Record) -> u32 {
    match record.step.is_settled() && !record.is_open() {
        true => record.generation + 1,
        false => record.generation,
    }
}

/// Whether this record is of what was ordered, and not of an image before it.
pub(crate) fn is_of(record: &Record, order: &Order) -> bool {
    record.generation >= order.generation
}

/// Whether what was ordered has come to its end by this record.
pub(crate) fn is_over(record: &Record, order: &Order) -> bool {
    record.step.is_settled() && is_of(record, order) && !record.is_open()
}

/// The import that a worker does for an order: one look, with the worker's own ways.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when a later version wrote what was asked.
pub(crate) fn import(order: &Order, record: Option<&Record>) -> Result<(Import, Vec<Wanted>)> {
    let (mut import, mut wanted) = asked::again(&order.asked, &[&order.asked_of_target], &[])?;
    import.best_effort = true;
    import.expect_sha256.clone_from(&order.sha256);
    import.waiting.timeout = Some(std::time::Duration::ZERO);
    // What was sent is asked about; the clouds were asked before.
    import.no_preflight = record.is_some_and(|record| record.task.is_some());
    for wanted in &mut wanted {
        wanted.fields.account.clone_from(&order.account);
    }
    Ok((import, wanted))
}

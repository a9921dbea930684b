//! Destinations whose orders are refused as they are, or by what was found out of them: told before the file is read, which may take an
//! hour. Reads and sends nothing.

use cloud_import_core::{Error, ErrorKind, Result};

use super::{
    content::Content,
    destination::Destination,
    event::Listener,
    outcome::Outcome,
    preflight::{Call, Readiness},
    run::traced,
};

/// What came of each destination whose order is refused; `None` for the others.
///
/// # Errors
/// Every one is refused, or, unless it is by best effort, one is: as the one is, or with the problems of them all.
pub(crate) async fn refused(
    call: Call<'_>,
    readiness: &[Readiness],
    listener: &dyn Listener,
) -> Result<Vec<Option<Outcome>>> {
    let Call {
        destinations, options, ..
    } = call;
    let (mut outcomes, mut errors) = (Vec::new(), Vec::new());
    for (index, destination) in destinations.iter().enumerate() {
        let found = || readiness.get(index).and_then(|ready| ready.refusal());
        let accepted = accepted(destination, call.content, &options.prefix);
        let Err(error) = accepted.and_then(|()| found().map_or(Ok(()), Err)) else {
            outcomes.push(None);
            continue;
        };
        errors.push((destination.label.as_str(), error.clone()));
        let over = std::future::ready(Err(error));
        outcomes.push(Some(traced(index, destination, listener, over).await));
    }
    match errors.as_slice() {
        [] => Ok(outcomes),
        some if some.len() < destinations.len() && options.best_effort => Ok(outcomes),
        [(_, error)] => Err(error.clone()),
        all => {
            let lines = all.iter().map(|(label, error)| format!("{label}: {}", error.message()));
            let message = lines.collect::<Vec<_>>().join("; ");
            let problems = all.iter().flat_map(|(_, error)| error.problems()).cloned();
            Err(Error::new(ErrorKind::InvalidRequest, message).with_problems(problems.collect()))
        }
    }
}

/// # Errors
/// Every problem of the order, where one is an error; or the file is too large for the object storage.
fn accepted(destination: &Destination, content: &Content, prefix: &str) -> Result<()> {
    let ordered = content.order(destination, prefix)?;
    let importer = &*destination.importer;
    let problems = ordered.problems(importer);
    if ordered.request.no_validate || !problems.iter().any(|problem| problem.is_error()) {
        return Ok(());
    }
    Err(Error::invalid(importer.provider(), problems))
}

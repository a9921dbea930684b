//! Destinations whose orders are refused as they are: told before the file is read, which may take an hour. Reads and sends nothing.

use cloud_import_core::{Error, ErrorKind, Result};

use super::{content::Content, destination::Destination, event::Listener, outcome::Outcome, run::traced};

/// What came of each destination whose order is refused; `None` for the others.
///
/// # Errors
/// Every one is refused: as the one is, or with the problems of them all.
pub(crate) async fn refused(
    destinations: &[Destination],
    content: &Content,
    prefix: &str,
    listener: &dyn Listener,
) -> Result<Vec<Option<Outcome>>> {
    let (mut outcomes, mut errors) = (Vec::new(), Vec::new());
    for (index, destination) in destinations.iter().enumerate() {
        let Err(error) = accepted(destination, content, prefix) else {
            outcomes.push(None);
            continue;
        };
        errors.push((destination.label.as_str(), error.clone()));
        let over = std::future::ready(Err(error));
        outcomes.push(Some(traced(index, destination, listener, over).await));
    }
    match errors.as_slice() {
        all if all.len() < destinations.len() => Ok(outcomes),
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

//! `delete`: an image goes with the snapshots behind it, and the records that name it say so.

use std::io::{IsTerminal as _, stderr, stdin};

use cloud_import::{
    Error, ErrorKind, Result, Stop,
    publish::{self, Look, look},
};

use crate::{
    args::Delete,
    changed::{self, Done},
    connect::Clouds,
    exit::Exit,
    found::{self, Found},
    output,
    simulate::Simulated,
    state::Remembered,
};

pub(crate) async fn run(options: Delete) -> Result<Exit> {
    let (reach, place) = (&options.reached.reach, &options.image);
    let simulated = Simulated::of(reach).await?;
    let state = Remembered::of(&options.reached.state, simulated.is_some()).await?;
    let clouds = Clouds::new(reach, simulated.as_ref())?;
    let place = found::place(place, "--to", reach, &clouds, state.state()).await?;
    let found = place.find().await?;
    if !options.yes && !is_meant(&found).await? {
        output::note("nothing was deleted");
        return Ok(Exit::Interrupted);
    }
    let deleted = match found.importer.delete(&found.image).await {
        Err(error) if error.kind() == ErrorKind::NotFound && is_gone(&found).await => {
            output::note(&format!("{}: it was not there any more", found.target()));
            Ok(())
        }
        deleted => deleted,
    };
    if deleted.is_ok() {
        publish::retire(state.state(), &found.image).await;
    }
    changed::write(&found, deleted.map(|()| (Done::Deleted, None)), reach.output)
}

/// Whether an image that a job made is none any more: then it is as it was to be. An id that was typed may be mistyped.
async fn is_gone(found: &Found) -> bool {
    let Some(record) = &found.record else { return false };
    let (account, stop) = (record.account.as_deref(), Stop::default());
    let seen = look(&found.image, account, &*found.importer, &stop).await;
    matches!(seen, Look::Gone(_))
}

/// Asks on the terminal whether this image is meant.
///
/// # Errors
/// There is nobody to be asked.
async fn is_meant(found: &Found) -> Result<bool> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        let message = format!(
            "{} {} is deleted only when that is said",
            found.target(),
            found.image.id
        );
        return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy("Use --yes."));
    }
    output::say(&question(found));
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.ok().and_then(Result::ok).unwrap_or_default();
    Ok(is_yes(&answer))
}

fn question(found: &Found) -> String {
    let told = [found.image.name.as_str(), found.state.as_str()];
    let told: Vec<&str> = told.into_iter().filter(|text| !text.is_empty()).collect();
    let (target, id) = (found.target(), &found.image.id);
    match told.as_slice() {
        [] => format!("delete the image {id} of {target} and its snapshots? [y/N]"),
        told => format!(
            "delete the image {id} ({}) of {target} and its snapshots? [y/N]",
            told.join(", ")
        ),
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_one() {
        for yes in ["y\n", "Y", " yes \r\n", "YES\n"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yess\n", "no", "j\n", "y y\n"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}

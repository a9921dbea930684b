//! `share`, `unshare`, `tag`, `set` and `deprecate`: one change to an image that is there, and what the cloud shows of it at the end.

use cloud_import::{Error, ImageChange, ImageImporter, Problem, Result};

use crate::{
    args::{Deprecate, OneImage, Reached, Set, Share, Tag, Trial, Unshare},
    changed::{self, Done},
    connect::Clouds,
    exit::Exit,
    findings::{self, Finding},
    found,
    simulate::Simulated,
    state::Remembered,
};

pub(crate) async fn share(options: Share) -> Result<Exit> {
    let change = options.accounts.iter().fold(ImageChange::default(), ImageChange::share);
    made(&options.image, &change, &options.trial, &options.reached).await
}

pub(crate) async fn unshare(options: Unshare) -> Result<Exit> {
    let change = options
        .accounts
        .iter()
        .fold(ImageChange::default(), ImageChange::unshare);
    made(&options.image, &change, &options.trial, &options.reached).await
}

pub(crate) async fn tag(options: Tag) -> Result<Exit> {
    let tags = options.tags.iter().filter_map(|text| text.split_once('='));
    let change = tags.fold(ImageChange::default(), |change, (key, value)| change.tag(key, value));
    let change = options.remove.iter().fold(change, ImageChange::untag);
    made(&options.image, &change, &options.trial, &options.reached).await
}

pub(crate) async fn set(options: Set) -> Result<Exit> {
    let mut change = ImageChange::default();
    change.family = options.family;
    change.public = match (options.public, options.not_public) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    made(&options.image, &change, &options.trial, &options.reached).await
}

pub(crate) async fn deprecate(options: Deprecate) -> Result<Exit> {
    let change = ImageChange::default().deprecated(!options.undo);
    made(&options.image, &change, &options.trial, &options.reached).await
}

/// Makes a change, and writes what the cloud shows then.
async fn made(image: &OneImage, change: &ImageChange, trial: &Trial, reached: &Reached) -> Result<Exit> {
    let reach = &reached.reach;
    let simulated = Simulated::of(reach).await?;
    let state = Remembered::of(&reached.state, simulated.is_some()).await?;
    let clouds = Clouds::new(reach, simulated.as_ref())?;
    let place = found::place(image, "--to", reach, &clouds, state.state()).await?;
    validated(&*place.importer, change)?;
    let found = place.find().await?;
    let done = match trial.dry_run {
        true => Ok((Done::Checked, None)),
        false => {
            let shown = found.importer.change(&found.image, change).await;
            shown.map(|shown| (Done::Changed, Some(shown)))
        }
    };
    changed::write(&found, done, reach.output)
}

/// Refuses what the cloud cannot do before it is asked, and tells what may be wrong.
fn validated(importer: &dyn ImageImporter, change: &ImageChange) -> Result<()> {
    let problems = importer.validate_change(change);
    if problems.iter().any(Problem::is_error) {
        return Err(Error::invalid(importer.provider(), problems));
    }
    let target = format!("{}/{}", importer.provider(), importer.region());
    let found = problems
        .iter()
        .map(|problem| (target.as_str(), Finding::of_problem(problem)));
    findings::say(&found.collect::<Vec<_>>());
    Ok(())
}

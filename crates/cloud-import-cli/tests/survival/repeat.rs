//! What a user does after whatever happened: the same command again, when it is advised, until it ends.

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::datetime,
};

use crate::{places::Place, process::Ended, scene::Scene};

/// A job that needs more runs than this does not get on.
const MOST: usize = 8;

/// What it took.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Repeats {
    pub(crate) runs: usize,
    /// Outcomes that were told as not known.
    pub(crate) unknowns: usize,
}

/// The same command until every place has its one image. An outcome that is told as not known is settled as the user is told
/// to: by the same command at a later instant; and where it is called not listed, by looking whether an image is there, and ordering
/// again on purpose where none is.
///
/// # Errors
/// It does not come to an end, or something is not as it has to be.
pub(crate) async fn to_the_end(scene: &Scene, places: &[Place]) -> Result<Repeats, String> {
    let mut repeats = Repeats::default();
    let mut open: Vec<Place> = places.to_vec();
    let mut again: Vec<Place> = Vec::new();
    let mut last = String::new();
    while !open.is_empty() {
        if repeats.runs >= MOST {
            return Err(format!("not at its end after {MOST} runs: {last}"));
        }
        repeats.runs += 1;
        let ended = match again.is_empty() {
            true => scene.import(&open, &[]).end().await?,
            false => scene.import(&again, &["--again"]).end().await?,
        };
        again.clear();
        let mut from = SystemEnv.now();
        last = format!("exit {:?}\n{}", ended.code, ended.err);
        for row in ended.rows()? {
            let Some(index) = open.iter().position(|place| place.target == row.target) else {
                continue;
            };
            let place = open[index];
            match row.status.as_str() {
                "succeeded" => {
                    open.remove(index);
                    scene
                        .one_image(&place, row.image_id.as_deref())
                        .map_err(|error| format!("{error}\n{}", ended.err))?;
                }
                "unknown" => {
                    repeats.unknowns += 1;
                    if place.token {
                        let told = "has tokens, and the outcome is told as not known";
                        return Err(format!("{} {told}\n{}", place.target, ended.err));
                    }
                    honest(scene, &place, &ended)?;
                    let is_not_listed = row
                        .message
                        .is_some_and(|message| message.contains("is not listed since "));
                    if is_not_listed && scene.imports(place.cloud) == 0 {
                        again.push(place);
                    }
                    let at = row.repeat_from.as_deref().and_then(datetime::parse_rfc3339);
                    from = from.max(at.unwrap_or(from));
                }
                _ => {}
            }
        }
        if !open.is_empty() {
            SystemEnv
                .sleep(from.duration_since(SystemEnv.now()).unwrap_or_default())
                .await;
        }
    }
    Ok(repeats)
}

/// An outcome that is not known: at most one import, and what to do next is said.
///
/// # Errors
/// What is not so.
pub(crate) fn honest(scene: &Scene, place: &Place, ended: &Ended) -> Result<(), String> {
    let row = ended.row(place.target)?;
    let imports = scene.imports(place.cloud);
    if imports > 1 {
        return Err(format!("{}: {imports} imports, told as not known", place.target));
    }
    if row.message.is_none() || row.remedy.is_none() {
        return Err(format!(
            "{}: not known, and no word of what to do: {row:?}",
            place.target
        ));
    }
    Ok(())
}

//! Finding an import by its ids, or by its name and a proof that it is the order's own; and the images of a name. Pages are
//! read in one place.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    time::{Duration, SystemTime},
};

use super::cloud::{At, By, Cloud, Listing, Proof, Query, Row};
use crate::{
    Error, ErrorKind, ImageSource, ImportTask, OwnImage, OwnImages, Provider, Result,
    engine::preflight::NamedImage,
    model::{code::StateClass, id, token::MARKER},
};

/// How far the cloud's clock and this machine's may be apart: as far as signatures allow.
const CLOCKS_APART: Duration = Duration::from_secs(15 * 60);

/// How much older than its order an image may look that is known by its name alone. Where the clocks are further apart, it is not
/// found, which is told.
const NAMED_APART: Duration = Duration::from_secs(60);

/// Vendors cut their dates off to the second.
const DATE_STEP: Duration = Duration::from_secs(1);

/// What the cloud's list says of an order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Sighting {
    /// It shows the import: its task, with what is found of its ids.
    Listed(Box<ImportTask>),
    /// It does not show it, and it is complete: every page in every state, as many entries as the cloud says there are.
    NotListed,
    /// It does not show it, and may not be complete.
    Unclear,
}

/// Where an import was found.
pub(crate) enum Found {
    /// Its task.
    Task(Row),
    /// Its image, or a listed task of a cloud that lists no images of imports.
    Listed(Row),
}

/// The import of a task: by the task's id, else as it is listed.
pub(crate) async fn find<C: Cloud>(cloud: &C, task: &ImportTask, project: Option<&str>) -> Result<Option<Found>> {
    if let Some(id) = &task.task_id {
        let row = match &task.copied_from {
            Some(image) if image.region != task.region => copy_task(cloud, image, id).await?,
            // Inside a region it is ordered in the project that it is made in, whoever's the image is.
            _ => cloud.task(id, project).await?,
        };
        match row {
            Some(row) => return Ok(Some(Found::Task(row.checked(task.provider)?))),
            // Another task of the same name and file would be another order's.
            None if listing::<C>(task) == Listing::Tasks => return Ok(None),
            None => {}
        }
    }
    Ok(listed(cloud, task, project).await?.map(Found::Listed))
}

/// The task of a copy to another region, which runs where the image is.
async fn copy_task<C: Cloud>(cloud: &C, image: &ImageSource, id: &str) -> Result<Option<Row>> {
    let from = cloud.in_region(&image.region, image.project.as_deref())?;
    let project = from.resolve_project(image.project.as_deref()).await?;
    from.task(id, project.as_deref()).await
}

/// What shows the import of a task whose ids are not known. Copies are shown as images by all clouds.
pub(crate) fn listing<C: Cloud>(task: &ImportTask) -> Listing {
    if task.is_copy() { Listing::Images } else { C::LISTING }
}

/// Whether the list that shows it begins with the newest. What is known of a cloud's list of imports says nothing of another list.
fn is_newest_first<C: Cloud>(task: &ImportTask) -> bool {
    C::NEWEST_FIRST && listing::<C>(task) == C::LISTING
}

fn proof<C: Cloud>(task: &ImportTask) -> Proof {
    if task.is_copy() { C::COPY_PROOF } else { C::PROOF }
}

/// The import as it is listed: by the image's id, else the newest with its name and the proof.
pub(crate) async fn listed<C: Cloud>(cloud: &C, task: &ImportTask, project: Option<&str>) -> Result<Option<Row>> {
    match look(cloud, task, project).await? {
        Look {
            newest: None,
            read: Read::Part,
            ..
        } if !is_newest_first::<C>(task) => Err(unfinished(cloud)),
        look => Ok(look.newest),
    }
}

/// What a look at a list showed of an order.
struct Look {
    newest: Option<Row>,
    read: Read,
    /// An entry of its name may be it, and does not show yet what would prove it.
    may_be_there: bool,
}

/// Looks for the import in the list.
async fn look<C: Cloud>(cloud: &C, task: &ImportTask, project: Option<&str>) -> Result<Look> {
    let by = match &task.image_id {
        Some(id) if listing::<C>(task) == Listing::Images => By::Id(id),
        _ => By::Name(&task.name),
    };
    let (mut newest, mut may_be_there): (Option<Row>, bool) = (None, false);
    let read = each(cloud, listing::<C>(task), &Query::new(by, project), |row| {
        if !is_own::<C>(by, task, &row) {
            may_be_there |= may_be_own::<C>(task, &row);
            return ControlFlow::Continue(());
        }
        if newest.as_ref().is_none_or(|other| other.created < row.created) {
            newest = Some(row);
        }
        match by {
            By::Name(_) if !is_newest_first::<C>(task) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    })
    .await?;
    Ok(Look {
        newest,
        read,
        may_be_there,
    })
}

/// What the list says of an order whose ids are not known.
pub(crate) async fn sight<C: Cloud>(cloud: &C, task: &ImportTask) -> Result<Sighting> {
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    let look = look(cloud, task, project.as_deref()).await?;
    match (look.newest, look.read) {
        (Some(row), _) => Ok(Sighting::Listed(Box::new(known(cloud, task, row, project).await?))),
        (None, Read::Complete) if !look.may_be_there => Ok(Sighting::NotListed),
        (None, _) => Ok(Sighting::Unclear),
    }
}

/// The import of a task with what is found of its ids, if it is listed and counts.
pub(crate) async fn lookup<C: Cloud>(
    cloud: &C,
    task: &ImportTask,
    counts: fn(&Row) -> bool,
) -> Result<Option<ImportTask>> {
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    let found = find(cloud, task, project.as_deref()).await?;
    let row = found.map(|(Found::Task(row) | Found::Listed(row))| row);
    match row.filter(counts) {
        Some(row) => known(cloud, task, row, project).await.map(Some),
        None => Ok(None),
    }
}

/// A task with what a row tells of its ids.
async fn known<C: Cloud>(cloud: &C, task: &ImportTask, row: Row, project: Option<String>) -> Result<ImportTask> {
    let mut found = task.clone();
    adopt(cloud, &mut found, &row);
    if let (None, Some(image_id)) = (&found.task_id, &found.image_id) {
        let task_id = cloud.task_of(image_id, project.as_deref()).await?;
        found.task_id = id::answered(task.provider, task_id)?;
    }
    found.project = project;
    Ok(found)
}

/// Takes over what a row tells of the ids.
pub(crate) fn adopt<C: Cloud>(cloud: &C, task: &mut ImportTask, row: &Row) {
    task.seen(cloud.connection().pipeline.env.now());
    if task.task_id.is_none() {
        task.task_id.clone_from(&row.task_id);
    }
    if task.image_id.is_none() {
        task.image_id.clone_from(&row.image_id);
    }
}

/// The account's own images of exactly this name: all of them, or as many as are enough.
///
/// # Errors
/// The cloud's own, and [`ErrorKind::Unsupported`] when there are more pages than are read.
pub async fn named<C: Cloud>(cloud: &C, name: &str, project: Option<&str>, enough: usize) -> Result<Vec<NamedImage>> {
    let mut found: Vec<NamedImage> = Vec::new();
    let query = Query::new(By::Name(name), project);
    let read = each(cloud, Listing::Images, &query, |row| {
        let id = row.image_id.clone().unwrap_or_default();
        if row.name.as_deref() == Some(name) && found.iter().all(|other| other.id != id) {
            found.push(NamedImage {
                id,
                may_be_own: may_be_ours::<C>(&row),
                state: row.raw,
                class: row.class,
            });
        }
        match found.len() < enough {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    })
    .await?;
    match read {
        Read::Part => Err(unfinished(cloud)),
        Read::End | Read::Complete => Ok(found),
    }
}

/// The image that a row shows.
fn shown(row: Row) -> OwnImage {
    OwnImage {
        id: row.image_id.unwrap_or_default(),
        name: row.name.unwrap_or_default(),
        state: row.raw,
        class: row.class,
        created: row.created.or(row.dated),
        marks: row.marks,
        disk_gib: row.disk_gib,
    }
}

/// The account's own images, in whatever state: as many as are read.
pub(crate) async fn all<C: Cloud>(cloud: &C, project: Option<&str>) -> Result<OwnImages> {
    let mut images: Vec<OwnImage> = Vec::new();
    let mut seen = BTreeSet::new();
    let read = each(cloud, Listing::Images, &Query::new(By::All, project), |row| {
        // Where the list changes between two pages, one may be on both.
        if row.image_id.as_ref().is_none_or(|id| seen.insert(id.clone())) {
            images.push(shown(row));
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(OwnImages {
        images,
        is_complete: read == Read::Complete,
    })
}

/// The image of this id; `None` when the cloud says that there is none.
pub(crate) async fn image<C: Cloud>(cloud: &C, id: &str, project: Option<&str>) -> Result<Option<OwnImage>> {
    let provider = cloud.capabilities().provider;
    let Some(row) = cloud.image(id, project).await? else {
        return Ok(None);
    };
    let image = shown(row.checked(provider)?);
    match image.id == id {
        true => Ok(Some(image)),
        false => Err(another_image(provider)),
    }
}

/// The error of an answer that shows another image than the one that was asked for.
pub(crate) fn another_image(provider: Provider) -> Error {
    let message = "the answer shows another image than the one that was asked for";
    Error::new(ErrorKind::InvalidResponse, message).with_provider(provider)
}

/// How much of a list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    /// As many pages as may be, and there are more.
    Part,
    /// To its end, or as far as was enough.
    End,
    /// To its end, and nothing says that there is more: every answer has its list, and the cloud counts as many, all the time.
    Complete,
}

/// Hands every row of a list over, page by page, until it is enough.
async fn each<C: Cloud>(
    cloud: &C,
    listing: Listing,
    query: &Query<'_>,
    mut take: impl FnMut(Row) -> ControlFlow<()> + Send,
) -> Result<Read> {
    let mut at = At::default();
    let (mut is_complete, mut total) = (true, None);
    while at.page < C::PAGES {
        let page = match listing {
            Listing::Tasks => cloud.tasks(query, at).await?,
            Listing::Images => cloud.images(query, at).await?,
        };
        // Where the number changes between two pages, the second does not begin where the first ended.
        is_complete &= page.is_whole && (at.page == 0 || page.total == total);
        total = page.total;
        for row in page.rows {
            if take(row.checked(cloud.capabilities().provider)?).is_break() {
                return Ok(Read::End);
            }
        }
        at.page += 1;
        at.rows = at.rows.saturating_add(page.listed);
        if !page.more || matches!(query.by, By::Id(_)) {
            is_complete &= total.is_none_or(|total| at.rows >= total);
            return Ok(if is_complete { Read::Complete } else { Read::End });
        }
    }
    Ok(Read::Part)
}

/// Whether a row is what a task stands for. The name alone proves nothing: it may be an older image's.
fn is_own<C: Cloud>(by: By<'_>, task: &ImportTask, row: &Row) -> bool {
    if let By::Id(id) = by {
        return row.image_id.as_deref() == Some(id);
    }
    let has_id = row.image_id.is_some() || row.task_id.is_some();
    if is_foreign(task, row) || !has_id || row.name.as_deref() != Some(&task.name) {
        return false;
    }
    match proof::<C>(task) {
        Proof::Name => {
            let is_known = task.started_at != SystemTime::UNIX_EPOCH;
            // The name alone is its proof: what was there long before is another's.
            let is_young = |created: SystemTime| created + NAMED_APART >= task.started_at;
            is_known && row.created.is_some_and(is_young)
        }
        Proof::Marker => {
            let carries = |marker| {
                row.description
                    .as_ref()
                    .is_some_and(|text| text.contains(&format!("[{marker}]")))
            };
            task.marker.as_ref().is_some_and(carries)
        }
        Proof::Source { must_show } => {
            // What shows no file is known by when it came, where there is an instant from which it can be the order's own.
            let same_file = match row.sources.is_empty() {
                true => !must_show && task.started_at != SystemTime::UNIX_EPOCH,
                false => row.sources.contains(&task.source),
            };
            same_file
                && row
                    .created
                    .map_or(!must_show, |created| is_not_older(row, created, task.started_at))
        }
    }
}

/// Whether a row was made otherwise than the task's image: by no import, or of a copy, by an import where the cloud tells.
fn is_foreign(task: &ImportTask, row: &Row) -> bool {
    row.is_foreign && !task.is_copy()
}

/// Whether a row that is not known to be the order's own may be it all the same: it has the name, may be young enough, and does
/// not show what would tell, or no id, as an image that is being made may not yet.
fn may_be_own<C: Cloud>(task: &ImportTask, row: &Row) -> bool {
    let has_no_id = row.image_id.is_none() && row.task_id.is_none();
    let is_unproven = has_no_id
        || match proof::<C>(task) {
            Proof::Name => row.created.is_none(),
            Proof::Marker => row.description.as_deref().unwrap_or_default().is_empty(),
            Proof::Source { .. } => row.sources.is_empty() || row.created.is_none(),
        };
    let may_be_young = row
        .created
        .is_none_or(|created| is_not_older(row, created, task.started_at));
    row.name.as_deref() == Some(&task.name) && !is_foreign(task, row) && is_unproven && may_be_young
}

/// Whether an order of this program, of whatever content, may have made what a row shows.
fn may_be_ours<C: Cloud>(row: &Row) -> bool {
    if row.is_foreign {
        return false;
    }
    match C::PROOF {
        Proof::Name => true,
        Proof::Marker => row.description.as_ref().is_some_and(|text| text.contains(MARKER)),
        Proof::Source { must_show } if row.sources.is_empty() => !must_show,
        Proof::Source { .. } => row.sources.iter().any(|source| names_a_hash(source)),
    }
}

/// Whether there is a SHA-256 among the words of a text, as in the keys of objects that are staged.
fn names_a_hash(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a row came to be after an order left. A failed one of shortly before is that of an earlier order: its name was free
/// to be taken again.
fn is_not_older(row: &Row, created: SystemTime, started: SystemTime) -> bool {
    let apart = match row.class {
        Some(StateClass::Failed) => DATE_STEP,
        _ => CLOCKS_APART,
    };
    created + apart >= started
}

/// The error of a search that read as many pages as it may and is not at the end.
fn unfinished<C: Cloud>(cloud: &C) -> Error {
    let message = format!("not on the first {} pages of the list, and there are more", C::PAGES);
    Error::new(ErrorKind::Unsupported, message)
        .with_provider(cloud.capabilities().provider)
        .with_remedy("Delete images that are not needed, or look in the vendor's console.")
}

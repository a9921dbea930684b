//! A list that does not show an order proves something only where it is complete.

use std::time::Duration;

use cloud_import_core::{
    Error, ErrorKind, ImageImporter as _, ImportTask, Sighting,
    provider::{Page, Row},
};

use crate::fake::{Fake, PLAIN, order, row};

fn task() -> ImportTask {
    Fake::new(&PLAIN).importer().prepare(&order()).unwrap().into_task()
}

async fn sighted(pages: impl IntoIterator<Item = Page>) -> Sighting {
    let importer = Fake::new(&PLAIN).pages(pages).importer();
    importer.sight(&task()).await.unwrap()
}

/// So many entries that are others', on a page of two, of a list that has so many in all.
fn others(many: usize, total: Option<i64>) -> Page {
    let row = |index| {
        let mut row = row();
        row.name = Some(format!("other-{index}"));
        row
    };
    Page::of(Some((0..many).collect()), row, 2).of_total(total)
}

/// A page with this entry alone.
fn of(change: impl FnOnce(&mut Row)) -> Page {
    let mut own = row();
    change(&mut own);
    Page::of(Some(vec![own]), |row| row, 2).of_total(Some(1))
}

#[tokio::test]
async fn a_list_is_complete_when_nothing_says_that_there_is_more() {
    for pages in [
        vec![others(0, Some(0))],
        vec![others(0, None)],
        // Where there are none, the list may be left out.
        vec![Page::of(None, |row: Row| row, 2).of_total(Some(0))],
        vec![others(2, Some(3)), others(1, Some(3))],
        vec![others(2, None), others(1, None)],
        vec![others(2, Some(2)), others(0, Some(2))],
    ] {
        let shown = format!("{pages:?}");
        assert_eq!(sighted(pages).await, Sighting::NotListed, "{shown}");
    }
}

#[tokio::test]
async fn a_list_that_may_have_more_proves_nothing() {
    let mut cut = others(1, Some(1));
    cut.is_whole = false;
    for pages in [
        vec![Page::default()],
        vec![Page::of(None, |row: Row| row, 2)],
        // Less than the cloud says there are.
        vec![others(1, Some(2))],
        vec![Page::of(None, |row: Row| row, 2).of_total(Some(1))],
        vec![others(2, Some(4)), others(1, Some(4))],
        // Something came or went between two pages: one may have moved over the edge.
        vec![others(2, Some(4)), others(1, Some(3))],
        vec![others(2, Some(3)), others(1, None)],
        vec![cut],
        // More pages than are read.
        std::iter::repeat_with(|| others(2, None)).take(100).collect(),
    ] {
        let shown = format!("{} pages, the first {:?}", pages.len(), pages[0]);
        assert_eq!(sighted(pages).await, Sighting::Unclear, "{shown}");
    }
    let refused = Err(Error::new(ErrorKind::PermissionDenied, "no"));
    let importer = Fake::new(&PLAIN).lists([refused]).importer();
    assert!(importer.sight(&task()).await.is_err());
}

#[tokio::test]
async fn what_is_listed_is_found_on_whichever_page() {
    let pages = [others(2, Some(3)), of(|_| ())];
    let Sighting::Listed(found) = sighted(pages).await else {
        panic!("it is listed");
    };
    assert_eq!(found.image_id.as_deref(), Some("found"));
}

/// An image that is being made may not show yet by what it is known again.
#[tokio::test]
async fn an_entry_of_the_name_without_a_mark_may_be_it() {
    let sent = task().started_at;
    for (page, expected) in [
        (of(|row| row.description = None), Sighting::Unclear),
        (of(|row| row.description = Some(String::new())), Sighting::Unclear),
        (of(|row| row.image_id = None), Sighting::Unclear),
        (
            of(|row| {
                row.description = None;
                row.created = Some(sent + Duration::from_secs(60));
            }),
            Sighting::Unclear,
        ),
        // Another's: it says so, or it was there long before.
        (
            of(|row| row.description = Some("[ci-other]".to_owned())),
            Sighting::NotListed,
        ),
        (
            of(|row| {
                row.description = None;
                row.created = Some(sent - Duration::from_secs(3600));
            }),
            Sighting::NotListed,
        ),
        (
            of(|row| {
                row.description = None;
                row.is_foreign = true;
            }),
            Sighting::NotListed,
        ),
    ] {
        let shown = format!("{page:?}");
        assert_eq!(sighted([page]).await, expected, "{shown}");
    }
}

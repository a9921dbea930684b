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

/// All that is listed, each image once, and whether that is all.
#[tokio::test]
async fn a_list_of_all_images_says_whether_it_is_complete() {
    let named = |name: &str| {
        let mut row = row();
        (row.image_id, row.name) = (Some(format!("id-{name}")), Some(name.to_owned()));
        row
    };
    let page = |names: &[&str], total| Page::of(Some(names.to_vec()), named, 2).of_total(total);
    for (pages, expected, is_complete) in [
        (vec![page(&["a", "b"], Some(3)), page(&["c"], Some(3))], "a b c", true),
        // One moved over the edge of a page.
        (
            vec![
                page(&["a", "b"], Some(4)),
                page(&["b", "c"], Some(4)),
                page(&[], Some(4)),
            ],
            "a b c",
            true,
        ),
        (vec![page(&["a", "b"], Some(3)), page(&["c"], Some(4))], "a b c", false),
        (vec![page(&["a"], Some(2))], "a", false),
        (vec![Page::default()], "", false),
        (
            std::iter::repeat_with(|| page(&["a", "b"], None)).take(100).collect(),
            "a b",
            false,
        ),
    ] {
        let importer = Fake::new(&PLAIN).pages(pages).importer();
        let found = importer.images(None).await.unwrap();
        let names: Vec<&str> = found.images.iter().map(|image| image.name.as_str()).collect();
        assert_eq!((names.join(" ").as_str(), found.is_complete), (expected, is_complete));
    }
    let refused = Err(Error::new(ErrorKind::PermissionDenied, "no"));
    let importer = Fake::new(&PLAIN).lists([refused]).importer();
    assert!(importer.images(None).await.is_err());
}

#[tokio::test]
async fn an_image_is_found_by_its_id_and_no_other_is_taken_for_it() {
    let importer = || Fake::new(&PLAIN).pages([of(|_| ())]).importer();
    let found = importer().image("found", None).await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str()), ("found", "web"));
    assert_eq!(importer().image("other", None).await.unwrap(), None);
    // What can be no id is not asked for.
    let importer = Fake::new(&PLAIN)
        .lists([Err(Error::new(ErrorKind::PermissionDenied, "no"))])
        .importer();
    assert_eq!(importer.image("a b", None).await.unwrap(), None);
}

//! The spans of an import are those that `docs/tracing.md` lists, each with the fields that it lists.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use cloud_import::{WaitOptions, wait};
use cloud_import_tests::simulated::{Case, Stage};
use tracing::{Subscriber, instrument::WithSubscriber as _, span};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry,
};

const DOCUMENT: &str = include_str!("../../../docs/tracing.md");

/// Every span of the library, as `(name, field)`.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeSet<(String, String)>>>);

impl<S: Subscriber> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.target().starts_with("cloud_import") {
            let pairs = metadata
                .fields()
                .iter()
                .map(|field| (metadata.name().to_owned(), field.name().to_owned()));
            self.0.lock().unwrap().extend(pairs);
        }
    }
}

pub(crate) async fn are_documented(case: &'static Case) {
    let seen = Seen::default();
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let work = async {
        let mut task = importer.start(&stage.order()).await.unwrap();
        let options = WaitOptions::default().intervals(
            std::time::Duration::from_millis(20),
            std::time::Duration::from_millis(20),
        );
        wait(&importer, &mut task, &options).await.unwrap();
    };
    work.with_subscriber(registry().with(seen.clone())).await;
    let seen = seen.0.lock().unwrap();
    let names: BTreeSet<_> = seen.iter().map(|(span, _)| span.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["request", "start", "wait"]));
    for (span, field) in &*seen {
        assert!(DOCUMENT.contains(&format!("\n| `{span}` |")), "span {span}");
        let row = DOCUMENT.lines().find(|row| {
            let mut cells = row.split('|').skip(1);
            cells.next().is_some_and(|names| names.contains(&format!("`{field}`")))
        });
        let of = row.and_then(|row| row.split('|').nth(2)).unwrap_or_default();
        assert!(
            of.trim() == "all" || of.contains(&format!("`{span}`")),
            "{field} of {span}"
        );
    }
}

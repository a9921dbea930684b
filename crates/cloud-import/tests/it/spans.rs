//! The spans of an import are those that `docs/tracing.md` lists, each with the fields that it lists, and below the caller's.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use cloud_import::{Disk, ImportRequest, Os, Provider};
use tracing::{Instrument as _, Subscriber, field::Field, info_span, instrument::WithSubscriber as _, span};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::{self, LookupSpan},
};

use super::{BUCKET, Fuse, IMAGE, Scene, id, one};

const DOCUMENT: &str = include_str!("../../../../docs/tracing.md");

type Pairs = Arc<Mutex<BTreeSet<(&'static str, &'static str)>>>;

/// Every span of the library, as `(name, field)`: the fields that it has, and those that were recorded later.
#[derive(Clone, Default)]
struct Seen {
    declared: Pairs,
    recorded: Pairs,
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.target().starts_with("cloud_import") {
            let top = context
                .span_scope(id)
                .and_then(|scope| scope.from_root().next())
                .unwrap();
            assert_eq!(
                top.name(),
                "nightly",
                "{} is below no span of the caller",
                metadata.name()
            );
            let pairs = metadata.fields().iter().map(|field| (metadata.name(), field.name()));
            self.declared.lock().unwrap().extend(pairs);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let name = context.span(id).unwrap().name();
        let mut record = |field: &Field, _: &dyn Debug| {
            self.recorded.lock().unwrap().insert((name, field.name()));
        };
        values.record(&mut record);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_their_fields_are_documented() {
    let (scene, seen) = (Scene::new("spans").await, Seen::default());
    let work = async {
        id(&one(scene.publish(IMAGE).to(scene.destination(Provider::ALIYUN))).await);
        let importer = scene.importer(Provider::UCLOUD, ["ak", "sk"], &Fuse::never());
        // What is refused before it is sent has a span too.
        let order = ImportRequest::new("", Disk::object(BUCKET, "k.qcow2")).os(Os::new("CentOS", "7.9"));
        importer.start(&order).await.unwrap_err();
    };
    // With one subscriber alone, a span that is first met on another test's thread would be off for good.
    let _second = tracing::Dispatch::new(registry::Registry::default());
    // The span is made where the subscriber counts.
    let work = async { work.instrument(info_span!("nightly")).await };
    work.with_subscriber(registry::Registry::default().with(seen.clone()))
        .await;
    let recorded = seen.recorded.lock().unwrap();
    for pair in [
        ("import", "image.id"),
        ("wait", "image.id"),
        ("start", "error.type"),
        ("start", "otel.status_code"),
        ("request", "http.response.status_code"),
        ("request", "request.id"),
    ] {
        assert!(recorded.contains(&pair), "{pair:?} was not recorded: {recorded:?}");
    }
    let seen = seen.declared.lock().unwrap();
    let names: BTreeSet<_> = seen.iter().map(|(span, _)| *span).collect();
    assert_eq!(names, BTreeSet::from(["import", "request", "start", "upload", "wait"]));
    for (span, field) in &*seen {
        assert!(DOCUMENT.contains(&format!("\n| `{span}` |")), "span {span}");
        let rows = DOCUMENT
            .lines()
            .filter_map(|row| row.strip_prefix('|')?.split_once('|'));
        let of = rows.clone().find(|(names, _)| names.contains(&format!("`{field}`")));
        let of = of
            .and_then(|(_, rest)| rest.split('|').next())
            .unwrap_or_default()
            .trim();
        assert!(of == "all" || of.contains(&format!("`{span}`")), "{field} of {span}");
    }
}

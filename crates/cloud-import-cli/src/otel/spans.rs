//! Takes the library's spans as they end. Sends nothing.

use cloud_import::env::{Env as _, SystemEnv};
use tracing::{
    Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{exporter::Exporter, span::Span};

/// The layer.
pub(super) struct Spans(pub(super) &'static Exporter);

/// Whether a span is one of ours.
pub(super) fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with("cloud_import")
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(own) = context.span(id) else { return };
        let of_parent = |parent: tracing_subscriber::registry::SpanRef<'_, S>| {
            parent.extensions().get::<Span>().map(|parent| parent.id)
        };
        let parent = own.parent().and_then(of_parent).unwrap_or(self.0.root_id());
        let mut span = Span::new(self.0.next_id(), Some(parent), attributes.metadata().name());
        attributes.record(&mut span);
        own.extensions_mut().insert(span);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(own) = context.span(id)
            && let Some(span) = own.extensions_mut().get_mut::<Span>()
        {
            values.record(span);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).and_then(|own| own.extensions_mut().remove::<Span>());
        if let Some(mut span) = span {
            span.ended = SystemEnv.now();
            self.0.take(span);
        }
    }
}

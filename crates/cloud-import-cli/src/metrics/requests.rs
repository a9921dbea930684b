//! Counts requests by the spans that the library makes of them: `docs/tracing.md` has their names and fields. Keeps none of the rest.

use std::fmt::Debug;

use cloud_import::ErrorKind;
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{recorder::Recorder, run::Asked};

/// The layer.
pub(super) struct Requests(pub(super) &'static Recorder);

/// Whether a span is of interest here.
pub(super) fn is_request(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.name() == "request" && metadata.target().starts_with("cloud_import")
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Requests {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut asked = Asked::default();
        attributes.record(&mut asked);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(asked);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(asked) = span.extensions_mut().get_mut::<Asked>()
        {
            values.record(asked);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(asked) = context.span(&id).and_then(|span| span.extensions_mut().remove()) {
            self.0.run().asked(asked);
        }
    }
}

impl Visit for Asked {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "cloud.provider" => value.clone_into(&mut self.provider),
            "rpc.method" => value.clone_into(&mut self.operation),
            "error.type" => self.is_throttled = value == ErrorKind::RateLimited.as_str(),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "http.response.status_code" => self.status = Some(value),
            "http.request.resend_count" => self.is_retry = value > 0,
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

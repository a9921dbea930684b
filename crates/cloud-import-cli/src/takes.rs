//! Which clouds take a file, by their tables and rules: none is asked.

use std::sync::Arc;

use cloud_import::{
    BoxFuture, Bytes, Disk, DiskPart, Field, ImportRequest, Os, Problem, Provider, Result, Settings, SourceForm,
    http::{Request, Response},
    publish::LocalImage,
    transport::{Transport, TransportError, TransportErrorKind},
};
use serde::Serialize;

use crate::render;

/// Whether a cloud takes it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Cloud {
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) provider: Provider,
    pub(crate) takes_it: bool,
    pub(crate) reasons: Vec<String>,
}

/// Whether a cloud takes the file: nothing stands in the way anywhere, and its tables have no word against it.
pub(crate) fn cloud(provider: Provider, file: &LocalImage) -> Result<Cloud> {
    let cloud = cloud_import::capabilities(provider)?;
    let settings = Settings::new(cloud.default_region).transport(Arc::new(Nowhere));
    let importer = cloud_import::connect(provider, settings)?;
    let place = if cloud.sources.value.contains(&SourceForm::Url) {
        Disk::url("https://bucket.example/image")
    } else {
        Disk::object("bucket", "image")
    };
    let disk = file.described(place);
    let system = file.system();
    // Rules for guests go by the family.
    let os = system.os.unwrap_or_else(|| Os::new("Linux", ""));
    let mut order = ImportRequest::new("image", disk).os(os);
    order.architecture = system.architecture.unwrap_or(order.architecture);
    // Where it will be and what it will be called is not known yet.
    let of_disk = |problem: &Problem| match &problem.field {
        Field::Disk { index: 0, part } => *part != DiskPart::Source,
        Field::Architecture | Field::BootMode => true,
        _ => false,
    };
    let problems = file.problems_at(&*importer, &order).into_iter();
    let problems: Vec<Problem> = problems.filter(of_disk).collect();
    let told = |problem: &Problem| {
        let mark = if problem.is_error() { "" } else { "warning: " };
        format!("{mark}{}", render::problem_of_file(problem))
    };
    let takes_it = !problems.iter().any(Problem::is_error);
    Ok(Cloud {
        provider,
        takes_it,
        reasons: problems.iter().map(told).collect(),
    })
}

/// Reaches nothing: a file is judged by tables and rules alone.
#[derive(Debug)]
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let refused = TransportError::new(
            TransportErrorKind::Refused,
            "nothing is asked while a file is inspected",
        );
        Box::pin(async { Err(refused) })
    }
}

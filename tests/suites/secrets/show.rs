//! Shows everything that there is to be shown.

use std::error::Error as _;

use cloud_import::{ClientBuilder, Error, ImageImporter, ImportRequest, ImportTask, Problem, Provider, Settings};
use cloud_import_tests::leaks::Watch;

/// Builds a vendor's client and importer as a user of that crate alone does, and shows them and the vendor's request.
macro_rules! of_vendor {
    ($vendor:ident, $settings:expr, $order:expr, $watch:expr) => {{
        use cloud_import::$vendor as vendor;
        let client = ClientBuilder::<vendor::Client>::from($settings).build().unwrap();
        $watch.shown("client", &client);
        $watch.shown("signer", client.signer());
        let importer = vendor::Importer::new(client);
        $watch.shown("importer", &importer);
        match importer.request($order) {
            Ok(request) => $watch.shown("the vendor's request", &request),
            Err(refused) => error($watch, "no vendor's request", &refused),
        }
        Box::new(importer)
    }};
}

/// The importer with these settings; shown with all that it is made of.
pub(crate) fn connect(
    provider: Provider,
    settings: Settings,
    order: &ImportRequest,
    watch: &mut Watch,
) -> Box<dyn ImageImporter> {
    watch.shown("settings", &settings);
    watch.shown("order", order);
    match provider {
        Provider::JDCLOUD => of_vendor!(jdcloud, settings, order, watch),
        Provider::TENCENT => of_vendor!(tencent, settings, order, watch),
        Provider::HUAWEI => of_vendor!(huawei, settings, order, watch),
        Provider::ALIYUN => of_vendor!(aliyun, settings, order, watch),
        Provider::UCLOUD => of_vendor!(ucloud, settings, order, watch),
        other => panic!("{other} is not built in"),
    }
}

/// An error with all that is behind it.
pub(crate) fn error(watch: &mut Watch, from: &str, error: &Error) {
    watch.shown(from, error);
    watch.text(format!("Display of {from}"), error.to_string());
    let remedy = error.remedy().map(ToString::to_string);
    for text in [
        remedy.as_deref(),
        error.code(),
        error.request_id(),
        Some(error.message()),
    ] {
        watch.text(format!("a part of {from}"), text.unwrap_or_default());
    }
    problems(watch, from, error.problems());
    let mut source = error.source();
    while let Some(cause) = source {
        watch.text(format!("the cause of {from}"), format!("{cause} {cause:?} {cause:#?}"));
        source = cause.source();
    }
}

/// What validation found.
pub(crate) fn problems(watch: &mut Watch, from: &str, problems: &[Problem]) {
    for problem in problems {
        watch.shown(&format!("a problem of {from}"), problem);
        watch.text("Display of a problem", problem.to_string());
        watch.text("JSON of a problem", serde_json::to_string(problem).unwrap());
    }
}

/// A task, also as it is stored.
pub(crate) fn task(watch: &mut Watch, task: &ImportTask) {
    watch.shown("task", task);
    watch.text("JSON of a task", serde_json::to_string(task).unwrap());
}

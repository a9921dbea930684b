//! The order of the steps. After a failure only what was made is deleted, so that nothing stays that it can help.

use std::{path::PathBuf, sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Grace, Provider, Result, Settings, Stop, WaitOptions, connect,
    env::{Env as _, SystemEnv},
    provider::datetime,
    publish::LocalImage,
    transport::Transport,
};

use super::{
    recorder::Recorder,
    report::{Facts, Report, SCHEMA},
    steps::Steps,
};

/// What to run.
#[derive(Debug, Clone)]
pub struct Order {
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
    /// The bucket, in that region.
    pub bucket: String,
    /// The file.
    pub image: PathBuf,
    /// The guest's operating system.
    pub os: String,
    /// The project, where one is named.
    pub project: Option<String>,
    /// The profile of the vendor's own tools, where one is named.
    pub account: Option<String>,
    /// Keys, where they are not to be looked for.
    pub credentials: Option<Credentials>,
    /// What the names of the images begin with. Every image of such a name is deleted.
    pub name: String,
    /// Where the jobs are recorded.
    pub state: PathBuf,
    /// A simulator answers.
    pub simulated: bool,
    /// How an import is waited for.
    pub waiting: WaitOptions,
    /// How long an order is looked for whose answer was lost, before it is asked for again.
    pub grace: Grace,
    /// Between two looks of its own, such as whether a deleted image is gone.
    pub pause: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What people send.
    pub report: Report,
    /// What may be left in the account, with its real names: for the user alone.
    pub left: Vec<String>,
}

impl Outcome {
    /// Whether every step ended as it should.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.report.steps.iter().all(|step| step.passed)
    }
}

impl Order {
    /// What the client of the cloud is told.
    pub(super) fn settings(&self, recorder: &Arc<Recorder>, stop: Stop) -> Settings {
        let mut settings = Settings::new(&self.region);
        settings = settings
            .transport(Arc::clone(recorder) as _)
            .grace(self.grace)
            .stop(stop);
        if let Some(project) = &self.project {
            settings = settings.project(project);
        }
        if let Some(account) = &self.account {
            settings = settings.profile(account);
        }
        if let Some(credentials) = &self.credentials {
            settings = settings.credentials(credentials.clone());
        }
        settings
    }

    /// The names of the images: of the import, and of the one whose answer is lost.
    pub(super) fn names(&self) -> [String; 2] {
        [1, 2].map(|number| format!("{}-{number}", self.name))
    }
}

/// Runs it through a transport. `say` is told what happens. After a stop, what was made is deleted all the same.
///
/// # Errors
/// What stands in the way of beginning: the file, the settings, the credentials. What fails later is in the report.
pub async fn run(
    order: Order,
    transport: Arc<dyn Transport>,
    stop: Stop,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Outcome> {
    let recorder = Arc::new(Recorder::new(transport));
    let begun = SystemEnv.now();
    let image = LocalImage::open(&order.image, None)?;
    let facts = Facts {
        cloud: order.provider.id().to_owned(),
        region: order.region.clone(),
        simulated: order.simulated,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        begun: datetime::extended(begun),
        format: image.info().format.to_string(),
        bytes: image.info().file_size_bytes,
        os: order.os.clone(),
    };
    let importer = connect(order.provider, order.settings(&recorder, Stop::default()))?;
    let mut redactor = super::redact::of(&order, &*importer).await?;
    let mut steps = Steps::new(order, image, importer.into(), Arc::clone(&recorder), stop, say);
    steps.import_all().await;
    let left = steps.delete_all().await;
    let mut steps = steps.into_steps();
    let exchanges = recorder.take(&mut redactor);
    for step in &mut steps {
        step.told = redactor.text(&step.told);
    }
    let report = Report {
        schema: SCHEMA,
        facts,
        steps,
        exchanges,
    };
    Ok(Outcome { report, left })
}

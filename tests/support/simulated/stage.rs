//! One simulator with one case's file in it, and importers that reach it. Every test has its own, on free ports.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Error, ErrorKind, Grace, ImageImporter, ImportRequest, ImportTask, ImportedImage, Result, RetryPolicy,
    Settings, WaitOptions,
    transport::{HttpTransport, Transport},
    wait,
};
use cloud_import_sim::{Config, Fault, FaultKind, ImageSummary, Simulator};

use super::Case;

/// The access key id that the simulator accepts.
pub const ACCESS_KEY_ID: &str = "conformance-access-key-id";

/// Its secret.
pub const SECRET_ACCESS_KEY: &str = "conformance-secret-access-key";

/// A case, played.
#[derive(Debug)]
pub struct Stage {
    /// The case.
    pub case: &'static Case,
    /// The clouds.
    pub simulator: Simulator,
}

/// Five attempts without a wait to speak of.
pub fn quick_retries() -> RetryPolicy {
    RetryPolicy::default()
        .attempts(5)
        .elapsed(Duration::from_secs(60))
        .documented(Duration::ZERO)
        .backoff(Duration::from_millis(2), Duration::from_millis(10))
}

impl Stage {
    /// An import takes 100 ms here.
    ///
    /// # Errors
    /// When the simulator cannot be started.
    pub async fn new(case: &'static Case) -> Result<Self> {
        Self::with(case, |config| config).await
    }

    /// With other settings of the simulator.
    ///
    /// # Errors
    /// When the simulator cannot be started.
    pub async fn with(case: &'static Case, change: impl FnOnce(Config) -> Config) -> Result<Self> {
        let config = Config::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY).import_time(Duration::from_millis(100));
        let simulator = Simulator::start(change(config))
            .await
            .map_err(|error| Error::new(ErrorKind::Local, "the simulator cannot be started").with_source(error))?;
        simulator.put_object(case.cloud, case.region, case.bucket(), &case.key(), case.file());
        Ok(Self { case, simulator })
    }

    /// A transport that reaches the case's cloud, whatever the host.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn transport(&self) -> Result<Arc<dyn Transport>> {
        let address = self.simulator.address(self.case.cloud);
        Ok(Arc::new(HttpTransport::builder().dial(address).build()?))
    }

    /// Settings with good keys, quick retries and a long time in which a lost start is looked for.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::new(self.case.region)
            .credentials(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
            .transport(self.transport()?)
            .retry(quick_retries())
            // Long: what is looked for is found well before, also on a slow machine.
            .grace(Grace::new(Duration::from_secs(20), Duration::from_millis(25)));
        settings.project = self.case.project.map(str::to_owned);
        Ok(settings)
    }

    /// An importer with those settings.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn importer(&self) -> Result<Box<dyn ImageImporter>> {
        self.importer_with(|settings| settings)
    }

    /// An importer with other settings.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn importer_with(&self, change: impl FnOnce(Settings) -> Settings) -> Result<Box<dyn ImageImporter>> {
        cloud_import::connect(self.case.provider, change(self.settings()?))
    }

    /// An importer that gives up looking for a lost start soon: for tests in which there is nothing to be found.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn impatient(&self) -> Result<Box<dyn ImageImporter>> {
        self.importer_with(|settings| settings.grace(Grace::new(Duration::from_millis(300), Duration::from_millis(25))))
    }

    /// The usual order.
    pub fn order(&self) -> ImportRequest {
        self.order_named("web-2026")
    }

    /// The usual order under another name.
    pub fn order_named(&self, name: &str) -> ImportRequest {
        self.case.order_from(name, self.case.disk(&self.case.key()))
    }

    /// Lets something go wrong with the case's cloud.
    pub fn inject(&self, kind: FaultKind, change: impl FnOnce(Fault) -> Fault) {
        self.simulator.inject(change(Fault::new(kind).cloud(self.case.cloud)));
    }

    /// Lets something go wrong with the next start.
    pub fn fail_start(&self, kind: FaultKind) {
        self.inject(kind, |fault| fault.operation(self.case.start));
    }

    /// Lets something go wrong with the next polls of a started import.
    pub fn fail_polls(&self, kind: FaultKind, times: u32) {
        self.inject(kind, |fault| fault.operation(self.case.poll).times(times));
    }

    /// How often a start arrived.
    pub fn starts(&self) -> u64 {
        self.simulator.counters().requests_of(self.case.cloud, self.case.start)
    }

    /// How often an import of the usual name was accepted.
    pub fn imports(&self) -> u64 {
        self.simulator.counters().imports_of(self.case.cloud, "web-2026")
    }

    /// How many requests arrived.
    pub fn requests(&self) -> u64 {
        let counters = self.simulator.counters();
        counters
            .requests
            .get(&self.case.cloud)
            .map_or(0, |operations| operations.values().sum())
    }

    /// The cloud's images.
    pub fn images(&self) -> Vec<ImageSummary> {
        self.simulator.images(self.case.cloud)
    }

    /// Waits for a verdict, with short intervals.
    ///
    /// # Errors
    /// As [`wait()`].
    pub async fn wait(&self, importer: &dyn ImageImporter, task: &mut ImportTask) -> Result<ImportedImage> {
        wait(importer, task, &Self::wait_options()).await
    }

    /// Short intervals, and a limit that no test gets to.
    pub fn wait_options() -> WaitOptions {
        WaitOptions::default()
            .intervals(Duration::from_millis(15), Duration::from_millis(60))
            .limit(Duration::from_secs(60))
    }
}

//! From target and options to an importer.

use std::sync::Arc;

use cloud_import::{Credentials, Endpoint, Grace, ImageImporter, ImportTask, Provider, Result, Settings, Target};

use crate::{args::Reach, simulate::Simulated};

/// Reaches clouds: the real ones, or the simulated ones and nothing else.
pub(crate) struct Clouds<'a> {
    reach: &'a Reach,
    simulated: Option<&'a Simulated>,
}

impl<'a> Clouds<'a> {
    pub(crate) fn new(reach: &'a Reach, simulated: Option<&'a Simulated>) -> Self {
        Self { reach, simulated }
    }

    /// The importer of a target.
    pub(crate) fn importer(&self, target: &Target) -> Result<Box<dyn ImageImporter>> {
        let endpoint = last_for(target.provider, &self.reach.endpoint).cloned();
        self.connect(target.provider, &target.region, endpoint, None)
    }

    /// The importer that goes on with a task, in the place where it was started.
    pub(crate) fn importer_of(&self, task: &ImportTask) -> Result<Box<dyn ImageImporter>> {
        self.connect(
            task.provider,
            &task.region,
            Some(task.endpoint.parse()?),
            task.project.clone(),
        )
    }

    fn connect(
        &self,
        provider: Provider,
        region: &str,
        endpoint: Option<Endpoint>,
        project: Option<String>,
    ) -> Result<Box<dyn ImageImporter>> {
        let mut settings = Settings::new(region).instance_metadata(self.reach.instance_metadata);
        settings.endpoint = endpoint;
        settings.project = project;
        settings.search.profile = last_for(provider, &self.reach.profile).cloned();
        if let Some(simulated) = self.simulated {
            settings = settings
                .transport(Arc::clone(simulated.transport(provider)) as _)
                .credentials(Credentials::new(&simulated.access_key_id, &simulated.secret_access_key))
                .grace(Grace {
                    period: std::time::Duration::from_secs(10),
                    ..Grace::default()
                });
        }
        cloud_import::connect(provider, settings)
    }
}

/// What was said last about a cloud.
fn last_for<T>(provider: Provider, said: &[(Provider, T)]) -> Option<&T> {
    said.iter()
        .rev()
        .find(|(of, _)| *of == provider)
        .map(|(_, value)| value)
}

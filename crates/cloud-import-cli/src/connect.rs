//! From target and options to an importer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cloud_import::{
    Endpoint, Error, ErrorKind, ExportTask, Field, Grace, ImageImporter, ImportTask, Provider, Remedy, Result,
    RetryPolicy, Settings, Stop, Target, Throttle,
    provider::Connection,
    publish::staging::{Bucket, Store},
    transport::HttpTransport,
};

use crate::{args::Reach, simulate::Simulated, targets::Wanted};

/// How many requests are under way at one cloud's API at a time, for all targets together.
const AT_A_TIME: usize = 32;

/// A part of a large file over a slow line takes as long as it takes, but it moves.
pub(crate) const STORE_IDLE: Duration = Duration::from_secs(2 * 60);
/// How long a store may take to answer once it has all: some write the whole object again.
pub(crate) const STORE_ANSWER: Duration = Duration::from_secs(5 * 60);

/// Reaches clouds: the real ones, or the simulated ones and nothing else. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Clouds<'a> {
    reach: &'a Reach,
    simulated: Option<&'a Simulated>,
    /// What reaches the APIs, and what reaches the object stores: one each per cloud, so that connections are shared.
    transports: BTreeMap<Provider, [Arc<HttpTransport>; 2]>,
    /// Targets of one cloud back off together.
    throttles: BTreeMap<Provider, Throttle>,
    /// What stops all requests.
    stop: Stop,
}

impl<'a> Clouds<'a> {
    pub(crate) fn new(reach: &'a Reach, simulated: Option<&'a Simulated>) -> Result<Self> {
        let pair = |provider| {
            let transport = |builder: cloud_import::transport::HttpTransportBuilder| {
                let builder = match simulated {
                    Some(simulated) => builder.dial(simulated.address(provider)),
                    None => builder,
                };
                builder.build().map(Arc::new)
            };
            let api = transport(HttpTransport::builder())?;
            let store = HttpTransport::builder().idle_timeout(STORE_IDLE).timeout(STORE_ANSWER);
            let store = transport(store)?;
            Ok((provider, [api, store]))
        };
        Ok(Self {
            reach,
            simulated,
            transports: Provider::all().map(pair).collect::<Result<_>>()?,
            throttles: Provider::all()
                .map(|provider| (provider, Throttle::new(AT_A_TIME)))
                .collect(),
            stop: Stop::default(),
        })
    }

    /// The same, stopped with everything else that this stops.
    pub(crate) fn stopped_by(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// The importer of a target.
    pub(crate) fn importer(&self, wanted: &Wanted) -> Result<Box<dyn ImageImporter>> {
        let provider = wanted.target.provider;
        let endpoint = endpoint(wanted, self.reach);
        let account = wanted.fields.account.as_ref();
        let account = account.or_else(|| last_for(provider, &self.reach.account));
        self.connect(
            provider,
            &wanted.target.region,
            endpoint.cloned(),
            account.cloned(),
            None,
        )
    }

    /// The bucket of an importer's region and account.
    pub(crate) fn store(&self, importer: &dyn ImageImporter, bucket: &str) -> Result<Store> {
        self.store_with(importer, bucket, None)
    }

    fn store_with(&self, importer: &dyn ImageImporter, bucket: &str, retry: Option<RetryPolicy>) -> Result<Store> {
        let provider = importer.provider();
        let connection = importer.connection().ok_or_else(|| {
            Error::new(
                ErrorKind::Local,
                "this importer has no connection to share with the bucket",
            )
        })?;
        let mut pipeline = connection.pipeline.clone();
        if let Some([_, store]) = self.transports.get(&provider) {
            pipeline.transport = Arc::clone(store) as _;
        }
        // The parts of one upload are bounded by themselves, and must not hold up calls of the API.
        pipeline.throttle = Throttle::default();
        if let Some(retry) = retry {
            pipeline.retry = retry;
        }
        let bucket = Bucket::new(provider, importer.region(), bucket)?;
        Store::new(bucket.api(connection.endpoint.clone()), pipeline)
    }

    /// Whether they are the simulated ones.
    pub(crate) fn are_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// The bucket, for a look that nothing waits for long.
    pub(crate) fn store_for_a_look(&self, importer: &dyn ImageImporter, bucket: &str) -> Result<Store> {
        self.store_with(importer, bucket, Some(RetryPolicy::default().attempts(2)))
    }

    /// The bucket that simulated clouds have for local files of a target.
    pub(crate) fn simulated_bucket(&self, target: &Target) -> Option<String> {
        self.simulated.map(|_| Simulated::bucket(target))
    }

    /// The importer that goes on with a task, in the place where it was started. A task may come from anywhere: it does not choose who
    /// gets requests that are signed with the user's keys.
    pub(crate) fn importer_of(&self, task: &ImportTask) -> Result<Box<dyn ImageImporter>> {
        self.importer_at(task.provider, &task.region, &task.endpoint, task.project.clone())
    }

    /// As [`Self::importer_of`], of an export.
    pub(crate) fn importer_of_export(&self, task: &ExportTask) -> Result<Box<dyn ImageImporter>> {
        self.importer_at(task.provider, &task.region, &task.endpoint, task.project.clone())
    }

    fn importer_at(
        &self,
        provider: Provider,
        region: &str,
        endpoint: &str,
        project: Option<String>,
    ) -> Result<Box<dyn ImageImporter>> {
        let endpoint: Endpoint = endpoint.parse()?;
        let account = last_for(provider, &self.reach.account).cloned();
        let importer = self.connect(provider, region, Some(endpoint.clone()), account, project)?;
        self.is_trusted(&*importer, &endpoint, &self.reach.endpoint)?;
        Ok(importer)
    }

    /// Refuses an endpoint that a task or a record names, unless it is the vendor's own or among these, which were typed.
    pub(crate) fn is_trusted(
        &self,
        importer: &dyn ImageImporter,
        endpoint: &Endpoint,
        typed: &[(Provider, Endpoint)],
    ) -> Result<()> {
        let provider = importer.provider();
        let is_published = importer.connection().is_some_and(Connection::is_published);
        let is_typed = typed.iter().any(|(of, typed)| (of, typed) == (&provider, endpoint));
        if self.simulated.is_some() || is_published || is_typed {
            return Ok(());
        }
        let message = format!(
            "the task names an endpoint that is not {}'s: `{endpoint}`",
            provider.name()
        );
        Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_provider(provider)
            .with_remedy(Remedy::when(
                "you trust that endpoint with your keys",
                Remedy::set_to(Field::Endpoint, endpoint.to_string()),
            )))
    }

    fn connect(
        &self,
        provider: Provider,
        region: &str,
        endpoint: Option<Endpoint>,
        account: Option<String>,
        project: Option<String>,
    ) -> Result<Box<dyn ImageImporter>> {
        known(provider)?;
        let mut settings = Settings::new(region)
            .instance_metadata(self.reach.instance_metadata)
            .stop(self.stop.clone());
        settings.endpoint = endpoint;
        settings.plain_http = self.reach.plain_http || self.simulated.is_some();
        settings.project = project;
        settings.search.profile = account;
        if let Some(throttle) = self.throttles.get(&provider) {
            settings = settings.throttle(throttle.clone());
        }
        if let Some([api, _]) = self.transports.get(&provider) {
            settings = settings.transport(Arc::clone(api) as _);
        }
        if let Some(simulated) = self.simulated {
            settings.credentials = Some(simulated.credentials(provider, &settings)?);
            settings = settings.grace(of_simulated(provider));
        }
        cloud_import::connect(provider, settings)
    }
}

/// How long a lost order is looked for in a simulated cloud. What a source says in minutes passes in seconds there.
fn of_simulated(provider: Provider) -> Grace {
    const FASTER: u32 = 600;
    let grace = Grace::new(Duration::from_secs(10), Grace::default().interval);
    let grace = grace.listings_apart(grace.listings_apart / FASTER);
    let facts = cloud_import::capabilities(provider).ok();
    match facts.and_then(|facts| facts.listed_within_minutes.value) {
        Some(minutes) => grace.listed_within(Duration::from_secs(60 * u64::from(minutes)) / FASTER),
        None => grace,
    }
}

/// Refuses a cloud that is none of the five: records and tasks that were read may name any.
pub(crate) fn known(provider: Provider) -> Result<()> {
    provider.id().parse::<Provider>().map(|_| ())
}

/// The endpoint of a target, where one is named: its own, else what was said last for its cloud.
pub(crate) fn endpoint<'a>(wanted: &'a Wanted, reach: &'a Reach) -> Option<&'a Endpoint> {
    let own = wanted.fields.endpoint.as_ref();
    own.or_else(|| last_for(wanted.target.provider, &reach.endpoint))
}

/// The account of a cloud, where one is named.
pub(crate) fn account(provider: Provider, reach: &Reach) -> Option<String> {
    last_for(provider, &reach.account).cloned()
}

/// What was said last about a cloud.
fn last_for<T>(provider: Provider, said: &[(Provider, T)]) -> Option<&T> {
    said.iter()
        .rev()
        .find(|(of, _)| *of == provider)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        reach: Reach,
    }

    #[test]
    fn a_bucket_is_described_by_the_api_that_images_are_imported_at() {
        let line = Line::parse_from(["it", "--endpoint", "ucloud=https://api.surfercloud.com"]);
        let clouds = Clouds::new(&line.reach, None).unwrap();
        let importer = clouds.importer(&Wanted::of("ucloud/cn-bj2".parse().unwrap())).unwrap();
        let store = clouds.store(&*importer, "images").unwrap();
        assert_eq!(
            store.bucket().api.as_ref().map(Endpoint::host),
            Some("api.surfercloud.com")
        );
    }
}

//! Simulated clouds for one command: an embedded simulator, or a running one. Nothing else can be reached then.

use std::{collections::BTreeMap, fs, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use cloud_import::{
    BoxFuture, Credentials, Error, ErrorKind, Provider, Result, Settings, Target,
    credentials::{Chain, CredentialSource},
    env::{Env as _, SystemEnv},
};
use cloud_import_sim::{Config, Simulator};
use serde::Deserialize;

use crate::{args::Reach, output};

/// Keys that a simulator accepts where it was given none. They open nothing else.
const ACCESS_KEY_ID: &str = "simulated-access-key-id";
const SECRET_ACCESS_KEY: &str = "simulated-secret-access-key";

/// Variables with other keys, for a simulator and for who asks it.
pub(crate) const VARIABLES: [&str; 2] = ["CLOUD_IMPORT_SIM_ACCESS_KEY_ID", "CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY"];

/// The variable with the token that requests to a simulator must have.
pub(crate) const SECURITY_TOKEN: &str = "CLOUD_IMPORT_SIM_SECURITY_TOKEN";

/// How long a simulator may take from its start to its line, once the shell has made the file.
const STARTING: Duration = Duration::from_secs(10);

/// How long the shell may take to make the file.
const APPEARING: Duration = Duration::from_secs(1);

/// The keys of a simulator: those in the variables, else its own.
///
/// # Errors
/// One variable is set without the other.
pub(crate) fn keys() -> Result<[String; 2]> {
    Ok(keys_of_variables()?.unwrap_or_else(own_keys))
}

fn own_keys() -> [String; 2] {
    [ACCESS_KEY_ID, SECRET_ACCESS_KEY].map(str::to_owned)
}

fn keys_of_variables() -> Result<Option<[String; 2]>> {
    let [id, secret] = VARIABLES.map(cloud_import::env::variable);
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some([id, secret])),
        (None, None) => Ok(None),
        (id, _) => {
            let missing = VARIABLES[usize::from(id.is_some())];
            Err(
                Error::new(ErrorKind::Credentials, format!("{missing} is not set")).with_remedy(
                    "Set CLOUD_IMPORT_SIM_ACCESS_KEY_ID and CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY, or neither of them.",
                ),
            )
        }
    }
}

/// The keys that simulated clouds are asked with.
#[derive(Debug)]
enum Keys {
    /// The same for all.
    Given([String; 2]),
    /// Those that are kept for the real cloud, where they are this simulator's: no others are sent to it.
    OfCloud { access_key_id: String },
}

/// Keys of a cloud that are a simulator's.
struct OfSimulator {
    chain: Chain,
    access_key_id: String,
}

impl CredentialSource for OfSimulator {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(async {
            let started = &self.access_key_id;
            let remedy = "Set the cloud's variables, or CLOUD_IMPORT_SIM_ACCESS_KEY_ID and CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY, to the keys \
                          that it was started with.";
            let found = match self.chain.credentials().await {
                Ok(found) => found,
                Err(error) => {
                    let message = format!("the simulator was started with the access key id `{started}`: {error}");
                    return Err(Error::new(ErrorKind::Credentials, message)
                        .with_remedy(remedy)
                        .with_source(error));
                }
            };
            let id = found.keys()?.access_key_id;
            if id == started {
                return Ok(found);
            }
            let message = format!("the simulator was started with the access key id `{started}`, not `{id}`");
            Err(Error::new(ErrorKind::Credentials, message).with_remedy(remedy))
        })
    }

    fn describe(&self) -> Result<String> {
        self.chain.describe()
    }
}

/// Simulated clouds.
#[derive(Debug)]
pub(crate) struct Simulated {
    keys: Keys,
    addresses: BTreeMap<Provider, SocketAddr>,
    // Stops when this goes.
    _embedded: Option<Simulator>,
}

/// The line that a running simulator prints.
#[derive(Deserialize)]
struct ReadyLine {
    /// Absent from the lines of older simulators.
    access_key_id: Option<String>,
    jdcloud: String,
    tencent: String,
    huawei: String,
    aliyun: String,
    ucloud: String,
}

impl Simulated {
    /// The bucket that local files of a target are put into. It ends like a bucket at Tencent, which has the account's number in its
    /// name. A bucket stands in one region: each but a cloud's usual one has its own.
    pub(crate) fn bucket(target: &Target) -> String {
        let usual = Target::default_of(target.provider).is_ok_and(|usual| usual.region == target.region);
        match usual {
            true => "simulated-images-1250000000".to_owned(),
            false => format!("simulated-images-{}-1250000000", target.region.to_ascii_lowercase()),
        }
    }

    /// As the options ask; `None` when they ask for the real clouds.
    pub(crate) async fn of(reach: &Reach) -> Result<Option<Self>> {
        match &reach.simulate {
            None => Ok(None),
            Some(None) => Self::embedded(true).await.map(Some),
            Some(Some(file)) => Self::running(file).await.map(Some),
        }
    }

    /// The same, where those that are made for this command have no bucket yet.
    pub(crate) async fn without_buckets(reach: &Reach) -> Result<Option<Self>> {
        match &reach.simulate {
            Some(None) => Self::embedded(false).await.map(Some),
            _ => Self::of(reach).await,
        }
    }

    async fn embedded(any_bucket: bool) -> Result<Self> {
        let simulator = Simulator::start(Config::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY).any_bucket(any_bucket))
            .await
            .map_err(|error| Error::new(ErrorKind::Local, "cannot start the simulator").with_source(error))?;
        let line = simulator.ready_line();
        output::note("simulated: five clouds on this machine, nothing leaves it");
        Ok(Self {
            _embedded: Some(simulator),
            ..Self::at(&line, Some(own_keys()))?
        })
    }

    async fn running(file: &Path) -> Result<Self> {
        let keys = keys_of_variables()?;
        let line = line(file).await.map_err(|error| {
            Error::new(ErrorKind::Local, format!("cannot read `{}`: {error}", file.display()))
                .with_remedy("Name the file with the output of `cloud-import sim`.")
                .with_source(error)
        })?;
        Self::at(&line, keys)
    }

    fn at(line: &str, typed: Option<[String; 2]>) -> Result<Self> {
        let ready: ReadyLine = serde_json::from_str(line.trim()).map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the file of --simulate does not have the line that `cloud-import sim` prints",
            )
            .with_remedy("Start it with: cloud-import sim > sim.json")
            .with_source(error)
        })?;
        let keys = keys_for(ready.access_key_id, typed)?;
        let clouds = [
            (Provider::JDCLOUD, &ready.jdcloud),
            (Provider::TENCENT, &ready.tencent),
            (Provider::HUAWEI, &ready.huawei),
            (Provider::ALIYUN, &ready.aliyun),
            (Provider::UCLOUD, &ready.ucloud),
        ];
        let address = |(provider, url): (Provider, &String)| Ok((provider, loopback(url)?));
        Ok(Self {
            keys,
            addresses: clouds.into_iter().map(address).collect::<Result<_>>()?,
            _embedded: None,
        })
    }

    /// The keys of a cloud, which `settings` say where to look for.
    pub(crate) fn credentials(&self, provider: Provider, settings: &Settings) -> Result<Arc<dyn CredentialSource>> {
        Ok(match &self.keys {
            Keys::Given([id, secret]) => Arc::new(Credentials::new(id, secret)),
            Keys::OfCloud { access_key_id } => Arc::new(OfSimulator {
                chain: cloud_import::credential_chain(provider, settings)?,
                access_key_id: access_key_id.clone(),
            }),
        })
    }

    /// Where a simulated cloud answers, whatever the host.
    pub(crate) fn address(&self, provider: Provider) -> SocketAddr {
        // All five are there; for one that is not, nothing must be reached at all.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        self.addresses.get(&provider).copied().unwrap_or(nowhere)
    }
}

/// The keys for a simulator that was started with this id, where it tells, by those of the variables.
fn keys_for(started: Option<String>, typed: Option<[String; 2]>) -> Result<Keys> {
    match (started, typed) {
        (Some(started), Some([id, _])) if started != id => {
            let message = format!("the simulator was started with the access key id `{started}`, not `{id}`");
            Err(Error::new(ErrorKind::Credentials, message)
                .with_remedy("Set CLOUD_IMPORT_SIM_ACCESS_KEY_ID and CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY to the keys that it was started with."))
        }
        (_, Some(typed)) => Ok(Keys::Given(typed)),
        (Some(access_key_id), None) if access_key_id != ACCESS_KEY_ID => Ok(Keys::OfCloud { access_key_id }),
        (_, None) => Ok(Keys::Given(own_keys())),
    }
}

/// The line in a file. A simulator that is started beside this command may still be about to write it.
async fn line(file: &Path) -> io::Result<String> {
    let mut waited = Duration::ZERO;
    loop {
        let read = fs::read_to_string(file);
        let patience = match &read {
            Ok(text) if text.trim().is_empty() => STARTING,
            Err(error) if error.kind() == io::ErrorKind::NotFound => APPEARING,
            _ => return read,
        };
        if waited >= patience {
            return read;
        }
        let step = Duration::from_millis(50);
        SystemEnv.sleep(step).await;
        waited += step;
    }
}

/// The address in `http://127.0.0.1:PORT`; anything that is not on this machine is refused.
fn loopback(url: &str) -> Result<SocketAddr> {
    url.strip_prefix("http://")
        .and_then(|address| address.parse::<SocketAddr>().ok())
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("`{url}` is not the address of a simulator on this machine"),
            )
            .with_remedy("Name the file with the output of `cloud-import sim`.")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_a_bucket_of_its_own() {
        let bucket = |text: &str| Simulated::bucket(&text.parse().unwrap());
        assert_eq!(bucket("tencent/ap-guangzhou"), "simulated-images-1250000000");
        assert_eq!(bucket("ucloud/cn-sh2"), "simulated-images-cn-sh2-1250000000");
    }

    #[test]
    fn only_this_machine_is_simulated() {
        assert!(loopback("http://127.0.0.1:8080").is_ok());
        for bad in [
            "http://10.0.0.1:80",
            "https://127.0.0.1:80",
            "http://example.com:80",
            "127.0.0.1:80",
        ] {
            assert!(loopback(bad).is_err(), "{bad}");
        }
    }
}

//! `sim`: runs the five clouds on loopback until it is asked to end.

mod command;
mod places;

use std::path::PathBuf;

use cloud_import::{
    Error, ErrorKind, Result,
    env::{self, Env as _, SystemEnv, variable},
};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};

use self::places::{Object, bucket, object};
use crate::{args::Sim, exit::Exit, interrupt::Signals, output, simulate};

pub(crate) async fn run(options: Sim) -> Result<Exit> {
    let [access_key_id, secret_access_key] = match (options.access_key_id.clone(), options.secret_access_key.clone()) {
        (Some(id), Some(secret)) => [id, secret],
        _ => simulate::keys()?,
    };
    let config = config(&options, &access_key_id, &secret_access_key)?;
    let objects = options
        .object
        .iter()
        .map(|text| object(text))
        .collect::<Result<Vec<_>>>()?;
    let buckets = options
        .bucket
        .iter()
        .map(|text| bucket(text))
        .collect::<Result<Vec<_>>>()?;
    let simulator = Simulator::start(config).await.map_err(|error| {
        Error::new(ErrorKind::Local, format!("cannot start the simulator: {error}"))
            .with_remedy("Choose other ports, or none.")
    })?;
    for Object {
        cloud,
        region,
        bucket,
        key,
        file,
    } in &objects
    {
        simulator
            .put_object_file(*cloud, region, bucket, key, file)
            .map_err(|error| Error::new(ErrorKind::Local, format!("cannot read `{}`: {error}", file.display())))?;
    }
    for (cloud, region, name) in &buckets {
        simulator.create_bucket(*cloud, region, name, BucketSettings::default());
    }
    let mut signals = Signals::new()?;
    let keys = [access_key_id, secret_access_key];
    let ready = Ready::written(&simulator.ready_line(), options.ready_file, !options.command.is_empty())?;
    let exit = match options.command.split_first() {
        Some((program, words)) => command::run(program, words, &ready.path, &keys, &mut signals).await?,
        None => {
            output::result(&simulator.ready_line());
            if output::is_lost() {
                return Ok(Exit::NotWritten);
            }
            output::note("the five clouds run until Ctrl-C");
            signals.next().await;
            Exit::Done
        }
    };
    simulator.stop().await;
    Ok(exit)
}

/// What the simulator is to be like.
fn config(options: &Sim, access_key_id: &str, secret_access_key: &str) -> Result<Config> {
    let mut config = Config::new(access_key_id, secret_access_key)
        .any_object(options.any_object)
        .any_bucket(options.bucket.is_empty())
        .import_time(options.import_time)
        .visible_after_polls(options.hide)
        .listed_after(options.listed_after.unwrap_or_default());
    let token = options
        .security_token
        .clone()
        .or_else(|| variable(simulate::SECURITY_TOKEN));
    if let Some(token) = token {
        config = config.security_token(token);
    }
    // What is said of one cloud counts before what is said of all.
    let (of_all, of_one): (Vec<_>, Vec<_>) = options
        .quota
        .iter()
        .copied()
        .partition(|(provider, _)| provider.is_none());
    for (provider, images) in of_all.into_iter().chain(of_one) {
        for &cloud in Cloud::ALL {
            if provider.is_none_or(|provider| provider.id() == cloud.name()) {
                config = config.quota(cloud, images);
            }
        }
    }
    if let Some(ports) = options.ports.clone() {
        let ports = <[u16; 5]>::try_from(ports).map_err(|_| {
            Error::new(ErrorKind::InvalidRequest, "--ports takes five ports").with_remedy("Write --ports A,B,C,D,E.")
        })?;
        config = config.ports(ports);
    }
    if let Some(port) = options.control_port {
        config = config.control_port(port);
    }
    Ok(config)
}

/// The file with the ready line. One that nobody named goes with it.
struct Ready {
    path: PathBuf,
    is_temporary: bool,
}

impl Ready {
    /// Written at once: who finds it finds all of it.
    fn written(line: &str, named: Option<PathBuf>, is_needed: bool) -> Result<Self> {
        let is_temporary = named.is_none();
        let path = match named {
            Some(path) => path,
            None => std::env::temp_dir().join(format!("cloud-import-sim-{}.json", SystemEnv.nonce()?)),
        };
        if is_needed || !is_temporary {
            env::write_file(&path, format!("{line}\n").as_bytes()).map_err(|error| {
                Error::new(ErrorKind::Local, format!("cannot write `{}`: {error}", path.display())).with_source(error)
            })?;
        }
        Ok(Self { path, is_temporary })
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if self.is_temporary {
            // Where it was not needed there is none.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

//! `sim`: runs the five clouds on loopback until it is asked to end.

use std::{ffi::OsStr, path::PathBuf};

use cloud_import::{Error, ErrorKind, Provider, Result, env::variable};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};

use crate::{args::Sim, exit::Exit, interrupt::Signals, output, simulate};

const SECURITY_TOKEN: &str = "CLOUD_IMPORT_SIM_SECURITY_TOKEN";

pub(crate) async fn run(options: Sim) -> Result<Exit> {
    let (access_key_id, secret_access_key) = match (options.access_key_id, options.secret_access_key) {
        (Some(id), Some(secret)) => (id, secret),
        _ => simulate::keys()?,
    };
    let mut config = Config::new(&access_key_id, &secret_access_key)
        .any_object(options.any_object)
        .any_bucket(options.bucket.is_empty())
        .import_time(options.import_time)
        .visible_after_polls(options.hide)
        .listed_after(options.listed_after.unwrap_or_default());
    let token = options.security_token.or_else(|| variable(SECURITY_TOKEN));
    if let Some(token) = token {
        config = config.security_token(token);
    }
    // What is said of one cloud counts before what is said of all.
    let (of_all, of_one): (Vec<_>, Vec<_>) = options.quota.into_iter().partition(|(provider, _)| provider.is_none());
    for (provider, images) in of_all.into_iter().chain(of_one) {
        for &cloud in Cloud::ALL {
            if provider.is_none_or(|provider| provider.id() == cloud.name()) {
                config = config.quota(cloud, images);
            }
        }
    }
    if let Some(ports) = options.ports {
        let ports = <[u16; 5]>::try_from(ports).map_err(|_| {
            Error::new(ErrorKind::InvalidRequest, "--ports takes five ports").with_remedy("Write --ports A,B,C,D,E.")
        })?;
        config = config.ports(ports);
    }
    if let Some(port) = options.control_port {
        config = config.control_port(port);
    }
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
    output::result(&simulator.ready_line());
    if output::is_lost() {
        return Ok(Exit::NotWritten);
    }
    output::say("the five clouds run until Ctrl-C");
    signals.next().await;
    simulator.stop().await;
    Ok(Exit::Done)
}

/// A cloud as people write it.
fn cloud(text: &str) -> Option<Cloud> {
    let provider: Provider = text.parse().ok()?;
    provider.id().parse().ok()
}

/// `PROVIDER/REGION/NAME`.
fn bucket(text: &str) -> Result<(Cloud, String, String)> {
    let refuse = || {
        let message = format!("bucket `{text}` is not of the form PROVIDER/REGION/NAME");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy("For example: aliyun/cn-hangzhou/my-bucket.")
    };
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [cloud, region, name] if !region.is_empty() && !name.is_empty() => Ok((
            self::cloud(cloud).ok_or_else(refuse)?,
            region.to_owned(),
            name.to_owned(),
        )),
        _ => Err(refuse()),
    }
}

struct Object {
    cloud: Cloud,
    region: String,
    bucket: String,
    key: String,
    file: PathBuf,
}

/// `PROVIDER/REGION/BUCKET/KEY=FILE`.
fn object(text: &OsStr) -> Result<Object> {
    let refuse = || {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "object `{}` is not of the form PROVIDER/REGION/BUCKET/KEY=FILE",
                text.display()
            ),
        )
        .with_remedy("For example: aliyun/cn-hangzhou/my-bucket/images/web.qcow2=./web.qcow2.")
    };
    let (place, file) = text.to_str().and_then(|text| text.split_once('=')).ok_or_else(refuse)?;
    let mut parts = place.splitn(4, '/');
    let mut next = || parts.next().filter(|part| !part.is_empty()).ok_or_else(refuse);
    Ok(Object {
        cloud: cloud(next()?).ok_or_else(refuse)?,
        region: next()?.to_owned(),
        bucket: next()?.to_owned(),
        key: next()?.to_owned(),
        file: PathBuf::from(file),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_placed() {
        let found = object(OsStr::new("aliyun/cn-hangzhou/b/dir/k.qcow2=/tmp/f")).unwrap();
        assert_eq!(
            (found.cloud, found.bucket.as_str(), found.key.as_str()),
            (Cloud::Aliyun, "b", "dir/k.qcow2")
        );
        assert_eq!(object(OsStr::new("alicloud/r/b/k=f")).unwrap().cloud, Cloud::Aliyun);
        for bad in ["", "aliyun/r/b/k", "aws/r/b/k=f", "aliyun/r//k=f", "aliyun/r/b=f"] {
            assert!(object(OsStr::new(bad)).is_err(), "{bad}");
        }
    }
}

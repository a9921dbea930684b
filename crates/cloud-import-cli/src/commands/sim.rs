//! `sim`: runs the five clouds on loopback until it is interrupted.

use std::{ffi::OsStr, path::PathBuf};

use cloud_import::{Error, ErrorKind, Result};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};

use crate::{args::Sim, exit::Exit, output};

pub(crate) async fn run(options: Sim) -> Result<Exit> {
    let mut config = Config::new(&options.access_key_id, &options.secret_access_key)
        .any_object(options.any_object)
        .any_bucket(options.bucket.is_empty())
        .import_time(options.import_time)
        .visible_after_polls(options.hide)
        .listed_after(options.listed_after);
    if let Some(token) = options.security_token {
        config = config.security_token(token);
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
    output::result(&simulator.ready_line());
    if output::is_lost() {
        return Ok(Exit::NotWritten);
    }
    output::say("the five clouds run until Ctrl-C");
    // Without a way to be told of Ctrl-C, the default of the system ends the process.
    let _ = tokio::signal::ctrl_c().await;
    simulator.stop().await;
    Ok(Exit::Done)
}

/// `PROVIDER/REGION/NAME`.
fn bucket(text: &str) -> Result<(Cloud, String, String)> {
    let refuse = || {
        let message = format!("bucket `{text}` is not of the form PROVIDER/REGION/NAME");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy("For example: aliyun/cn-hangzhou/my-bucket.")
    };
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [cloud, region, name] if !region.is_empty() && !name.is_empty() => {
            Ok((cloud.parse().map_err(|_| refuse())?, region.to_owned(), name.to_owned()))
        }
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
        cloud: next()?.parse().map_err(|_| refuse())?,
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
        for bad in ["", "aliyun/r/b/k", "aws/r/b/k=f", "aliyun/r//k=f", "aliyun/r/b=f"] {
            assert!(object(OsStr::new(bad)).is_err(), "{bad}");
        }
    }
}

//! Simulated clouds for one command: an embedded simulator, or a running one. Nothing else can be reached then.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use cloud_import::{
    Bytes, Disk, Error, ErrorKind, Provider, Result, SourceForm, Target,
    http::{Method, Request},
    transport::{HttpTransport, Transport as _},
};
use cloud_import_sim::{Config, Simulator};
use serde::Deserialize;

use crate::{args::Reach, output, source::Place};

/// Keys that the embedded simulator accepts. They open nothing else.
const ACCESS_KEY_ID: &str = "simulated-access-key-id";
const SECRET_ACCESS_KEY: &str = "simulated-secret-access-key";

/// The bucket that local files are put into. It ends like a bucket at Tencent, which has the account's number in its name.
const BUCKET: &str = "simulated-images-1250000000";

/// The largest file that is put into the simulator, whose objects are in memory.
const LARGEST_FILE: u64 = 64 << 20;

/// Simulated clouds.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    transports: Vec<(Provider, Arc<HttpTransport>)>,
    control: SocketAddr,
    // Stops when this goes.
    _embedded: Option<Simulator>,
}

/// The line that a running simulator prints.
#[derive(Deserialize)]
struct ReadyLine {
    jdcloud: String,
    tencent: String,
    huawei: String,
    aliyun: String,
    ucloud: String,
    control: String,
}

impl Simulated {
    /// As the options ask; `None` when they ask for the real clouds.
    pub(crate) async fn of(reach: &Reach) -> Result<Option<Self>> {
        match &reach.simulate {
            None => Ok(None),
            Some(None) => Self::embedded().await.map(Some),
            Some(Some(file)) => Self::running(file).map(Some),
        }
    }

    async fn embedded() -> Result<Self> {
        let simulator = Simulator::start(Config::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
            .await
            .map_err(|error| Error::new(ErrorKind::Local, "the simulator cannot be started").with_source(error))?;
        let line = simulator.ready_line();
        output::say("simulated: five clouds on this machine, nothing leaves it");
        Ok(Self {
            _embedded: Some(simulator),
            ..Self::at(&line, ACCESS_KEY_ID.to_owned(), SECRET_ACCESS_KEY.to_owned())?
        })
    }

    fn running(file: &Path) -> Result<Self> {
        let line = fs::read_to_string(file).map_err(|error| {
            Error::new(ErrorKind::Local, format!("`{}` cannot be read", file.display()))
                .with_remedy("Give the file that the output of `cloud-import sim` went to.")
                .with_source(error)
        })?;
        let key = |name: &str| {
            cloud_import::ambient::variable(name).ok_or_else(|| {
                Error::new(ErrorKind::Credentials, format!("{name} is not set"))
                    .with_remedy("Set CLOUD_IMPORT_SIM_ACCESS_KEY_ID and CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY to the keys that the simulator was started with.")
            })
        };
        Self::at(
            &line,
            key("CLOUD_IMPORT_SIM_ACCESS_KEY_ID")?,
            key("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY")?,
        )
    }

    fn at(line: &str, access_key_id: String, secret_access_key: String) -> Result<Self> {
        let ready: ReadyLine = serde_json::from_str(line.trim()).map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                "this is not the line that `cloud-import sim` prints",
            )
            .with_source(error)
        })?;
        let clouds = [
            (Provider::Jdcloud, &ready.jdcloud),
            (Provider::Tencent, &ready.tencent),
            (Provider::Huawei, &ready.huawei),
            (Provider::Aliyun, &ready.aliyun),
            (Provider::Ucloud, &ready.ucloud),
        ];
        let transport = |(provider, url): (Provider, &String)| {
            Ok((
                provider,
                Arc::new(HttpTransport::builder().dial(loopback(url)?).build()?),
            ))
        };
        Ok(Self {
            access_key_id,
            secret_access_key,
            transports: clouds.into_iter().map(transport).collect::<Result<_>>()?,
            control: loopback(&ready.control)?,
            _embedded: None,
        })
    }

    /// The transport that reaches a simulated cloud, whatever the host.
    pub(crate) fn transport(&self, provider: Provider) -> &Arc<HttpTransport> {
        let own = self.transports.iter().find(|(named, _)| *named == provider);
        &own.unwrap_or(&self.transports[0]).1
    }

    /// Puts a local file into a target's simulated object storage; the disk is then there.
    pub(crate) async fn put(&self, target: &Target, file: &Path) -> Result<Disk> {
        let fail = |message: &str| Error::new(ErrorKind::Local, format!("`{}` {message}", file.display()));
        let size = fs::metadata(file).map_err(|error| fail("cannot be read").with_source(error))?;
        if !size.is_file() || size.len() == 0 {
            return Err(fail("is no file with anything in it").with_remedy("Name a disk image file."));
        }
        if size.len() > LARGEST_FILE {
            return Err(fail("is larger than the 64 MiB that a simulated bucket takes")
                .with_remedy("Try it with a smaller image."));
        }
        let bytes = fs::read(file).map_err(|error| fail("cannot be read").with_source(error))?;
        let key = file
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| fail("has a name that is no text"))?;
        let encoded = cloud_import::encode::percent(key);
        // Dialled like the clouds, so that no proxy comes in between.
        let control = HttpTransport::builder().dial(self.control).build()?;
        let url = format!(
            "http://localhost/objects/{}/{}/{BUCKET}/{encoded}",
            target.provider, target.region
        );
        let request = Request::builder()
            .method(Method::PUT)
            .uri(url)
            .body(Bytes::from(bytes))
            .map_err(|error| fail("cannot be put into the simulator").with_source(error))?;
        let answer = control.send(request).await?;
        if !answer.status().is_success() {
            return Err(fail(&format!(
                "cannot be put into the simulator: HTTP {}",
                answer.status().as_u16()
            )));
        }
        place_of(target, key, &encoded)?.disk(None)
    }
}

/// Where an object is, in the form that the target's import takes.
fn place_of(target: &Target, key: &str, encoded: &str) -> Result<Place> {
    let forms = cloud_import::capabilities(target.provider)?.sources.value;
    if forms.contains(&SourceForm::Object) {
        return Ok(Place::Object {
            bucket: BUCKET.to_owned(),
            key: key.to_owned(),
        });
    }
    let region = &target.region;
    let host = match target.provider {
        Provider::Jdcloud => format!("{BUCKET}.s3-internal.{region}.jdcloud-oss.com"),
        Provider::Tencent => format!("{BUCKET}.cos.{region}.myqcloud.com"),
        // UCloud's storage calls this region by its older name.
        _ if region == "cn-bj2" => format!("{BUCKET}.cn-bj.ufileos.com"),
        _ => format!("{BUCKET}.{region}.ufileos.com"),
    };
    Ok(Place::Link(format!("https://{host}/{encoded}")))
}

/// The address in `http://127.0.0.1:PORT`; anything that is not on this machine is refused.
fn loopback(url: &str) -> Result<SocketAddr> {
    url.strip_prefix("http://")
        .and_then(|address| address.parse::<SocketAddr>().ok())
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("`{url}` is no address of a simulator on this machine"),
            )
            .with_remedy("Give the file that the output of `cloud-import sim` went to.")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! A running simulator: starts the listeners and is the hand by which a test holds them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::{net::TcpListener, task::JoinSet};

use super::{
    backend::Backend,
    control::control_request,
    images::ImageSummary,
    listen::{self, Entry},
};
use crate::{
    cloud::Cloud,
    objects::{BucketSettings, ObjectReader, ObjectSummary, OpenUpload},
    world::{Config, Counters, Fault},
};

/// The five clouds, running on `127.0.0.1`.
///
/// Stops when it is dropped, with all its connections; [`stop`](Self::stop) also waits for the end. Lives on the tokio runtime
/// on which it was started.
///
/// ```
/// use cloud_import_sim::{Cloud, Config, Simulator};
///
/// # #[tokio::main] async fn main() -> std::io::Result<()> {
/// let simulator = Simulator::start(Config::new("an-access-key-id", "its-secret")).await?;
/// println!("a client of Alibaba Cloud is to send to {}", simulator.address(Cloud::Aliyun));
/// assert!(simulator.images(Cloud::Aliyun).is_empty());
/// simulator.stop().await;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Simulator {
    /// In the order of [`Cloud::ALL`], as the next.
    addresses: Vec<SocketAddr>,
    stores: Vec<SocketAddr>,
    control: SocketAddr,
    backend: Arc<Backend>,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Binds the listeners (an API and a store of each cloud, and the control endpoint) and begins to answer.
    ///
    /// # Errors
    ///
    /// A port cannot be bound.
    pub async fn start(config: Config) -> io::Result<Simulator> {
        // All are bound before one answers: a port that is taken leaves nothing running.
        let (control_listener, control) = bind(config.control_port).await?;
        let (mut addresses, mut stores, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
        for &cloud in Cloud::ALL {
            for (entry, ports, addresses) in [
                (Entry::Api, &config.ports, &mut addresses),
                (Entry::Store, &config.store_ports, &mut stores),
            ] {
                let (listener, address) = bind(ports.get(&cloud).copied().unwrap_or_default()).await?;
                addresses.push(address);
                listeners.push((cloud, entry, listener));
            }
        }
        let backend = Arc::new(Backend::new(config));
        let mut tasks = JoinSet::new();
        for (cloud, entry, listener) in listeners {
            let backend = Arc::clone(&backend);
            tasks.spawn(listen::accept(listener, move |request| {
                listen::cloud_request(Arc::clone(&backend), cloud, entry, request)
            }));
        }
        let for_control = Arc::clone(&backend);
        tasks.spawn(listen::accept(control_listener, move |request| {
            control_request(Arc::clone(&for_control), request)
        }));
        Ok(Simulator {
            addresses,
            stores,
            control,
            backend,
            tasks,
        })
    }

    /// Where a cloud answers: its API, and by their names the hosts of its store.
    #[must_use]
    pub fn address(&self, cloud: Cloud) -> SocketAddr {
        self.addresses[cloud.index()]
    }

    /// Where a cloud's store answers to its address, too, with the bucket as the first segment of the path: for tools that are
    /// given an endpoint.
    #[must_use]
    pub fn store_address(&self, cloud: Cloud) -> SocketAddr {
        self.stores[cloud.index()]
    }

    /// Where the control endpoint answers.
    #[must_use]
    pub fn control_address(&self) -> SocketAddr {
        self.control
    }

    /// One line of JSON that says where everything is:
    /// `{"jdcloud":"http://127.0.0.1:P",…,"ucloud":"http://127.0.0.1:P","stores":{"jdcloud":"http://127.0.0.1:P",…},
    /// "control":"http://127.0.0.1:P","access_key_id":"…"}`.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let url = |address: SocketAddr| Value::from(format!("http://{address}"));
        let mut line = Map::new();
        for &cloud in Cloud::ALL {
            line.insert(cloud.name().to_owned(), url(self.address(cloud)));
        }
        let store = |cloud: &Cloud| (cloud.name().to_owned(), url(self.store_address(*cloud)));
        line.insert("stores".to_owned(), Cloud::ALL.iter().map(store).collect());
        line.insert("control".to_owned(), url(self.control));
        line.insert(
            "access_key_id".to_owned(),
            self.backend.shared.config.access_key_id.as_str().into(),
        );
        Value::Object(line).to_string()
    }

    /// Makes a bucket, or sets up anew the one that is there. `region` is in the words of the cloud's compute API.
    pub fn create_bucket(&self, cloud: Cloud, region: &str, bucket: &str, settings: BucketSettings) {
        let store = &mut self.backend.world().store;
        store.create(cloud, region, bucket, settings);
    }

    /// The uploads of a cloud's store that are neither completed nor aborted.
    #[must_use]
    pub fn open_uploads(&self, cloud: Cloud) -> Vec<OpenUpload> {
        let mut all = self.backend.world().store.open_uploads();
        all.retain(|upload| upload.cloud == cloud);
        all
    }

    /// A reader over the bytes of a stored object; `None` when there is no such object.
    #[must_use]
    pub fn object(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> Option<ObjectReader> {
        self.backend.world().store.reader(cloud, region, bucket, key)
    }

    /// Puts an object into a cloud's storage, from which imports may read it without a good signature; its bucket is made if
    /// it is not there. `region` is in the words of the cloud's compute API (UCloud: `cn-bj2`).
    pub fn put_object(&self, cloud: Cloud, region: &str, bucket: &str, key: &str, bytes: Bytes) {
        let store = &mut self.backend.world().store;
        store.put(cloud, region, bucket, key, bytes);
    }

    /// Puts a file into a cloud's storage without copying it; it should stay as it is.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn put_object_file(&self, cloud: Cloud, region: &str, bucket: &str, key: &str, path: &Path) -> io::Result<()> {
        let store = &mut self.backend.world().store;
        store.put_file(cloud, region, bucket, key, path)
    }

    /// From now on an import needs a good link to an object, as to one that came through the store.
    pub fn guard_object(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) {
        let mut world = self.backend.world();
        if let Ok(bucket) = world.store.bucket_mut(cloud, region, bucket)
            && let Some(object) = bucket.objects.get_mut(key)
        {
            object.guarded = true;
        }
    }

    /// Deletes an object as a person would in the console: where its bucket keeps versions, it is only hidden.
    pub fn delete_object(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) {
        let mut world = self.backend.world();
        let mark = world.hex(32);
        if let Ok(bucket) = world.store.bucket_mut(cloud, region, bucket) {
            drop(bucket.delete(key, mark));
        }
    }

    /// Everything in the clouds' storage, older versions included.
    #[must_use]
    pub fn objects(&self) -> Vec<ObjectSummary> {
        self.backend.world().store.list()
    }

    /// Asks for a fault.
    pub fn inject(&self, fault: Fault) {
        self.backend.world().faults.add(fault);
    }

    /// Lets so much time pass, at once, for imports, exports and copies that are under way. Dates stay those of the clock.
    ///
    /// So a test can have imports that take an hour, and decide itself when that is over.
    pub fn pass(&self, time: Duration) {
        self.backend.world().pass(time);
    }

    /// Forgets the faults that are still to come.
    pub fn clear_faults(&self) {
        self.backend.world().faults.clear();
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.backend.counters()
    }

    /// The images of a cloud, in the order in which their imports were accepted; deleted ones are marked.
    #[must_use]
    pub fn images(&self, cloud: Cloud) -> Vec<ImageSummary> {
        let mut all = self.backend.images();
        all.retain(|image| image.cloud == cloud);
        all
    }

    /// Stops, and waits until no task is left.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Removes what the stores hold on disk.
impl Drop for Simulator {
    fn drop(&mut self) {
        self.tasks.abort_all();
        self.backend.stores.dir.remove();
    }
}

async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

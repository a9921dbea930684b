//! Records in a store that many machines reach: what one machine began, another goes on with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex},
};

use cloud_import::{
    Error, ErrorKind, Pace, Provider, Result,
    publish::{State, StateBackend, StateLock},
};

use super::{Fuse, Scene, cloud, id, one};

/// A store in memory.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    texts: BTreeMap<String, String>,
    locks: BTreeSet<String>,
    writes: usize,
}

#[derive(Debug)]
struct Held(Memory, String);

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

impl StateBackend for Memory {
    fn read(&self, name: &str) -> Result<Option<String>> {
        Ok(self.0.lock().unwrap().texts.get(name).cloned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let kept = self.0.lock().unwrap();
        let below = kept
            .texts
            .keys()
            .filter_map(|name| name.strip_prefix(folder)?.strip_prefix('/'));
        let names: BTreeSet<_> = below
            .filter_map(|rest| rest.split('/').next())
            .map(str::to_owned)
            .collect();
        Ok(names.into_iter().collect())
    }

    fn lock(&self, name: &str) -> Result<Option<Box<dyn StateLock>>> {
        let is_free = self.0.lock().unwrap().locks.insert(name.to_owned());
        Ok(is_free.then(|| Box::new(Held(self.clone(), name.to_owned())) as _))
    }
}

impl Held {
    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<()> {
        let Held(Memory(kept), name) = self;
        let mut kept = kept.lock().unwrap();
        if !kept.locks.contains(name) {
            return Err(Error::new(ErrorKind::Local, "the lock is lost"));
        }
        kept.writes += 1;
        change(&mut kept);
        Ok(())
    }
}

impl StateLock for Held {
    fn write(&self, name: &str, text: &str) -> Result<()> {
        self.change(|kept| drop(kept.texts.insert(name.to_owned(), text.to_owned())))
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.change(|kept| drop(kept.texts.remove(name)))
    }

    fn remove_folder(&self, name: &str) -> Result<()> {
        let below = format!("{name}/");
        self.change(|kept| kept.texts.retain(|name, _| !name.starts_with(&below)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().locks.remove(&self.1);
    }
}

/// A raw disk of five parts or more, of which no two are alike.
fn write_disk(path: &Path) {
    let mut bytes = vec![0; 40 << 20];
    for (at, page) in bytes.chunks_exact_mut(4096).enumerate() {
        page[..8].copy_from_slice(&at.to_le_bytes());
    }
    bytes[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0]);
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_sends_only_the_parts_that_are_missing() {
    // US3 shows no MD5 by which its parts would be known.
    for provider in [Provider::JDCLOUD, Provider::TENCENT, Provider::HUAWEI, Provider::ALIYUN] {
        let scene = Scene::new(&format!("shared-{provider}")).await;
        let (store, own) = (Memory::default(), cloud(provider));
        let machine = |name: &str, fuse: &Arc<Fuse>| {
            let folder = scene.path(name);
            fs::create_dir_all(&folder).unwrap();
            write_disk(&folder.join("web.raw"));
            let pace = Pace::new(NonZeroUsize::new(1), None);
            let publish = scene.publish(folder.join("web.raw")).pace(pace);
            let state = State::on(Arc::new(store.clone()), folder.join("state"));
            publish.state(state).to(scene.fused(provider, fuse))
        };
        // Of one that dies while it sends, at a moment when the bucket has some parts and not all.
        let mut has_some = false;
        for requests in 1..60 {
            let fuse = Fuse::after(requests, false);
            let done = fuse.guard(machine("one", &fuse)).await;
            assert!(
                done.is_none(),
                "{provider}: it ended before some parts were sent: {done:?}"
            );
            has_some = scene.simulator.open_uploads(own).iter().any(|upload| upload.parts > 1);
            if has_some {
                break;
            }
        }
        assert!(has_some, "{provider}");
        let upload = scene.simulator.open_uploads(own).remove(0);
        for (name, text) in &store.0.lock().unwrap().texts {
            assert!(
                !text.contains("etag"),
                "{provider}: parts are this machine's: {name}: {text}"
            );
        }
        let before = scene.simulator.counters().bytes_received[&own];
        let writes = store.0.lock().unwrap().writes;
        let done = one(machine("other", &Fuse::never())).await;
        id(&done);
        let sent = scene.simulator.counters().bytes_received[&own] - before;
        assert_eq!(sent, (40 << 20) - upload.bytes, "{provider}: {upload:?}");
        assert_eq!(scene.imports(provider), 1, "{provider}");
        assert!(scene.simulator.objects().is_empty() && scene.simulator.open_uploads(own).is_empty());
        let writes = store.0.lock().unwrap().writes - writes;
        assert!(writes < 20, "{provider}: {writes} writes");
        for machine in ["one", "other"] {
            let left = fs::read_dir(scene.path(machine).join("state/uploads")).unwrap().count();
            assert_eq!(left, usize::from(machine == "one"), "{provider}: {machine}");
        }
    }
}

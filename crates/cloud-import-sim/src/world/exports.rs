//! Exports of images to a bucket: they run as imports do, and at their end the objects are there.

use bytes::Bytes;

use super::{
    export::Export,
    faults::{FaultKind, When},
    import::{Import, Scope, Stage, Verdict},
    memory::World,
};
use crate::{
    clock::Now,
    cloud::Cloud,
    objects::{Content, Missing},
};

/// What an image is exported as whose bytes nobody stored here: the mark of a qcow2 file, and nothing behind it.
const NOTHING_STORED: &[u8] = b"QFI\xfb";

impl World {
    /// An export of this moment that will succeed, without a task. Its object has the bytes that the image was made of,
    /// whatever the format.
    pub(crate) fn new_export(&self, image: &Import, operation: &str, bucket: &str, key: &str, now: &Now) -> Export {
        let nothing = || Content::Memory(Bytes::from_static(NOTHING_STORED));
        Export {
            scope: image.scope.clone(),
            operation: operation.to_owned(),
            image_id: image.image_id.clone(),
            task_id: String::new(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            format: String::new(),
            verdict: Verdict::Succeed,
            accepted: *now,
            canceled: None,
            takes: self.config.import_time,
            content: image.content.clone().unwrap_or_else(nothing),
            is_delivered: false,
        }
    }

    /// Takes an export over, with the faults that wait for one.
    pub(crate) fn accept_export(&mut self, mut export: Export) {
        for fault in self.faults.hit(When::Import, export.scope.cloud, &export.operation) {
            match fault {
                FaultKind::FailImport { code, reason } => export.verdict = Verdict::Fail { code, reason },
                FaultKind::Stall => export.verdict = Verdict::Stall,
                _ => {}
            }
        }
        self.counters.count_export(export.scope.cloud, &export.image_id);
        self.exports.push(export);
    }

    /// The exports of an image, oldest first.
    pub(crate) fn exports_of(&self, scope: &Scope, image_id: &str) -> Vec<&Export> {
        let is_of = |export: &&Export| export.scope == *scope && export.image_id == image_id;
        self.exports.iter().filter(is_of).collect()
    }

    /// Cancels the export of a task: `None` where there is none, `false` when it is over.
    pub(crate) fn cancel_export(&mut self, scope: &Scope, task_id: &str, now: &Now) -> Option<bool> {
        let mut exports = self.exports.iter_mut();
        let export = exports.find(|export| export.scope == *scope && export.task_id == task_id)?;
        let is_open = export.stage(now).is_open();
        if is_open {
            export.canceled = Some(now.utc);
        }
        Some(is_open)
    }

    /// Whether an export of the image runs.
    pub(crate) fn is_exported(&self, image: &Import, now: &Now) -> bool {
        let exports = self.exports_of(&image.scope, &image.image_id);
        exports.iter().any(|export| export.stage(now).is_open())
    }

    /// Where an export may write: a bucket of the region, which is made if any bucket is taken.
    pub(crate) fn bucket_for_export(&mut self, cloud: Cloud, region: &str, bucket: &str) -> Result<(), Missing> {
        match self.store.region_of(cloud, bucket, Some(region)) {
            Err(Missing::Bucket) if self.config.any_bucket => {
                self.store.made(cloud, region, bucket);
                Ok(())
            }
            Err(missing) => Err(missing),
            Ok(_) => Ok(()),
        }
    }

    /// Puts the objects of exports that have ended in their buckets. Called as each request comes.
    pub(super) fn deliver(&mut self) {
        let now = self.now();
        for export in &mut self.exports {
            if !export.is_delivered && export.stage(&now) == Stage::Succeeded {
                export.is_delivered = true;
                let Scope { cloud, region, .. } = &export.scope;
                let content = export.content.clone();
                self.store
                    .put_content(*cloud, region, &export.bucket, &export.key, content);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::world::{Config, import::tests::import};

    #[test]
    fn the_object_is_there_when_the_export_is_over() {
        let mut world = World::new(Config::new("ak", "sk").import_time(Duration::ZERO).any_bucket(true));
        let mut image = import(Verdict::Succeed);
        image.content = Some(Content::Memory(Bytes::from_static(b"QFI\xfb and more")));
        world.accept(image.clone());
        assert_eq!(world.bucket_for_export(Cloud::Jdcloud, "r", "b"), Ok(()));
        let export = world.new_export(&image, "exportImage", "b", "k.qcow2", &Now::read());
        world.accept_export(export);
        assert!(world.store.content(Cloud::Jdcloud, "r", "b", "k.qcow2").is_none());
        world.arrived(Cloud::Jdcloud, "any");
        let size = world
            .store
            .content(Cloud::Jdcloud, "r", "b", "k.qcow2")
            .map(Content::size);
        assert_eq!(size, Some(13));
        assert_eq!(world.exports_of(&image.scope, &image.image_id).len(), 1);
        assert_eq!(world.counters.exports[&Cloud::Jdcloud]["img-1"], 1);
    }

    #[test]
    fn a_failed_export_leaves_nothing() {
        let mut world = World::new(Config::new("ak", "sk").import_time(Duration::ZERO).any_bucket(true));
        let image = import(Verdict::Succeed);
        let mut export = world.new_export(&image, "exportImage", "b", "k", &Now::read());
        export.verdict = Verdict::fail("C", "r");
        world.accept_export(export);
        world.arrived(Cloud::Jdcloud, "any");
        assert_eq!(world.exports[0].failure(&Now::read()), Some(("C", "r")));
        assert!(world.store.list().is_empty());
    }
}

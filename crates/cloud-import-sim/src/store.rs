//! The object storage of the five clouds as far as an import sees it: which bytes lie in which bucket of which region.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::sniff::{self, DiskFormat};

/// One stored object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectSummary {
    /// The cloud whose storage holds it.
    pub cloud: Cloud,
    /// The region of its bucket, in the words of the cloud's compute API.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Format that its bytes tell.
    pub format: DiskFormat,
}

/// An object as an import sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) size: u64,
    pub(crate) format: DiskFormat,
    pub(crate) virtual_size: u64,
}

impl Disk {
    /// Virtual size in GiB, rounded up.
    pub(crate) fn gib(&self) -> u64 {
        self.virtual_size.div_ceil(1 << 30)
    }
}

/// What a look for an import's source finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Here(Disk),
    /// The bucket is in another region.
    Elsewhere {
        region: String,
    },
    Absent,
    /// Nothing is stored, and the simulator was told to take any source as good.
    Assumed,
}

#[derive(Debug)]
struct Object {
    disk: Disk,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Memory(Bytes),
    File(PathBuf),
}

/// Keys are `(cloud, bucket)`, then region and key: a bucket's name means one bucket within a cloud.
#[derive(Debug, Default)]
pub(crate) struct Store(BTreeMap<(Cloud, String), BTreeMap<(String, String), Object>>);

impl Store {
    pub(crate) fn put(&mut self, cloud: Cloud, region: &str, bucket: &str, key: &str, bytes: Bytes) {
        let head = &bytes[..bytes.len().min(sniff::HEAD)];
        let tail = &bytes[bytes.len().saturating_sub(sniff::TAIL)..];
        let disk = described(head, tail, bytes.len() as u64);
        let content = Content::Memory(bytes);
        self.insert(cloud, region, bucket, key, Object { disk, content });
    }

    /// The file is read when it is stored (its ends) and when it is fetched; it should not change in between.
    pub(crate) fn put_file(
        &mut self,
        cloud: Cloud,
        region: &str,
        bucket: &str,
        key: &str,
        path: &Path,
    ) -> io::Result<()> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut head = Vec::new();
        Read::by_ref(&mut file)
            .take(sniff::HEAD as u64)
            .read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(size.saturating_sub(sniff::TAIL as u64)))?;
        let mut tail = Vec::new();
        Read::by_ref(&mut file)
            .take(sniff::TAIL as u64)
            .read_to_end(&mut tail)?;
        let disk = described(&head, &tail, size);
        let content = Content::File(path.to_owned());
        self.insert(cloud, region, bucket, key, Object { disk, content });
        Ok(())
    }

    fn insert(&mut self, cloud: Cloud, region: &str, bucket: &str, key: &str, object: Object) {
        let objects = self.0.entry((cloud, bucket.to_owned())).or_default();
        objects.insert((region.to_owned(), key.to_owned()), object);
    }

    /// Looks for an import's source.
    pub(crate) fn find(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> Lookup {
        let Some(objects) = self.0.get(&(cloud, bucket.to_owned())) else {
            return Lookup::Absent;
        };
        if let Some(object) = objects.get(&(region.to_owned(), key.to_owned())) {
            return Lookup::Here(object.disk);
        }
        if objects.keys().any(|(other, _)| other == region) {
            return Lookup::Absent;
        }
        match objects.keys().next() {
            Some((other, _)) => Lookup::Elsewhere { region: other.clone() },
            None => Lookup::Absent,
        }
    }

    /// The bytes of a stored object that lies in memory, or the path of the file that holds them.
    pub(crate) fn content(
        &self,
        cloud: Cloud,
        region: &str,
        bucket: &str,
        key: &str,
    ) -> Option<Result<Bytes, PathBuf>> {
        let objects = self.0.get(&(cloud, bucket.to_owned()))?;
        let object = objects.get(&(region.to_owned(), key.to_owned()))?;
        Some(match &object.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::File(path) => Err(path.clone()),
        })
    }

    pub(crate) fn list(&self) -> Vec<ObjectSummary> {
        let mut list = Vec::new();
        for ((cloud, bucket), objects) in &self.0 {
            for ((region, key), object) in objects {
                list.push(ObjectSummary {
                    cloud: *cloud,
                    region: region.clone(),
                    bucket: bucket.clone(),
                    key: key.clone(),
                    size: object.disk.size,
                    format: object.disk.format,
                });
            }
        }
        list
    }
}

fn described(head: &[u8], tail: &[u8], size: u64) -> Disk {
    let found = sniff::sniff(head, tail, size);
    Disk {
        size,
        format: found.format,
        virtual_size: found.virtual_size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_in_one_region() {
        let mut store = Store::default();
        store.put(Cloud::Aliyun, "cn-hangzhou", "b", "a/k", Bytes::from_static(b"QFI\xfb"));
        let find = |region, bucket, key| store.find(Cloud::Aliyun, region, bucket, key);
        assert!(matches!(find("cn-hangzhou", "b", "a/k"), Lookup::Here(disk) if disk.format == DiskFormat::Qcow2));
        assert_eq!(find("cn-hangzhou", "b", "other"), Lookup::Absent);
        assert_eq!(
            find("cn-beijing", "b", "a/k"),
            Lookup::Elsewhere {
                region: "cn-hangzhou".to_owned()
            }
        );
        assert_eq!(find("cn-hangzhou", "c", "a/k"), Lookup::Absent);
        assert_eq!(store.find(Cloud::Tencent, "cn-hangzhou", "b", "a/k"), Lookup::Absent);
        assert_eq!(store.list().len(), 1);
    }

    #[test]
    fn a_file_is_told_by_its_ends_and_not_copied() {
        let path = std::env::temp_dir().join(format!("cloud-import-sim-store-{}", std::process::id()));
        let mut bytes = vec![7; 10_000];
        let footer = bytes.len() - 512;
        bytes[footer..footer + 8].copy_from_slice(b"conectix");
        std::fs::write(&path, &bytes).unwrap();
        let mut store = Store::default();
        store.put_file(Cloud::Jdcloud, "cn-north-1", "b", "k", &path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let listed = &store.list()[0];
        assert_eq!((listed.size, listed.format), (10_000, DiskFormat::Vhd));
        assert!(matches!(
            store.content(Cloud::Jdcloud, "cn-north-1", "b", "k"),
            Some(Err(found)) if found == path
        ));
        assert!(store.put_file(Cloud::Jdcloud, "cn-north-1", "b", "k", &path).is_err());
    }
}

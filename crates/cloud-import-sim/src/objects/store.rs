//! All buckets of all clouds, and how imports and requests find them. Neither verifies anything nor speaks a vendor's words.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io,
    path::Path,
};

use bytes::Bytes;

use super::{
    bucket::{About, Bucket, BucketSettings, Disk, Missing, Object, ObjectSummary, OpenUpload},
    class,
    content::{Content, ObjectReader},
    digest::{Digester, EtagKind},
};
use crate::cloud::Cloud;

/// What a look for an import's source finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Here(Disk),
    /// The bucket is in another region.
    Elsewhere {
        region: String,
    },
    Absent,
    /// It is there and may not be read: a bucket of another account, or a link that is not, or no longer, good.
    Unreadable,
    /// It has to be restored first.
    Archived,
    /// Nothing is stored, and the simulator was told to take any source as good.
    Assumed,
}

/// Buckets by cloud and name, then by region: a name means one bucket in a region, and tests may use it in several.
#[derive(Debug, Default)]
pub(crate) struct Store {
    buckets: BTreeMap<(Cloud, String), BTreeMap<String, Bucket>>,
    /// Signatures of the links that hold for one use and were used.
    opened: HashSet<String>,
}

impl Store {
    /// Makes a bucket, or sets up anew the one that is there.
    pub(crate) fn create(&mut self, cloud: Cloud, region: &str, bucket: &str, mut settings: BucketSettings) {
        // UCloud's guide describes versions, and says that they are not open yet.
        settings.versioned &= cloud != Cloud::Ucloud;
        self.made(cloud, region, bucket).settings = settings;
    }

    /// The bucket, which is made if it is not there.
    pub(crate) fn made(&mut self, cloud: Cloud, region: &str, bucket: &str) -> &mut Bucket {
        let regions = self.buckets.entry((cloud, bucket.to_owned())).or_default();
        regions.entry(region.to_owned()).or_default()
    }

    /// Removes a bucket and all that is in it.
    pub(crate) fn remove(&mut self, cloud: Cloud, region: &str, bucket: &str) {
        let name = (cloud, bucket.to_owned());
        if let Some(regions) = self.buckets.get_mut(&name) {
            regions.remove(region);
            if regions.is_empty() {
                self.buckets.remove(&name);
            }
        }
    }

    /// The region of a bucket: `asked` if it is there, else the one that has it. No bucket of this name is an error.
    pub(crate) fn region_of(&self, cloud: Cloud, bucket: &str, asked: Option<&str>) -> Result<String, Missing> {
        let regions = self.regions(cloud, bucket).ok_or(Missing::Bucket)?;
        let first = regions.keys().next().ok_or(Missing::Bucket)?;
        match asked {
            Some(asked) if regions.contains_key(asked) => Ok(asked.to_owned()),
            Some(_) => Err(Missing::Elsewhere { region: first.clone() }),
            None => Ok(first.clone()),
        }
    }

    pub(crate) fn bucket(&self, cloud: Cloud, region: &str, bucket: &str) -> Result<&Bucket, Missing> {
        let regions = self.regions(cloud, bucket).ok_or(Missing::Bucket)?;
        regions.get(region).ok_or(Missing::Bucket)
    }

    pub(crate) fn bucket_mut(&mut self, cloud: Cloud, region: &str, bucket: &str) -> Result<&mut Bucket, Missing> {
        let regions = self.buckets.get_mut(&(cloud, bucket.to_owned()));
        regions
            .and_then(|regions| regions.get_mut(region))
            .ok_or(Missing::Bucket)
    }

    fn regions(&self, cloud: Cloud, bucket: &str) -> Option<&BTreeMap<String, Bucket>> {
        self.buckets.get(&(cloud, bucket.to_owned()))
    }

    /// Puts an object that imports may read without a signature.
    pub(crate) fn put(&mut self, cloud: Cloud, region: &str, bucket: &str, key: &str, bytes: Bytes) {
        let mut digester = Digester::new(EtagKind::of(cloud), false);
        digester.update(&bytes);
        let etag = digester.finish().etag;
        let content = Content::Memory(bytes);
        // Bytes in memory can be read.
        if let Ok(found) = content.disk() {
            let disk = Disk::new(content.size(), found);
            self.insert(cloud, region, bucket, key, open(content, disk, etag));
        }
    }

    /// Puts an object that only its owner may read. One whose content cannot be read any more is not stored.
    pub(crate) fn put_content(&mut self, cloud: Cloud, region: &str, bucket: &str, key: &str, content: Content) {
        if let Ok(found) = content.disk() {
            let mut digester = Digester::new(EtagKind::Md5, false);
            digester.update(format!("{bucket}:{key} {}", content.size()).as_bytes());
            let etag = format!("{}-1", digester.finish().etag);
            let disk = Disk::new(content.size(), found);
            let object = Object::stored(content, disk, etag, 1, About::default());
            self.insert(cloud, region, bucket, key, object);
        }
    }

    /// As [`put`](Self::put). The file is read when it is stored (its ends) and when it is fetched; it should not change in
    /// between. Its ETag is of its name and size.
    pub(crate) fn put_file(
        &mut self,
        cloud: Cloud,
        region: &str,
        bucket: &str,
        key: &str,
        path: &Path,
    ) -> io::Result<()> {
        let size = File::open(path)?.metadata()?.len();
        let path = path.to_owned();
        let mut digester = Digester::new(EtagKind::Md5, false);
        digester.update(format!("{size} {}", path.display()).as_bytes());
        let etag = format!("{}-1", digester.finish().etag);
        let content = Content::File { path, size };
        let disk = Disk::new(size, content.disk()?);
        self.insert(cloud, region, bucket, key, open(content, disk, etag));
        Ok(())
    }

    fn insert(&mut self, cloud: Cloud, region: &str, bucket: &str, key: &str, object: Object) {
        let objects = &mut self.made(cloud, region, bucket).objects;
        objects.insert(key.to_owned(), object);
    }

    /// Looks for an import's source.
    pub(crate) fn find(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> Lookup {
        match self.region_of(cloud, bucket, Some(region)) {
            Ok(_) => {}
            Err(Missing::Elsewhere { region }) => return Lookup::Elsewhere { region },
            Err(_) => return Lookup::Absent,
        }
        let Ok(bucket) = self.bucket(cloud, region, bucket) else {
            return Lookup::Absent;
        };
        if bucket.settings.owner_is_other {
            return Lookup::Unreadable;
        }
        match bucket.objects.get(key) {
            None => Lookup::Absent,
            Some(object) if class::is_archived(class::of_object(cloud, bucket, object)) => Lookup::Archived,
            Some(object) => Lookup::Here(object.disk),
        }
    }

    /// Whether an import needs a good link to the object.
    pub(crate) fn is_guarded(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> bool {
        let Ok(bucket) = self.bucket(cloud, region, bucket) else {
            return false;
        };
        !bucket.settings.public && bucket.objects.get(key).is_some_and(|object| object.guarded)
    }

    /// Notes that a link with this signature was opened; `false` when it had been before.
    pub(crate) fn open_link(&mut self, signature: &str) -> bool {
        self.opened.insert(signature.to_owned())
    }

    /// Whether a link with this signature was opened.
    pub(crate) fn was_opened(&self, signature: &str) -> bool {
        self.opened.contains(signature)
    }

    /// A reader over a stored object.
    pub(crate) fn reader(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> Option<ObjectReader> {
        let content = self.content(cloud, region, bucket, key)?;
        Some(content.reader(0, content.size()))
    }

    /// Where a stored object's bytes lie.
    pub(crate) fn content(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> Option<&Content> {
        let objects = &self.bucket(cloud, region, bucket).ok()?.objects;
        Some(&objects.get(key)?.content)
    }

    pub(crate) fn list(&self) -> Vec<ObjectSummary> {
        let mut list = Vec::new();
        for (cloud, name, region, bucket) in self.all() {
            let shown = bucket.objects.iter().map(|(key, object)| (key, object, false));
            let hidden = bucket.hidden.iter().flat_map(|(key, hidden)| {
                let objects = hidden.iter().filter_map(|hidden| hidden.object.as_ref());
                objects.map(move |object| (key, object, true))
            });
            for (key, object, is_hidden) in shown.chain(hidden) {
                list.push(ObjectSummary {
                    cloud,
                    region: region.to_owned(),
                    bucket: name.to_owned(),
                    key: key.clone(),
                    size: object.disk.size,
                    format: object.disk.format,
                    etag: object.etag.clone(),
                    parts: object.parts,
                    metadata: object.about.metadata.clone(),
                    version: object.version.clone(),
                    hidden: is_hidden,
                });
            }
        }
        list
    }

    pub(crate) fn open_uploads(&self) -> Vec<OpenUpload> {
        let mut list = Vec::new();
        for (cloud, name, region, bucket) in self.all() {
            for (id, upload) in &bucket.uploads {
                list.push(OpenUpload {
                    cloud,
                    region: region.to_owned(),
                    bucket: name.to_owned(),
                    key: upload.key.clone(),
                    upload_id: id.clone(),
                    parts: upload.parts.len() as u64,
                    bytes: upload.parts.values().map(|part| part.piece.size).sum(),
                });
            }
        }
        list
    }

    /// How many objects and open uploads a cloud's store has.
    pub(crate) fn totals(&self, cloud: Cloud) -> (u64, u64) {
        let of_cloud = self.all().filter(|(owner, ..)| *owner == cloud);
        of_cloud.fold((0, 0), |(objects, uploads), (.., bucket)| {
            (
                objects + bucket.objects.len() as u64,
                uploads + bucket.uploads.len() as u64,
            )
        })
    }

    /// All buckets, with cloud, name and region.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Cloud, &str, &str, &Bucket)> {
        self.buckets.iter().flat_map(|((cloud, name), regions)| {
            regions
                .iter()
                .map(move |(region, bucket)| (*cloud, name.as_str(), region.as_str(), bucket))
        })
    }
}

fn open(content: Content, disk: Disk, etag: String) -> Object {
    Object {
        guarded: false,
        ..Object::stored(content, disk, etag, 0, About::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::sniff::DiskFormat;

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
        assert_eq!(store.totals(Cloud::Aliyun), (1, 0));
        assert!(!store.is_guarded(Cloud::Aliyun, "cn-hangzhou", "b", "a/k"));
    }

    #[test]
    fn what_is_not_ours_or_in_an_archive_cannot_be_imported() {
        let mut store = Store::default();
        let mut find = |settings: BucketSettings| {
            store.put(Cloud::Huawei, "r", "b", "k", Bytes::from_static(b"x"));
            store.create(Cloud::Huawei, "r", "b", settings);
            store.find(Cloud::Huawei, "r", "b", "k")
        };
        assert!(matches!(find(BucketSettings::default()), Lookup::Here(_)));
        let other = BucketSettings::default().owner_is_other(true);
        assert_eq!(find(other), Lookup::Unreadable);
        let archive = BucketSettings::default().storage_class("COLD");
        assert_eq!(find(archive), Lookup::Archived);
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
            Some(Content::File { path: found, .. }) if *found == path
        ));
        assert!(store.put_file(Cloud::Jdcloud, "cn-north-1", "b", "k", &path).is_err());
    }
}

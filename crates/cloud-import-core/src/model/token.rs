//! The idempotency token: derived from the order, so that any process that repeats the order sends the same token.

use sha2::{Digest as _, Sha256};

use crate::{
    BootMode, DiskFormat, Encryption, ExportRequest, ImageKind, ImportRequest, LicenseType, Provider, text::digest,
};

/// Version of the derivation. A change of it would let one order become a second image: raise it only with the format
/// of the task.
const VERSION: &str = "1";

/// What a token begins with, and so a marker.
const TOKEN: &str = "ci-";

/// What every marker in a description begins with.
pub(crate) const MARKER: &str = "[ci-";

impl ImportRequest {
    /// The token of this order in that cloud, region and project: 43 characters of `a-z 0-9 -`.
    ///
    /// It covers name, disks (by content hash where known, else by source without its query), options and generation,
    /// so a link that is signed anew does not change it.
    pub fn token(&self, provider: Provider, region: &str, project: Option<&str>) -> String {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            // Length first, so that no two lists of fields run together to the same bytes.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for text in [VERSION, provider.id(), region, project.unwrap_or_default(), &self.name] {
            field(text);
        }
        field(match self.kind {
            ImageKind::System => "system",
            ImageKind::Data => "data",
        });
        for disk in &self.disks {
            match &disk.content_sha256 {
                Some(content) => field(content),
                None => field(&disk.source.identity()),
            }
            field(disk.format.map_or("", DiskFormat::as_str));
            field(&disk.wanted_gib().unwrap_or_default().to_string());
        }
        if let Some(os) = &self.os {
            field(&os.to_string());
            field(os.raw.get(&provider).map_or("", String::as_str));
        }
        field(self.architecture.as_str());
        field(self.boot_mode.map_or("", BootMode::as_str));
        field(self.license_type.map_or("", LicenseType::as_str));
        field(if self.skip_guest_check { "unchecked" } else { "checked" });
        // Only where they are set: an order without them keeps the token that it had before they were there.
        for (set, name) in [(self.nvme, "nvme"), (self.imds_v2, "imds_v2")] {
            if set {
                field(name);
            }
        }
        if let Some(encryption) = &self.encryption {
            field("encrypted");
            field(match encryption {
                Encryption::ServiceKey => "",
                Encryption::Key(id) => id,
            });
        }
        field(if self.dry_run { "dry" } else { "real" });
        field(self.description.as_deref().unwrap_or_default());
        field(self.project.as_deref().unwrap_or_default());
        for (key, value) in &self.tags {
            field(key);
            field(value);
        }
        if let Some(options) = self.vendor.get(&provider) {
            field(&serde_json::Value::Object(options.clone()).to_string());
        }
        field(&self.generation.to_string());
        format!("{TOKEN}{}", &digest::hex(&hash.finalize())[..40])
    }

    /// A short text to put on the image where a cloud takes no token, so that the image is known again.
    pub fn marker(&self, provider: Provider, region: &str, project: Option<&str>) -> String {
        self.token(provider, region, project).chars().take(19).collect()
    }
}

/// Characters of the prefix that is made of an order: as many as tell orders apart, and no more than any cloud takes.
const PREFIX: usize = 18;

impl ExportRequest {
    /// The token of this order in that cloud and project: 43 characters of `a-z 0-9 -`. It covers all of the order.
    pub fn token(&self, provider: Provider, project: Option<&str>) -> String {
        format!("{TOKEN}{}", &self.digest(provider, project)[..40])
    }

    /// The prefix of an order that names none: 20 small letters and digits, which every cloud takes.
    pub fn own_prefix(&self, provider: Provider, project: Option<&str>) -> String {
        format!("ci{}", &self.digest(provider, project)[..PREFIX])
    }

    fn digest(&self, provider: Provider, project: Option<&str>) -> String {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for text in [VERSION, "export", provider.id(), project.unwrap_or_default()] {
            field(text);
        }
        for text in [&self.image.region, &self.image.id, &self.bucket] {
            field(text);
        }
        field(self.prefix.as_deref().unwrap_or_default());
        field(self.format.map_or("", DiskFormat::as_str));
        if let Some(options) = self.vendor.get(&provider) {
            field(&serde_json::Value::Object(options.clone()).to_string());
        }
        field(&self.generation.to_string());
        digest::hex(&hash.finalize())
    }
}

/// A description that ends with a marker in brackets, so that the image is known again.
pub fn marked(description: Option<&str>, marker: &str) -> String {
    match description {
        Some(text) if !text.is_empty() => format!("{text} [{marker}]"),
        _ => format!("[{marker}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, ImageSource};

    fn token(request: &ImportRequest) -> String {
        request.token(Provider::ALIYUN, "cn-hangzhou", None)
    }

    #[test]
    fn the_same_order_has_the_same_token() {
        let order = ImportRequest::new("web", Disk::url("https://b/k?Signature=1"));
        let signed_anew = ImportRequest::new("web", Disk::url("https://b/k?Signature=2"));
        assert_eq!(token(&order), token(&signed_anew));
        assert_eq!(token(&order).len(), 43);
        // Pinned: processes of different builds must agree.
        assert_eq!(token(&order), "ci-ed33a982060db9ad113b6d40e3e13919299a19c9");
    }

    #[test]
    fn every_part_of_the_order_counts() {
        let order = ImportRequest::new("web", Disk::object("b", "k"));
        let mut seen = std::collections::BTreeSet::from([token(&order)]);
        let variants = [
            ImportRequest {
                name: "web2".into(),
                ..order.clone()
            },
            ImportRequest {
                generation: 1,
                ..order.clone()
            },
            order.clone().description("d"),
            order.clone().tag("k", "v"),
            order.clone().data_disk(Disk::object("b", "d")),
            ImportRequest::new("web", Disk::object("b", "k").size_gib(50)),
            ImportRequest::data_image("web", Disk::object("b", "k")),
        ];
        for variant in &variants {
            assert!(seen.insert(token(variant)), "{variant:?}");
        }
        assert!(seen.insert(order.token(Provider::JDCLOUD, "cn-hangzhou", None)));
        assert!(seen.insert(order.token(Provider::ALIYUN, "cn-beijing", None)));
        assert!(seen.insert(order.token(Provider::ALIYUN, "cn-hangzhou", Some("p"))));
    }

    #[test]
    fn every_part_of_an_export_counts() {
        let order = ExportRequest::new(ImageSource::new("cn-hangzhou", "m-1"), "b");
        let token = |order: &ExportRequest| order.token(Provider::JDCLOUD, None);
        let prefix = |order: &ExportRequest| order.own_prefix(Provider::JDCLOUD, None);
        // Pinned: processes of different builds must agree.
        assert_eq!(token(&order), "ci-88d34b48fca304fdc27c7eb5dba7a1288e37b413");
        assert_eq!(prefix(&order), "ci88d34b48fca304fdc2");
        assert!(prefix(&order).bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let variants = [
            order.clone(),
            ExportRequest::new(ImageSource::new("cn-hangzhou", "m-2"), "b"),
            ExportRequest::new(ImageSource::new("cn-beijing", "m-1"), "b"),
            ExportRequest::new(ImageSource::new("cn-hangzhou", "m-1"), "c"),
            order.clone().prefix("p"),
            order.clone().format(DiskFormat::Raw),
            order.clone().generation(1),
            order
                .clone()
                .vendor(Provider::JDCLOUD, &serde_json::json!({"roleName": "r"}))
                .unwrap(),
        ];
        let tokens: std::collections::BTreeSet<String> = variants.iter().map(token).collect();
        let prefixes: std::collections::BTreeSet<String> = variants.iter().map(prefix).collect();
        assert_eq!((tokens.len(), prefixes.len()), (variants.len(), variants.len()));
        assert_ne!(order.token(Provider::ALIYUN, None), token(&order));
        assert_ne!(order.token(Provider::JDCLOUD, Some("p")), token(&order));
    }
}

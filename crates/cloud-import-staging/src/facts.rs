//! What is known of a bucket, and what is wrong with it for staging images. No I/O.

use cloud_import_core::{Field, Problem, WarningId};

use crate::{bucket::Bucket, generated, spec::StoreSpec};

/// What a bucket tells of itself; `None` for what it does not tell, or not to these keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketFacts {
    /// Its region, in the words of the store: those of the import API but at UCloud, where `cn-bj` is `cn-bj2`.
    pub region: Option<String>,
    /// Whether its access list lets everyone read. What a bucket policy allows is not looked at.
    pub public: Option<bool>,
    /// The storage class that its objects get, in the vendor's word.
    pub storage_class: Option<String>,
    /// How it encrypts what is put into it, in the vendor's word; `None` also where it does not. Only OSS is asked.
    pub encryption: Option<String>,
    /// Whether an enabled rule of its expires unfinished uploads. Which keys the rule covers is not looked at.
    pub aborts_unfinished_uploads: Option<bool>,
}

impl BucketFacts {
    /// What is wrong with a bucket for staging images, before any byte moves. No I/O.
    pub fn problems(&self, bucket: &Bucket) -> Vec<Problem> {
        let provider = bucket.provider;
        let Some(spec) = generated::of(provider) else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        let wrong = |message: String| Problem::error(provider, Field::Bucket, message);
        let worth_a_word = |id, message: String| Problem::warning(id, provider, Field::Bucket, message);
        let name = &bucket.name;
        if let Some(region) = self
            .region
            .as_deref()
            .filter(|region| !spec.region(region).eq_ignore_ascii_case(spec.region(&bucket.region)))
        {
            problems.push(
                wrong(format!(
                    "`{name}` is in {region}, and the import in {} reads only from a bucket there",
                    bucket.region
                ))
                .source(REGION)
                .remedy(format!("Name a bucket in {}, or import in {region}.", bucket.region)),
            );
        }
        if let Some(class) = self.storage_class.as_deref().filter(|class| !is_readable(spec, class)) {
            problems.push(
                wrong(format!(
                    "`{name}` has the storage class {class}, from which the import does not read"
                ))
                .source(spec.class_source)
                .remedy("Name a bucket of the standard class."),
            );
        }
        if let Some(how) = self
            .encryption
            .as_deref()
            .filter(|_| !spec.encryption_refused.is_empty())
        {
            problems.push(
                wrong(format!(
                    "`{name}` encrypts what is put into it ({how}), and the import reads from no such bucket"
                ))
                .source(spec.encryption_refused)
                .remedy("Name a bucket without encryption."),
            );
        }
        if self.public == Some(true) {
            problems.push(
                worth_a_word(
                    WarningId::BUCKET_PUBLIC,
                    format!("`{name}` is open to everyone, and so is each image in it while it is staged"),
                )
                .remedy("Name a private bucket: the import gets a signed link, or reads by the account's role."),
            );
        }
        // Where there can be no such rule, a word about it would help nobody.
        if self.aborts_unfinished_uploads == Some(false) && !spec.never_expires_uploads {
            problems.push(
                worth_a_word(
                    WarningId::BUCKET_UPLOADS,
                    format!("`{name}` keeps the parts of abandoned uploads, which cost money"),
                )
                .remedy("Add a rule that expires unfinished uploads after some days."),
            );
        }
        problems
    }
}

/// Where the rule of the region was read.
const REGION: &str = "each vendor's guide to image import: the object is in the region of the import";

fn is_readable(spec: &StoreSpec, class: &str) -> bool {
    let (only, without) = (spec.readable_class, spec.unreadable_class);
    (only.is_empty() || class.eq_ignore_ascii_case(only))
        && (without.is_empty() || !class.to_ascii_lowercase().contains(without))
}

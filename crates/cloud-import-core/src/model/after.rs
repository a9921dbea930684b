//! What a cloud can do with an image that is there, as data that generated tables fill in.

use serde::Serialize;

use super::capabilities::{Fact, setters};
use crate::DiskFormat;

/// What one cloud can do with an image after its import. Made from [`NOTHING`](Self::NOTHING) with a setter for each thing that is
/// known.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct AfterImport {
    /// Whether an image is copied to another region.
    pub copy_to_regions: Fact<bool>,
    /// Whether an image is copied inside its region.
    pub copy_within: Fact<bool>,
    /// Whether an account has to ask before it may copy between regions.
    pub copy_on_request: Fact<bool>,
    /// Regions from which and to which no image is copied.
    pub copy_closed: Fact<&'static [&'static str]>,
    /// Which copies can be encrypted.
    pub copy_encrypted: Fact<CopyEncryption>,
    /// Copies of an account that run at once; `None` where no source tells.
    pub copies_at_once: Fact<Option<u32>>,
    /// The largest image that is copied, in GiB; `None` where no source tells.
    pub copy_max_gib: Fact<Option<u32>>,
    /// Whether a token makes a repeated copy safe.
    pub copy_token: Fact<bool>,
    /// Whether a copy can be given a description.
    pub copy_description: Fact<bool>,
    /// Whether a copy can be given tags as it is made.
    pub copy_tags: Fact<bool>,
    /// The vendor's own options that a copy has.
    pub copy_options: Fact<&'static [&'static str]>,
    /// Whether a copy that runs can be cancelled.
    pub copy_cancel: Fact<bool>,
    /// How many an image can be shared with; 0 where it cannot be shared.
    pub share: Fact<u32>,
    /// How many it can be shared with in one request; `None` where no source tells.
    pub share_at_once: Fact<Option<u32>>,
    /// What it is shared with, in the vendor's words.
    pub share_with: Fact<&'static str>,
    /// Whether an image can be made public.
    pub public: Fact<bool>,
    /// Whether the accounts that an image is shared with keep it when it is made public.
    pub public_keeps_shares: Fact<bool>,
    /// Whether images have families.
    pub family: Fact<bool>,
    /// Whether an image can be marked as deprecated.
    pub deprecate: Fact<bool>,
    /// Whether an image has to be taken from all accounts before it is deprecated.
    pub deprecate_unshared: Fact<bool>,
    /// Whether tags of an image can be changed.
    pub tag: Fact<bool>,
    /// Formats in which an image is exported; none where it cannot be exported.
    pub export_formats: Fact<&'static [DiskFormat]>,
    /// The only regions in which another of them than the first can be had; none where it can be had in all.
    pub export_format_regions: Fact<&'static [&'static str]>,
    /// How the request of an export writes the bucket, with `{bucket}` and `{region}`; empty where it is the name alone.
    pub export_bucket: Fact<&'static str>,
}

/// Which copies of an image can be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CopyEncryption {
    /// None.
    No,
    /// Those inside the region.
    Within,
    /// All.
    Any,
}

impl AfterImport {
    /// Nothing is known to be possible.
    pub const NOTHING: Self = {
        const NO: Fact<bool> = Fact::unsourced(false);
        Self {
            copy_to_regions: NO,
            copy_within: NO,
            copy_on_request: NO,
            copy_closed: Fact::unsourced(&[]),
            copy_encrypted: Fact::unsourced(CopyEncryption::No),
            copies_at_once: Fact::unsourced(None),
            copy_max_gib: Fact::unsourced(None),
            copy_token: NO,
            copy_description: NO,
            copy_tags: NO,
            copy_options: Fact::unsourced(&[]),
            copy_cancel: NO,
            share: Fact::unsourced(0),
            share_at_once: Fact::unsourced(None),
            share_with: Fact::unsourced(""),
            public: NO,
            public_keeps_shares: NO,
            family: NO,
            deprecate: NO,
            deprecate_unshared: NO,
            tag: NO,
            export_formats: Fact::unsourced(&[]),
            export_format_regions: Fact::unsourced(&[]),
            export_bucket: Fact::unsourced(""),
        }
    };
}

setters! { AfterImport {
    copy_to_regions: Fact<bool>,
    copy_within: Fact<bool>,
    copy_on_request: Fact<bool>,
    copy_closed: Fact<&'static [&'static str]>,
    copy_encrypted: Fact<CopyEncryption>,
    copies_at_once: Fact<Option<u32>>,
    copy_max_gib: Fact<Option<u32>>,
    copy_token: Fact<bool>,
    copy_description: Fact<bool>,
    copy_tags: Fact<bool>,
    copy_options: Fact<&'static [&'static str]>,
    copy_cancel: Fact<bool>,
    share: Fact<u32>,
    share_at_once: Fact<Option<u32>>,
    share_with: Fact<&'static str>,
    public: Fact<bool>,
    public_keeps_shares: Fact<bool>,
    family: Fact<bool>,
    deprecate: Fact<bool>,
    deprecate_unshared: Fact<bool>,
    tag: Fact<bool>,
    export_formats: Fact<&'static [DiskFormat]>,
    export_format_regions: Fact<&'static [&'static str]>,
    export_bucket: Fact<&'static str>,
} }

//! What kinds of warnings there are, each by a name that stays, so that who knows one and accepts it can say so. Knows no order.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// What the ids of findings in a guest begin with. Which there are is a fact of the clouds' tables.
pub(crate) const GUEST: &str = "guest.";

/// A kind of warning, by the name that is shown with it.
///
/// ```
/// use cloud_import_core::{Disk, ImportRequest, WarningId};
///
/// let order = ImportRequest::new("web", Disk::object("images", "web.qcow2"))
///     .accept_warning(WarningId::OS_NEAREST)
///     .accept_warning("file.snapshots".parse::<WarningId>()?);
/// assert_eq!(order.accept_warning.len(), 2);
/// assert!("os.nearst".parse::<WarningId>().is_err());
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WarningId(Cow<'static, str>);

macro_rules! warnings {
    ($($name:ident $id:literal $what:literal;)*) => {
        impl WarningId {
            $(#[doc = concat!("`", $id, "`: ", $what, ".")] pub const $name: Self = Self(Cow::Borrowed($id));)*

            /// Every kind, with what it says. Findings in a guest have theirs beside them: `guest.` and more, of a cloud's table.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$name, $what)),*];
        }
    };
}

warnings! {
    FILE_TAKEN_FOR_RAW "file.taken_for_raw" "the file looks like something else and is imported as a raw disk, as was said";
    FILE_NAME "file.name" "the file's name promises another format than its content has";
    FILE_MADE_ZVHD2 "file.made_zvhd2" "the file is zvhd2 as no program of the vendor's makes it";
    FILE_LOG "file.log" "the file has a log with changes that are not in their place yet";
    FILE_DIRTY "file.dirty" "the file was not closed cleanly";
    FILE_SNAPSHOTS "file.snapshots" "the file holds snapshots, which are not imported";
    FILE_EXTENDED_L2 "file.extended_l2" "the file has extended L2 entries";
    FILE_COMPRESSION "file.compression" "the file is compressed in a way that the cloud may not read";
    FILE_SECTOR_REST "file.sector_rest" "the disk ends within a sector";
    FILE_VOLUME "file.volume" "the disk is one volume without a partition table";
    FILE_CONTENT "file.content" "the file holds nothing that looks like a disk";
    FILE_TABLE_DAMAGED "file.table_damaged" "the disk's partition table is damaged";
    FILE_SECTOR_SIZE "file.sector_size" "the disk's partition table is for sectors of another size";
    FILE_TABLE_END "file.table_end" "the disk's partition table is for a larger disk";
    FILE_PARTITIONS_END "file.partitions_end" "partitions end behind the end of a disc";
    FILE_NOTE "file.note" "the reader of the file's format found something that needs a look";
    PARTITION_TABLE_GPT "partition_table.gpt" "the disk is GPT, and the vendor's guide asks for MBR";
    FIRMWARE_DISK "firmware.disk" "the firmware that is asked for may not start the disk";
    BITMAP_NOT_SENT "bitmap.not_sent" "a bitmap stands beside the image and is not sent";
    OBJECT_NOT_SEEN "object.not_seen" "the object could not be looked at";
    SOURCE_HOST "source.host" "the link does not point to where the cloud reads from";
    FORMAT_NOT_GIVEN "format.not_given" "the format is not given, and decides how the image is imported";
    FORMAT_INVITED "format.invited" "the vendor takes the format by invitation only";
    SIZE_NOT_GIVEN "size.not_given" "the size of the disk is not known, and the smallest is asked for";
    SIZE_RAISED "size.raised" "a larger disk is asked for than the file holds";
    SIZE_SMALL "size.small" "the size is smaller than some sources allow";
    SIZE_NOT_SENT "size.not_sent" "the size is not sent, because the cloud takes that of the file";
    OS_NEAREST "os.nearest" "the cloud is sent another word for the system than the one that was given";
    OS_FAMILY "os.family" "only the family of the system is sent";
    OS_WINDOWS_QUICK "os.windows_quick" "the quick route may not take Windows any more";
    OS_NOT_LISTED "os.not_listed" "the region does not list the system";
    OS_OF_DISK "os.of_disk" "the disk holds another system than the one that is given";
    ARCHITECTURE_OF_DISK "architecture.of_disk" "the disk is for another processor than the one that is given";
    OS_VERSION "os.version" "whether the cloud has this version of the system cannot be checked";
    ROUTE_QUICK "route.quick" "the image is imported by the quick route, which checks nothing in the guest";
    LICENSE_NOT_GIVEN "license.not_given" "the licence is not given, and the sources disagree on what holds then";
    GUEST_CHECK_WINDOWS "guest_check.windows" "the check of the guest may refuse a Windows image";
    SITE_NOT_LISTED "site.not_listed" "the documents of this site of the vendor's do not list what is asked for";
    OPTION_NOT_SENT "option.not_sent" "an option in the cloud's own words is not sent";
    ROLE_OTHER "role.other" "the vendor says that another role than its own does not work";
    COPY_LEFT_OUT "copy.left_out" "something of the order cannot be set on a copy";
    COPY_UNVERIFIED "copy.unverified" "whether the cloud makes such a copy is not settled";
    SHARE_PUBLIC "share.public" "accounts are named for an image that is public";
    BUCKET_NAME "bucket.name" "the bucket's name has an unusual length";
    BUCKET_PUBLIC "bucket.public" "the bucket is open to everyone";
    BUCKET_UPLOADS "bucket.uploads" "the bucket keeps the parts of abandoned uploads";
    NAME_TAKEN "name.taken" "an image has the name, and a second one is taken";
    NAME_UNVERIFIED "name.unverified" "an image has the name, and no source says whether a second one is refused";
    NAME_OF_FAILED "name.of_failed" "an image that failed has the name, and may still hold it";
    QUOTA_UNVERIFIED "quota.unverified" "there may be no room for another image";
    DRY_RUN_ANSWER "dry_run.answer" "a dry run was answered as if it had made an image";
    UNLISTED_FORMAT "unlisted.format" "the cloud may not take the format";
    UNLISTED_ARCHITECTURE "unlisted.architecture" "the cloud may not take the architecture";
    UNLISTED_FIRMWARE "unlisted.firmware" "the cloud may not take the firmware";
    UNLISTED_LICENSE "unlisted.license" "the cloud may not take the licence";
    LIMIT_DATA_DISKS "limit.data_disks" "there may be too many data disks";
    LIMIT_NAME "limit.name" "the name may break a rule on which the sources differ";
    LIMIT_DESCRIPTION "limit.description" "the description may break a rule on which the sources differ";
    LIMIT_TAGS "limit.tags" "the tags may break a rule on which the sources differ";
    LIMIT_SIZE "limit.size" "the size of a disk may break a rule on which the sources differ";
    LIMIT_KEY "limit.key" "the object's key may break a rule on which the sources differ";
    LIMIT_PREFIX "limit.prefix" "the prefix may break a rule on which the sources differ";
    LIMIT_ACCOUNT "limit.account" "an account's id may break a rule on which the sources differ";
    LIMIT_ENCRYPTION "limit.encryption" "the id of the key of encryption may break a rule on which the sources differ";
    LIMIT_FAMILY "limit.family" "the family may break a rule on which the sources differ";
    LIMIT_OTHER "limit.other" "something else may break a rule on which the sources differ";
    UNANSWERED_ENDPOINT "unanswered.endpoint" "whether the cloud's API answers is not known";
    UNANSWERED_CREDENTIALS "unanswered.credentials" "whether the cloud accepts the credentials is not known";
    UNANSWERED_PROJECT "unanswered.project" "the cloud did not say whether the project is there";
    UNANSWERED_REGION "unanswered.region" "the cloud did not say whether the region is there";
    UNANSWERED_NAME "unanswered.name" "the cloud did not say whether the name is free";
    UNANSWERED_QUOTA "unanswered.quota" "the cloud did not say whether there is room for another image";
    UNANSWERED_OS "unanswered.os" "the cloud did not say whether it takes the system";
    UNANSWERED_IMPORT_ROLE "unanswered.import_role" "the cloud did not say whether it may read the file";
    UNANSWERED_BUCKET "unanswered.bucket" "the object storage did not say how the bucket is";
    UNANSWERED_SHARE "unanswered.share" "the cloud did not say whether the image can be shared so";
    UNANSWERED_DRY_RUN "unanswered.dry_run" "the vendor's own dry run said nothing";
}

impl WarningId {
    /// That of a finding in a guest, which is its id.
    pub const fn of_guest(finding: &'static str) -> Self {
        Self(Cow::Borrowed(finding))
    }

    /// That of this name, which there is.
    pub(crate) const fn known(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is that of a finding in a guest.
    pub fn is_of_guest(&self) -> bool {
        self.as_str().starts_with(GUEST)
    }
}

impl fmt::Display for WarningId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_is_there_once() {
        let names: BTreeSet<&str> = WarningId::ALL.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(names.len(), WarningId::ALL.len());
        for (id, what) in WarningId::ALL {
            assert!(!id.is_of_guest() && !what.ends_with('.'), "{id}");
        }
    }
}

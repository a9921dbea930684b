//! What Tencent Cloud refuses, or may refuse, beside the rules that hold for every cloud. No I/O.

use cloud_import_core::{
    Architecture, DiskFormat, DiskPart, DiskSource, Field, ImageChange, ImportRequest, Link, Problem, Provider, Remedy,
    WarningId,
    provider::{OsMatch, validate},
};

use crate::{Options, generated::CAPABILITIES, os::map_os};

const GUIDE: &str = "import guide, qcloud-documents 01fc12ae (read 2026)";

/// The guide refuses GPT though the API's `BootMode` takes `UEFI`: which of the two holds is unverified.
const GPT_REMEDY: &str = "Convert the disk to MBR with a boot loader for BIOS, or try UEFI, which the API takes though the guide does not know it.";

/// Every problem of an order. `marked` is the description as it is sent, mark and all.
pub(crate) fn problems(order: &ImportRequest, marked: &str, is_international: bool) -> Vec<Problem> {
    let mut problems = validate::check(order, &CAPABILITIES);
    problems.extend(validate::gpt_problem(order, Provider::TENCENT, GUIDE, GPT_REMEDY));
    if let Some(os) = &order.os {
        let found: OsMatch<_> = map_os(os);
        problems.extend(validate::os_problem(Provider::TENCENT, &os.to_string(), &found));
    }
    problems.extend(validate::room_for_mark(order, marked, &CAPABILITIES));
    problems.extend(disks(order));
    if is_international {
        problems.extend(international(order));
    }
    if let Err(error) = order.vendor_options::<Options>() {
        problems.extend_from_slice(error.problems());
    }
    problems
}

fn disks(order: &ImportRequest) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, disk) in order.disks.iter().enumerate() {
        let field = |part| Field::disk(index, part);
        if disk.format == Some(DiskFormat::Iso) && !order.skip_guest_check {
            problems.push(
                Problem::error(
                    Provider::TENCENT,
                    field(DiskPart::Format),
                    "is iso, which Tencent Cloud takes only by forced import",
                )
                .source("code InvalidParameterValue.ISOMustImportByForce, tencentcloud-sdk-python-cvm 3.1.178 (2026)")
                .remedy(Remedy::set(Field::SkipGuestCheck).or("give a disk image instead")),
            );
        }
        let in_file = disk.virtual_size_bytes.map(|bytes| bytes.div_ceil(1 << 30));
        if let Some(size) = disk.size_gib
            && in_file.is_none_or(|in_file| u64::from(size) > in_file)
        {
            problems.push(
                Problem::warning(
                    WarningId::SIZE_NOT_SENT,
                    Provider::TENCENT,
                    field(DiskPart::SizeGib),
                    format!("is {size} and is not sent: the import has no field for a size"),
                )
                .source("tencentcloud-sdk-python-cvm 3.1.178 (2026)")
                .remedy(Remedy::Unset(field(DiskPart::SizeGib)).or("grow the disk in the file")),
            );
        }
        if let DiskSource::Url(link) = &disk.source
            && !is_cos(link)
        {
            problems.push(
                Problem::warning(
                    WarningId::SOURCE_HOST,
                    Provider::TENCENT,
                    field(DiskPart::Source),
                    "does not point to COS by its host, and the import reads nothing else",
                )
                .source(GUIDE)
                .remedy("Put the file into a COS bucket, best in the same region, and give its link."),
            );
        }
    }
    problems
}

fn is_cos(link: &Link) -> bool {
    let rest = link.without_query().split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
    [".myqcloud.com", ".tencentcos.cn"]
        .iter()
        .any(|domain| host.ends_with(domain))
}

/// What the mainland's sources list and the international site's do not.
fn international(order: &ImportRequest) -> Vec<Problem> {
    let warning = |field: Field, message: &'static str| {
        Problem::warning(WarningId::SITE_NOT_LISTED, Provider::TENCENT, field, message)
            .source("tencentcloud-sdk-python-intl-en 3.1.193 (2026-10-26)")
            .remedy("Try a dry run first.")
    };
    let mut problems = Vec::new();
    if order.architecture == Architecture::Arm64 {
        let message = "is arm64, which the international site's documents do not list";
        problems.push(warning(Field::Architecture, message));
    }
    if !order.data_disks().is_empty() {
        let message = "has data disks, which the international site's documents do not know";
        problems.push(warning(Field::Disks, message));
    }
    problems
}

/// Changes that the newest SDK of the international site has and its documents do not list: which of the two holds is unverified.
pub(crate) fn international_change(change: &ImageChange) -> Vec<Problem> {
    let asked = [
        (Field::Family, change.family.is_some()),
        (Field::Deprecated, change.deprecated.is_some()),
    ];
    let asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
    let problem = |(field, _): (Field, bool)| {
        let rule = "is not listed by the international site's page of 2025-11 and is by its SDK of 2026-10: unverified";
        Problem::warning(WarningId::SITE_NOT_LISTED, Provider::TENCENT, field, rule)
            .source("tencentcloud.com/document/api/213/33269 (2025-11-21); tencentcloud-sdk-python-intl-en 3.1.193 (2026-10-26)")
            .remedy("Look at the image afterwards: what the site does not know has no effect.")
    };
    asked.map(problem).collect()
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Disk, Os, PartitionTable};

    use super::*;

    fn order(link: &str) -> ImportRequest {
        ImportRequest::new("web", Disk::url(link)).os(Os::new("CentOS", "7"))
    }

    fn fields(problems: &[Problem]) -> Vec<(String, bool)> {
        problems
            .iter()
            .map(|problem| (problem.field.to_string(), problem.is_error()))
            .collect()
    }

    fn warned(field: &str) -> (String, bool) {
        (field.to_owned(), false)
    }

    #[test]
    fn only_cos_hosts_pass() {
        for good in [
            "https://b-1.cos.ap-guangzhou.myqcloud.com/k?q-sign-algorithm=sha1",
            "http://B-1.COS.ap-guangzhou.tencentcos.cn:80/k",
        ] {
            assert_eq!(problems(&order(good), "", false), [], "{good}");
        }
        for bad in [
            "https://example.com/k.myqcloud.com",
            "https://example.com?x.myqcloud.com",
            "https://evilmyqcloud.com/k",
        ] {
            let found = problems(&order(bad), "", false);
            assert_eq!(fields(&found), [warned("disks[0].source")], "{bad}");
        }
    }

    #[test]
    fn a_guid_partition_table_is_worth_a_word() {
        let mut order = order("https://b-1.cos.ap-guangzhou.myqcloud.com/k");
        order.disks[0].partition_table = Some(PartitionTable::Mbr);
        assert_eq!(problems(&order, "", false), []);
        order.disks[0].partition_table = Some(PartitionTable::Gpt);
        let found = problems(&order, "", false);
        assert_eq!(fields(&found), [warned("disks[0].partition_table")]);
        assert_eq!(found[0].source, GUIDE);
    }

    #[test]
    fn the_international_site_knows_less() {
        let link = "https://b-1.cos.ap-singapore.myqcloud.com/k";
        let order = order(link).architecture(Architecture::Arm64).data_disk(Disk::url(link));
        assert_eq!(problems(&order, "", false), []);
        assert_eq!(
            fields(&problems(&order, "", true)),
            [warned("architecture"), warned("disks")]
        );
        let change = ImageChange::default().tag("team", "web").share("100000000002");
        assert_eq!(international_change(&change), []);
        assert_eq!(
            fields(&international_change(&change.family("web").deprecated(true))),
            [warned("family"), warned("deprecated")]
        );
    }
}

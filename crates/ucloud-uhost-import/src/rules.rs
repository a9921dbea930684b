//! UCloud's own rules for an order, beside those that its tables hold: what its API has no field for, and the room that
//! the marker takes.

use cloud_import_core::{
    Architecture, BootMode, DiskPart, Field, ImportRequest, Problem, Provider, Remedy, WarningId,
    provider::{CopyOrder, marked, validate},
    remedy::Phrase,
};

use crate::{Options, generated::CAPABILITIES, os::map_os};

const GUIDE: &str = "UHost documentation, guide/image/upload_image (read 2026)";
const GPT_REMEDY: &str = "Convert the disk to MBR with a boot loader for BIOS.";

/// Every problem that an order has, given the marker that its image gets.
pub(crate) fn problems(order: &ImportRequest, marker: &str) -> Vec<Problem> {
    let mut problems = validate::check(order, &CAPABILITIES);
    problems.extend(system(order));
    problems.extend(disk(order));
    problems.extend(validate::gpt_problem(order, Provider::UCLOUD, GUIDE, GPT_REMEDY));
    let sent = marked(order.description.as_deref(), marker);
    problems.extend(validate::room_for_mark(order, &sent, &CAPABILITIES));
    problems.extend(options(order));
    problems
}

/// Every problem of the order of a copy beside those that its tables hold. `region` and `project` are the client's own.
pub(crate) fn problems_of_copy(order: &CopyOrder, region: &str, project: Option<&str>) -> Vec<Problem> {
    let (image, request) = (&order.image, &order.request);
    let mut problems = Vec::new();
    if image.region == region && image.project.as_deref().or(project) == request.project.as_deref().or(project) {
        let rule = "is that of the image, which is in this region too: there is nothing to copy";
        let problem = error(Field::Project, rule).source(CAPABILITIES.after.copy_within.source);
        problems.push(problem.remedy("Name another project, or order the copy in another region."));
    }
    problems.extend(options(request));
    problems
}

fn error(field: Field, rule: impl Into<Phrase>) -> Problem {
    Problem::error(Provider::UCLOUD, field, rule)
}

fn system(order: &ImportRequest) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(os) = &order.os {
        let asked = os.raw.get(&Provider::UCLOUD).cloned().unwrap_or_else(|| os.to_string());
        let found = map_os(os, order.architecture);
        problems.extend(validate::os_problem(Provider::UCLOUD, &asked, &found));
    }
    if order.boot_mode == Some(BootMode::Uefi) {
        problems.push(
            error(Field::BootMode, "is `uefi`, which the import has no field for")
                .source(CAPABILITIES.boot_modes.source)
                .remedy("Import a guest that boots with BIOS from an MBR disk."),
        );
    }
    if order.architecture == Architecture::Arm64 {
        problems.push(
            error(Field::Architecture, "is `arm64`, which the import has no field for")
                .source(CAPABILITIES.architectures.source)
                .remedy("Import a guest for x86."),
        );
    }
    problems
}

fn disk(order: &ImportRequest) -> Vec<Problem> {
    let Some(disk) = order.first_disk() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if disk.format.is_none() {
        let format = Field::disk(0, DiskPart::Format);
        problems.push(error(format.clone(), "is missing").remedy(Remedy::set(format)));
    }
    if let Some(size) = disk.size_gib {
        let field = Field::disk(0, DiskPart::SizeGib);
        let message =
            format!("is {size} GiB, which the import has no field for: UCloud takes the size of the disk in the file");
        problems.push(
            Problem::warning(WarningId::SIZE_NOT_SENT, Provider::UCLOUD, field.clone(), message)
                .remedy(Remedy::Unset(field).or("enlarge the disk in the file")),
        );
    }
    problems
}

fn options(order: &ImportRequest) -> Vec<Problem> {
    match order.vendor_options::<Options>() {
        Err(wrong) => wrong.problems().to_vec(),
        Ok(Options { tag: Some(tag) }) if !(1..=63).contains(&tag.chars().count()) => vec![
            error(
                Field::vendor("Tag"),
                format!("has {} characters; 1 to 63 are allowed", tag.chars().count()),
            )
            .source("UCloud API documentation, uhost-api, specification (2026-08)")
            .remedy("Name a business group of that length, or leave it out."),
        ],
        Ok(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Disk, DiskFormat, Os, PartitionTable};

    use super::*;

    #[test]
    fn a_guid_partition_table_is_worth_a_word() {
        let disk = Disk::url("https://bucket.example/k.qcow2").format(DiskFormat::Qcow2);
        let mut order = ImportRequest::new("web", disk.virtual_size_bytes(40 << 30)).os(Os::new("CentOS", "7"));
        let words = |order: &ImportRequest| -> Vec<Problem> {
            let is_it = |problem: &Problem| problem.field == Field::disk(0, DiskPart::PartitionTable);
            problems(order, "m").into_iter().filter(is_it).collect()
        };
        order.disks[0].partition_table = Some(PartitionTable::Mbr);
        assert_eq!(words(&order), []);
        order.disks[0].partition_table = Some(PartitionTable::Gpt);
        let found = words(&order);
        assert!(
            found.len() == 1 && !found[0].is_error() && found[0].source == GUIDE,
            "{found:?}"
        );
    }
}

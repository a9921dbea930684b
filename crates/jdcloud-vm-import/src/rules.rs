//! JD Cloud's own rules for an order, beside those that its tables hold. No I/O.

use cloud_import_core::{DiskPart, Field, ImportRequest, Problem, Provider, Remedy, provider::validate};

use crate::{Options, generated::CAPABILITIES, os::map_os};

const GUIDE: &str = "JD Cloud documentation, Operation-Guide/Image/Import-Private-Image (2022)";
/// The guide knows BIOS only; that the API's `bootMode` takes `uefi` is newer.
const GPT_REMEDY: &str = "Convert the disk to MBR with a boot loader for BIOS, or try UEFI, which the API takes though the guide does not know it.";

/// Every problem that an order has.
pub(crate) fn problems(order: &ImportRequest) -> Vec<Problem> {
    let mut problems = validate::check(order, &CAPABILITIES);
    problems.extend(validate::size_is_guessed(order, &CAPABILITIES));
    problems.extend(validate::gpt_problem(order, Provider::JDCLOUD, GUIDE, GPT_REMEDY));
    if let Some(os) = &order.os {
        problems.extend(validate::os_problem(Provider::JDCLOUD, &os.to_string(), &map_os(os)));
    }
    if order.first_disk().is_some_and(|disk| disk.format.is_none()) {
        let format = Field::disk(0, DiskPart::Format);
        problems.push(error(format.clone(), "is missing").remedy(Remedy::set(format)));
    }
    for (index, disk) in order.data_disks().iter().enumerate() {
        if disk.wanted_gib().is_none() {
            let size = Field::disk(index + 1, DiskPart::SizeGib);
            problems.push(error(size.clone(), "is missing").remedy(Remedy::set(size)));
        }
    }
    if let Err(refused) = order.vendor_options::<Options>() {
        problems.extend_from_slice(refused.problems());
    }
    problems
}

/// Every problem of the order of a copy beside those that its tables hold.
pub(crate) fn problems_of_copy(order: &ImportRequest) -> Vec<Problem> {
    let options = match order.vendor_options::<Options>() {
        Err(refused) => return refused.problems().to_vec(),
        Ok(options) => options,
    };
    let asked = [
        ("platform", options.platform.is_some()),
        ("osVersion", options.os_version.is_some()),
    ];
    let asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
    asked
        .map(|(name, _)| {
            let field = Field::vendor(name);
            error(field.clone(), "cannot be set on a copy: it is that of its image").remedy(Remedy::Unset(field))
        })
        .collect()
}

fn error(field: Field, rule: &'static str) -> Problem {
    Problem::error(Provider::JDCLOUD, field, rule)
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
            problems(order).into_iter().filter(is_it).collect()
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

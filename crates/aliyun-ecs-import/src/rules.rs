//! Rules of this cloud's import that the general check of an order does not know.

use cloud_import_core::{
    Architecture, BootMode, DiskFormat, DiskPart, Field, ImportRequest, Problem, Provider, Remedy, WarningId,
    provider::validate, remedy::Phrase,
};

use crate::{
    Options,
    generated::{CAPABILITIES, OsType},
    os,
};

const DETECTION: Field = Field::vendor("DetectionStrategy");

/// Every problem of an order, general ones included.
pub(crate) fn problems(order: &ImportRequest) -> Vec<Problem> {
    let mut problems = validate::check(&with_sizes(order), &CAPABILITIES);
    let options = match order.vendor_options::<Options>() {
        Ok(options) => options,
        Err(error) => {
            problems.extend_from_slice(error.problems());
            Options::default()
        }
    };
    let os = order.os.as_ref().and_then(|os| {
        let found = os::of_order(os, &options);
        problems.extend(validate::os_problem(Provider::ALIYUN, &os.to_string(), &found));
        found.value()
    });
    let os_type = os.map(|os| os.os_type);
    problems.extend(machine(order));
    problems.extend(license(order, os_type.as_ref()));
    problems.extend(closed_lists(&options));
    problems.extend(guest_check(order, &options, os_type.as_ref()));
    problems
}

fn error_in(field: Field, rule: impl Into<Phrase>) -> Problem {
    Problem::error(Provider::ALIYUN, field, rule)
}

fn warning_in(id: WarningId, field: Field, rule: impl Into<Phrase>) -> Problem {
    Problem::warning(id, Provider::ALIYUN, field, rule)
}

/// The order with the sizes that are sent, so that a size known from the file alone is checked too.
fn with_sizes(order: &ImportRequest) -> ImportRequest {
    let mut order = order.clone();
    for disk in &mut order.disks {
        disk.size_gib = disk.wanted_gib();
    }
    order
}

fn machine(order: &ImportRequest) -> Vec<Problem> {
    let mut problems = Vec::new();
    if order.architecture == Architecture::Arm64 && order.boot_mode == Some(BootMode::Bios) {
        problems.push(
            error_in(Field::BootMode, "is `bios`, but arm64 boots with UEFI only")
                .source(CAPABILITIES.boot_modes.source)
                .remedy(Remedy::Unset(Field::BootMode).or(Remedy::set_to(Field::BootMode, "uefi"))),
        );
    }
    for (index, disk) in order.disks.iter().enumerate() {
        if disk.format == Some(DiskFormat::Vmdk) {
            problems.push(
                warning_in(
                    WarningId::FORMAT_INVITED,
                    Field::disk(index, DiskPart::Format),
                    "is vmdk, which the vendor takes by invitation only",
                )
                .source(CAPABILITIES.formats.source)
                .remedy("Convert the file to qcow2, or ask the vendor for the invitation."),
            );
        }
    }
    problems
}

fn license(order: &ImportRequest, os_type: Option<&OsType>) -> Option<Problem> {
    let source = CAPABILITIES.license_types.source;
    match (os_type?, order.license_type) {
        (OsType::Linux, Some(_)) => Some(
            error_in(Field::LicenseType, "is set, but only Windows has one here")
                .source(source)
                .remedy(Remedy::Unset(Field::LicenseType)),
        ),
        (OsType::Windows, None) => Some(
            warning_in(
                WarningId::LICENSE_NOT_GIVEN,
                Field::LicenseType,
                "is not set, and the vendor's sources disagree on what holds then: `Auto` (2025-09) or `Aliyun` (2026-10)",
            )
            .source(source)
            .remedy(Remedy::choose(Field::LicenseType, ["platform", "byol"])),
        ),
        _ => None,
    }
}

fn closed_lists(options: &Options) -> Vec<Problem> {
    let lists: [(&'static str, &Option<String>, &[&str]); 3] = [
        ("DetectionStrategy", &options.detection_strategy, &["Standard"]),
        ("NvmeSupport", &options.nvme_support, &["supported", "unsupported"]),
        ("ImdsSupport", &options.imds_support, &["v1", "v2"]),
    ];
    let mut problems = Vec::new();
    for (name, value, listed) in lists {
        if let Some(value) = value
            && !listed.contains(&value.as_str())
        {
            problems.push(
                error_in(
                    Field::vendor(name),
                    format!("is `{value}`, which the vendor does not list"),
                )
                .remedy(Remedy::choose(Field::vendor(name), listed).or("leave it out")),
            );
        }
    }
    problems
}

fn guest_check(order: &ImportRequest, options: &Options, os_type: Option<&OsType>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if options.detection_strategy.is_none() {
        return problems;
    }
    if order.skip_guest_check {
        problems.push(
            error_in(
                Field::SkipGuestCheck,
                Phrase::new("excludes ")
                    .field(DETECTION)
                    .text(", which asks for that check"),
            )
            .remedy("Leave one of the two out."),
        );
    }
    if os_type == Some(&OsType::Windows) {
        problems.push(
            warning_in(
                WarningId::GUEST_CHECK_WINDOWS,
                DETECTION,
                "asks for a check of a Windows image, for which the vendor lists a refusal (ImageCheckUnsupported.WindowsImage)",
            )
            .source(CAPABILITIES.skip_guest_check.source)
            .remedy(Remedy::Unset(DETECTION)),
        );
    }
    problems
}

//! What Huawei Cloud asks of an order beyond the limits of single fields: routes, sizes, what goes with what.

use cloud_import_core::{
    Architecture, BootMode, DiskFormat, DiskPart, Field, ImageKind, ImportRequest, OsFamily, Problem, Provider, Remedy,
    WarningId, provider::validate, remedy::Phrase,
};

use crate::{
    ImportRoute, Options, choose_route,
    generated::{CAPABILITIES, ROUTE_DATA_COMMON},
    order::data_image_name,
    os::map_os,
    route::{min_disk, usual_min},
};

/// The longest name of an image, in characters.
const LONGEST_NAME: usize = 128;

const ROUTE: Field = Field::vendor("route");
const SIZE: Field = Field::disk(0, DiskPart::SizeGib);

fn by_common_route() -> Remedy {
    Remedy::set_to(ROUTE, "common")
}

/// Every problem of an order.
pub(crate) fn problems(order: &ImportRequest) -> Vec<Problem> {
    let problems = validate::check(order, &CAPABILITIES);
    let options = match order.vendor_options::<Options>() {
        Ok(options) => options,
        Err(error) => {
            return problems.into_iter().chain(error.problems().to_vec()).collect();
        }
    };
    let (route, why) = choose_route(order, &options);
    let mut found = Findings {
        order,
        options,
        route,
        problems,
    };
    found.way_in(why);
    found.files();
    found.sizes();
    found.system();
    found.options();
    found.problems
}

struct Findings<'a> {
    order: &'a ImportRequest,
    options: Options,
    route: ImportRoute,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn add(&mut self, problem: Problem) {
        self.problems.push(problem.source(self.route.facts().source));
    }

    fn error(&mut self, field: Field, rule: impl Into<Phrase>, remedy: impl Into<Remedy>) {
        self.add(Problem::error(Provider::HUAWEI, field, rule).remedy(remedy));
    }

    fn warning(&mut self, id: WarningId, field: Field, rule: impl Into<Phrase>, remedy: impl Into<Remedy>) {
        self.add(Problem::warning(id, Provider::HUAWEI, field, rule).remedy(remedy));
    }

    fn family(&self) -> OsFamily {
        self.order.os.as_ref().map_or(OsFamily::Linux, |os| os.family())
    }

    /// What the chosen way does not do.
    fn way_in(&mut self, why: &str) {
        if self.route == ImportRoute::Quick {
            self.warning(
                WarningId::ROUTE_QUICK,
                ROUTE,
                format!("is quick, because {why}: nothing is put into the guest and nothing in it is checked"),
                Remedy::any([
                    Remedy::text("make sure that the image has virtio drivers and cloud-init"),
                    by_common_route(),
                ]),
            );
            if self.family() == OsFamily::Windows {
                self.warning(
                    WarningId::OS_WINDOWS_QUICK,
                    Field::Os,
                    "is Windows, which the quick route no longer takes on the international site, as its newest page says",
                    by_common_route(),
                );
            }
        }
        if self.route.is_quick() && !self.order.data_disks().is_empty() {
            self.error(
                Field::Disks,
                "has data disks, which the quick route does not take",
                Remedy::Unset(ROUTE).or("import each data disk as an image of its own"),
            );
        }
    }

    fn files(&mut self) {
        let facts = self.route.facts();
        let order = self.order;
        for (index, disk) in order.disks.iter().enumerate() {
            let formats = if index == 0 {
                facts.formats
            } else {
                ROUTE_DATA_COMMON.formats
            };
            match disk.format {
                Some(format) if !formats.contains(&format) => {
                    let field = Field::disk(index, DiskPart::Format);
                    self.error(
                        field.clone(),
                        format!("`{format}` is not one that the route `{}` takes", self.route),
                        Remedy::choose(field, formats).or("take the other route"),
                    );
                }
                Some(DiskFormat::Raw) if facts.raw_needs_bitmap && !self.options.bitmap_staged => self.error(
                    Field::disk(index, DiskPart::Format),
                    "is raw, which the quick route takes only with its bitmap: a .mf file of the same name in the same bucket",
                    Remedy::text(
                        Phrase::new("make it with the vendor's CreateMF.jar, upload it and set ").field(Field::vendor("bitmap_staged")),
                    )
                    .or("convert the file to zvhd2"),
                ),
                None if index == 0 => self.warning(
                    WarningId::FORMAT_NOT_GIVEN,
                    Field::disk(0, DiskPart::Format),
                    format!("is not given: the route `{}` is taken", self.route),
                    "Name the file's format: zvhd2 is imported by the quick route.",
                ),
                _ => {}
            }
            if let Some(bytes) = disk.file_size_bytes
                && bytes > facts.max_file_bytes
            {
                let remedy = if self.route.is_quick() {
                    "Make the file smaller: no route takes more."
                } else if index == 0 && order.data_disks().is_empty() {
                    "Convert the file to zvhd2: the quick route takes up to 1 TB."
                } else {
                    "Import each disk as an image of its own from a zvhd2 file: the quick route takes up to 1 TB."
                };
                self.error(
                    Field::disk(index, DiskPart::FileSizeBytes),
                    format!(
                        "is {bytes}, the route `{}` takes up to {}",
                        self.route, facts.max_file_bytes
                    ),
                    remedy,
                );
            }
            if order.disks[..index].iter().any(|other| other.source == disk.source) {
                self.error(
                    Field::disk(index, DiskPart::Source),
                    "is the file of another disk",
                    "Give every disk a file of its own.",
                );
            }
        }
    }

    fn sizes(&mut self) {
        let (order, facts) = (self.order, self.route.facts());
        for (index, disk) in order.data_disks().iter().enumerate() {
            let field = Field::disk(index + 1, DiskPart::SizeGib);
            match disk.wanted_gib() {
                None => self.error(field.clone(), "is missing", Remedy::set(field)),
                Some(size) if disk.size_gib.is_none() && size > ROUTE_DATA_COMMON.min_disk_max => {
                    self.too_large(field, size, ROUTE_DATA_COMMON.min_disk_max);
                }
                Some(_) => {}
            }
        }
        let Some(disk) = order.first_disk() else { return };
        let Some(size) = min_disk(order, self.route) else {
            self.error(SIZE, "is missing", Remedy::set(SIZE));
            return;
        };
        let least = usual_min(order, self.route);
        let is_reported = self
            .problems
            .iter()
            .any(|problem| problem.field == SIZE && problem.is_error());
        if size > facts.min_disk_max && !is_reported {
            self.too_large(SIZE, size, facts.min_disk_max);
        }
        match (disk.size_gib, disk.wanted_gib()) {
            (Some(given), _) if given < least => self.warning(
                WarningId::SIZE_SMALL,
                SIZE,
                format!(
                    "is {given}, and the route `{}` begins at {least} in the stricter sources, at 1 in others",
                    self.route
                ),
                Remedy::set_to(SIZE, least.to_string()),
            ),
            (None, None) => self.warning(
                WarningId::SIZE_NOT_GIVEN,
                SIZE,
                format!("is not given and the disk's virtual size is not known: {size} GiB are asked for, and the import fails if the disk is larger"),
                Remedy::set(SIZE),
            ),
            (None, Some(wanted)) if wanted < size => self.warning(
                WarningId::SIZE_RAISED,
                SIZE,
                format!("is not given: {size} GiB are asked for, though the disk has {wanted}, because the route `{}` begins there", self.route),
                "Give the size to ask for another.",
            ),
            _ => {}
        }
    }

    fn too_large(&mut self, field: Field, size: u32, most: u32) {
        self.error(
            field,
            format!("is {size}, the route `{}` takes up to {most}", self.route),
            "Make the disk smaller before it is imported.",
        );
    }

    fn system(&mut self) {
        let order = self.order;
        if order.kind == ImageKind::Data {
            let set = [
                (Field::Architecture, order.architecture != Architecture::X86_64),
                (Field::BootMode, order.boot_mode.is_some()),
                (Field::LicenseType, order.license_type.is_some()),
            ];
            for (field, _) in set.into_iter().filter(|(_, set)| *set) {
                let rule = "cannot be set for a data disk's image";
                self.error(field.clone(), rule, Remedy::Unset(field));
            }
            if let Some(os) = &order.os {
                let sent = format!(
                    "`{os}`: only the family, `{}`, is sent with a data disk's image",
                    os.family()
                );
                self.warning(WarningId::OS_FAMILY, Field::Os, sent, "Nothing needs to be done.");
            }
            return;
        }
        if let Some(os) = &order.os {
            self.problems
                .extend(validate::os_problem(Provider::HUAWEI, &os.to_string(), &map_os(os)));
        }
        if order.architecture == Architecture::Arm64 && order.boot_mode == Some(BootMode::Bios) {
            self.error(
                Field::BootMode,
                "is bios, and arm64 boots with uefi only",
                Remedy::set_to(Field::BootMode, "uefi").or(Remedy::Unset(Field::BootMode)),
            );
        }
        if order.license_type.is_some() {
            if !self.route.is_quick() {
                self.error(
                    Field::LicenseType,
                    "is taken by the quick route only",
                    Remedy::Unset(Field::LicenseType).or("import a zvhd2 file by the quick route"),
                );
            }
            if self.family() != OsFamily::Windows {
                let remedy = Remedy::Unset(Field::LicenseType);
                self.error(Field::LicenseType, "is for Windows only", remedy);
            }
        }
    }

    fn options(&mut self) {
        let (order, options, route) = (self.order, &self.options, self.route);
        let is_common = route == ImportRoute::Common;
        let misplaced = [
            ("type", options.image_type.is_some() && order.kind == ImageKind::Data),
            ("is_config", options.is_config.is_some() && !is_common),
            ("cmk_id", options.cmk_id.is_some() && route.is_quick()),
            ("min_ram", options.min_ram.is_some() && !is_common),
            ("max_ram", options.max_ram.is_some() && !is_common),
        ];
        let of_copies = [
            ("agency_name", options.agency_name.is_some()),
            ("project_name", options.project_name.is_some()),
        ];
        let both_tags = options.tags.is_some() && !order.tags.is_empty();
        for (name, _) in misplaced.into_iter().filter(|(_, misplaced)| *misplaced) {
            self.error(
                Field::vendor(name),
                format!("cannot be sent on the route `{route}`"),
                Remedy::Unset(Field::vendor(name)).or(by_common_route()),
            );
        }
        if both_tags {
            self.error(
                Field::vendor("tags"),
                Phrase::new("and ")
                    .field(Field::Tags)
                    .text(" are both given, and the cloud takes one of the two"),
                Remedy::Unset(Field::vendor("tags")),
            );
        }
        for (name, _) in of_copies.into_iter().filter(|(_, is_given)| *is_given) {
            let rule = "is for copies to another region, and is not sent with an import";
            self.warning(
                WarningId::OPTION_NOT_SENT,
                Field::vendor(name),
                rule,
                Remedy::Unset(Field::vendor(name)),
            );
        }
        let last = order.data_disks().len().checked_sub(1);
        if let Some(name) = last.map(|index| data_image_name(order, index))
            && name.chars().count() > LONGEST_NAME
            && order.name.chars().count() <= LONGEST_NAME
        {
            self.error(
                Field::Name,
                format!("leaves no room for the name of a data disk's image, `{name}`, which may have {LONGEST_NAME} characters"),
                "Shorten it.",
            );
        }
    }
}

//! What Huawei Cloud asks of an order beyond the limits of single fields: routes, sizes, what goes with what.

use cloud_import_core::{
    Architecture, BootMode, DiskFormat, ImageKind, ImportRequest, OsFamily, Problem, Provider, validate,
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

/// Every problem of an order.
pub(crate) fn problems(order: &ImportRequest) -> Vec<Problem> {
    let problems = validate::check(order, &CAPABILITIES);
    let options = match order.vendor_options::<Options>(Provider::Huawei) {
        Ok(options) => options,
        Err(error) => {
            let problem = Problem::error(Provider::Huawei, "vendor", error.message().to_owned())
                .remedy(error.remedy().unwrap_or_default().to_owned());
            return problems.into_iter().chain([problem]).collect();
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

    fn error(&mut self, field: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(Problem::error(Provider::Huawei, field, message).remedy(remedy));
    }

    fn warning(&mut self, field: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(Problem::warning(Provider::Huawei, field, message).remedy(remedy));
    }

    fn family(&self) -> OsFamily {
        self.order.os.as_ref().map_or(OsFamily::Linux, |os| os.family())
    }

    /// What the chosen way does not do.
    fn way_in(&mut self, why: &str) {
        if self.route == ImportRoute::Quick {
            self.warning(
                "vendor.route",
                format!("is quick, because {why}: nothing is put into the guest and nothing in it is checked"),
                "Have virtio drivers and cloud-init in the image, or set the vendor option `route` to `common`, which takes up to 128 GB.",
            );
            if self.family() == OsFamily::Windows {
                self.warning(
                    "os",
                    "is Windows, which the quick route no longer takes on the international site, as its newest page says",
                    "If it is refused, set the vendor option `route` to `common`.",
                );
            }
        }
        if self.route.is_quick() && !self.order.data_disks().is_empty() {
            self.error(
                "disks",
                "has data disks, which the quick route does not take",
                "Leave the vendor option `route` out, or import each data disk as an image of its own.",
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
                    let list: Vec<_> = formats.iter().map(|format| format.as_str()).collect();
                    self.error(
                        format!("disks[{index}].format"),
                        format!("`{format}` is not one that the route `{}` takes", self.route),
                        format!("Use one of: {}; or take the other route.", list.join(", ")),
                    );
                }
                Some(DiskFormat::Raw) if facts.raw_needs_bitmap && !self.options.bitmap_staged => self.error(
                    format!("disks[{index}].format"),
                    "is raw, which the quick route takes only with its bitmap: a .mf file of the same name in the same bucket",
                    "Make it with the vendor's CreateMF.jar, upload it and set the vendor option `bitmap_staged`; or convert the file to zvhd2.",
                ),
                None if index == 0 => self.warning(
                    "disks[0].format",
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
                    format!("disks[{index}].file_size_bytes"),
                    format!(
                        "is {bytes}, the route `{}` takes up to {}",
                        self.route, facts.max_file_bytes
                    ),
                    remedy,
                );
            }
            if order.disks[..index].iter().any(|other| other.source == disk.source) {
                self.error(
                    format!("disks[{index}].source"),
                    "is the file of another disk",
                    "Give every disk a file of its own.",
                );
            }
        }
    }

    fn sizes(&mut self) {
        let (order, facts) = (self.order, self.route.facts());
        for (index, disk) in order.data_disks().iter().enumerate() {
            let field = format!("disks[{}].size_gib", index + 1);
            match disk.wanted_gib() {
                None => self.error(field, "is missing", "Give the data disk's size."),
                Some(size) if disk.size_gib.is_none() && size > ROUTE_DATA_COMMON.min_disk_max => {
                    self.too_large(field, size, ROUTE_DATA_COMMON.min_disk_max);
                }
                Some(_) => {}
            }
        }
        let Some(disk) = order.first_disk() else { return };
        let field = "disks[0].size_gib";
        let Some(size) = min_disk(order, self.route) else {
            self.error(field, "is missing", "Give the disk's size.");
            return;
        };
        let least = usual_min(order, self.route);
        let is_reported = self
            .problems
            .iter()
            .any(|problem| problem.field == field && problem.is_error());
        if size > facts.min_disk_max && !is_reported {
            self.too_large(field.to_owned(), size, facts.min_disk_max);
        }
        match (disk.size_gib, disk.wanted_gib()) {
            (Some(given), _) if given < least => self.warning(
                field,
                format!(
                    "is {given}, and the route `{}` begins at {least} in the stricter sources, at 1 in others",
                    self.route
                ),
                format!("Ask for {least} GiB."),
            ),
            (None, None) => self.warning(
                field,
                format!("is not given and the disk's virtual size is not known: {size} GiB are asked for, and the import fails if the disk is larger"),
                "Give the size.",
            ),
            (None, Some(wanted)) if wanted < size => self.warning(
                field,
                format!("is not given: {size} GiB are asked for, though the disk has {wanted}, because the route `{}` begins there", self.route),
                "Give the size to ask for another.",
            ),
            _ => {}
        }
    }

    fn too_large(&mut self, field: String, size: u32, most: u32) {
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
                ("architecture", order.architecture != Architecture::X86_64),
                ("boot_mode", order.boot_mode.is_some()),
                ("license_type", order.license_type.is_some()),
            ];
            for (field, _) in set.into_iter().filter(|(_, set)| *set) {
                self.error(field, "cannot be set for a data disk's image", "Leave it out.");
            }
            if let Some(os) = &order.os {
                let sent = format!(
                    "`{os}`: only the family, `{}`, is sent with a data disk's image",
                    os.family()
                );
                self.warning("os", sent, "Nothing need be done.");
            }
            return;
        }
        if let Some(os) = &order.os {
            self.problems
                .extend(validate::os_problem(Provider::Huawei, &os.to_string(), &map_os(os)));
        }
        if order.architecture == Architecture::Arm64 && order.boot_mode == Some(BootMode::Bios) {
            self.error(
                "boot_mode",
                "is bios, and arm64 boots with uefi only",
                "Set uefi, or leave it out.",
            );
        }
        if order.license_type.is_some() {
            if !self.route.is_quick() {
                self.error(
                    "license_type",
                    "is taken by the quick route only",
                    "Leave it out, or import a zvhd2 file by the quick route.",
                );
            }
            if self.family() != OsFamily::Windows {
                self.error("license_type", "is for Windows only", "Leave it out.");
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
        let both_tags = options.tags.is_some() && !order.tags.is_empty();
        for (name, _) in misplaced.into_iter().filter(|(_, misplaced)| *misplaced) {
            self.error(
                format!("vendor.{name}"),
                format!("cannot be sent on the route `{route}`"),
                "Leave it out, or set the vendor option `route` to `common`.",
            );
        }
        if both_tags {
            self.error(
                "vendor.tags",
                "and `tags` are both given, and the cloud takes one of the two (`tags` or `image_tags`)",
                "Put all tags into `tags`.",
            );
        }
        let last = order.data_disks().len().checked_sub(1);
        if let Some(name) = last.map(|index| data_image_name(order, index))
            && name.chars().count() > LONGEST_NAME
            && order.name.chars().count() <= LONGEST_NAME
        {
            self.error(
                "name",
                format!("leaves no room for the name of a data disk's image, `{name}`, which may have {LONGEST_NAME} characters"),
                "Shorten it.",
            );
        }
    }
}

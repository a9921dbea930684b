//! Checks the order of a copy against what a cloud can do: every problem at once, before any I/O.

use super::{copy_order::CopyOrder, validate};
use crate::{
    Architecture, Capabilities, Disk, DiskPart, Encryption, Field, ImageKind, Problem, Provider, Remedy, WarningId,
    model::capabilities::{CopyEncryption, Fact},
};

/// Where an image is named.
const IMAGE: Field = Field::disk(0, DiskPart::Source);

/// Every problem of a copy into a region that the tables tell of.
pub(super) fn problems(order: &CopyOrder, region: &str, cloud: &'static Capabilities) -> Vec<Problem> {
    let mut found = Findings {
        cloud,
        problems: Vec::new(),
    };
    found.place(order, region);
    found.own_to_the_image(order);
    let gib = order.request.first_disk().and_then(Disk::wanted_gib);
    let size = Field::disk(0, DiskPart::VirtualSizeBytes);
    found.problems.extend(gib.and_then(|gib| too_large(cloud, gib, size)));
    found.extras(order, region);
    let texts = validate::texts(&order.request, cloud).into_iter();
    // Of a key that cannot be set at all, the form does not matter.
    let is_said =
        |field: &Field| *field == Field::Encryption && found.problems.iter().any(|other| other.field == *field);
    let texts: Vec<Problem> = texts.filter(|problem| !is_said(&problem.field)).collect();
    found.problems.extend(texts);
    let sent = order.description.as_deref().unwrap_or_default();
    let room = validate::room_for_mark(&order.request, sent, cloud);
    found.problems.extend(room);
    found.problems
}

/// What is wrong with a copy of an image whose disk has so many GiB, as `field` says, where the cloud copies none so large.
pub fn too_large(cloud: &Capabilities, gib: u32, field: Field) -> Option<Problem> {
    let fact = cloud.after.copy_max_gib;
    let most = fact.value.filter(|most| gib > *most)?;
    let rule = format!("makes an image of {gib} GiB, and this cloud copies none of more than {most} GiB");
    let problem = judged(fact.verified, cloud.provider, field, rule);
    Some(
        problem
            .source(fact.source)
            .remedy("Import the file in that region, too, instead of copying its image."),
    )
}

/// An error, or a warning where no source settles it.
fn judged(is_settled: bool, provider: Provider, field: Field, rule: String) -> Problem {
    match is_settled {
        true => Problem::error(provider, field, rule),
        false => Problem::warning(WarningId::COPY_UNVERIFIED, provider, field, rule),
    }
}

struct Findings {
    cloud: &'static Capabilities,
    problems: Vec<Problem>,
}

impl Findings {
    fn error<T>(&mut self, field: Field, rule: impl Into<String>, fact: &Fact<T>, remedy: impl Into<Remedy>) {
        let problem = Problem::error(self.cloud.provider, field, rule.into());
        self.problems.push(problem.source(fact.source).remedy(remedy));
    }

    fn judged<T>(&mut self, field: Field, rule: impl Into<String>, fact: &Fact<T>, remedy: impl Into<Remedy>) {
        let problem = judged(fact.verified, self.cloud.provider, field, rule.into());
        self.problems.push(problem.source(fact.source).remedy(remedy));
    }

    fn place(&mut self, order: &CopyOrder, region: &str) {
        let (image, after) = (&order.image, &self.cloud.after);
        if image.region.is_empty() || (image.id.is_empty() && !order.request.is_pending()) {
            let remedy = "Name the image by its region and its id.";
            self.error(
                IMAGE,
                "names an image without a region or an id",
                &Fact::unsourced(()),
                remedy,
            );
        }
        let is_within = image.region == region;
        let (can, rule, remedy) = match is_within {
            true => (
                after.copy_within,
                "is an image of the same region, inside which this cloud copies none",
                "Use the image that is there.",
            ),
            false => (
                after.copy_to_regions,
                "is an image of another region, between which this cloud copies none",
                "Import the file in this region too.",
            ),
        };
        // What is copied inside a region only to be encrypted is another thing.
        let is_encrypted = is_within && order.request.encryption.is_some();
        if !is_encrypted && !can.value {
            self.judged(IMAGE, rule, &can, remedy);
        } else if !is_encrypted && !can.verified {
            let rule = format!("whether this cloud does that is not settled: {}", can.note);
            self.judged(IMAGE, rule, &can, remedy);
        }
        if is_within {
            return;
        }
        for closed in [image.region.as_str(), region] {
            if after.copy_closed.value.contains(&closed) {
                let rule = format!(
                    "is copied from {} to {region}, and {closed} is closed for copies",
                    image.region
                );
                self.judged(
                    Field::Region,
                    rule,
                    &after.copy_closed,
                    "Import the file in that region too.",
                );
                break;
            }
        }
    }

    /// What a copy has of its image cannot be ordered.
    fn own_to_the_image(&mut self, order: &CopyOrder) {
        let request = &order.request;
        let has = |what: fn(&Disk) -> bool| request.first_disk().is_some_and(what);
        let asked = [
            (Field::Os, request.os.is_some()),
            (Field::Architecture, request.architecture != Architecture::X86_64),
            (Field::BootMode, request.boot_mode.is_some()),
            (Field::LicenseType, request.license_type.is_some()),
            (Field::SkipGuestCheck, request.skip_guest_check),
            (Field::Nvme, request.nvme),
            (Field::ImdsV2, request.imds_v2),
            (Field::Kind, request.kind == ImageKind::Data),
            (Field::DataDisks, !request.data_disks().is_empty()),
            (Field::disk(0, DiskPart::Format), has(|disk| disk.format.is_some())),
            (Field::disk(0, DiskPart::SizeGib), has(|disk| disk.size_gib.is_some())),
        ];
        for (field, _) in asked.into_iter().filter(|(_, is_asked)| *is_asked) {
            let remedy = Remedy::Unset(field.clone());
            let rule = "cannot be set on a copy: it is that of its image";
            self.error(field, rule, &Fact::unsourced(()), remedy);
        }
    }

    fn extras(&mut self, order: &CopyOrder, region: &str) {
        let (request, after) = (&order.request, &self.cloud.after);
        let options = request.vendor.get(&self.cloud.provider).into_iter().flatten();
        for (option, _) in options.filter(|(option, _)| !after.copy_options.value.contains(&option.as_str())) {
            let field = Field::VendorOption(option.clone().into());
            let remedy = Remedy::Unset(field.clone());
            self.error(field, "is no option of copies", &after.copy_options, remedy);
        }
        if request.description.is_some() && !after.copy_description.value {
            let remedy = Remedy::Unset(Field::Description);
            let rule = "cannot be set on a copy";
            self.error(Field::Description, rule, &after.copy_description, remedy);
        }
        if !request.tags.is_empty() && !after.copy_tags.value {
            let rule = "cannot be set as the copy is made";
            self.error(Field::Tags, rule, &after.copy_tags, "Set them on the copy afterwards.");
        }
        if request.project.is_some() && self.cloud.project.value.is_empty() {
            let remedy = Remedy::Unset(Field::Project);
            self.error(
                Field::Project,
                "is nothing that this cloud has",
                &self.cloud.project,
                remedy,
            );
        }
        if request.dry_run && !self.cloud.dry_run.value {
            let remedy = Remedy::Unset(Field::DryRun);
            self.error(
                Field::DryRun,
                "cannot be set: this cloud has none",
                &self.cloud.dry_run,
                remedy,
            );
        }
        match &request.encryption {
            None => return,
            Some(Encryption::Key(key)) if key.trim().is_empty() => {
                let remedy = Remedy::set(Field::Encryption);
                self.error(
                    Field::Encryption,
                    "names a key without an id",
                    &Fact::unsourced(()),
                    remedy,
                );
            }
            Some(_) => {}
        }
        let fact = after.copy_encrypted;
        let rule = match fact.value {
            CopyEncryption::Any => return,
            CopyEncryption::Within if order.image.region == region => return,
            CopyEncryption::Within => "is for copies inside a region only",
            CopyEncryption::No => "cannot be set: this cloud encrypts no copies",
        };
        let remedy = match fact.value {
            CopyEncryption::Within => {
                "Copy the image first, then make an encrypted copy of that inside its region.".into()
            }
            _ => Remedy::Unset(Field::Encryption),
        };
        self.error(Field::Encryption, rule, &fact, remedy);
    }
}

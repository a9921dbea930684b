//! Judges what was found in the guest by a cloud's rules: the one place where a finding becomes a problem.

use crate::{
    Capabilities, DiskPart, Field, GuestFinding, ImageKind, ImportRequest, Problem, Severity, WarningId,
    model::guest::{GuestRule, GuestSeverity},
    remedy::Remedy,
};

/// Where a finding is told at most before it is only counted.
const PLACES: usize = 3;

/// Every problem that a cloud has with the guest on the system disk.
///
/// Who has the cloud's check skipped has ours skipped, too: what would be an error is a warning then.
pub(super) fn problems(request: &ImportRequest, cloud: &Capabilities) -> Vec<Problem> {
    let Some(disk) = request.first_disk().filter(|_| request.kind == ImageKind::System) else {
        return Vec::new();
    };
    let family = request.os.as_ref().map(|os| os.family_at(cloud.provider));
    let is_skipped = request.skip_guest_check && cloud.skip_guest_check.value;
    let mut problems = Vec::new();
    for rule in cloud.guest {
        let found: Vec<&GuestFinding> = disk.guest.iter().filter(|found| rule.covers(found, family)).collect();
        let severity = match rule.severity {
            _ if found.is_empty() => continue,
            GuestSeverity::Note => continue,
            GuestSeverity::Error if !is_skipped => Severity::Error,
            GuestSeverity::Error | GuestSeverity::Warning => Severity::Warning,
        };
        let mut remedy = Remedy::text(rule.remedy);
        if severity == Severity::Error && cloud.skip_guest_check.value {
            let anyway = Remedy::set(Field::SkipGuestCheck);
            remedy = remedy.then(Remedy::when("the guest is right all the same", anyway));
        }
        let (id, field) = (WarningId::of_guest(rule.id), Field::disk(0, DiskPart::Guest));
        let problem = Problem::of(severity, id, cloud.provider, field, told(rule, &found));
        problems.push(problem.source(rule.source).remedy(remedy));
    }
    problems
}

/// The id, by which it can be looked up, and where it shows.
fn told(rule: &GuestRule, found: &[&GuestFinding]) -> String {
    let places = found.iter().take(PLACES);
    let places: Vec<String> = places.map(|one| format!("{} ({})", one.what, one.place)).collect();
    let more = match found.len().saturating_sub(PLACES) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("has `{}`: {}{more}", rule.id, places.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, Os, OsFamily, Provider, model::capabilities::Fact};

    static RULES: &[GuestRule] = &[
        GuestRule::error("guest.virtio_missing", "a guide", "Add the drivers.").only(OsFamily::Linux),
        GuestRule::warning("guest.file_system", "a list", "Use ext4.").naming(&["btrfs"]),
        GuestRule::note("guest.ssh_off", "a hint", "Switch it on."),
    ];

    fn cloud(can_skip: bool) -> Capabilities {
        let cloud = Capabilities::new(Provider::TENCENT, "r").guest(RULES);
        cloud.skip_guest_check(Fact::new(can_skip, "a guide"))
    }

    fn order(found: impl IntoIterator<Item = GuestFinding>) -> ImportRequest {
        ImportRequest::new("web", Disk::url("https://b.example/k").guest(found)).os(Os::new("Debian", "12"))
    }

    fn virtio() -> GuestFinding {
        GuestFinding::new("guest.virtio_missing", "/boot/initrd.img", "virtio_blk is not in it")
    }

    #[test]
    fn a_finding_is_what_the_cloud_s_rule_says() {
        let found = problems(&order([virtio()]), &cloud(true));
        assert_eq!(
            found[0].to_string(),
            "Tencent Cloud: `disks[0].guest` has `guest.virtio_missing`: virtio_blk is not in it (/boot/initrd.img). Add the drivers. \
             If the guest is right all the same, set `skip_guest_check`. [a guide]"
        );
        assert!(found[0].is_error() && found.len() == 1);
        let others = [
            GuestFinding::new("guest.ssh_off", "/usr/sbin/sshd", "there is no SSH server"),
            GuestFinding::new("guest.unheard_of", "disk", "it is new"),
            GuestFinding::new("guest.file_system", "part1", "its file system is xfs"),
        ];
        assert_eq!(problems(&order(others), &cloud(true)), []);
        let btrfs = GuestFinding::new("guest.file_system", "part1", "its file system is btrfs");
        let found = problems(&order([btrfs]), &cloud(true));
        assert!(found.len() == 1 && !found[0].is_error(), "{found:?}");
    }

    #[test]
    fn an_error_is_a_warning_where_the_check_is_skipped() {
        let skipped = order([virtio()]).skip_guest_check(true);
        let found = problems(&skipped, &cloud(true));
        assert!(found.len() == 1 && !found[0].is_error(), "{found:?}");
        assert!(!found[0].to_string().contains("skip_guest_check"));
        // Where the cloud has no such option, nothing is skipped, and it is not advised.
        let found = problems(&skipped, &cloud(false));
        assert!(found[0].is_error() && !found[0].to_string().contains("skip_guest_check"));
    }

    #[test]
    fn a_rule_of_one_family_is_for_no_other_and_a_data_disk_has_no_guest() {
        let windows = order([virtio()]).os(Os::new("Windows Server", "2019"));
        assert_eq!(problems(&windows, &cloud(true)), []);
        let mut unknown = order([virtio()]);
        unknown.os = None;
        assert_eq!(problems(&unknown, &cloud(true)).len(), 1);
        let data = ImportRequest::data_image("web", Disk::url("https://b.example/k").guest([virtio()]));
        assert_eq!(problems(&data, &cloud(true)), []);
    }

    #[test]
    fn what_shows_in_many_places_is_told_once() {
        let many = (0..5).map(|index| GuestFinding::new("guest.virtio_missing", format!("k{index}"), "it has none"));
        let found = problems(&order(many), &cloud(true));
        assert_eq!(found.len(), 1);
        let told = found[0].to_string();
        assert!(
            told.contains("it has none (k2); and 2 more") && !told.contains("k3"),
            "{told}"
        );
    }
}

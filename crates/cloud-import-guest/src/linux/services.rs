//! What starts with the system, and SELinux.

use crate::{
    bytes::shown,
    facts::{Guest, Ssh},
    tree::Tree,
};

const SSHD: &[&str] = &[
    "/usr/sbin/sshd",
    "/usr/local/sbin/sshd",
    "/usr/lib/ssh/sshd",
    "/usr/sbin/dropbear",
    "/usr/bin/dropbear",
];
const SSH_UNITS: &[&str] = &[
    "ssh.service",
    "sshd.service",
    "ssh.socket",
    "sshd.socket",
    "dropbear.service",
    "ssh",
    "sshd",
    "dropbear",
];
const FIREWALLS: &[(&str, &[&str])] = &[
    ("firewalld", &["firewalld.service", "firewalld"]),
    ("ufw", &["ufw.service", "ufw"]),
    ("nftables", &["nftables.service", "nftables"]),
    (
        "iptables",
        &["iptables.service", "iptables", "netfilter-persistent.service"],
    ),
];
/// Where what starts is linked to: of systemd, of System V and of OpenRC.
const SYSTEMD: &[&str] = &["/etc/systemd/system", "/usr/lib/systemd/system"];
const SYSV: &[&str] = &[
    "/etc/rc3.d",
    "/etc/rc2.d",
    "/etc/rc5.d",
    "/etc/rc.d/rc3.d",
    "/etc/rc.d/rc5.d",
    "/etc/init.d/rc3.d",
];
const OPENRC: &[&str] = &["/etc/runlevels/default", "/etc/runlevels/boot"];

/// The value of `KEY=value`, quotes taken off; the last one counts.
pub(super) fn value(text: &str, key: &str) -> Option<String> {
    let values = text.lines().rev().filter_map(|line| {
        let (own, value) = line.trim().split_once('=')?;
        (own.trim() == key).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    });
    values.into_iter().next()
}

pub(super) fn look(tree: &mut Tree, guest: &mut Guest) {
    let started = started(tree);
    let starts = |units: &[&str]| {
        started
            .as_ref()
            .map(|started| units.iter().any(|unit| started.iter().any(|own| own == unit)))
    };
    ssh(tree, starts(SSH_UNITS), guest);
    let has_network_manager = tree.any(&["/usr/sbin/NetworkManager"]);
    guest.network.network_manager = match has_network_manager {
        Some(true) => starts(&["NetworkManager.service", "NetworkManager"]),
        other => other,
    };
    let firewalls = FIREWALLS.iter().filter(|(_, units)| starts(units) == Some(true));
    guest.network.firewall = firewalls.map(|(name, _)| (*name).to_owned()).collect();
    if let Some(text) = tree.text("/etc/selinux/config") {
        guest.selinux = value(&text, "SELINUX").map(|word| shown(&word));
        if guest.selinux.as_deref() == Some("enforcing") {
            guest.find("guest.selinux_enforcing", "/etc/selinux/config", "SELinux is enforcing");
        }
    }
}

/// Names of what starts; `None` where some of it could not be read.
fn started(tree: &mut Tree) -> Option<Vec<String>> {
    let before = tree.misses;
    let mut units = Vec::new();
    for folder in SYSTEMD {
        let wants: Vec<String> = tree
            .list(folder)
            .into_iter()
            .filter(|name| name.ends_with(".wants"))
            .collect();
        for name in wants {
            units.extend(tree.list(&format!("{folder}/{name}")));
        }
    }
    for folder in SYSV {
        let names = tree.list(folder).into_iter();
        // `S55sshd` is `sshd`.
        units.extend(names.filter_map(|name| {
            name.strip_prefix('S')
                .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned())
        }));
    }
    OPENRC.iter().for_each(|folder| units.extend(tree.list(folder)));
    (tree.misses == before).then_some(units)
}

fn ssh(tree: &mut Tree, enabled: Option<bool>, guest: &mut Guest) {
    let installed = tree.any(SSHD);
    let enabled = if installed == Some(false) { Some(false) } else { enabled };
    match (installed, enabled) {
        (Some(false), _) => guest.find("guest.ssh_off", "/usr/sbin/sshd", "there is no SSH server"),
        (Some(true), Some(false)) => guest.find(
            "guest.ssh_off",
            "/etc/systemd/system",
            "the SSH server does not start with the system",
        ),
        _ => {}
    }
    // The first word on a matter counts, and the folder is included before the rest.
    let mut texts: Vec<String> = tree
        .texts("/etc/ssh/sshd_config.d", ".conf")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    texts.extend(tree.text("/etc/ssh/sshd_config"));
    let setting = |name: &str| {
        texts
            .iter()
            .find_map(|text| setting(text, name))
            .map(|word| shown(&word))
    };
    guest.ssh = Ssh {
        installed,
        enabled,
        root_login: setting("PermitRootLogin"),
        passwords: setting("PasswordAuthentication").map(|word| word == "yes"),
    };
}

/// A setting that holds for everybody.
fn setting(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut lines = lines.take_while(|line| !line.to_ascii_lowercase().starts_with("match "));
    lines.find_map(|line| {
        let (own, value) = line.split_once(|c: char| c.is_whitespace() || c == '=')?;
        own.eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_ssh_end_where_some_are_told_apart() {
        let text =
            "# PermitRootLogin no\nPermitRootLogin yes\nPermitRootLogin no\nMatch User x\n PasswordAuthentication no\n";
        assert_eq!(setting(text, "permitrootlogin").as_deref(), Some("yes"));
        assert_eq!(setting(text, "PasswordAuthentication"), None);
    }

    #[test]
    fn a_value_has_no_quotes() {
        assert_eq!(value("A=1\n B = \"two words\"\nA='2'\n", "A").as_deref(), Some("2"));
        assert_eq!(value("B = \"two words\"", "B").as_deref(), Some("two words"));
        assert_eq!(value("#A=1", "A"), None);
    }
}

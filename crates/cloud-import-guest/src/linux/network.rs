//! How networks are set up, and what of it belongs to the machine that the disk comes from.

use crate::{facts::Guest, linux::services::value, tree::Tree};

/// Folders of `ifcfg` files: of the kin of Red Hat, and of SUSE.
const IFCFG: &[&str] = &["/etc/sysconfig/network-scripts", "/etc/sysconfig/network"];
/// What cloud-init writes into its files, which it writes anew on a new machine.
const GENERATED: &str = "generated from information provided by";

pub(super) fn look(tree: &mut Tree, guest: &mut Guest) {
    let found = [
        ("ifcfg", ifcfg(tree, guest)),
        ("interfaces", interfaces(tree, guest)),
        ("netplan", netplan(tree, guest)),
        ("NetworkManager", network_manager(tree, guest)),
        ("networkd", networkd(tree, guest)),
    ];
    let managers = found
        .iter()
        .filter(|(_, is_there)| *is_there)
        .map(|(name, _)| (*name).to_owned());
    guest.network.managers = managers.collect();
    let rules = tree.texts("/etc/udev/rules.d", ".rules").into_iter();
    for (path, text) in rules.filter(|(path, _)| path.contains("persistent") && path.contains("net")) {
        // A file of comments is how the generator of such rules is switched off.
        if text
            .lines()
            .any(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))
        {
            guest.find(
                "guest.udev_net_rules",
                &path,
                "it binds names of networks to MAC addresses",
            );
        }
    }
}

fn is_generated(text: &str) -> bool {
    text.contains(GENERATED) || text.contains("Created by cloud-init")
}

fn ifcfg(tree: &mut Tree, guest: &mut Guest) -> bool {
    let mut is_there = false;
    for folder in IFCFG {
        let files = tree.texts(folder, "").into_iter();
        let files = files.filter(|(path, _)| {
            path.rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("ifcfg-") && name != "ifcfg-lo")
        });
        for (path, text) in files {
            is_there = true;
            let is_off = value(&text, "ONBOOT")
                .or(value(&text, "STARTMODE"))
                .is_some_and(|word| matches!(word.as_str(), "no" | "off" | "manual"));
            if is_off || is_generated(&text) {
                continue;
            }
            if let Some(mac) = value(&text, "HWADDR")
                .or(value(&text, "LLADDR"))
                .filter(|mac| !mac.is_empty())
            {
                guest.find(
                    "guest.net_mac_bound",
                    &path,
                    &format!("it is for the MAC address {mac} alone"),
                );
            }
            let protocol = value(&text, "BOOTPROTO").unwrap_or_default().to_lowercase();
            let address = value(&text, "IPADDR")
                .or(value(&text, "IPADDR0"))
                .filter(|address| !address.is_empty());
            if !protocol.starts_with("dhcp") && (protocol == "static" || address.is_some()) {
                let address = address.unwrap_or_else(|| "an address of its own".to_owned());
                guest.find(
                    "guest.net_static",
                    &path,
                    &format!("it sets {address} and does not ask DHCP"),
                );
            }
        }
    }
    is_there
}

fn interfaces(tree: &mut Tree, guest: &mut Guest) -> bool {
    let mut texts: Vec<(String, String)> = Vec::new();
    if let Some(text) = tree.text("/etc/network/interfaces") {
        texts.push(("/etc/network/interfaces".to_owned(), text));
    }
    texts.extend(tree.texts("/etc/network/interfaces.d", ""));
    for (path, text) in texts.iter().filter(|(_, text)| !is_generated(text)) {
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        for words in lines {
            match words.as_slice() {
                ["iface", name, .., "static"] if *name != "lo" => {
                    guest.find(
                        "guest.net_static",
                        path,
                        &format!("{name} has an address of its own and does not ask DHCP"),
                    );
                }
                ["hwaddress", ..] => guest.find("guest.net_mac_bound", path, "it sets a MAC address"),
                _ => {}
            }
        }
    }
    texts.iter().any(|(_, text)| {
        text.lines()
            .any(|line| line.trim_start().starts_with("iface ") && !line.contains(" lo "))
    })
}

/// What a key of a YAML file stands under: keys of the lines above that are less indented.
fn netplan(tree: &mut Tree, guest: &mut Guest) -> bool {
    let texts = tree.texts("/etc/netplan", ".yaml");
    for (path, text) in texts.iter().filter(|(_, text)| !is_generated(text)) {
        let (is_bound, is_static) = of_netplan(text);
        if is_bound {
            guest.find("guest.net_mac_bound", path, "it is for one MAC address alone");
        }
        if is_static {
            guest.find("guest.net_static", path, "it sets addresses and does not ask DHCP");
        }
    }
    !texts.is_empty()
}

/// Whether one is bound to a MAC address, and whether one has addresses and no DHCP.
fn of_netplan(text: &str) -> (bool, bool) {
    let mut above: Vec<(usize, String)> = Vec::new();
    let (mut is_bound, mut has_addresses, mut has_dhcp) = (false, false, false);
    for line in text.lines().map(|line| line.split(" #").next().unwrap_or(line)) {
        let (content, indent) = (line.trim_start(), line.len() - line.trim_start().len());
        let Some((key, value)) = content.split_once(':').filter(|_| !content.starts_with(['#', '-'])) else {
            continue;
        };
        while above.last().is_some_and(|(own, _)| *own >= indent) {
            above.pop();
        }
        let parent = above.last().map_or("", |(_, key)| key.as_str());
        match (key.trim(), parent) {
            ("macaddress", "match") => is_bound = true,
            ("match", _) if value.contains("macaddress") => is_bound = true,
            ("addresses", parent) if parent != "nameservers" && value.trim() != "[]" => has_addresses = true,
            ("dhcp4" | "dhcp6", _) => has_dhcp |= matches!(value.trim(), "true" | "yes" | "on"),
            _ => {}
        }
        above.push((indent, key.trim().to_owned()));
    }
    (is_bound, has_addresses && !has_dhcp)
}

fn network_manager(tree: &mut Tree, guest: &mut Guest) -> bool {
    let texts = tree.texts("/etc/NetworkManager/system-connections", "");
    for (path, text) in texts.iter().filter(|(_, text)| !is_generated(text)) {
        if value(text, "autoconnect").as_deref() == Some("false") || value(text, "type").as_deref() == Some("loopback")
        {
            continue;
        }
        if value(text, "mac-address").is_some_and(|mac| !mac.is_empty()) {
            guest.find("guest.net_mac_bound", path, "it is for one MAC address alone");
        }
        if section(text, "ipv4").is_some_and(|own| value(own, "method").as_deref() == Some("manual")) {
            guest.find("guest.net_static", path, "it sets addresses and does not ask DHCP");
        }
    }
    !texts.is_empty()
}

/// The lines behind `[name]`.
fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("[{name}]\n"))?;
    Some(rest.split("\n[").next().unwrap_or(rest))
}

fn networkd(tree: &mut Tree, guest: &mut Guest) -> bool {
    let texts = tree.texts("/etc/systemd/network", ".network");
    for (path, text) in texts.iter().filter(|(_, text)| !is_generated(text)) {
        if section(text, "Match").is_some_and(|own| value(own, "MACAddress").is_some()) {
            guest.find("guest.net_mac_bound", path, "it is for one MAC address alone");
        }
        let own = section(text, "Network").unwrap_or_default();
        let is_dhcp = value(own, "DHCP").is_some_and(|word| !matches!(word.as_str(), "no" | "false"));
        let has_address = value(own, "Address").is_some() || section(text, "Address").is_some();
        if has_address && !is_dhcp {
            guest.find("guest.net_static", path, "it sets addresses and does not ask DHCP");
        }
    }
    let links = tree.texts("/etc/systemd/network", ".link").into_iter();
    for (path, _) in
        links.filter(|(_, text)| section(text, "Match").is_some_and(|own| value(own, "MACAddress").is_some()))
    {
        guest.find("guest.net_mac_bound", &path, "it names a network by its MAC address");
    }
    !texts.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netplan_is_read_by_what_a_key_stands_under() {
        let plan = |text: &str| of_netplan(&text.replace('|', "\n"));
        assert_eq!(
            plan("network:|  ethernets:|    eth0:|      nameservers:|        addresses: [1.1.1.1]"),
            (false, false)
        );
        assert_eq!(
            plan("network:|  ethernets:|    eth0:|      dhcp4: true|      nameservers:|        addresses: [1.1.1.1]"),
            (false, false)
        );
        assert_eq!(
            plan(
                "network:|  ethernets:|    eth0:|      addresses:|        - 10.0.0.5/24|      nameservers:|        addresses: [1.1.1.1]"
            ),
            (false, true)
        );
        assert_eq!(
            plan("network:|  ethernets:|    a:|      match:|        macaddress: 0:1|      dhcp4: yes"),
            (true, false)
        );
        assert_eq!(
            plan("network:|  ethernets:|    a:|      match: {macaddress: 0:1}|      macaddress: 0:2"),
            (true, false)
        );
    }

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let text = "[connection]\nid=a\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=manual\n";
        assert_eq!(value(section(text, "ipv4").unwrap(), "method").as_deref(), Some("auto"));
        assert_eq!(section(text, "proxy"), None);
    }
}

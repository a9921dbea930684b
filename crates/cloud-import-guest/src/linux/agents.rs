//! cloud-init, and programs of hypervisors and clouds. Files decide, not lists of packages and not links to what is gone.

use crate::{
    bytes::shown,
    facts::{CloudInit, Guest},
    tree::Tree,
};

/// Programs by their usual names. The third word says that another hypervisor brought it.
const AGENTS: &[(&str, &[&str], bool)] = &[
    ("qemu-ga", &["/usr/bin/qemu-ga", "/usr/sbin/qemu-ga"], false),
    (
        "open-vm-tools",
        &[
            "/usr/bin/vmtoolsd",
            "/usr/sbin/vmtoolsd",
            "/usr/lib/vmware-tools/sbin/vmtoolsd",
        ],
        true,
    ),
    (
        "VirtualBox additions",
        &["/usr/sbin/VBoxService", "/usr/bin/VBoxService"],
        true,
    ),
    (
        "xe-guest-utilities",
        &["/usr/sbin/xe-daemon", "/usr/bin/xe-daemon"],
        true,
    ),
    (
        "hyperv-daemons",
        &["/usr/sbin/hypervkvpd", "/usr/sbin/hv_kvp_daemon"],
        true,
    ),
    ("growpart", &["/usr/bin/growpart"], false),
    (
        "aliyun-assist",
        &["/usr/sbin/aliyun-service", "/usr/local/share/aliyun-assist"],
        false,
    ),
    (
        "jcs-agent",
        &["/usr/local/share/jcloud", "/usr/local/share/jdcloud"],
        false,
    ),
    ("waagent", &["/usr/sbin/waagent"], true),
    ("google-guest-agent", &["/usr/bin/google_guest_agent"], true),
    ("amazon-ssm-agent", &["/usr/bin/amazon-ssm-agent"], true),
];
const CLOUD_INIT: &[&str] = &[
    "/usr/bin/cloud-init",
    "/usr/local/bin/cloud-init",
    "/opt/cloud-init/bin/cloud-init",
    "/usr/libexec/cloud-init",
];

pub(super) fn look(tree: &mut Tree, arguments: &str, guest: &mut Guest) {
    match tree.any(CLOUD_INIT) {
        Some(true) => {
            let from = tree.first(CLOUD_INIT).unwrap_or_default();
            let disabled = tree.exists("/etc/cloud/cloud-init.disabled") == Some(true)
                || arguments.split_whitespace().any(|word| word == "cloud-init=disabled");
            guest.cloud_init = Some(CloudInit {
                version: version(tree),
                datasources: datasources(tree),
                disabled,
                from: Some(from.to_owned()),
            });
            match disabled {
                true => guest.find(
                    "guest.cloud_init_missing",
                    from,
                    "cloud-init is there and told not to run",
                ),
                false => guest.find("guest.cloud_init_present", from, "cloud-init is there"),
            }
        }
        Some(false) => guest.find(
            "guest.cloud_init_missing",
            "/usr/bin/cloud-init",
            "there is no cloud-init",
        ),
        None => {}
    }
    for (name, paths, is_foreign) in AGENTS {
        let Some(path) = tree.first(paths) else { continue };
        guest.agents.push((*name).to_owned());
        if *name == "qemu-ga" {
            guest.find("guest.qemu_ga", path, "the agent of QEMU is there");
        }
        if *is_foreign {
            guest.find(
                "guest.hypervisor_tools",
                path,
                &format!("{name} belongs to another platform"),
            );
        }
    }
}

/// The version that cloud-init's own files tell.
fn version(tree: &mut Tree) -> Option<String> {
    let pythons = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];
    let folders: Vec<String> = pythons
        .iter()
        .flat_map(|lib| tree.list(lib).into_iter().map(move |name| format!("{lib}/{name}")))
        .filter(|path| path.rsplit('/').next().is_some_and(|name| name.starts_with("python")))
        .flat_map(|python| [format!("{python}/dist-packages"), format!("{python}/site-packages")])
        .collect();
    folders.iter().find_map(|folder| {
        let text = tree.text(&format!("{folder}/cloudinit/version.py"))?;
        let line = text.lines().find_map(|line| line.trim().strip_prefix("__VERSION__"))?;
        let version = line.trim_start_matches([' ', '=']).trim_matches(['"', '\'', ' ']);
        Some(shown(version))
    })
}

/// The list that is in force: files of the folder come after the main one, in the order of their names.
fn datasources(tree: &mut Tree) -> Option<Vec<String>> {
    let mut texts: Vec<String> = tree.text("/etc/cloud/cloud.cfg").into_iter().collect();
    texts.extend(
        tree.texts("/etc/cloud/cloud.cfg.d", ".cfg")
            .into_iter()
            .map(|(_, text)| text),
    );
    texts.iter().rev().find_map(|text| datasource_list(text))
}

/// `datasource_list` in YAML, in one line or several.
fn datasource_list(text: &str) -> Option<Vec<String>> {
    let mut lines = text
        .lines()
        .map(|line| line.split(" #").next().unwrap_or(line).trim_end());
    let first = lines
        .find_map(|line| line.strip_prefix("datasource_list:"))?
        .trim()
        .to_owned();
    let mut list = first.clone();
    if first.is_empty() || (first.starts_with('[') && !first.contains(']')) {
        for line in lines {
            let line = line.trim();
            let is_item = line.starts_with('-') || (first.starts_with('[') && !list.contains(']'));
            if !is_item {
                break;
            }
            list.push(',');
            list.push_str(line.trim_start_matches('-'));
        }
    }
    let names = list
        .split([',', '[', ']'])
        .map(|name| name.trim().trim_matches(['"', '\'']))
        .filter(|name| !name.is_empty());
    Some(names.take(50).map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_each_of_its_forms() {
        for text in [
            "a: b\ndatasource_list: [ NoCloud, 'Ec2' ] # own\n",
            "datasource_list:\n  - NoCloud\n  - Ec2\nother:\n  - x\n",
            "datasource_list: [ NoCloud,\n  \"Ec2\" ]\nother: [x]\n",
        ] {
            assert_eq!(datasource_list(text).unwrap(), ["NoCloud", "Ec2"], "{text}");
        }
        assert_eq!(datasource_list("# datasource_list: [x]\n"), None);
    }
}

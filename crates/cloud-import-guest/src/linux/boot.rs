//! Which kernel the boot loader starts by default, and what it tells it.

use crate::{
    bytes::shown,
    facts::Guest,
    fstab::{Known, Name},
    linux::entries::{self, Entry},
    tree::Tree,
};

/// Configurations of GRUB 2.
const GRUB: &[&str] = &["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"];
/// Of GRUB before 2.
const LEGACY: &[&str] = &["/boot/grub/grub.conf", "/boot/grub/menu.lst", "/etc/grub.conf"];
/// Of SYSLINUX.
const EXTLINUX: &[&str] = &[
    "/boot/extlinux/extlinux.conf",
    "/boot/extlinux.conf",
    "/boot/syslinux/syslinux.cfg",
    "/extlinux.conf",
];
/// Where what GRUB remembers stands.
const ENVIRONMENT: &[&str] = &["/boot/grub2/grubenv", "/boot/grub/grubenv"];

/// The entry that is started; `None` where no configuration was found.
pub(super) fn look(tree: &mut Tree, known: &Known, guest: &mut Guest) -> Option<Entry> {
    let (path, entry) = grub(tree)
        .or_else(|| of(tree, LEGACY, entries::legacy))
        .or_else(|| of(tree, EXTLINUX, entries::extlinux))
        .or_else(|| systemd_boot(tree))?;
    guest.boot.loader = Some(path.clone());
    let root = entry
        .arguments
        .split_whitespace()
        .find_map(|word| word.strip_prefix("root="));
    if let Some(root) = root {
        guest.boot.root = Some(shown(root));
        match Name::of(root) {
            Name::Fragile(device) => guest.find(
                "guest.boot_root_device",
                &path,
                &format!("the kernel is told root={device}, a name that another machine does not give"),
            ),
            name if known.has(&name) == Some(false) => {
                guest.find(
                    "guest.boot_root_device",
                    &path,
                    &format!("the kernel is told root={root}, which is not on this disk"),
                );
            }
            _ => {}
        }
    }
    Some(entry)
}

fn of(tree: &mut Tree, paths: &[&str], parse: fn(&str) -> Option<Entry>) -> Option<(String, Entry)> {
    let path = tree.first(paths)?;
    let entry = parse(&tree.text(path)?)?;
    Some((path.to_owned(), entry))
}

fn grub(tree: &mut Tree) -> Option<(String, Entry)> {
    let path = tree.first(GRUB)?;
    let (text, environment) = (tree.text(path)?, tree.first(ENVIRONMENT));
    let environment = environment.and_then(|path| tree.head(path, 4096)).unwrap_or_default();
    let environment = entries::environment(&String::from_utf8_lossy(&environment));
    let remembered = |key: &str| {
        environment
            .iter()
            .find(|(own, _)| own == key)
            .map(|(_, value)| value.as_str())
    };
    let config = entries::grub(&text);
    if config.takes_loader_entries || config.entries.is_empty() {
        let wanted = remembered("saved_entry");
        let words = |word: &str| match word {
            "kernelopts" => remembered("kernelopts").or_else(|| config.variable("kernelopts")),
            word => remembered(word),
        };
        if let Some(entry) = loader_entry(tree, wanted, words) {
            return Some((path.to_owned(), entry));
        }
    }
    let wanted = match config.default.as_deref() {
        Some(saved) if saved.contains("saved_entry") => remembered("saved_entry"),
        wanted => wanted,
    };
    let entry = config.chosen(wanted)?;
    Some((path.to_owned(), entry))
}

fn systemd_boot(tree: &mut Tree) -> Option<(String, Entry)> {
    let places = ["/boot", "/efi", "/boot/efi"];
    let place = places
        .into_iter()
        .find(|place| tree.exists(&format!("{place}/loader/loader.conf")) == Some(true))?;
    let path = format!("{place}/loader/loader.conf");
    let text = tree.text(&path)?;
    let wanted = text.lines().find_map(|line| line.trim().strip_prefix("default "));
    let wanted = wanted.map(|name| name.trim().trim_end_matches(".conf").trim_end_matches('*').to_owned());
    Some((path, loader_entry(tree, wanted.as_deref(), |_| None)?))
}

/// An entry of the Boot Loader Specification: the wanted one, or the newest.
fn loader_entry<'a>(
    tree: &mut Tree,
    wanted: Option<&str>,
    variable: impl Fn(&str) -> Option<&'a str>,
) -> Option<Entry> {
    let mut texts = tree.texts("/boot/loader/entries", ".conf");
    texts.sort_by(|(one, _), (other, _)| entries::newer(stem(other), stem(one)));
    let named = wanted.and_then(|wanted| {
        let exact = texts.iter().find(|(path, _)| stem(path) == wanted);
        exact.or_else(|| {
            texts
                .iter()
                .find(|(path, _)| !wanted.is_empty() && stem(path).starts_with(wanted))
        })
    });
    let (_, text) = named
        .or_else(|| texts.iter().find(|(path, _)| !stem(path).contains("rescue")))
        .or(texts.first())?;
    Some(entries::loader(text, variable))
}

/// A file's name without `.conf`.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".conf").unwrap_or(name)
}

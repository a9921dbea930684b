//! Configurations of boot loaders as text: what they start, and what by default. Pure functions of text.

use std::cmp::Ordering;

/// What a boot loader starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The kernel, as the loader sees its path.
    pub(crate) kernel: String,
    pub(crate) initramfs: Vec<String>,
    /// What the kernel is told.
    pub(crate) arguments: String,
    /// Names by which it may be chosen.
    names: Vec<String>,
    /// Its place in the first menu; entries of a submenu have that of the submenu.
    place: usize,
}

/// A configuration of GRUB 2.
#[derive(Debug, Default)]
pub(crate) struct Grub {
    pub(crate) entries: Vec<Entry>,
    /// As it is written, which may be a variable.
    pub(crate) default: Option<String>,
    /// Entries stand in files of their own.
    pub(crate) takes_loader_entries: bool,
    variables: Vec<(String, String)>,
}

impl Grub {
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .rev()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The entry of a name, an id, or a number; else the first.
    pub(crate) fn chosen(&self, wanted: Option<&str>) -> Option<Entry> {
        let wanted = wanted.unwrap_or("0");
        let (first, last) = (
            wanted.split('>').next().unwrap_or_default(),
            wanted.rsplit('>').next().unwrap_or_default(),
        );
        let named = || {
            self.entries
                .iter()
                .find(|entry| entry.names.iter().any(|name| name == last))
        };
        let placed = || {
            let place: usize = first.parse().ok()?;
            let mut there = self.entries.iter().filter(|entry| entry.place == place);
            let within = if first == wanted { 0 } else { last.parse().unwrap_or(0) };
            there.nth(within)
        };
        named().or_else(placed).or(self.entries.first()).cloned()
    }
}

/// The words of a line, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_word) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            ('"' | '\'', None) => (quote, is_word) = (Some(c), true),
            (c, None) if c.is_whitespace() => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            (c, None) => {
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// Reads `grub.cfg`.
pub(crate) fn grub(text: &str) -> Grub {
    let mut grub = Grub::default();
    let (mut place, mut depth, mut submenu): (usize, usize, Option<usize>) = (0, 0, None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let words = words(line);
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match word(0) {
            "menuentry" => {
                // Titles and ids: the second word, and what follows its option.
                let is_option =
                    |word: &str| word.contains("menuentry_id_option") || word.trim_start_matches('-') == "id";
                let ids = words.windows(2).filter(|pair| is_option(&pair[0]));
                let names = std::iter::once(word(1).to_owned())
                    .chain(ids.map(|pair| pair[1].clone()))
                    .collect();
                grub.entries.push(Entry {
                    names,
                    place,
                    ..Entry::default()
                });
                if submenu.is_none() {
                    place += 1;
                }
                depth += 1;
            }
            "submenu" => {
                submenu = submenu.or(Some(depth));
                depth += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                if submenu == Some(depth) {
                    (submenu, place) = (None, place + 1);
                }
            }
            "linux" | "linux16" | "linuxefi" => {
                if let Some(entry) = grub.entries.last_mut().filter(|_| depth > 0) {
                    (entry.kernel, entry.arguments) =
                        (word(1).to_owned(), words.get(2..).unwrap_or_default().join(" "));
                }
            }
            "initrd" | "initrd16" | "initrdefi" => {
                if let Some(entry) = grub.entries.last_mut().filter(|_| depth > 0) {
                    entry.initramfs = words.get(1..).unwrap_or_default().to_vec();
                }
            }
            "set" => {
                if let Some((name, value)) = word(1).split_once('=') {
                    // What is set for one start alone is not what stands.
                    if name == "default" && !value.contains("next_entry") {
                        let is_saved = grub.default.as_ref().is_some_and(|own| own.contains("saved_entry"));
                        grub.default = Some(if is_saved && value == "0" {
                            "${saved_entry}".to_owned()
                        } else {
                            value.to_owned()
                        });
                    }
                    grub.variables.push((name.to_owned(), value.to_owned()));
                }
            }
            "blscfg" => grub.takes_loader_entries = true,
            _ if line.ends_with('{') => depth += 1,
            _ => {}
        }
    }
    // Firmware setup and memory tests are entries, too.
    grub.entries.retain(|entry| !entry.kernel.is_empty());
    grub
}

/// What GRUB remembers: a block of `key=value`, filled up with `#`.
pub(crate) fn environment(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Reads `grub.conf` of GRUB before 2.
pub(crate) fn legacy(text: &str) -> Option<Entry> {
    let (mut entries, mut default) = (Vec::<Entry>::new(), 0);
    for line in text.lines().map(str::trim) {
        let (key, value) = line
            .split_once(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or((line, ""));
        let value = value.trim();
        match (key, entries.last_mut()) {
            ("default", _) => default = value.parse().unwrap_or(0),
            ("title", _) => entries.push(Entry::default()),
            ("kernel", Some(entry)) => {
                let (kernel, arguments) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
                (entry.kernel, entry.arguments) = (kernel.to_owned(), arguments.to_owned());
            }
            ("initrd", Some(entry)) => entry.initramfs = vec![value.to_owned()],
            _ => {}
        }
    }
    let chosen = entries.get(default).or(entries.first());
    chosen.filter(|entry| !entry.kernel.is_empty()).cloned()
}

/// Reads `extlinux.conf`.
pub(crate) fn extlinux(text: &str) -> Option<Entry> {
    let (mut entries, mut default) = (Vec::<Entry>::new(), String::new());
    for line in text.lines().map(str::trim) {
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim().to_owned();
        match (key.to_ascii_lowercase().as_str(), entries.last_mut()) {
            ("default", _) => default = value,
            ("label", _) => entries.push(Entry {
                names: vec![value],
                ..Entry::default()
            }),
            ("kernel" | "linux", Some(entry)) => entry.kernel = value,
            ("initrd", Some(entry)) => entry.initramfs = value.split(',').map(str::to_owned).collect(),
            ("append", Some(entry)) => {
                let images = value.split_whitespace().find_map(|word| word.strip_prefix("initrd="));
                entry
                    .initramfs
                    .extend(images.into_iter().flat_map(|all| all.split(',')).map(str::to_owned));
                entry.arguments = value;
            }
            _ => {}
        }
    }
    entries.retain(|entry| !entry.kernel.is_empty());
    let named = entries.iter().find(|entry| entry.names.contains(&default));
    named.or(entries.first()).cloned()
}

/// Reads an entry of the Boot Loader Specification; words like `$kernelopts` are filled in.
pub(crate) fn loader<'a>(text: &str, variable: impl Fn(&str) -> Option<&'a str>) -> Entry {
    let mut entry = Entry::default();
    for line in text.lines().map(str::trim) {
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        match key {
            "linux" => entry.kernel = value.to_owned(),
            // `$tuned_initrd` and its like are empty as a rule.
            "initrd" => entry.initramfs.extend(
                value
                    .split_whitespace()
                    .filter(|word| !word.starts_with('$'))
                    .map(str::to_owned),
            ),
            "options" => {
                let words = value.split_whitespace().map(|word| match word.strip_prefix('$') {
                    Some(name) => variable(name.trim_matches(['{', '}'])).unwrap_or_default(),
                    None => word,
                });
                let words: Vec<&str> = words.collect();
                entry.arguments.push_str(&words.join(" "));
                entry.arguments.push(' ');
            }
            _ => {}
        }
    }
    entry
}

/// Compares versions by their numbers, as names of kernels are sorted.
pub(crate) fn newer(one: &str, other: &str) -> Ordering {
    let (one, other) = (runs(one), runs(other));
    let mut pairs = one.iter().zip(&other);
    let first = pairs.find_map(|(one, other)| {
        let numbers = one.parse::<u64>().ok().zip(other.parse::<u64>().ok());
        let order = numbers.map_or_else(|| one.cmp(other), |(one, other)| one.cmp(&other));
        (order != Ordering::Equal).then_some(order)
    });
    first.unwrap_or_else(|| one.len().cmp(&other.len()))
}

/// Runs of digits, and of letters.
fn runs(text: &str) -> Vec<&str> {
    let (mut runs, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
        let end = rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        if run.starts_with(char::is_alphanumeric) {
            runs.push(run);
        }
        rest = behind;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
set default="0"
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
fi
function savedefault {
}
menuentry 'Debian' --class debian $menuentry_id_option 'simple-1' {
    load_video
    linux /boot/vmlinuz-6.1.0-9 root=UUID=a ro quiet
    initrd /boot/initrd.img-6.1.0-9
}
submenu 'Advanced' $menuentry_id_option 'adv' {
    menuentry 'Debian, 6.1.0-9' --class debian $menuentry_id_option 'nine' {
        linux /boot/vmlinuz-6.1.0-9 root=UUID=a ro
    }
    menuentry 'Debian, 6.1.0-8' $menuentry_id_option 'eight' {
        linux /boot/vmlinuz-6.1.0-8 root=/dev/sda1 ro
        initrd /boot/ucode.img /boot/initrd.img-6.1.0-8
    }
}
menuentry 'UEFI Firmware Settings' {
    fwsetup
}
menuentry 'Other' {
    linux16 /other
}
"#;

    #[test]
    fn grub_starts_the_entry_that_is_chosen() {
        let grub = grub(CONFIG);
        assert_eq!(grub.default.as_deref(), Some("0"));
        for (wanted, kernel) in [
            (None, "/boot/vmlinuz-6.1.0-9"),
            (Some("0"), "/boot/vmlinuz-6.1.0-9"),
            (Some("1>1"), "/boot/vmlinuz-6.1.0-8"),
            (Some("adv>eight"), "/boot/vmlinuz-6.1.0-8"),
            (Some("Debian, 6.1.0-8"), "/boot/vmlinuz-6.1.0-8"),
            (Some("3"), "/other"),
            (Some("gone"), "/boot/vmlinuz-6.1.0-9"),
        ] {
            assert_eq!(grub.chosen(wanted).unwrap().kernel, kernel, "{wanted:?}");
        }
        let eight = grub.chosen(Some("eight")).unwrap();
        assert_eq!(eight.arguments, "root=/dev/sda1 ro");
        assert_eq!(eight.initramfs, ["/boot/ucode.img", "/boot/initrd.img-6.1.0-8"]);
    }

    #[test]
    fn a_saved_default_stays_one() {
        let text = "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\nelse\n   set default=\"${saved_entry}\"\nfi\nset kernelopts=\"root=UUID=a ro \"\nblscfg\n";
        let grub = grub(text);
        assert_eq!(grub.default.as_deref(), Some("${saved_entry}"));
        assert!(grub.takes_loader_entries && grub.entries.is_empty());
        assert_eq!(grub.variable("kernelopts"), Some("root=UUID=a ro "));
        let saved = environment("# GRUB Environment Block\nsaved_entry=abc-6.1\n######");
        assert_eq!(saved, [("saved_entry".to_owned(), "abc-6.1".to_owned())]);
    }

    #[test]
    fn other_loaders_are_understood() {
        let entry = legacy("default=1\ntimeout 5\ntitle A\n kernel /a root=/dev/a\ntitle B\n\tkernel /vmlinuz-2.6 ro root=/dev/sda2\n\tinitrd /i.img\n").unwrap();
        assert_eq!(
            (entry.kernel.as_str(), entry.arguments.as_str()),
            ("/vmlinuz-2.6", "ro root=/dev/sda2")
        );
        let entry = extlinux(
            "DEFAULT two\nLABEL one\n  LINUX ../a\nLABEL two\n  KERNEL /b\n  APPEND initrd=/i,/j root=LABEL=x\n",
        )
        .unwrap();
        assert_eq!(
            (entry.kernel.as_str(), entry.initramfs),
            ("/b", vec!["/i".to_owned(), "/j".to_owned()])
        );
        let entry = loader(
            "title x\nlinux /vmlinuz-5\ninitrd /i.img $tuned_initrd\noptions $kernelopts $tuned_params quiet\n",
            |name| (name == "kernelopts").then_some("root=UUID=b"),
        );
        assert_eq!(entry.initramfs, ["/i.img"]);
        assert!(entry.arguments.starts_with("root=UUID=b  quiet"), "{}", entry.arguments);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (one, other) in [
            ("5.10.0-21", "5.9.0-1"),
            ("a-4.18.0-553", "a-4.18.0-80"),
            ("6.1.0-9-amd64", "6.1.0-9"),
        ] {
            assert_eq!(newer(one, other), Ordering::Greater, "{one}");
            assert_eq!(newer(other, one), Ordering::Less, "{one}");
        }
    }
}

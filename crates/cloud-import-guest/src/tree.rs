//! The guest's tree of folders as its file systems make it together, with links followed.
//!
//! What could not be read is kept as such, and asked for by nobody who decides something by an absence.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use crate::{
    fs::{Entry, FileSystem, Kind},
    source::NotRead,
};

/// The most links on the way to one file.
const LINKS: usize = 16;
/// The most that is read of a text.
const TEXT: usize = 1 << 20;
/// Bytes that are read at once of a large file.
const PIECE: usize = 256 << 10;
/// The most paths that are remembered.
const REMEMBERED: usize = 20_000;

struct Mount {
    at: String,
    fs: Box<dyn FileSystem>,
}

/// The file systems at their places.
pub(crate) struct Tree {
    mounts: Vec<Mount>,
    known: HashMap<String, Option<Entry>>,
    /// Paths that were not read, and why.
    pub(crate) missed: BTreeMap<String, NotRead>,
    /// How often something was not read.
    pub(crate) misses: usize,
}

impl Tree {
    pub(crate) fn new(root: Box<dyn FileSystem>) -> Self {
        let at = "/".to_owned();
        Self {
            mounts: vec![Mount { at, fs: root }],
            known: HashMap::new(),
            missed: BTreeMap::new(),
            misses: 0,
        }
    }

    /// Puts a file system over what is at an absolute path without links.
    pub(crate) fn mount(&mut self, at: &str, fs: Box<dyn FileSystem>) {
        let at = at.trim_end_matches('/').to_owned();
        self.known.clear();
        self.mounts.push(Mount { at, fs });
    }

    /// Whether something stands at this very place.
    pub(crate) fn is_mounted(&self, at: &str) -> bool {
        self.mounts.iter().any(|mount| mount.at == at)
    }

    /// The file system that holds a path without links, and the path in it. The longest place wins, of two alike the later.
    fn pick<'a>(&mut self, path: &'a str) -> (&mut dyn FileSystem, &'a str) {
        let inner = |at: &str| match at {
            "/" => Some(path),
            _ => path
                .strip_prefix(at)
                .filter(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        let mut best = (0, path);
        for (number, mount) in self.mounts.iter().enumerate() {
            if let Some(rest) = inner(&mount.at).filter(|rest| rest.len() <= best.1.len()) {
                best = (number, rest);
            }
        }
        let (number, rest) = best;
        let rest = if rest.is_empty() { "/" } else { rest };
        (&mut *self.mounts[number].fs, rest)
    }

    /// What a path without links names.
    fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead> {
        if let Some(known) = self.known.get(path) {
            return Ok(known.clone());
        }
        let (fs, inner) = self.pick(path);
        let entry = fs.entry(inner)?;
        if self.known.len() < REMEMBERED {
            self.known.insert(path.to_owned(), entry.clone());
        }
        Ok(entry)
    }

    /// Follows a path: where it leads without links, and what is there. A link that leads nowhere is nothing.
    fn follow(&mut self, path: &str) -> Result<Option<(String, Entry)>, NotRead> {
        let parts = |path: &str| {
            path.split('/')
                .rev()
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (mut left, mut at, mut links) = (parts(path), String::new(), 0);
        while let Some(part) = left.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let next = format!("{at}/{part}");
            let Some(entry) = self.entry(&next)? else {
                return Ok(None);
            };
            let Some(target) = entry.target else {
                at = next;
                continue;
            };
            links += 1;
            if links > LINKS {
                return Err(NotRead::new("it has too many links on its way"));
            }
            if target.starts_with('/') {
                at.clear();
            }
            left.extend(parts(&target));
        }
        let at = if at.is_empty() { "/".to_owned() } else { at };
        let entry = self.entry(&at)?;
        Ok(entry.map(|entry| (at, entry)))
    }

    /// Keeps what was not read.
    fn kept<T>(&mut self, path: &str, result: Result<Option<T>, NotRead>) -> Option<T> {
        result.unwrap_or_else(|error| {
            self.misses += 1;
            if self.missed.len() < 100 {
                self.missed.insert(path.to_owned(), error);
            }
            None
        })
    }

    /// Whether there is something at a path; `None` where that could not be read.
    pub(crate) fn exists(&mut self, path: &str) -> Option<bool> {
        let found = self.follow(path).map(|found| Some(found.is_some()));
        self.kept(path, found)
    }

    /// The first of some paths that is there; `None` where none is, or one before it could not be read.
    pub(crate) fn first<'a>(&mut self, paths: &[&'a str]) -> Option<&'a str> {
        let found = paths.iter().map(|path| (*path, self.exists(path)));
        let first = found.into_iter().find(|(_, is_there)| *is_there != Some(false));
        first.filter(|(_, is_there)| is_there.is_some()).map(|(path, _)| path)
    }

    /// Whether one of some paths is there; `None` where that could not be read.
    pub(crate) fn any(&mut self, paths: &[&str]) -> Option<bool> {
        let found: Vec<Option<bool>> = paths.iter().map(|path| self.exists(path)).collect();
        match found.contains(&Some(true)) {
            true => Some(true),
            false => (!found.contains(&None)).then_some(false),
        }
    }

    /// Up to `max` bytes of a file's beginning; `None` where there is none, or it could not be read.
    pub(crate) fn head(&mut self, path: &str, max: usize) -> Option<Vec<u8>> {
        let found = self.follow(path).and_then(|found| match found {
            Some((real, entry)) if entry.kind == Kind::File => {
                let (fs, inner) = self.pick(&real);
                fs.read(inner, 0, max).map(Some)
            }
            _ => Ok(None),
        });
        self.kept(path, found)
    }

    /// A text of up to 1 MiB.
    pub(crate) fn text(&mut self, path: &str) -> Option<String> {
        self.long_text(path, TEXT)
    }

    /// A text of up to `max` bytes.
    pub(crate) fn long_text(&mut self, path: &str, max: usize) -> Option<String> {
        let bytes = self.head(path, max)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Names in a folder in their order; none where there is no such folder, or it could not be read.
    pub(crate) fn list(&mut self, path: &str) -> Vec<String> {
        let found = self.follow(path).and_then(|found| match found {
            Some((real, entry)) if entry.kind == Kind::Folder => {
                let (fs, inner) = self.pick(&real);
                fs.list(inner).map(Some)
            }
            _ => Ok(None),
        });
        let mut names = self.kept(path, found).unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// Texts of the files of a folder whose names end as given, by their paths, in the order of their names.
    pub(crate) fn texts(&mut self, folder: &str, ending: &str) -> Vec<(String, String)> {
        let names = self
            .list(folder)
            .into_iter()
            .filter(|name| name.ends_with(ending))
            .take(200);
        let paths: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
        let texts = paths.into_iter().filter_map(|path| {
            let text = self.text(&path)?;
            Some((path, text))
        });
        texts.collect()
    }

    /// Whether nobody may change a file; no, where that is not known.
    pub(crate) fn is_immutable(&mut self, path: &str) -> bool {
        let found = self.follow(path).and_then(|found| match found {
            Some((real, _)) => {
                let (fs, inner) = self.pick(&real);
                fs.is_immutable(inner).map(Some)
            }
            None => Ok(None),
        });
        self.kept(path, found).unwrap_or(false)
    }

    /// Where a path leads without links; `None` where it leads nowhere, or could not be read.
    pub(crate) fn real(&mut self, path: &str) -> Option<String> {
        let found = self.follow(path).map(|found| found.map(|(real, _)| real));
        self.kept(path, found)
    }

    /// A file to be read from its beginning on; `None` where there is none.
    pub(crate) fn file(&mut self, path: &str) -> Result<Option<FileReader<'_>>, NotRead> {
        let Some((path, entry)) = self.follow(path)?.filter(|(_, entry)| entry.kind == Kind::File) else {
            return Ok(None);
        };
        Ok(Some(FileReader {
            tree: self,
            path,
            size: entry.size,
            at: 0,
            piece: Vec::new(),
            used: 0,
        }))
    }
}

/// A file that is read from its beginning on.
pub(crate) struct FileReader<'a> {
    tree: &'a mut Tree,
    path: String,
    size: u64,
    at: u64,
    piece: Vec<u8>,
    used: usize,
}

impl io::Read for FileReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() && self.at < self.size {
            let (fs, inner) = self.tree.pick(&self.path);
            self.piece = fs.read(inner, self.at, PIECE).map_err(io::Error::other)?;
            self.at += self.piece.len() as u64;
            self.used = 0;
            if self.piece.is_empty() {
                self.at = self.size;
            }
        }
        let left = self.piece.get(self.used..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.used += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::facts::State;

    /// Files by their paths: a text, a link (`->`), or a folder (`/`).
    #[derive(Default)]
    struct Fake(Vec<(&'static str, &'static str)>);

    impl FileSystem for Fake {
        fn kind(&self) -> &'static str {
            "fake"
        }

        fn uuid(&self) -> Option<String> {
            None
        }

        fn label(&self) -> Option<String> {
            None
        }

        fn state(&mut self) -> State {
            State::Clean
        }

        fn features(&self) -> Vec<String> {
            Vec::new()
        }

        fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead> {
            if path == "/bad" {
                return Err(NotRead::new("it is bad"));
            }
            let content = self.0.iter().find(|(own, _)| *own == path).map(|(_, content)| *content);
            let content = if path == "/" { Some("/") } else { content };
            Ok(content.map(|content| Entry {
                kind: match content {
                    "/" => Kind::Folder,
                    link if link.starts_with("->") => Kind::Link,
                    _ => Kind::File,
                },
                size: content.len() as u64,
                target: content.strip_prefix("->").map(str::to_owned),
            }))
        }

        fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead> {
            let folder = format!("{}/", folder.trim_end_matches('/'));
            let inside = self.0.iter().filter_map(|(path, _)| path.strip_prefix(&folder));
            Ok(inside.filter(|name| !name.contains('/')).map(str::to_owned).collect())
        }

        fn read(&mut self, path: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
            let content = self
                .0
                .iter()
                .find(|(own, _)| *own == path)
                .map_or("", |(_, content)| content);
            Ok(content.bytes().skip(offset as usize).take(max).collect())
        }
    }

    fn tree() -> Tree {
        let mut tree = Tree::new(Box::new(Fake(vec![
            ("/etc", "/"),
            ("/etc/os-release", "->../usr/lib/os-release"),
            ("/usr", "/"),
            ("/usr/lib", "/"),
            ("/usr/lib/os-release", "ID=x"),
            ("/bin", "->usr/bin"),
            ("/usr/bin", "/"),
            ("/usr/bin/env", "ELF"),
            ("/round", "->/round"),
            ("/up", "->../../../etc"),
            ("/dangling", "->/nowhere"),
            ("/boot", "/"),
            ("/boot/hidden", "no"),
            ("/kernel", "->boot/vmlinuz"),
        ])));
        tree.mount(
            "/boot",
            Box::new(Fake(vec![
                ("/vmlinuz", "kernel"),
                ("/boot", "->."),
                ("/out", "->../usr/bin/env"),
            ])),
        );
        tree
    }

    #[test]
    fn links_lead_across_file_systems() {
        let mut tree = tree();
        for (path, text) in [
            ("/etc/os-release", "ID=x"),
            ("/bin/env", "ELF"),
            ("/up/os-release", "ID=x"),
            ("/boot/vmlinuz", "kernel"),
            ("/boot/boot/boot/vmlinuz", "kernel"),
            ("/kernel", "kernel"),
            ("/boot/out", "ELF"),
        ] {
            assert_eq!(tree.text(path).as_deref(), Some(text), "{path}");
        }
        assert_eq!(tree.list("/boot"), ["boot", "out", "vmlinuz"]);
        for absent in ["/dangling", "/boot/hidden", "/bootx", "/etc/os-release/x"] {
            assert_eq!(tree.exists(absent), Some(false), "{absent}");
        }
        assert!(tree.missed.is_empty());
    }

    #[test]
    fn what_is_not_read_is_no_absence() {
        let mut tree = tree();
        assert_eq!((tree.exists("/bad"), tree.exists("/round")), (None, None));
        assert_eq!(tree.any(&["/nothing", "/bad"]), None);
        assert_eq!(tree.any(&["/bad", "/etc"]), Some(true));
        assert_eq!(tree.any(&["/nothing", "/none"]), Some(false));
        assert_eq!(tree.first(&["/nothing", "/etc", "/bad"]), Some("/etc"));
        assert_eq!(tree.first(&["/bad", "/etc"]), None);
        let missed: Vec<&str> = tree.missed.keys().map(String::as_str).collect();
        assert_eq!(missed, ["/bad", "/round"]);
    }

    #[test]
    fn sixteen_links_are_followed_and_no_more() {
        // `/l0` leads to `/l1`, and so on to the end.
        const CHAIN: [(&str, &str); 18] = [
            ("/l0", "->/l1"),
            ("/l1", "->/l2"),
            ("/l2", "->/l3"),
            ("/l3", "->/l4"),
            ("/l4", "->/l5"),
            ("/l5", "->/l6"),
            ("/l6", "->/l7"),
            ("/l7", "->/l8"),
            ("/l8", "->/l9"),
            ("/l9", "->/l10"),
            ("/l10", "->/l11"),
            ("/l11", "->/l12"),
            ("/l12", "->/l13"),
            ("/l13", "->/l14"),
            ("/l14", "->/l15"),
            ("/l15", "->/l16"),
            ("/l16", "->/l17"),
            ("/l17", "end"),
        ];
        let mut tree = Tree::new(Box::new(Fake(CHAIN.to_vec())));
        assert_eq!(tree.text("/l1").as_deref(), Some("end"));
        assert_eq!(tree.exists("/l0"), None);
    }

    #[test]
    fn a_file_is_read_to_its_end() {
        let mut text = String::new();
        tree()
            .file("/kernel")
            .unwrap()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "kernel");
        assert!(tree().file("/boot").unwrap().is_none());
    }
}

//! How the files of a crate hang together, by their text: who imports whom, and how long functions are.
//!
//! A name is followed through re-exports to the file that declares it; tests are left out. It is no compiler: it does not
//! see what a macro makes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{house, tokens};

/// A crate's files by module path; the root's is empty.
pub(crate) struct Sources(BTreeMap<String, File>);

/// What one file has and names.
#[derive(Default)]
pub(crate) struct File {
    shown: String,
    /// Items outside of any block, and whether they are public.
    pub(crate) items: BTreeMap<String, bool>,
    pub(crate) uses: Vec<Use>,
}

/// A path in a file's code, or one of a `use` item with the name that it has there; `*` takes all names.
pub(crate) struct Use {
    pub(crate) path: Vec<String>,
    pub(crate) name: String,
    pub(crate) is_public: bool,
    /// It only passes the name on: who takes it from here imports the file that declares it, and this file imports nothing.
    passes_on: bool,
}

impl Sources {
    /// The files below a `src` folder.
    pub(crate) fn read(src: &Path) -> Self {
        Self::of(house::files(src).iter().filter_map(|path| {
            let shown = path.strip_prefix(src).ok()?.to_str()?.to_owned();
            Some((shown, fs::read_to_string(path).ok()?))
        }))
    }

    fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let rust = files.into_iter().filter_map(|(shown, text)| {
            let module = shown.strip_suffix(".rs")?.replace('/', "::");
            let module = module.strip_suffix("::mod").unwrap_or(&module);
            let module = if matches!(module, "lib" | "main") { "" } else { module };
            (!module.ends_with("tests")).then(|| (module.to_owned(), File::read(&shown, &text)))
        });
        Self(rust.collect())
    }

    /// The file of a module.
    pub(crate) fn file(&self, module: &str) -> Option<&File> {
        self.0.get(module)
    }

    /// Files that import one another, directly or by way of others: each group once.
    pub(crate) fn circles(&self) -> BTreeSet<Vec<&str>> {
        let reached: BTreeMap<_, _> = self.0.keys().map(|from| (from.as_str(), self.reached(from))).collect();
        let circles = reached.iter().map(|(from, to)| {
            let back = to.iter().filter(|other| reached[**other].contains(from));
            back.map(|module| self.0[*module].shown.as_str()).collect()
        });
        circles.filter(|circle: &Vec<_>| circle.len() > 1).collect()
    }

    fn reached<'a>(&'a self, from: &'a str) -> BTreeSet<&'a str> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            open.extend(self.imported(at).filter(|to| *to != at && seen.insert(*to)));
        }
        seen
    }

    /// The modules whose items a file takes.
    fn imported<'a>(&'a self, at: &'a str) -> impl Iterator<Item = &'a str> {
        let taken = self.0[at].uses.iter().filter(|own| !own.passes_on);
        taken.filter_map(move |own| self.declaring(at, &own.path, 0))
    }

    /// Imports from a folder into one that stands above it: `floors` names them from the ground up.
    pub(crate) fn upward(&self, floors: &[&str]) -> Vec<String> {
        let floor = |module: &str| {
            let folder = module.split("::").next().unwrap_or_default();
            floors.iter().position(|floor| *floor == folder)
        };
        let mut found = Vec::new();
        for (module, file) in &self.0 {
            let above = self
                .imported(module)
                .filter(|to| matches!((floor(module), floor(to)), (Some(own), Some(to)) if to > own));
            found.extend(above.map(|to| format!("{} imports {}", file.shown, self.0[to].shown)));
        }
        found
    }

    /// The module that declares what a path names; `None` for another crate's.
    pub(crate) fn declaring(&self, from: &str, path: &[String], depth: usize) -> Option<&str> {
        let mut at: Vec<&str> = from.split("::").filter(|part| !part.is_empty()).collect();
        let mut rest = path;
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = others;
        }
        let mut is_own = rest.len() < path.len();
        while let [first, others @ ..] = rest {
            at.push(first);
            if !self.0.contains_key(&at.join("::")) {
                at.pop();
                break;
            }
            (rest, is_own) = (others, true);
        }
        let (module, file) = self.0.get_key_value(&at.join("::")).filter(|_| is_own)?;
        let followed = rest.first().filter(|_| depth < 8).and_then(|name| {
            let mut uses = file.uses.iter().filter(|own| own.name == *name || own.name == "*");
            uses.find_map(|own| {
                if own.name == *name {
                    return self.declaring(module, &own.path, depth + 1);
                }
                let found = self.declaring(
                    module,
                    &[own.path.as_slice(), std::slice::from_ref(name)].concat(),
                    depth + 1,
                )?;
                self.0[found].items.contains_key(name).then_some(found)
            })
        });
        Some(followed.unwrap_or(module))
    }
}

impl File {
    fn read(shown: &str, text: &str) -> Self {
        let mut file = Self {
            shown: shown.to_owned(),
            ..Self::default()
        };
        let code = source(text).join("\n");
        let tokens = tokens::of(&code);
        let token = |at: usize| tokens.get(at).copied().unwrap_or_default();
        let is_modifier = |word: &str| matches!(word, "const" | "async" | "unsafe");
        let (mut at, mut blocks) = (0, Vec::new());
        while at < tokens.len() {
            let before = at.checked_sub(1).map_or("", token);
            let is_outside = !blocks.contains(&true);
            match token(at) {
                // What stands in the braces of a macro's call stands outside of any block, too.
                "{" => blocks.push(before != "!"),
                "}" => drop(blocks.pop()),
                "use" if token(at + 1) != "<" => {
                    let (passes_on, is_public) = (matches!(before, "pub" | ")"), before == "pub" && is_outside);
                    at = tokens::names(&tokens, at + 1, &[], &mut |path, name| {
                        file.uses.push(Use {
                            path: path.iter().map(|part| (*part).to_owned()).collect(),
                            name: name.to_owned(),
                            is_public,
                            passes_on,
                        });
                    });
                }
                "const" if is_modifier(token(at + 1)) || token(at + 1) == "fn" => {}
                "fn" | "struct" | "enum" | "trait" | "type" | "static" | "const" | "mod" if is_outside => {
                    let modified = tokens[..at].iter().rev().find(|word| !is_modifier(word));
                    file.items.insert(token(at + 1).to_owned(), modified == Some(&"pub"));
                }
                "macro_rules" => {
                    let is_exported = tokens[..at].ends_with(&["macro_export", "]"]);
                    file.items.insert(token(at + 2).to_owned(), is_exported);
                }
                first if token(at + 1) == "::" && before != "$" => {
                    let mut path = vec![first.to_owned()];
                    while token(at + 1) == "::" {
                        path.push(token(at + 2).to_owned());
                        at += 2;
                    }
                    file.uses.push(Use {
                        path,
                        name: String::new(),
                        is_public: false,
                        passes_on: false,
                    });
                }
                _ => {}
            }
            at += 1;
        }
        file
    }
}

/// Whether a file, shown from the root, holds tests only.
pub(crate) fn is_test(shown: &str) -> bool {
    shown.starts_with("tests/") || shown.contains("/tests/") || shown.ends_with("/tests.rs")
}

/// The lines of a source without the tests at its end.
pub(crate) fn source(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with('{'));
    lines[..tests.unwrap_or(lines.len())].to_vec()
}

/// Functions of more than 80 lines: where, name and length. They are told by their indentation, as the source is formatted.
pub(crate) fn long_functions(text: &str) -> Vec<(usize, &str, usize)> {
    let lines = source(text);
    let functions = lines.iter().enumerate().filter_map(|(at, line)| {
        let (before, rest) = line.split_once("fn ")?;
        let is_item = before
            .split_whitespace()
            .all(|word| word.starts_with("pub") || matches!(word, "const" | "async"));
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let length = lines[at..].iter().position(|line| **line == end)? + 1;
        let name = rest.split(['(', '<']).next()?;
        (is_item && !line.ends_with(';')).then_some((at + 1, name, length))
    });
    functions.filter(|(.., length)| *length > 80).collect()
}

/// Public structs that whoever uses them can write out, because all their fields are public and nothing says that there may be
/// more: where, and name. A new field breaks those who do.
pub(crate) fn open_structs(text: &str) -> Vec<(usize, &str)> {
    let lines = source(text);
    let structs = lines.iter().enumerate().filter_map(|(at, line)| {
        let rest = line.trim_start().strip_prefix("pub struct ")?;
        let name = rest.split(['<', ' ', '(', ';', '{']).next()?;
        let about = lines[..at].iter().rev();
        let mut about = about.take_while(|line| !line.is_empty() && !line.ends_with(['}', ';']));
        if about.any(|line| line.trim() == "#[non_exhaustive]") {
            return None;
        }
        let fields: Vec<&str> = if line.ends_with('{') {
            let indent = line.len() - line.trim_start().len();
            let inner = " ".repeat(indent + 4);
            let end = format!("{}}}", &line[..indent]);
            let body = lines[at + 1..].iter().take_while(|line| **line != end);
            let own = body.filter_map(|line| line.strip_prefix(&inner));
            own.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(": "))
                .collect()
        } else {
            rest.split_once('(').map(|(_, fields)| fields).into_iter().collect()
        };
        let is_open = !fields.is_empty() && fields.iter().all(|field| field.starts_with("pub "));
        is_open.then_some((at + 1, name))
    });
    structs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let sources = Sources::of(
            files
                .iter()
                .map(|(shown, text)| ((*shown).to_owned(), (*text).to_owned())),
        );
        sources.circles().iter().map(|circle| circle.join(" ")).collect()
    }

    #[test]
    fn a_circle_is_found_through_what_the_root_passes_on() {
        let root = (
            "lib.rs",
            "mod a;\nmod b;\nmod c;\npub use a::{One, deep::*};\npub use b::Two as Other;",
        );
        let a = ("a.rs", "use crate::{Other, c};\npub struct One;");
        let deep = ("a/deep.rs", "pub struct Three;");
        assert!(circles(&[root, a, deep, ("b.rs", "use std::fmt;\npub struct Two;"), ("c.rs", "")]).is_empty());
        let back = ("b.rs", "pub struct Two(crate::One);");
        assert_eq!(
            circles(&[root, a, deep, back, ("c.rs", "use crate::Three;")]),
            ["a.rs b.rs"]
        );
    }

    #[test]
    fn a_parent_that_calls_a_child_that_takes_from_it_is_a_circle() {
        let parent = ("a/mod.rs", "mod b;\nconst X: u8 = 1;\nfn f() { b::g() }");
        assert_eq!(
            circles(&[parent, ("a/b.rs", "use super::X;\npub fn g() {}")]),
            ["a/mod.rs a/b.rs"]
        );
        // What it says of itself in texts, comments and tests is no import.
        let child = "//! As super::X is.\nfn g() { let _ = (\"super::X\", '\"'); }\n#[cfg(test)]\nmod tests {\n    use super::super::X;\n}\n";
        assert!(circles(&[parent, ("a/b.rs", child)]).is_empty());
    }

    #[test]
    fn a_struct_is_open_when_all_its_fields_are_public_and_nothing_says_there_may_be_more() {
        let open = |text: &str| {
            open_structs(text)
                .into_iter()
                .map(|(_, name)| name.to_owned())
                .collect::<Vec<_>>()
        };
        let fields = "{\n    /// Of it: all.\n    pub a: u8,\n    pub b: Option<u8>,\n}\n";
        assert_eq!(
            open(&format!("/// It.\n#[derive(Debug)]\npub struct One<'a> {fields}")),
            ["One"]
        );
        assert_eq!(open("pub struct Two(pub u8);\n"), ["Two"]);
        for closed in [
            format!("#[derive(Debug)]\n#[non_exhaustive]\n/// It.\npub struct One {fields}"),
            format!("pub(crate) struct One {fields}"),
            format!("pub struct One {}", fields.replace("pub b", "b")),
            format!("pub struct One {}", fields.replace("pub b", "pub(crate) b")),
            "pub struct One;\n".to_owned(),
            "pub struct One(u8);\n".to_owned(),
        ] {
            assert_eq!(open(&closed), [""; 0], "{closed}");
        }
        // What is said of the one before says nothing of it.
        let before = format!("#[non_exhaustive]\npub struct One {fields}\npub struct Two {fields}");
        assert_eq!(open(&before), ["Two"]);
    }

    #[test]
    fn a_function_is_measured_by_its_indentation() {
        let function = |lines: usize| {
            format!(
                "    pub async fn long<T>(x: T) {{\n{}    }}\n",
                "        x();\n".repeat(lines - 2)
            )
        };
        assert!(long_functions(&function(80)).is_empty());
        assert_eq!(
            long_functions(&format!("impl X {{\n{}}}\n", function(81))),
            [(2, "long", 81)]
        );
    }
}

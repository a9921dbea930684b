//! What a page of the book asks the command to do: files to write, lines to type, and what they answer. Nothing is run here.

use std::{fs, path::Path};

/// A step of a page, in the order of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A block whose first line names a file: `# targets.toml`.
    File { name: String, text: String },
    /// A line that is typed.
    Line(Line),
    /// A line of a block that is not run, because it installs something, holds keys or needs a network.
    NotRun(String),
}

/// A line, what stands below it as its answer, and the exit code that it ends with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) shown: Vec<String>,
    pub(super) exit: i32,
    /// What the shell is told first.
    pub(super) with: String,
}

impl Line {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            shown: Vec::new(),
            exit: 0,
            with: String::new(),
        }
    }
}

/// Files that hold commands, which are run as they stand there.
const SCRIPTS: [&str; 5] = ["yaml", "hcl", "ini", "groovy", "cron"];

/// The steps of a page. `<!-- before: LINE -->` is run and not shown. `<!-- exit: N -->` is the code of the last line of the next block, and
/// `<!-- with: NAME=VALUE -->` a variable for all of them: with `NO_SIMULATOR=1`, the real clouds are meant.
pub(super) fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut lines, mut exit, mut with) = (page.lines(), 0, String::new());
    while let Some(line) = lines.next() {
        let comment = |name: &str| line.trim().strip_prefix(name)?.strip_suffix("-->");
        if let Some(before) = comment("<!-- before:") {
            steps.push(Step::Line(Line::new(before.trim())));
        } else if let Some(code) = comment("<!-- exit:") {
            exit = code.trim().parse().unwrap();
        } else if let Some(variable) = comment("<!-- with:") {
            with = format!("export {}; ", variable.trim());
        } else if let Some(language) = line.trim_start().strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            let count = steps.len();
            of_block(language, &block, &mut steps);
            for step in &mut steps[count..] {
                if let Step::Line(line) = step {
                    line.with.clone_from(&with);
                }
            }
            with.clear();
            if let Some(Step::Line(last)) = steps[count..].last_mut() {
                last.exit = std::mem::take(&mut exit);
            }
        }
    }
    assert_eq!(exit, 0, "no line ends with it");
    steps
}

fn of_block(language: &str, block: &[&str], steps: &mut Vec<Step>) {
    match language {
        "console" => of_console(block, steps),
        "sh" if file_name(block).is_none() => {
            steps.extend(whole_lines(block).into_iter().map(Step::NotRun));
        }
        _ => {
            if let Some(name) = file_name(block) {
                steps.push(Step::File {
                    name: name.to_owned(),
                    text: block.join("\n") + "\n",
                });
            }
            if SCRIPTS.contains(&language) {
                let commands = whole_lines(block).into_iter().filter_map(|line| command(&line));
                steps.extend(commands.map(|text| Step::Line(Line::new(&text))));
            }
        }
    }
}

fn of_console(block: &[&str], steps: &mut Vec<Step>) {
    let mut typed: Option<Line> = None;
    for line in whole_lines(block) {
        match line.strip_prefix("$ ") {
            Some(text) => {
                let text = text.split(" # ").next().unwrap_or_default().trim();
                steps.extend(typed.replace(Line::new(text)).map(Step::Line));
            }
            // An answer stands below what is typed.
            None => typed.as_mut().unwrap().shown.push(line),
        }
    }
    steps.extend(typed.map(Step::Line));
}

/// The name in a block's first line, if that is all that it says.
fn file_name<'a>(block: &[&'a str]) -> Option<&'a str> {
    let name = block.first()?.strip_prefix("# ")?;
    let is_name = !name.contains(' ') && name.contains('.') && !name.ends_with('.');
    is_name.then_some(name)
}

/// Lines, each with those that a backslash joins to it.
fn whole_lines(block: &[&str]) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in block {
        let text = line.strip_suffix('\\').unwrap_or(line);
        match whole.last_mut() {
            Some(last) if goes_on => last.push_str(text.trim_start()),
            _ => whole.push(text.to_owned()),
        }
        goes_on = text.len() < line.len();
    }
    whole
}

/// The command in a line of a file of another program.
fn command(line: &str) -> Option<String> {
    if line.trim_start().starts_with(['#', '/']) {
        return None;
    }
    let (_, from) = line.split_once("cloud-import ")?;
    let is_verb = from.split(' ').next()?.chars().all(|c| c.is_ascii_lowercase());
    let end = from.find(" >>").unwrap_or(from.len());
    is_verb.then(|| {
        format!(
            "cloud-import {}",
            from[..end].trim_end_matches(['"', '\'', ']', ',', ' '])
        )
    })
}

/// The pages: the READMEs that the command's users read, and the book, without what is generated.
pub(super) fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut names = vec![
        "README.md".to_owned(),
        "crates/cloud-import-cli/README.md".to_owned(),
        "crates/cloud-import/README.md".to_owned(),
    ];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                folders.push(name);
            } else if name.ends_with(".md") {
                names.push(name);
            }
        }
    }
    names.sort();
    let read = |name: String| (fs::read_to_string(root.join(&name)).unwrap(), name);
    names.into_iter().map(read).map(|(text, name)| (name, text)).collect()
}

#[test]
fn a_page_is_taken_apart() {
    let page = "\
<!-- before: cloud-import list -->\n\
```toml\n# targets.toml\nos = \"x\"\n```\n\
```console\n$ cloud-import import \\\n    --to all x   # a remark\nanswer\n```\n\
<!-- exit: 2 -->\n<!-- with: A=b -->\n\
```console\n$ cloud-import wait\n```\n\
```sh\nexport A=b\n```\n\
```yaml\n  - run: cloud-import list --failed\n  - run: cargo install cloud-import-cli\n```\n";
    let line = |text: &str, shown: &[&str], exit| {
        Step::Line(Line {
            text: text.to_owned(),
            shown: shown.iter().map(|line| (*line).to_owned()).collect(),
            exit,
            with: if exit == 2 { "export A=b; " } else { "" }.to_owned(),
        })
    };
    let text = "# targets.toml\nos = \"x\"\n".to_owned();
    let expected = [
        line("cloud-import list", &[], 0),
        Step::File {
            name: "targets.toml".to_owned(),
            text,
        },
        line("cloud-import import --to all x", &["answer"], 0),
        line("cloud-import wait", &[], 2),
        Step::NotRun("export A=b".to_owned()),
        line("cloud-import list --failed", &[], 0),
    ];
    assert_eq!(steps(page), expected);
}

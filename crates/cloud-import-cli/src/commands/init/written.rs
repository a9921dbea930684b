//! The files: their texts, read back by those who will read them, and put where nothing was.

use std::{fmt::Write as _, fs, io, path::Path};

use cloud_import::{Error, ErrorKind, Result, env};
use toml::Value;

use super::plan::{Placed, Plan};
use crate::{config, targets};

/// The file of targets.
const TARGETS: &str = "targets.toml";

/// A file that is to be kept.
#[derive(Debug, PartialEq)]
pub(super) struct Made {
    pub(super) name: &'static str,
    text: String,
}

/// Both files, which their own readers take.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when a reader does not take one, or reads something else in it.
pub(super) fn files(plan: &Plan) -> Result<Vec<Made>> {
    let made = vec![
        Made {
            name: TARGETS,
            text: of_targets(plan),
        },
        Made {
            name: config::FILE,
            text: format!(
                "# Defaults of cloud-import in this directory.\ntargets = {}\n",
                quoted(TARGETS)
            ),
        },
    ];
    for file in &made {
        let path = Path::new(file.name);
        match file.name {
            TARGETS => {
                let named = targets::names_in(&file.text, path)?;
                if !in_order(plan).map(|placed| placed.target.to_string()).eq(named) {
                    return Err(Error::new(
                        ErrorKind::Local,
                        format!("`{TARGETS}` does not say what it was to say"),
                    ));
                }
            }
            _ => config::can_stand(&file.text, path)?,
        }
    }
    Ok(made)
}

fn of_targets(plan: &Plan) -> String {
    let mut text = "# Where `cloud-import import` puts an image. Each target may have a bucket, name, os, tags and others of its own.\n"
        .to_owned();
    let os = plan.os.as_ref().map(ToString::to_string);
    let fields = [("name", &plan.name), ("os", &os)];
    let mut said = fields
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_ref()?)))
        .peekable();
    if said.peek().is_some() {
        text.push_str("\n[defaults]\n");
        for (key, value) in said {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
    }
    for placed in in_order(plan) {
        let _ = writeln!(text, "\n[targets.{}]", quoted(&placed.target.to_string()));
        if let Some(bucket) = &placed.bucket {
            let _ = writeln!(text, "bucket = {}", quoted(bucket));
        }
    }
    text
}

/// The targets in the order in which they are read.
fn in_order(plan: &Plan) -> impl Iterator<Item = &Placed> {
    let mut placed: Vec<&Placed> = plan.targets.iter().collect();
    placed.sort_by_key(|placed| placed.target.to_string());
    placed.into_iter()
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Refuses to go on where one of the files is there and may not be overwritten.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`].
pub(super) fn refuse_what_is_there(folder: &Path, force: bool) -> Result<()> {
    let is_there = |name: &&str| fs::symlink_metadata(folder.join(name)).is_ok();
    match [TARGETS, config::FILE].iter().find(|name| !force && is_there(name)) {
        Some(name) => Err(taken(name)),
        None => Ok(()),
    }
}

fn taken(name: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, format!("`{name}` is there already"))
        .with_remedy("Use --force to overwrite it, or another directory.")
}

/// Writes the files, and trusts that of defaults, which the user has just made.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for a file that appeared meanwhile, [`ErrorKind::Local`] where one cannot be written.
pub(super) fn keep(made: &[Made], folder: &Path, force: bool) -> Result<()> {
    for (index, file) in made.iter().enumerate() {
        if let Err(error) = place(file, folder, force) {
            // One file without the other helps nobody, and what was not there before may go.
            let before = made[..index].iter().filter(|_| !force);
            before.for_each(|file| drop(fs::remove_file(folder.join(file.name))));
            return Err(error);
        }
    }
    let defaults = made.iter().find(|file| file.name == config::FILE);
    defaults.map_or(Ok(()), |file| config::trust(&folder.join(file.name), &file.text))
}

fn place(file: &Made, folder: &Path, force: bool) -> Result<()> {
    let path = folder.join(file.name);
    let temporary = folder.join(format!(".{}.{}", file.name, std::process::id()));
    let written = env::write_file(&temporary, file.text.as_bytes());
    let placed = written.and_then(|()| env::place_file(&temporary, &path, force));
    placed.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        match error.kind() {
            io::ErrorKind::AlreadyExists => taken(file.name),
            _ => Error::new(
                ErrorKind::Local,
                format!("`{}` cannot be written: {error}", path.display()),
            )
            .with_source(error),
        }
    })
}

#[cfg(test)]
mod tests {
    use cloud_import::Target;

    use super::*;

    fn plan(targets: &[(&str, Option<&str>)], name: Option<&str>) -> Plan {
        let placed = |(target, bucket): &(&str, Option<&str>)| Placed {
            target: target.parse::<Target>().unwrap(),
            bucket: bucket.map(str::to_owned),
        };
        Plan {
            targets: targets.iter().map(placed).collect(),
            name: name.map(str::to_owned),
            os: Some("CentOS 7.9".parse().unwrap()),
        }
    }

    #[test]
    fn the_readers_take_what_is_written() {
        let made = files(&plan(
            &[("ucloud/cn-bj2", None), ("aliyun/cn-hangzhou", Some("my-bucket"))],
            Some("web-{date} \"x\""),
        ))
        .unwrap();
        assert_eq!(
            made[1].text,
            "# Defaults of cloud-import in this directory.\ntargets = \"targets.toml\"\n"
        );
        let text = &made[0].text;
        assert!(
            text.contains(
                "\n[targets.\"aliyun/cn-hangzhou\"]\nbucket = \"my-bucket\"\n\n[targets.\"ucloud/cn-bj2\"]\n"
            ),
            "{text}"
        );
        let read: toml::Table = toml::from_str(text).unwrap();
        assert_eq!(read["defaults"]["name"].as_str(), Some("web-{date} \"x\""));
        assert_eq!(read["defaults"]["os"].as_str(), Some("CentOS 7.9"));
    }

    #[test]
    fn what_is_there_is_overwritten_only_when_that_is_said() {
        let folder = std::env::temp_dir().join(format!("cloud-import-init-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |text: &str| Made {
            name: TARGETS,
            text: text.to_owned(),
        };
        refuse_what_is_there(&folder, false).unwrap();
        place(&file("one"), &folder, false).unwrap();
        assert!(
            refuse_what_is_there(&folder, false)
                .unwrap_err()
                .message()
                .contains(TARGETS)
        );
        refuse_what_is_there(&folder, true).unwrap();
        // One that appeared while somebody was asked stays, too.
        let error = place(&file("two"), &folder, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert_eq!(fs::read_to_string(folder.join(TARGETS)).unwrap(), "one");
        place(&file("two"), &folder, true).unwrap();
        assert_eq!(fs::read_to_string(folder.join(TARGETS)).unwrap(), "two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
        fs::remove_dir_all(folder).unwrap();
    }
}

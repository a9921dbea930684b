//! What a release hands out, into `target/release-assets`: as much of it as this machine can make, and what it left out, with the reason.
//! It publishes nothing. How an asset is made stands in `xtask/packaging`.

mod assets;
mod programs;

use std::{fs, path::Path};

use self::assets::Assets;
use crate::Outcome;

/// What is built for, where the target's standard library is installed and a program for it runs here.
const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
];

const USAGE: &str = "usage: cargo xtask release --dry-run [--target TRIPLE]...";

/// `--dry-run`, and which targets; without one, all that can be built here.
pub(crate) fn run(root: &Path, options: &[&str]) -> Outcome {
    let wanted = read(options)?;
    let sysroot = programs::text(root, "rustc", &["--print", "sysroot"])?;
    let host = host(&programs::text(root, "rustc", &["-vV"])?)?;
    let folder = root.join("target").join("release-assets");
    clear(&folder)?;
    let mut assets = Assets::new(root, &folder)?;
    for target in &wanted {
        let is_installed = Path::new(&sysroot).join("lib/rustlib").join(target).is_dir();
        match why_not(target, &host, is_installed) {
            Some(why) => assets.leave_out(target, &why),
            None => {
                assets.build(target, *target == host)?;
                assets.of_target(target, *target == host)?;
            }
        }
    }
    assets.of_all()?;
    crate::say(&assets.told()?);
    Ok(())
}

fn read<'a>(options: &[&'a str]) -> Result<Vec<&'a str>, String> {
    let [rest @ .., last] = options else {
        return Err(USAGE.to_owned());
    };
    let words = match options.split_first() {
        Some((&"--dry-run", rest)) => rest,
        _ if *last == "--dry-run" => rest,
        _ => return Err(USAGE.to_owned()),
    };
    let targets = words.chunks(2).map(|pair| match pair {
        ["--target", target] => Ok(*target),
        _ => Err(USAGE.to_owned()),
    });
    let targets: Vec<&str> = targets.collect::<Result<_, _>>()?;
    Ok(if targets.is_empty() { TARGETS.to_vec() } else { targets })
}

/// The target that `rustc -vV` says it is made for.
fn host(version: &str) -> Result<String, String> {
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned)
        .ok_or_else(|| "release: rustc does not say its host".to_owned())
}

/// Why nothing is made for a target here. Completions and manual pages are the program's own, so that it must run.
fn why_not(target: &str, host: &str, is_installed: bool) -> Option<String> {
    let cpu = |target: &str| target.split('-').next().map(str::to_owned);
    if cpu(target) != cpu(host) {
        return Some(format!("programs for it do not run on {host}"));
    }
    (!is_installed).then(|| format!("its standard library is not installed: rustup target add {target}"))
}

fn clear(folder: &Path) -> Outcome {
    let fail = |error| format!("release: {}: {error}", folder.display());
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(fail(error)),
        _ => fs::create_dir_all(folder).map_err(fail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_made_here_is_said_with_its_reason() {
        let host = host("rustc 1.0\nhost: x86_64-unknown-linux-gnu\nrelease: 1.0").unwrap();
        assert_eq!(why_not(TARGETS[0], &host, true), None);
        assert!(why_not(TARGETS[2], &host, false).unwrap().contains("rustup target add"));
        assert!(why_not(TARGETS[1], &host, true).unwrap().contains("do not run on"));
    }

    #[test]
    fn nothing_is_published_by_a_word_that_is_left_out() {
        assert_eq!(read(&["--dry-run"]).unwrap(), TARGETS);
        assert_eq!(
            read(&["--dry-run", "--target", "a", "--target", "b"]).unwrap(),
            ["a", "b"]
        );
        assert_eq!(read(&["--target", "a", "--dry-run"]).unwrap(), ["a"]);
        for wrong in [
            &[][..],
            &["--target", "a"],
            &["--dry-run", "--target"],
            &["--dry-run", "a", "b"],
        ] {
            assert_eq!(read(wrong).unwrap_err(), USAGE);
        }
    }
}

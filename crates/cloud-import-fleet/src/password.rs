//! The password of a database: a variable, else the file that libpq reads. Its form is that of the manual of Postgres, "The Password
//! File".

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use cloud_import::{Error, ErrorKind, Remedy, Result};
use tokio_postgres::{Config, config::Host};

/// The largest file of passwords, in bytes.
const LARGEST: u64 = 1 << 20;

/// The password for this database, if there is one.
pub(crate) fn of(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>> {
    if let Some(password) = variable("PGPASSWORD").filter(|password| !password.is_empty()) {
        return Ok(Some(password));
    }
    let (path, is_named) = match variable("PGPASSFILE").filter(|path| !path.is_empty()) {
        Some(path) => (PathBuf::from(path), true),
        None => match variable("HOME").filter(|home| !home.is_empty()) {
            Some(home) => (Path::new(&home).join(".pgpass"), false),
            None => return Ok(None),
        },
    };
    let text = match read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => return Ok(None),
        Err(error) => {
            let message = format!("the file of passwords `{}` cannot be read: {error}", path.display());
            let remedy = Remedy::text("make it a file that only you can read (chmod 600), or set PGPASSWORD");
            return Err(Error::new(ErrorKind::Local, message)
                .with_remedy(remedy)
                .with_source(error));
        }
    };
    Ok(text.lines().find_map(|line| in_line(line, config)))
}

fn read(path: &Path) -> io::Result<String> {
    let file = fs::File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let found = file.metadata()?;
        if !is_private(found.mode(), found.uid()) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others can read it"));
        }
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a file is nobody's but its reader's. What root hands to a service (systemd) or a container (Kubernetes) is readable for a group
/// of it, or for an entry that looks like one.
#[cfg(unix)]
fn is_private(mode: u32, owner: u32) -> bool {
    let others = if owner == 0 { 0o037 } else { 0o077 };
    mode & others == 0
}

/// The password of a line `HOST:PORT:DATABASE:USER:PASSWORD` that is of this database. `*` stands for anything; a backslash takes its
/// meaning from a colon or another.
fn in_line(line: &str, config: &Config) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => fields.last_mut()?.extend(rest.next()),
            ':' if fields.len() < 5 => fields.push(String::new()),
            c => fields.last_mut()?.push(c),
        }
    }
    let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
    let is = |field: &str, value: &str| field == "*" || field == value;
    let own_user = config.get_user().unwrap_or_default();
    let own_port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let is_host = config.get_hosts().iter().any(|own| match own {
        Host::Tcp(name) => is(&host, name),
        #[cfg(unix)]
        Host::Unix(folder) => is(&host, "localhost") || is(&host, &folder.display().to_string()),
    });
    let is_database = is(&database, config.get_dbname().unwrap_or(own_user));
    (is_host && is(&port, &own_port) && is_database && is(&user, own_user)).then_some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        "postgres://images@db.example:6000/records".parse().unwrap()
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let file = r"#db.example:6000:records:images:comment
other:6000:records:images:1
db.example:5432:records:images:2
db.example:*:rec\ords:images:a\:b\\c:d
*:*:*:*:last";
        let found = file.lines().find_map(|line| in_line(line, &config()));
        assert_eq!(found.as_deref(), Some(r"a:b\c:d"));
        for other in ["", "*:*:*:*", "*:*:*:somebody:x"] {
            assert_eq!(in_line(other, &config()), None, "{other}");
        }
        let socket: Config = "postgres://images@%2Frun%2Fpg/records".parse().unwrap();
        assert_eq!(
            in_line("localhost:5432:records:images:x", &socket).as_deref(),
            Some("x")
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_root_hands_on_may_be_read_by_its_group_alone() {
        for (mode, owner, wanted) in [
            (0o100_600, 1000, true),
            (0o100_400, 0, true),
            (0o100_440, 0, true),
            (0o100_640, 0, true),
            (0o100_640, 1000, false),
            (0o100_660, 0, false),
            (0o100_644, 0, false),
            (0o100_604, 0, false),
        ] {
            assert_eq!(is_private(mode, owner), wanted, "{mode:o} of {owner}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_comes_first_and_a_file_that_others_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let path = std::env::temp_dir().join(format!("cloud-import-fleet-pgpass-{}", std::process::id()));
        fs::write(&path, "*:*:*:*:of the file").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let file = |name: &str| (name == "PGPASSFILE").then(|| path.display().to_string());
        let both = |name: &str| match name {
            "PGPASSWORD" => Some("of the variable".to_owned()),
            other => file(other),
        };
        assert_eq!(of(&config(), &both).unwrap().as_deref(), Some("of the variable"));
        let error = of(&config(), &file).unwrap_err();
        assert!(error.message().contains("others can read it"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(of(&config(), &file).unwrap().as_deref(), Some("of the file"));
        fs::remove_file(&path).unwrap();
        assert!(of(&config(), &file).is_err(), "one that is named has to be there");
        assert_eq!(of(&config(), &|_| None).unwrap(), None);
    }
}

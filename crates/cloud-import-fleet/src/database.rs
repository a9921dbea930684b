//! Where a database is, as a URL says it, and how it is reached. No password comes from there, and none is shown.

use std::fmt;

use cloud_import::{Error, ErrorKind, Remedy, Result, env};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{password, tls};

/// A database, by a URL such as `postgres://user@host:5432/name?sslrootcert=/etc/ssl/own.pem`.
///
/// ```
/// use cloud_import_fleet::Database;
///
/// let database = Database::parse("postgres://images@localhost/images")?;
/// assert_eq!(database.to_string(), "postgres://images@localhost/images");
/// assert!(Database::parse("postgres://images:secret@localhost/images").is_err());
/// # Ok::<(), cloud_import::Error>(())
/// ```
#[derive(Clone)]
pub struct Database {
    pub(crate) config: Config,
    pub(crate) tls: MakeRustlsConnect,
    shown: String,
}

impl Database {
    /// The database of a URL: `postgres://[USER@]HOST[:PORT]/NAME`, behind it options of libpq such as `sslmode` (`disable`, or
    /// `require`, which verifies the server), `sslrootcert` (a file with certificates in PEM), `host` (the folder of a socket),
    /// `application_name` and `connect_timeout`. The password is that of `PGPASSWORD`, else of the file of `PGPASSFILE` or
    /// `~/.pgpass`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for another URL, and for one with a password; [`ErrorKind::Local`] when a file that is named
    /// cannot be used.
    pub fn parse(url: &str) -> Result<Self> {
        let (plain, options) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut roots, mut mode) = (Vec::new(), None, None);
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslrootcert", file)) => roots = Some(file),
                Some(("sslmode", said)) => mode = Some(ssl_mode(said)?),
                Some(("password", _)) => return Err(in_the_open()),
                _ => kept.push(option),
            }
        }
        // What is wrong is told without the URL: a password may be in it.
        let mut config: Config = format!("{plain}?{}", kept.join("&"))
            .parse()
            .map_err(|error: tokio_postgres::Error| unusable(error.to_string()))?;
        if config.get_password().is_some() {
            return Err(in_the_open());
        }
        if config.get_hosts().is_empty() {
            return Err(unusable("it names no host".to_owned()));
        }
        let here = config.get_hosts().iter().all(is_here);
        config.ssl_mode(mode.unwrap_or(if here { SslMode::Disable } else { SslMode::Require }));
        if let Some(password) = password::of(&config, &env::variable)? {
            config.password(password);
        }
        Ok(Self {
            tls: MakeRustlsConnect::new(tls::verified(roots)?),
            shown: shown(&config),
            config,
        })
    }
}

/// Its URL, without options.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.shown).finish()
    }
}

fn ssl_mode(said: &str) -> Result<SslMode> {
    match said {
        "disable" => Ok(SslMode::Disable),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        other => Err(unusable(format!(
            "`sslmode` is `{other}`: it can be disable or require"
        ))),
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn shown(config: &Config) -> String {
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        let port = ports.get(at).or(ports.first()).filter(|port| **port != 5432);
        port.map_or(name.clone(), |port| format!("{name}:{port}"))
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    format!("postgres://{user}{hosts}/{}", config.get_dbname().unwrap_or_default())
}

fn in_the_open() -> Error {
    let message = "the URL of the database has a password, which others can see among the arguments and in logs";
    Error::new(ErrorKind::InvalidRequest, message).with_remedy(Remedy::text(
        "put it into PGPASSWORD, or into the file of PGPASSFILE, and leave it out there",
    ))
}

fn unusable(why: String) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("the URL of the database cannot be used: {why}"),
    )
    .with_remedy(Remedy::text("write postgres://USER@HOST:PORT/NAME"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_without_options_and_never_has_a_password() {
        for (url, wanted) in [
            (
                "postgres://u@localhost/d?application_name=x",
                "postgres://u@localhost/d",
            ),
            ("postgresql://u@[::1]:6000/d", "postgres://u@::1:6000/d"),
            ("postgres://u@%2Ftmp%2Fpg/d", "postgres://u@/tmp/pg/d"),
        ] {
            assert_eq!(Database::parse(url).unwrap().to_string(), wanted);
        }
        for secret in [
            "postgres://u:tops3cret@h/d",
            "postgres://u@h/d?password=tops3cret",
            "postgres://u:tops3cret@h/d?nonsense=1",
            "postgres://u:tops3cret@h:port/d",
        ] {
            let error = Database::parse(secret).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("tops3cret"), "{error}");
        }
        for bad in ["postgres://", "postgres://u@h/d?sslmode=perhaps", "folder"] {
            let error = Database::parse(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{bad}: {error}");
        }
    }

    #[test]
    fn tls_is_asked_for_unless_the_server_is_here_or_it_is_refused() {
        let mode = |url| Database::parse(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://u@db.example/d"), SslMode::Require);
        assert_eq!(mode("postgres://u@db.example/d?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://u@localhost/d"), SslMode::Disable);
        assert_eq!(mode("postgres://u@localhost/d?sslmode=verify-full"), SslMode::Require);
    }
}

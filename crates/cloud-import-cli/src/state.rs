//! Where jobs are remembered: the directory or the database that was named, the user's own place for state, or a temporary one.

use std::path::{Path, PathBuf};
#[cfg(feature = "postgres")]
use std::sync::Arc;

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    publish::State,
};

#[cfg(feature = "postgres")]
use cloud_import_fleet::{Database, Records};

use crate::args::StateDir;

/// The state directory of a command. A temporary one goes with it.
#[derive(Debug)]
pub(crate) struct Remembered {
    state: State,
    folder: PathBuf,
    is_temporary: bool,
}

impl Remembered {
    /// As the options ask. Simulated clouds are forgotten with the command unless a directory is named: a job of theirs must
    /// never be taken for one in the real clouds.
    pub(crate) async fn of(options: &StateDir, simulated: bool) -> Result<Self> {
        if let Some(folder) = &options.folder {
            return match folder.to_str().filter(|text| is_database(text)) {
                Some(url) => Self::in_database(url).await,
                None => Ok(Self::at(folder.clone())),
            };
        }
        if simulated {
            let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce()?));
            return Ok(Self {
                state: State::at(&folder),
                folder,
                is_temporary: true,
            });
        }
        users_own()
            .map(Self::at)
            .map_err(|error| error.with_remedy("Name a directory: --state DIR."))
    }

    /// Records that other machines reach; what is this machine's alone stays where the user's state is.
    #[cfg(feature = "postgres")]
    async fn in_database(url: &str) -> Result<Self> {
        let records = Records::open(Database::parse(url)?).await?;
        let folder = users_own()?;
        Ok(Self {
            state: State::on(Arc::new(records), &folder),
            folder,
            is_temporary: false,
        })
    }

    #[cfg(not(feature = "postgres"))]
    async fn in_database(_: &str) -> Result<Self> {
        let message = "this program keeps no records in a database: it was built without that";
        Err(Error::new(ErrorKind::Unsupported, message).with_remedy(
            "Take a released one, or build it with `--features postgres`; or name a directory: --state DIR.",
        ))
    }

    fn at(folder: PathBuf) -> Self {
        Self {
            state: State::at(&folder),
            folder,
            is_temporary: false,
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Whether a later command finds it again.
    pub(crate) fn lasts(&self) -> bool {
        !self.is_temporary
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Whether what `--state` says is the URL of a database.
pub(crate) fn is_database(text: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

/// The user's own place for state.
///
/// # Errors
/// The user has no home directory.
pub(crate) fn users_own() -> Result<PathBuf> {
    let places = etcetera::choose_app_strategy(etcetera::AppStrategyArgs {
        app_name: "cloud-import".to_owned(),
        ..Default::default()
    });
    let places = places.map_err(|error| {
        Error::new(
            ErrorKind::Local,
            "this user has no home directory to remember anything in",
        )
        .with_source(error)
    })?;
    use etcetera::AppStrategy as _;
    Ok(places.state_dir().unwrap_or_else(|| places.data_dir().join("state")))
}

impl Drop for Remembered {
    fn drop(&mut self) {
        if self.is_temporary {
            // Left behind it would only take room in the folder for temporary files.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

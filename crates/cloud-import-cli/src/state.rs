//! Where jobs are remembered: the directory or the database that was named, the user's own place for state, or a temporary one.

use std::path::{Path, PathBuf};
#[cfg(feature = "postgres")]
use std::sync::Arc;

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    publish::State,
};

#[cfg(feature = "fleet")]
use cloud_import_fleet::Queue;
#[cfg(feature = "postgres")]
use cloud_import_fleet::{Database, Records};

use crate::{args::StateDir, outcome::Outcome};

/// The state directory of a command. A temporary one goes with it.
#[derive(Debug)]
pub(crate) struct Remembered {
    state: State,
    folder: PathBuf,
    is_temporary: bool,
    /// What waits for workers, where the database is a fleet's.
    #[cfg(feature = "fleet")]
    queue: Option<Queue>,
}

impl Remembered {
    /// As the options ask. Simulated clouds are forgotten with the command unless a directory is named: a job of theirs must
    /// never be taken for one in the real clouds.
    pub(crate) async fn of(options: &StateDir, simulated: bool) -> Result<Self> {
        if let Some(folder) = options.place() {
            return match folder.to_str().filter(|text| is_database(text)) {
                Some(url) => Self::in_database(url, options).await,
                None => Ok(Self::at(folder)),
            };
        }
        if simulated {
            let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce()?));
            let mut own = Self::at(folder);
            own.is_temporary = true;
            return Ok(own);
        }
        users_own()
            .map(Self::at)
            .map_err(|error| error.with_remedy("Name a directory: --state DIR."))
    }

    /// Records that other machines reach; what is this machine's alone stays where the user's state is.
    #[cfg(feature = "postgres")]
    async fn in_database(url: &str, _options: &StateDir) -> Result<Self> {
        let own = Self::on(Records::open(Database::parse(url)?).await?)?;
        #[cfg(feature = "fleet")]
        if _options.fleet.is_some() {
            return own.with_queue(url).await;
        }
        Ok(own)
    }

    /// The same on records that are open.
    #[cfg(feature = "postgres")]
    pub(crate) fn on(records: Records) -> Result<Self> {
        let mut own = Self::at(users_own()?);
        own.state = State::on(Arc::new(records), &own.folder);
        Ok(own)
    }

    #[cfg(feature = "fleet")]
    async fn with_queue(mut self, url: &str) -> Result<Self> {
        self.queue = Some(Queue::open(&Database::parse(url)?, 1).await?);
        Ok(self)
    }

    #[cfg(not(feature = "postgres"))]
    async fn in_database(_: &str, _: &StateDir) -> Result<Self> {
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
            #[cfg(feature = "fleet")]
            queue: None,
        }
    }

    /// Targets that wait for the workers of a fleet and have no record yet, with the ids of their jobs.
    ///
    /// # Errors
    /// The fleet's database cannot be read.
    #[cfg(feature = "fleet")]
    pub(crate) async fn waiting(&self) -> Result<Vec<(String, Outcome)>> {
        match &self.queue {
            Some(queue) => crate::fleet::rows::waiting(queue).await,
            None => Ok(Vec::new()),
        }
    }

    /// There are none without a fleet.
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "fleet"))]
    #[expect(clippy::unused_async, reason = "as it is with a fleet")]
    pub(crate) async fn waiting(&self) -> Result<Vec<(String, Outcome)>> {
        Ok(Vec::new())
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

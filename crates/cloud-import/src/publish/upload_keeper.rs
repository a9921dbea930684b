//! Keeps the record of an upload in that of its target. Which parts were sent is kept beside it on this machine, where other machines
//! write the record too: it is their own store that they ask then.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cloud_import_core::{Error, ErrorKind, Result, env};
use cloud_import_staging::{FileRecordStore, RecordStore, UploadRecord};

use super::store::{Job, Lease, Role, Step, blocking, held};

/// The record of the upload of one file.
#[derive(Debug, Clone)]
pub(super) struct UploadKeeper {
    lease: Arc<Mutex<Lease>>,
    role: Role,
    parts: Option<Parts>,
}

/// The whole record of an upload, in a file of this machine.
#[derive(Debug, Clone)]
struct Parts(PathBuf, FileRecordStore);

impl UploadKeeper {
    pub(super) fn new(job: &Job, lease: Arc<Mutex<Lease>>, role: Role) -> Self {
        let upload = format!("{}\n{}\n{role:?}", job.facts().id, held(&lease).record().target);
        let parts = job
            .state()
            .parts_of(&upload)
            .map(|path| Parts(path.clone(), FileRecordStore::new(path)));
        Self { lease, role, parts }
    }

    /// The upload that an earlier run began, with the parts that this machine sent of it.
    pub(super) async fn begun(self) -> Result<Option<UploadRecord>> {
        blocking(move || {
            let lease = held(&self.lease);
            let file = lease.record().files.get(&self.role);
            let mut upload = file.and_then(|file| file.upload.clone());
            // What is damaged there is as good as nothing: the bucket lists its parts.
            let own = self.parts.and_then(|Parts(_, kept)| kept.load().ok().flatten());
            if let (Some(upload), Some(own)) = (&mut upload, own)
                && own.upload_id == upload.upload_id
            {
                upload.parts = own.parts;
            }
            Ok(upload)
        })
        .await
    }

    /// The file is staged: what was kept of its parts is of no use any more.
    pub(super) async fn over(self) -> Result<()> {
        match self.parts {
            Some(Parts(_, kept)) => blocking(move || kept.keep(None)).await,
            None => Ok(()),
        }
    }
}

impl RecordStore for UploadKeeper {
    fn keep(&self, upload: Option<&UploadRecord>) -> Result<()> {
        let mut upload = upload.cloned();
        // Of a web file the parts go with the state of its sum.
        if let Some((Parts(path, kept), upload)) = self.parts.as_ref().zip(upload.as_mut())
            && upload.web.is_none()
        {
            if let Some(folder) = path.parent() {
                env::make_private_folder(folder).map_err(|error| no_folder(folder, error))?;
            }
            kept.keep(Some(upload))?;
            upload.parts.clear();
        }
        held(&self.lease).change(|record| {
            record.step = Step::Staging;
            record.files.entry(self.role).or_default().upload = upload;
        })
    }
}

fn no_folder(folder: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::Local,
        format!("`{}` cannot be made: {error}", folder.display()),
    )
    .with_source(error)
}

//! What a record says of an image that is none any more: by whom it was deleted, as far as that is known. Asks no cloud.

use std::time::SystemTime;

use cloud_import_core::{
    Error, ErrorKind, ImportedImage, Provider, Remedy,
    env::{Env as _, SystemEnv},
    provider::datetime,
    remedy::Change,
};

use super::{
    history::{Retired, What},
    record::Record,
    step::Step,
};

/// An image as records name it: a cloud's ids are its region's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ImageName {
    pub(crate) provider: Provider,
    pub(crate) region: String,
    pub(crate) id: String,
}

impl Record {
    /// The image that came of it, whether or not it is still there; `None` before there was one.
    pub fn image(&self) -> Option<ImportedImage> {
        let id = self.image_id.as_ref()?;
        Some(ImportedImage::of(self.task.as_ref()?, id))
    }

    /// Its image, as other records may name it too, unless it is known to be deleted by this program.
    pub(crate) fn image_name(&self) -> Option<ImageName> {
        let id = self.image_id.as_ref().filter(|_| self.retired.is_none())?;
        Some(ImageName {
            provider: self.provider,
            region: self.region.clone(),
            id: id.clone(),
        })
    }

    /// A job deleted its image.
    pub(crate) fn is_retired(&mut self, id: &str, by: &str) {
        self.retired = Some(Retired {
            at: now(),
            by: by.to_owned(),
        });
        self.happened(What::Retired, id.to_owned());
    }

    /// The cloud says that its image is gone, and nothing says that this program deleted it.
    pub(crate) fn is_gone(&mut self) {
        if self.gone_at.is_none() {
            self.gone_at = Some(now());
            self.happened(What::Gone, self.image_id.clone());
        }
    }

    /// That the image which came of it is none any more, and what there is to do, where that is on record. It does not name the
    /// image: its id is no result.
    pub fn why_gone(&self) -> Option<Error> {
        if self.step != Step::Succeeded {
            return None;
        }
        let Some(Retired { at, by }) = &self.retired else {
            return self.gone_at.map(|at| gone(self.provider, at));
        };
        let by = match by.as_str() {
            "" => "because that was asked for".to_owned(),
            job => format!("by the job `{job}`"),
        };
        let message = format!("its image was deleted {by} at {}", datetime::extended(*at));
        let again = Remedy::when("it is wanted again", Remedy::Repeat(Change::Original));
        let error = Error::new(ErrorKind::NotFound, message);
        Some(error.with_provider(self.provider).with_remedy(again))
    }
}

/// Of an image that is gone by another hand, since then at the latest.
pub(crate) fn gone(provider: Provider, at: SystemTime) -> Error {
    let since = datetime::extended(at);
    let message = format!(
        "its image is gone: the cloud does not have it since {since} at the latest, and no job here deleted it"
    );
    Error::new(ErrorKind::NotFound, message)
        .with_provider(provider)
        .with_remedy(Remedy::Repeat(Change::Generation))
}

fn now() -> SystemTime {
    datetime::whole_seconds(SystemEnv.now())
}

#[cfg(test)]
mod tests {
    use cloud_import_core::ImportTask;

    use super::{super::place::Place, *};

    fn record() -> Record {
        let mut record = Record::new("t", &Place::new(Provider::UCLOUD, "cn-bj2", "web"), "o");
        record.step = Step::Succeeded;
        record.image_id = Some("uimage-1".to_owned());
        let at = SystemTime::UNIX_EPOCH;
        record.task = Some(ImportTask::new(
            Provider::UCLOUD,
            "https://h",
            "cn-bj2",
            "web",
            "b:k",
            at,
        ));
        record
    }

    #[test]
    fn who_deleted_it_is_told_without_its_id() {
        let mut record = record();
        assert!(record.why_gone().is_none() && record.image().is_some());
        record.is_gone();
        let gone = record.why_gone().unwrap();
        assert!(gone.message().contains("no job here deleted it"), "{gone}");
        assert!(gone.remedy().unwrap().repeats(Change::Generation));
        record.is_retired("uimage-1", "web-2");
        let retired = record.why_gone().unwrap();
        assert!(retired.message().contains("deleted by the job `web-2`"), "{retired}");
        assert!(!retired.remedy().unwrap().repeats(Change::Generation));
        record.is_retired("uimage-1", "");
        let asked = record.why_gone().unwrap();
        assert!(
            asked.message().contains("deleted because that was asked for"),
            "{asked}"
        );
        for error in [gone, retired, asked] {
            assert!(!error.to_string().contains("uimage-1"), "{error}");
        }
        assert!(record.image_name().is_none());
        let text = serde_json::to_string(&record).unwrap();
        assert!(
            text.contains(r#""by":"""#) && text.contains(r#""what":"gone""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        record.next_generation();
        assert!(record.why_gone().is_none() && record.retired.is_none() && record.gone_at.is_none());
    }
}

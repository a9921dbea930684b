//! What a record says of the export that it is of. Asks no cloud.

use cloud_import_core::{ExportTask, ExportedImage};

use super::{export::ExportRecord, record::Record, step::Step};

impl Record {
    /// What was exported, where it is of an export that is done.
    pub fn exported(&self) -> Option<ExportedImage> {
        let export = self.export.as_ref().filter(|_| self.step == Step::Succeeded)?;
        Some(ExportedImage::of(export.task.as_ref()?, export.confirmed))
    }

    /// The export that runs, ran or may run.
    pub fn export_task(&self) -> Option<&ExportTask> {
        self.export.as_ref()?.task.as_ref()
    }

    /// Begins the next generation of an export: another one, on purpose.
    pub(crate) fn next_export(&mut self) {
        self.next_generation();
        let generation = self.generation;
        if let Some(export) = &mut self.export {
            let request = export.request.clone().generation(generation);
            *export = ExportRecord::new(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{ExportRequest, ImageSource, Provider};

    use super::{super::place::Place, *};

    #[test]
    fn another_generation_forgets_what_the_one_before_wrote() {
        let place = Place::new(Provider::ALIYUN, "cn-hangzhou", "web");
        let mut record = Record::new("aliyun/cn-hangzhou", &place, "o");
        let request = ExportRequest::new(ImageSource::new("cn-hangzhou", "m-1"), "b");
        let mut export = ExportRecord::new(request);
        export.became("k", "/a", "00");
        export.became("k", "/a", "11");
        assert_eq!(export.fetched("k", "/a").unwrap().sha256, "11");
        assert!(export.fetched("k", "/b").is_none() && export.files.len() == 1);
        record.export = Some(export);
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        record.next_export();
        let export = record.export.unwrap();
        assert_eq!((record.generation, export.request.generation), (1, 1));
        assert!(export.files.is_empty());
    }
}

//! What has to be so when all is over: one image for each order, none twice, nothing left, and the records say so.

use std::{collections::BTreeMap, fmt};

use cloud_import_sim::Cloud;

use crate::fleet::Fleet;

/// How it stands.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub(crate) orders: usize,
    /// Imports that clouds accepted.
    pub(crate) imports: u64,
    /// Images that are there.
    pub(crate) images: usize,
    /// Images with the name of another one in their cloud.
    pub(crate) doubled: Vec<String>,
    /// Objects and uploads in stores.
    objects: Vec<String>,
    /// Orders that workers are to go on with.
    open: usize,
    /// Orders that are left for a person.
    left: usize,
    /// Records that say succeeded, and names of others with their step.
    succeeded: usize,
    others: Vec<String>,
}

impl Standing {
    /// Of a fleet with so many jobs to all clouds.
    pub(crate) fn of(fleet: &Fleet, jobs: usize) -> Self {
        let mut own = Self {
            orders: jobs * Cloud::ALL.len(),
            imports: fleet.imports(),
            open: fleet.open(),
            left: fleet.queued("identifier = 'cloud-import-left'"),
            ..Self::default()
        };
        for cloud in Cloud::ALL {
            let mut names: BTreeMap<String, usize> = BTreeMap::new();
            for image in fleet
                .simulator
                .images(*cloud)
                .into_iter()
                .filter(|image| !image.deleted)
            {
                *names.entry(image.name).or_default() += 1;
            }
            own.images += names.values().sum::<usize>();
            let doubled = names.into_iter().filter(|(_, many)| *many > 1);
            own.doubled
                .extend(doubled.map(|(name, many)| format!("{many} × {name} in {}", cloud.name())));
            let mut uploads = fleet.simulator.open_uploads(*cloud);
            // US3 lists no uploads: one whose id was never recorded cannot be found again. It holds no byte.
            uploads.retain(|upload| *cloud != Cloud::Ucloud || upload.parts > 0);
            own.objects.extend(uploads.iter().map(|upload| format!("{upload:?}")));
        }
        own.objects
            .extend(fleet.simulator.objects().iter().map(|object| format!("{object:?}")));
        for (name, record) in fleet.records() {
            match record["step"].as_str() {
                Some("succeeded") => own.succeeded += 1,
                step => own.others.push(format!("{name}: {step:?} {}", record["reason"])),
            }
        }
        own
    }

    /// # Errors
    /// It is not as it has to be.
    pub(crate) fn expect_good(self) -> Result<Self, String> {
        let is_once = self.images == self.orders && self.imports == self.orders as u64 && self.doubled.is_empty();
        let is_over = self.open == 0 && self.left == 0 && self.succeeded == self.orders && self.others.is_empty();
        match is_once && is_over && self.objects.is_empty() {
            true => Ok(self),
            false => Err(format!("{self}\n{self:#?}")),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orders,
            imports,
            images,
            open,
            left,
            succeeded,
            ..
        } = self;
        let (doubled, objects) = (self.doubled.len(), self.objects.len());
        write!(
            f,
            "{orders} orders, {images} images of {imports} accepted imports, {doubled} doubled, {objects} objects left, {open} orders \
             open, {left} left for a person, {succeeded} records say succeeded"
        )
    }
}

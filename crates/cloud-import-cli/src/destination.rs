//! From arguments to where an image goes: importer, bucket and order of each target. What is in a bucket already is looked at.

use std::{path::PathBuf, sync::Arc};

use cloud_import::{
    Disk, DiskFormat, DiskPart, DiskSource, Error, ErrorKind, Field, ImageChange, ImageImporter, ImageKind,
    ImportRequest, Pace, Problem, Provider, Remedy, Result, SourceForm, Stop, Target, WarningId,
    publish::{Destination, Image, LocalImage, ObjectImage, Release, staging::Store},
};

use crate::{
    args::Order,
    connect::Clouds,
    fields::Fields,
    inside, order,
    source::Place,
    sums,
    targets::Wanted,
    template::{self, Content},
    unpack::{self, Unpacked},
};

/// The image of an order, and the file that it was unpacked to, which goes with it.
pub(crate) struct Opened {
    pub(crate) image: Image,
    pub(crate) unpacked: Option<Unpacked>,
}

/// The image that the order names: a file of this machine or of a web server by its header, or what already exists. A file that is
/// packed is unpacked, once its sum is the one that is expected, where one is.
///
/// # Errors
/// It is none of them; or its targets say different formats of the one file.
pub(crate) async fn image(
    options: &Order,
    wanted: &[Wanted],
    clouds: &Clouds<'_>,
    pace: &Pace,
    expected: Option<&str>,
    stop: &Stop,
) -> Result<Opened> {
    let mut unpacked = None;
    let image = match Place::read(&options.image)? {
        Place::Fetched(fetched) => Image::Web(fetched.look(declared(wanted)?, clouds, pace).await?),
        Place::File(path) => {
            let declared = declared(wanted)?;
            if unpack::is_packed(&path) {
                if let Some(expected) = expected {
                    sums::check(&path, expected, stop).await?;
                }
                unpacked = Some(unpack::unpack(&path, stop).await?);
            }
            let image = match &unpacked {
                Some(unpacked) => opened(unpacked.path(), declared)
                    .await?
                    .named(path.display().to_string()),
                None => opened(path, declared).await?,
            };
            inside::tell(options, wanted, &image);
            Image::File(image)
        }
        _ => {
            let shown = options.image.to_string_lossy();
            Image::There(shown.split('?').next().unwrap_or_default().to_owned())
        }
    };
    Ok(Opened { image, unpacked })
}

/// A file of this machine, by its header and the system on its disk.
pub(crate) async fn opened(path: impl Into<PathBuf>, declared: Option<DiskFormat>) -> Result<LocalImage> {
    let path = path.into();
    let look = move || {
        let mut image = LocalImage::open(path, declared)?;
        image.look_inside();
        Ok(image)
    };
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| Error::new(ErrorKind::Local, format!("the image was not looked at: {error}")))?
}

/// The format that the file is told to have: it is one file for all targets that have no place of their own.
fn declared(wanted: &[Wanted]) -> Result<Option<DiskFormat>> {
    let mut formats = wanted
        .iter()
        .filter(|wanted| wanted.fields.source.is_none())
        .map(|wanted| wanted.fields.format);
    let first = formats.next().flatten();
    match formats.all(|format| format == first) {
        true => Ok(first),
        false => Err(Error::new(
            ErrorKind::InvalidRequest,
            "the targets say different formats of one file",
        )
        .with_remedy("Say the format for all of them, or give a target a place of its own with --source.")),
    }
}

/// What `{sha8}` stands for; `sha256` is the sum of the file, where it was read.
pub(crate) fn content<'a>(image: &'a Image, sha256: Option<&'a str>) -> Content<'a> {
    match (image, sha256) {
        (_, Some(sha256)) => Content::Read(sha256),
        (Image::Web(file), None) => Content::Read(file.sha256()),
        (Image::File(_), None) => Content::NotRead,
        _ => Content::Elsewhere,
    }
}

/// Where the image goes for one target, and what is to be said of the objects that it names. `sha256`: the sum of the file, where it
/// was read.
pub(crate) async fn destination(
    options: &Order,
    wanted: &Wanted,
    image: &Image,
    sha256: Option<&str>,
    clouds: &Clouds<'_>,
) -> Result<(Destination, Vec<Problem>)> {
    let provider = wanted.target.provider;
    let mut fields = template::filled(wanted, content(image, sha256))?;
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer(wanted)?);
    if fields.copy_of.is_some() {
        return Ok((copy(fields, importer, &wanted.label)?, Vec::new()));
    }
    let release = release(&fields);
    let own = fields.source.as_deref();
    let place = match own {
        Some(text) => Place::read(text)?,
        None => Place::read(&options.image)?,
    };
    let (disk, bucket) = match (&place, image) {
        (Place::File(_), Image::File(file)) if own.is_none() => {
            let what = || format!("`{}` is a file on this machine", file.path().display());
            let store = clouds.store(
                &*importer,
                &bucket(&fields, &wanted.target, clouds).ok_or_else(|| no_bucket(what(), provider))?,
            )?;
            if !options.data_image {
                inside::fill(&mut fields, file, importer.capabilities());
            }
            (file.described(Disk::object("", "")), Some(store))
        }
        (Place::Fetched(fetched), Image::Web(file)) if own.is_none() => {
            let what = || format!("`fetch+{}` is to be fetched", fetched.link);
            let store = clouds.store(
                &*importer,
                &bucket(&fields, &wanted.target, clouds).ok_or_else(|| no_bucket(what(), provider))?,
            )?;
            (file.described(Disk::object("", "")), Some(store))
        }
        (Place::File(path), _) => {
            let message = format!("`{}` is a file on this machine", path.display());
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_provider(provider)
                .with_remedy("A place of its own for one target is a link or BUCKET:KEY; the file that is staged is the IMAGE argument."));
        }
        _ => (place.disk(fields.format)?, None),
    };
    let Fields {
        format,
        prefix,
        keep_object,
        ..
    } = fields.clone();
    let mut order = order::order(fields, provider, disk, options.data_image)?;
    let problems = look(&mut order, format, &*importer, clouds).await;
    let mut made = Destination::new(importer).label(&wanted.label).order(order);
    made.bucket = bucket;
    made.prefix = prefix;
    made.keep_object = keep_object;
    made.release = release;
    made.reads = buckets(&made.order, &*made.importer, clouds)?;
    Ok((made, problems))
}

/// Where a copy goes; of which image is added when that one's destination is made.
fn copy(fields: Fields, importer: Arc<dyn ImageImporter>, label: &str) -> Result<Destination> {
    let mut release = release(&fields);
    let after = &importer.capabilities().after;
    let mut of_its_own = Fields {
        data_disks: None,
        ..fields
    };
    if !after.copy_tags.value
        && after.tag.value
        && let Some(tags) = of_its_own.tags.take().filter(|tags| !tags.is_empty())
    {
        let release = release.get_or_insert_with(|| Release::planned(ImageChange::default(), false));
        release.change.tags = tags;
    }
    let mut order = order::order(of_its_own, importer.provider(), Disk::object("", ""), false)?;
    order.disks.clear();
    let mut made = Destination::new(importer).label(label).order(order);
    made.release = release;
    Ok(made)
}

/// What is done with the image once it is there, beside what an import or a copy can be told.
fn release(fields: &Fields) -> Option<Release> {
    let shared = fields.share.iter().flatten();
    let mut change = shared.fold(ImageChange::default(), |change, account| change.share(account));
    change.public = fields.public;
    change.family.clone_from(&fields.family);
    let retires = fields.deprecate_previous.unwrap_or_default();
    (retires || !change.is_empty()).then(|| Release::planned(change, retires))
}

/// The destinations with those of copies told whose image they are of.
pub(crate) fn linked<T>(wanted: &[Wanted], made: Vec<Result<(Destination, T)>>) -> Vec<Result<(Destination, T)>> {
    let others: Vec<Result<Destination>> = made
        .iter()
        .map(|made| made.as_ref().map(|(to, _)| to.clone()).map_err(Error::clone))
        .collect();
    let linked = wanted.iter().zip(made).map(|(own, made)| {
        let (to, found) = made?;
        let Some(label) = &own.fields.copy_of else {
            return Ok((to, found));
        };
        let index = wanted.iter().position(|other| other.label == *label);
        match index.map(|index| &others[index]) {
            Some(Ok(other)) => Ok((to.copy_of(other), found)),
            Some(Err(error)) => Err(error
                .clone()
                .context(format!("its image is a copy of the one of `{label}`"))),
            None => {
                let message = format!("its image is a copy of the one of `{label}`, which is no target of this call");
                Err(Error::new(ErrorKind::InvalidRequest, message)
                    .with_provider(own.target.provider)
                    .with_remedy("Name that target too."))
            }
        }
    });
    linked.collect()
}

/// The buckets of the disks that are there already, for a cloud that reads them by links: those are signed with its keys.
///
/// # Errors
/// One is named as none can be.
fn buckets(order: &ImportRequest, importer: &dyn ImageImporter, clouds: &Clouds<'_>) -> Result<Vec<Store>> {
    let cloud = importer.capabilities();
    if cloud.sources.value.contains(&SourceForm::Object) {
        return Ok(Vec::new());
    }
    let mut stores = Vec::new();
    for (index, disk) in order.disks.iter().enumerate() {
        let DiskSource::Object { bucket, key } = &disk.source else {
            continue;
        };
        // That of a file that is staged is the bucket of the call.
        if key.is_empty() {
            continue;
        }
        let field = Field::disk(index, DiskPart::Source);
        let rules = cloud.bucket_names.iter();
        let broken: Vec<Problem> = rules
            .flat_map(|rules| rules.problems(cloud.provider, &field, bucket))
            .collect();
        if !broken.is_empty() {
            return Err(Error::invalid(cloud.provider, broken));
        }
        stores.push(clouds.store(importer, bucket)?);
    }
    Ok(stores)
}

/// Describes the disks that are in buckets already by what they say of themselves: their names decide nothing. `declared`: the
/// format that the first is told to have.
async fn look(
    order: &mut ImportRequest,
    declared: Option<DiskFormat>,
    importer: &dyn ImageImporter,
    clouds: &Clouds<'_>,
) -> Vec<Problem> {
    let provider = importer.provider();
    let mut problems = Vec::new();
    let judged = order.clone();
    for (index, disk) in order.disks.iter_mut().enumerate() {
        let DiskSource::Object { bucket, key } = &disk.source else {
            continue;
        };
        // That of a file that is staged is not known yet.
        if key.is_empty() {
            continue;
        }
        // An order that names a bucket as none can be called is refused for that.
        let names = importer.capabilities().bucket_names;
        if names.is_some_and(|names| !names.problems(provider, &Field::Bucket, bucket).is_empty()) {
            continue;
        }
        let (field, name) = (Field::disk(index, DiskPart::Format), format!("{bucket}:{key}"));
        let declared = declared.filter(|_| index == 0);
        let looked = match clouds.store_for_a_look(importer, bucket) {
            Ok(store) => ObjectImage::look(&store, key, declared).await,
            Err(error) => Err(error),
        };
        match looked {
            Ok(image) => {
                problems.extend(image.problems(importer.capabilities(), &of_disk(&judged, index)));
                *disk = image.described(disk.clone());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let place = Field::disk(index, DiskPart::Source);
                let rule = format!("is `{name}`, and there is no such object in this cloud and region");
                let remedy = "Name the object as it is there, and the region of its bucket.";
                problems.push(Problem::error(provider, place, rule).remedy(remedy));
            }
            Err(error) if disk.format.is_none() => {
                let rule = format!("is not known: `{name}` cannot be looked at ({})", error.message());
                let remedy = match index {
                    0 => Remedy::set(field.clone()),
                    _ => "Let these keys read it, or give it a name that ends in its format, such as .qcow2.".into(),
                };
                problems.push(Problem::error(provider, field, rule).remedy(remedy));
            }
            // The import says so itself.
            Err(error) if error.kind() == ErrorKind::Credentials => {}
            Err(error) => problems.push(Problem::warning(
                WarningId::OBJECT_NOT_SEEN,
                provider,
                field,
                format!("is not verified: `{name}` cannot be looked at ({})", error.message()),
            )),
        }
    }
    order.acknowledge(provider, &mut problems);
    problems
}

/// Whether it is that an object is not there. It stands against an import, and against no image that was made before it went.
pub(crate) fn is_of_what_is_gone(problem: &Problem) -> bool {
    let is_source = |field: &Field| matches!(field, Field::Disk { part, .. } if *part == DiskPart::Source);
    problem.is_error() && is_source(&problem.field)
}

/// The order as it is for one of its disks: only the first is what a system starts from.
fn of_disk(order: &ImportRequest, index: usize) -> ImportRequest {
    let mut order = order.clone();
    if index > 0 {
        order.kind = ImageKind::Data;
    }
    order
}

/// The bucket that a file is put into for a target.
pub(crate) fn bucket(fields: &Fields, target: &Target, clouds: &Clouds<'_>) -> Option<String> {
    fields.bucket.clone().or_else(|| clouds.simulated_bucket(target))
}

fn no_bucket(what: String, provider: Provider) -> Error {
    let message = format!("{what}, and no bucket is named to put it into");
    Error::new(ErrorKind::InvalidRequest, message)
        .with_provider(provider)
        .with_remedy(format!(
            "Name a bucket of yours in {}'s object storage, in the region of the import: --bucket {provider}=NAME. To try it without one: --simulate.",
            provider.name()
        ))
}

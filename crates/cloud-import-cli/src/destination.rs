//! From arguments to where an image goes: importer, bucket and order of each target. What is in a bucket already is looked at.

use std::sync::Arc;

use cloud_import::{
    Disk, DiskFormat, DiskPart, DiskSource, Error, ErrorKind, Field, ImageImporter, ImageKind, ImportRequest, Pace,
    Problem, Provider, Remedy, Result, SourceForm,
    publish::{Destination, Image, LocalImage, ObjectImage},
};

use crate::{
    args::{Order, Staging},
    connect::Clouds,
    convert, order,
    source::Place,
    targets::Wanted,
};

/// The image that the order names: a file of this machine or of a web server by its header, or what already exists.
pub(crate) async fn image(options: &Order, clouds: &Clouds<'_>, pace: &Pace) -> Result<Image> {
    match Place::read(&options.image)? {
        Place::Fetched(fetched) => fetched.look(options.format, clouds, pace).await.map(Image::Web),
        Place::File(path) => LocalImage::open(path, options.format).map(Image::File),
        _ => {
            let shown = options.image.to_string_lossy();
            Ok(Image::There(shown.split('?').next().unwrap_or_default().to_owned()))
        }
    }
}

/// The file that the image becomes when it is converted first, for what can be told before it is there.
pub(crate) fn planned(image: &Image, format: DiskFormat) -> Result<Image> {
    let file = local(image)?;
    convert::can_write(format)?;
    Ok(Image::File(file.planned(format)))
}

/// The file of this machine that is to be converted.
pub(crate) fn local(image: &Image) -> Result<&LocalImage> {
    image.file().ok_or_else(|| {
        Error::new(ErrorKind::InvalidRequest, "only a local file can be converted")
            .with_remedy("Name the file itself, or leave --convert out.")
    })
}

/// Where the image goes for one target, and what is to be said of the objects that it names.
pub(crate) async fn destination(
    options: &Order,
    staging: &Staging,
    wanted: &Wanted,
    image: &Image,
    clouds: &Clouds<'_>,
) -> Result<(Destination, Vec<Problem>)> {
    let provider = wanted.target.provider;
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer(wanted)?);
    let own = wanted
        .own
        .source
        .as_deref()
        .or_else(|| order::own_source(options, provider));
    let place = match own {
        Some(text) => Place::read(text)?,
        None => Place::read(&options.image)?,
    };
    let (disk, bucket) = match (&place, image) {
        (Place::File(_), Image::File(file)) if own.is_none() => {
            let shown = file.path().display();
            let bucket = bucket(staging, wanted, clouds)
                .ok_or_else(|| no_bucket(format!("`{shown}` is a file on this machine"), provider))?;
            let store = clouds.store(&*importer, &bucket)?;
            (file.described(Disk::object(bucket, "")), Some(store))
        }
        (Place::Fetched(fetched), Image::Web(file)) if own.is_none() => {
            let bucket = bucket(staging, wanted, clouds)
                .ok_or_else(|| no_bucket(format!("`fetch+{}` is to be fetched", fetched.link), provider))?;
            let store = clouds.store(&*importer, &bucket)?;
            (file.described(Disk::object(bucket, "")), Some(store))
        }
        (Place::File(path), _) => {
            let message = format!("`{}` is a file on this machine", path.display());
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_provider(provider)
                .with_remedy("A place of its own for one cloud is a link or BUCKET:KEY; the file that is staged is the IMAGE argument."));
        }
        _ => (place.disk(options.format)?, None),
    };
    let mut order = order(options, wanted, disk)?;
    let problems = look(&mut order, options.format, &*importer, clouds).await;
    let mut made = Destination::new(importer).label(&wanted.label).order(order);
    made.bucket = bucket;
    Ok((made, problems))
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
    if !importer.capabilities().sources.value.contains(&SourceForm::Object) {
        return problems;
    }
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
                provider,
                field,
                format!("is not verified: `{name}` cannot be looked at ({})", error.message()),
            )),
        }
    }
    problems
}

/// The order as it is for one of its disks: only the first is what a system starts from.
fn of_disk(order: &ImportRequest, index: usize) -> ImportRequest {
    let mut order = order.clone();
    if index > 0 {
        order.kind = ImageKind::Data;
    }
    order
}

fn order(options: &Order, wanted: &Wanted, disk: Disk) -> Result<ImportRequest> {
    let mut order = order::order(options, &wanted.target, disk)?;
    if let Some(project) = &wanted.own.project {
        order.project = Some(project.clone());
    }
    if !wanted.own.options.is_empty() {
        let set = order.vendor.entry(wanted.target.provider).or_default();
        for (name, value) in &wanted.own.options {
            set.entry(name).or_insert_with(|| value.clone());
        }
    }
    Ok(order)
}

/// The bucket of a target: its own, else what was said last for its cloud, else what was said last for all.
fn bucket(staging: &Staging, wanted: &Wanted, clouds: &Clouds<'_>) -> Option<String> {
    let said = |of: Option<Provider>| {
        let named = staging.bucket.iter().rev().find(|(named, _)| *named == of);
        named.map(|(_, name)| name.as_str())
    };
    let own = wanted.own.bucket.as_deref();
    own.or_else(|| said(Some(wanted.target.provider)))
        .or_else(|| said(None))
        .map(str::to_owned)
        .or_else(|| clouds.simulated_bucket())
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

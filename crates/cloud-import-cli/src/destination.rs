//! From arguments to where an image goes: importer, bucket and order of each target.

use std::sync::Arc;

use cloud_import::{
    Disk, DiskFormat, Error, ErrorKind, ImageImporter, ImportRequest, Provider, Result,
    publish::{Destination, Image, LocalImage},
};

use crate::{
    args::{Order, Staging},
    connect::Clouds,
    convert, order,
    source::Place,
    targets::Wanted,
};

/// The image that the order names: a file of this machine by its header, or what already exists.
pub(crate) fn image(options: &Order) -> Result<Image> {
    match Place::read(&options.image)? {
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

/// Where the image goes for one target.
pub(crate) fn destination(
    options: &Order,
    staging: &Staging,
    wanted: &Wanted,
    image: &Image,
    clouds: &Clouds<'_>,
) -> Result<Destination> {
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
            let bucket = bucket(staging, wanted, clouds).ok_or_else(|| no_bucket(file, provider))?;
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
    let mut made = Destination::new(importer)
        .label(&wanted.label)
        .order(order(options, wanted, disk)?);
    made.bucket = bucket;
    Ok(made)
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

fn no_bucket(file: &LocalImage, provider: Provider) -> Error {
    let message = format!(
        "`{}` is a file on this machine, and no bucket is named to put it into",
        file.path().display()
    );
    Error::new(ErrorKind::InvalidRequest, message)
        .with_provider(provider)
        .with_remedy(format!(
            "Name a bucket of yours in {}'s object storage, in the region of the import: --bucket {provider}=NAME. To try it without one: --simulate.",
            provider.name()
        ))
}

//! In which form a file is sent: as it is, or converted on its way. What is chosen depends on the file alone, so that a repeat, and a
//! resume with fewer targets, chooses the same.

use cloud_import::{
    DiskFormat, Error, ErrorKind, Provider, Result,
    publish::{Image, LocalImage},
};

use crate::{args::ConvertTo, convert, sparse, takes};

/// What a file is made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) format: DiskFormat,
    pub(crate) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Said,
    /// More clouds take it than take the file as it is.
    Taken,
    /// It may be smaller; else the file is sent as it is.
    Smaller,
}

/// The smallest format that all clouds take.
const SMALLEST: DiskFormat = DiskFormat::Qcow2;

impl Chosen {
    /// What `--convert` comes to for an image; `None` sends it as it is.
    ///
    /// # Errors
    /// It cannot be converted to what was named, by whatever program.
    pub(crate) fn of(said: Option<ConvertTo>, image: &Image) -> Result<Option<Self>> {
        match said {
            None => Ok(None),
            Some(ConvertTo::To(format)) => {
                let file = local(image)?;
                if !file.can_be(format) {
                    convert::can_write(format)?;
                }
                Ok(Some(Self { format, why: Why::Said }))
            }
            Some(ConvertTo::Auto) => image.file().map_or(Ok(None), best),
        }
    }
}

/// What is best for a file: what more clouds take, else what is smaller.
fn best(file: &LocalImage) -> Result<Option<Chosen>> {
    if !file.can_be(SMALLEST) {
        return Ok(None);
    }
    let (own, other) = (taken_by(file)?, taken_by(&file.planned(SMALLEST))?);
    let why = match other > own {
        true => Why::Taken,
        false if own == other && sparse::is_plain(file) => Why::Smaller,
        false => return Ok(None),
    };
    Ok(Some(Chosen { format: SMALLEST, why }))
}

/// How many clouds take it.
fn taken_by(file: &LocalImage) -> Result<usize> {
    let clouds = Provider::all().map(|provider| takes::cloud(provider, file));
    let clouds = clouds.collect::<Result<Vec<_>>>()?;
    Ok(clouds.iter().filter(|cloud| cloud.takes_it).count())
}

/// The file that the image becomes when it is converted first, for what can be told before it is there.
pub(crate) fn planned(image: &Image, chosen: Option<Chosen>) -> Result<Image> {
    match chosen {
        Some(chosen) => Ok(Image::File(local(image)?.planned(chosen.format))),
        None => Ok(image.clone()),
    }
}

/// The file of this machine that is to be converted.
pub(crate) fn local(image: &Image) -> Result<&LocalImage> {
    image.file().ok_or_else(|| {
        Error::new(ErrorKind::InvalidRequest, "only a local file can be converted")
            .with_remedy("Name the file itself, or leave --convert out.")
    })
}

//! `doctor`: whether this machine and its accounts are set up for an import, which is a check without an image. It only reads.

mod asked;
mod found;
pub(crate) mod told;

use std::sync::Arc;

use cloud_import::{
    Asking, Disk, Error, ImageImporter, Result,
    publish::{Destination, Image, Publish},
};

use self::{asked::Asked, found::Row};
use crate::{
    args::{Doctor, Reach},
    connect::Clouds,
    destination,
    exit::Exit,
    fields::Fields,
    order,
    side_by_side::side_by_side,
    simulate::Simulated,
    targets::Wanted,
    template::{self, Content},
};

/// The image that would be made. Nothing is, and no image has that name.
const NAME: &str = "doctor-{date}-{time}";

pub(crate) async fn run(options: Doctor) -> Result<Exit> {
    let asked = asked::all(&options)?;
    let simulated = Simulated::of(&options.reach).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let rows = looked(&asked, &options.reach, &clouds).await?;
    told::write(&rows, options.reach.output)
}

/// What is found for each target, side by side; one that cannot be asked stops no other.
async fn looked(asked: &[Asked], reach: &Reach, clouds: &Clouds<'_>) -> Result<Vec<Row>> {
    let made: Vec<Result<Destination>> = asked
        .iter()
        .map(|asked| destination(&asked.wanted, reach, clouds))
        .collect();
    let publish = Publish::of(Image::There(String::new()));
    let publish = made
        .iter()
        .flatten()
        .fold(publish, |publish, to| publish.to(to.clone()));
    let mut ready = publish.preflight(&Asking::reads()).await?.into_iter();
    let found: Vec<Row> = asked
        .iter()
        .zip(&made)
        .filter_map(|(asked, made)| match made {
            Ok(to) => Some(Row::of(asked, to, reach, ready.next()?.checks)),
            Err(error) => Some(Row::of_error(asked, error)),
        })
        .collect();
    let owned = found.into_iter().zip(made).map(|(row, made)| async move {
        match made {
            Ok(to) => row.with_owner(&*to.importer).await,
            Err(_) => row,
        }
    });
    Ok(side_by_side(owned, |row| row).await)
}

/// Where a file would go, with an order of nothing.
fn destination(wanted: &Wanted, reach: &Reach, clouds: &Clouds<'_>) -> Result<Destination, Error> {
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer(wanted)?);
    let bare = Wanted {
        fields: Fields {
            name: Some(NAME.to_owned()),
            description: None,
            tags: None,
            prefix: None,
            data_disks: None,
            ..wanted.fields.clone()
        },
        ..wanted.clone()
    };
    let fields = template::filled(&bare, Content::Elsewhere)?;
    // Simulators that run have the buckets that they were started with, and nobody may have named one.
    let bucket = match &reach.simulate {
        Some(Some(_)) => fields.bucket.clone(),
        _ => destination::bucket(&fields, &wanted.target, clouds),
    };
    // The image of a copy goes through no bucket of its own.
    let bucket = bucket.filter(|_| fields.copy_of.is_none());
    let mut order = order::order(fields, wanted.target.provider, Disk::object("", ""), false)?;
    order.disks.clear();
    let mut made = Destination::new(Arc::clone(&importer))
        .label(&wanted.label)
        .order(order);
    made.bucket = bucket
        .map(|bucket| clouds.store_for_a_look(&*importer, &bucket))
        .transpose()?;
    Ok(made)
}

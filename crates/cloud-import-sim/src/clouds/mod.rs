//! The five clouds: what each takes, does and answers, in its own words.
//!
//! A cloud module knows routes, limits, states, error codes and the shape of answers. It opens no socket and acts on no fault.
//! What all clouds remember alike is in [`World`](crate::world::World); what one has for itself, it keeps.

mod aliyun;
mod huawei;
mod jdcloud;
mod tencent;
mod ucloud;
mod vendor;

pub(crate) use self::vendor::{Failure, Outcome, Vendor};
use self::{aliyun::Aliyun, huawei::Huawei, jdcloud::Jdcloud, tencent::Tencent, ucloud::Ucloud};
use crate::{cloud::Cloud, generated, table, world::Config};

/// The names of the operations of a cloud's API, as faults and counters have them.
pub(crate) fn operations(cloud: Cloud) -> impl Iterator<Item = &'static str> {
    let (table, more): (_, &[&table::Operation]) = match cloud {
        Cloud::Jdcloud => (generated::jdcloud::OPERATIONS, &[]),
        Cloud::Tencent => (generated::tencent::OPERATIONS, &[]),
        Cloud::Huawei => (generated::huawei::OPERATIONS, &[]),
        Cloud::Aliyun => (generated::aliyun::OPERATIONS, &[]),
        Cloud::Ucloud => (generated::ucloud::OPERATIONS, &ucloud::BUCKETS),
    };
    table
        .iter()
        .map(|operation| operation.name)
        .chain(more.iter().map(|operation| operation.name))
}

/// The clouds, each with the state that is its own.
#[derive(Debug)]
pub(crate) struct Clouds {
    aliyun: Aliyun,
    huawei: Huawei,
}

impl Clouds {
    pub(crate) fn new(config: &Config) -> Self {
        Clouds {
            aliyun: Aliyun::new(config),
            huawei: Huawei::default(),
        }
    }

    pub(crate) fn of(&self, cloud: Cloud) -> &dyn Vendor {
        match cloud {
            Cloud::Jdcloud => &Jdcloud,
            Cloud::Tencent => &Tencent,
            Cloud::Huawei => &self.huawei,
            Cloud::Aliyun => &self.aliyun,
            Cloud::Ucloud => &Ucloud,
        }
    }
}

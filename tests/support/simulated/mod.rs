//! A cloud as the suites see it: an importer that reaches a simulator of its own over a real socket.

mod case;
mod stage;
mod transports;

pub use case::{
    ALIYUN, Case, Form, HUAWEI_COMMON, HUAWEI_QUICK, HUAWEI_QUICK_DATA, JDCLOUD, TENCENT, UCLOUD, UCLOUD_HK,
};
pub use stage::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, Stage, quick_retries};
pub use transports::{Recorder, Rewriter};

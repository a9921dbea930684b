//! Clouds as people write them.

use std::str::FromStr;

use crate::{Error, ErrorKind, Provider};

impl FromStr for Provider {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::all()
            .find(|provider| provider.id().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                Error::new(ErrorKind::InvalidRequest, format!("unknown provider `{text}`"))
                    .with_remedy("Use one of jdcloud, tencent, huawei, aliyun, ucloud.")
            })
    }
}

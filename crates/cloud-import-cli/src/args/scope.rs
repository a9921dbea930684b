//! Values that may count for one cloud or target alone: `[TARGET=]VALUE`, read alike from flags, variables and the file of defaults.
//! Which targets have a name is not known here: who knows them holds the names against them.

use std::str::FromStr;

use cloud_import::{Error, ErrorKind, Provider, Result, Target, WarningId};
use serde_json::{Map, Value};

use super::value::{read, told};

/// What a value counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every target.
    All,
    /// Every target in a cloud.
    Cloud(Provider),
    /// One target, by its name: that in the file of targets, or `PROVIDER/REGION`.
    Target(String),
}

impl Scope {
    /// What stands before the `=`: a cloud by any name that is in use for it, or a target.
    fn read(text: &str) -> Result<Self, String> {
        if let Ok(provider) = text.parse() {
            return Ok(Self::Cloud(provider));
        }
        match text {
            "" => Err("write TARGET=VALUE, such as aliyun=VALUE".to_owned()),
            _ if text.contains('/') => read::<Target>(text).map(|target| Self::Target(target.to_string())),
            _ => Ok(Self::Target(text.to_owned())),
        }
    }
}

/// A value, and what it counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scoped<T> {
    pub(crate) scope: Scope,
    pub(crate) value: T,
}

impl<T> Scoped<T> {
    fn read(text: &str, value: impl Fn(&str) -> Result<T, String>) -> Result<Self, String> {
        let (scope, text) = match text.split_once('=') {
            Some((scope, text)) => (Scope::read(scope)?, text),
            None => (Scope::All, text),
        };
        let value = value(text)?;
        Ok(Self { scope, value })
    }
}

/// `[TARGET=]VALUE`, for what holds no `=`.
pub(super) fn scoped<T: FromStr<Err = Error>>(text: &str) -> Result<Scoped<T>, String> {
    Scoped::read(text, read)
}

/// `[TARGET=]NAME`.
pub(super) fn name(text: &str) -> Result<Scoped<String>, String> {
    Scoped::read(text, |name| Ok(name.to_owned()))
}

/// `[TARGET=]GIB`.
pub(super) fn gib(text: &str) -> Result<Scoped<u32>, String> {
    Scoped::read(text, |number| {
        number
            .parse()
            .map_err(|_| "write a number of GiB, such as 40".to_owned())
    })
}

/// `[TARGET=]WARNING`.
pub(super) fn warning(text: &str) -> Result<Scoped<WarningId>, String> {
    Scoped::read(text, |name| told(cloud_import::warning(name)))
}

/// `TARGET=TEXT`, for what no two clouds have in common.
pub(super) fn of_target(text: &str) -> Result<Scoped<String>, String> {
    let (scope, text) = text.split_once('=').ok_or("write TARGET=VALUE, such as aliyun=VALUE")?;
    let (scope, value) = (Scope::read(scope)?, text.to_owned());
    Ok(Scoped { scope, value })
}

/// `TARGET.KEY=VALUE`. A value that is JSON is taken as such, else as text.
pub(crate) fn vendor_option(text: &str) -> Result<Scoped<(String, Value)>, String> {
    let parts = text
        .split_once('=')
        .and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let ((scope, option), value) = parts.ok_or("write TARGET.KEY=VALUE, such as aliyun.RoleName=MyRole")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok(Scoped {
        scope: Scope::read(scope)?,
        value: (option.to_owned(), value),
    })
}

/// Options in the words of the one cloud that a command is about.
pub(crate) fn own_options(said: &[Scoped<(String, Value)>], provider: Provider) -> Result<Map<String, Value>> {
    let mut options = Map::new();
    for Scoped { scope, value } in said {
        let (option, value) = value.clone();
        if *scope != Scope::Cloud(provider) {
            let message = format!("--set names another than the image's cloud for `{option}`");
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_provider(provider)
                .with_remedy(format!("Write --set {provider}.{option}=VALUE.")));
        }
        options.insert(option, value);
    }
    Ok(options)
}

/// `[TARGET=]TEXT` where the text may hold a `=` of its own: what stands before the first one is a target only if it is a cloud, a
/// `PROVIDER/REGION` or one of these names.
pub(crate) fn free<'a>(text: &'a str, is_name: &dyn Fn(&str) -> bool) -> Scoped<&'a str> {
    let told = text.split_once('=').and_then(|(scope, value)| {
        let scope = Scope::read(scope).ok()?;
        let is_there = !matches!(&scope, Scope::Target(name) if !name.contains('/') && !is_name(name));
        is_there.then_some(Scoped { scope, value })
    });
    told.unwrap_or(Scoped {
        scope: Scope::All,
        value: text,
    })
}

#[cfg(test)]
mod tests {
    use cloud_import::Architecture;

    use super::*;

    fn target(name: &str) -> Scope {
        Scope::Target(name.to_owned())
    }

    #[test]
    fn what_stands_before_the_first_equals_sign_is_a_cloud_or_a_target() {
        for (text, scope, value) in [
            ("images", Scope::All, "images"),
            ("alicloud=images", Scope::Cloud(Provider::ALIYUN), "images"),
            ("qcloud/ap-guangzhou=images", target("tencent/ap-guangzhou"), "images"),
            ("second=images", target("second"), "images"),
            ("second=", target("second"), ""),
        ] {
            let value = value.to_owned();
            assert_eq!(name(text), Ok(Scoped { scope, value }), "{text}");
        }
        assert!(name("=x").is_err() && name("aws/x=y").unwrap_err().contains("aliyun"));
        assert_eq!(gib("huawei=40").unwrap().value, 40);
        assert!(gib("huawei=big").is_err() && gib("").is_err());
        let arch = scoped::<Architecture>("aliyun=arm64").unwrap();
        assert_eq!(
            (arch.scope, arch.value),
            (Scope::Cloud(Provider::ALIYUN), Architecture::Arm64)
        );
        assert!(
            scoped::<Architecture>("arn64")
                .unwrap_err()
                .contains("Did you mean `arm64`?")
        );
        assert!(of_target("x").is_err());
        assert_eq!(of_target("second=a=b").unwrap().value, "a=b");
    }

    #[test]
    fn in_free_text_only_what_is_known_is_a_target() {
        let is_name = |name: &str| name == "second";
        for (text, scope, value) in [
            ("a=b", Scope::All, "a=b"),
            ("second=a=b", target("second"), "a=b"),
            ("jd=a=b", Scope::Cloud(Provider::JDCLOUD), "a=b"),
            ("ali/cn-beijing=x", target("aliyun/cn-beijing"), "x"),
            ("aws/x=y", Scope::All, "aws/x=y"),
            ("dt={date}/", Scope::All, "dt={date}/"),
            ("=x", Scope::All, "=x"),
        ] {
            assert_eq!(free(text, &is_name), Scoped { scope, value }, "{text}");
        }
    }

    #[test]
    fn vendor_options_are_json_or_text() {
        let read = |text| vendor_option(text).map(|said| (said.scope, said.value.0, said.value.1.to_string()));
        let told = |option: &str, value: &str| (option.to_owned(), value.to_owned());
        let cloud = Scope::Cloud;
        for (text, scope, (option, value)) in [
            ("aliyun.RoleName=R", cloud(Provider::ALIYUN), told("RoleName", "\"R\"")),
            (
                "huawei.bitmap_staged=true",
                cloud(Provider::HUAWEI),
                told("bitmap_staged", "true"),
            ),
            ("jdcloud.a.b=c=d", cloud(Provider::JDCLOUD), told("a.b", "\"c=d\"")),
            ("second.x=1", target("second"), told("x", "1")),
        ] {
            assert_eq!(read(text), Ok((scope, option, value)));
        }
        assert!(read("x").is_err() && read("x=1").is_err() && read(".x=1").is_err());
    }

    fn said(text: &str) -> Scoped<(String, Value)> {
        vendor_option(text).unwrap()
    }

    #[test]
    fn options_are_of_the_cloud_that_the_image_is_in() {
        let options = own_options(&[said("huawei.agency_name=a"), said("huawei.n=1")], Provider::HUAWEI).unwrap();
        assert_eq!(Value::Object(options), serde_json::json!({"agency_name": "a", "n": 1}));
        for other in ["aliyun.agency_name=a", "huawei/cn-north-4.agency_name=a"] {
            let refused = own_options(&[said(other)], Provider::HUAWEI).unwrap_err();
            assert!(
                refused
                    .remedy()
                    .unwrap()
                    .to_string()
                    .contains("--set huawei.agency_name"),
                "{refused}"
            );
        }
    }
}

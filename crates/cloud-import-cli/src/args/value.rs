//! How values are written that more than one option takes.

use std::{fmt, num::NonZeroU64, str::FromStr, time::Duration};

use cloud_import::{Error, Provider};

/// A value; a wrong one is answered with what to write instead.
pub(super) fn read<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    told(text.parse())
}

/// What was read, or what to write instead.
pub(super) fn told<T>(read: Result<T, Error>) -> Result<T, String> {
    read.map_err(|error| {
        let remedy = error.remedy().map(ToString::to_string).unwrap_or_default();
        format!("{error}. {remedy}")
    })
}

/// `PROVIDER=VALUE`.
pub(super) fn for_provider<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<(Provider, T), String> {
    let (provider, value) = text.split_once('=').ok_or("write PROVIDER=VALUE")?;
    Ok((
        read(provider)?,
        value.parse().map_err(|error: T::Err| error.to_string())?,
    ))
}

/// `N`, or `PROVIDER=N`.
pub(super) fn quota(text: &str) -> Result<(Option<Provider>, u32), String> {
    let (provider, number) = match text.split_once('=') {
        Some((provider, number)) => (Some(read(provider)?), number),
        None => (None, text),
    };
    let number = number.parse().map_err(|_| "write a number of images, such as 20")?;
    Ok((provider, number))
}

/// `KEY=VALUE`, with or without a target before it.
pub(super) fn pair(text: &str) -> Result<String, String> {
    match text.contains('=') {
        true => Ok(text.to_owned()),
        false => Err("write KEY=VALUE".to_owned()),
    }
}

/// `90s`, `30m`, `4h`, `2d`, `500ms`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const WRITE: &str = "write a number and ms, s, m, h or d, such as 30m";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| WRITE)?;
    let seconds = |per: u64| number.checked_mul(per).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        "d" => seconds(86_400),
        _ => return Err(WRITE.to_owned()),
    }
    .ok_or_else(|| "too long".to_owned())
}

/// `500k`, `10m`, `1g`: bytes a second.
pub(super) fn rate(text: &str) -> Result<NonZeroU64, String> {
    const WRITE: &str = "write bytes a second, such as 500k, 10m or 1g";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: NonZeroU64 = number.parse().map_err(|_| WRITE)?;
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(WRITE.to_owned()),
    };
    NonZeroU64::new(1 << shift)
        .and_then(|unit| number.checked_mul(unit))
        .ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_pairs() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
        for bad in ["", "m", "5", "5w", "-1s", "99999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(for_provider::<String>("aws=x").is_err());
        assert_eq!(quota("20"), Ok((None, 20)));
        assert_eq!(quota("jd=20"), Ok((Some(Provider::JDCLOUD), 20)));
        assert!(quota("many").is_err() && quota("aws=1").is_err() && quota("jd=").is_err());
        assert_eq!(
            for_provider::<String>("aliyun=a=b").unwrap(),
            (Provider::ALIYUN, "a=b".to_owned())
        );
    }

    #[test]
    fn rates_are_bytes_a_second() {
        let read = |text| rate(text).map(NonZeroU64::get);
        assert_eq!(read("1"), Ok(1));
        assert_eq!(read("500k"), Ok(500 << 10));
        assert_eq!((read("10m"), read("10M")), (Ok(10 << 20), Ok(10 << 20)));
        assert_eq!(read("1g"), Ok(1 << 30));
        for bad in ["", "0", "0m", "m", "1.5m", "-1", "5x", "5mb", "5 m", "99999999999g"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}

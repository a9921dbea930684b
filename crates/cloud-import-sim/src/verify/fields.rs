//! The `name=value` parts of an `Authorization` header, and lists of names in them.

use super::Refusal;

/// The values of these parts in this order, absent ones as `None`; a part that is none of them, or stands there twice, is
/// refused.
pub(super) fn fields<'r, const N: usize>(
    text: &'r str,
    separator: char,
    names: [&str; N],
) -> Result<[Option<&'r str>; N], Refusal> {
    let mut found = [None; N];
    for part in text.split(separator) {
        let (name, value) = part
            .trim()
            .split_once('=')
            .ok_or_else(|| Refusal::malformed("Authorization holds a part without '='"))?;
        let at = names.iter().position(|known| *known == name);
        let slot = at
            .and_then(|at| found.get_mut(at))
            .ok_or_else(|| Refusal::malformed("Authorization holds an unknown part"))?;
        if slot.replace(value).is_some() {
            return Err(Refusal::malformed(format!("Authorization holds {name} twice")));
        }
    }
    Ok(found)
}

/// A list of lower-case names, joined by semicolons, sorted, none twice; empty text is no name at all.
pub(super) fn names(list: &str) -> Result<Vec<String>, Refusal> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = list.split(';').map(str::to_owned).collect();
    let lower = |name: &String| {
        let graphic = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        !name.is_empty() && name.bytes().all(graphic)
    };
    if !names.iter().all(lower) || names.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Refusal::malformed(
            "a list of signed names is not sorted, not in lower case, or names something twice",
        ));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_any_order_and_once() {
        assert_eq!(
            fields("b=2, a=x=y", ',', ["a", "b", "c"]),
            Ok([Some("x=y"), Some("2"), None])
        );
        for bad in ["", "a", "a=1,a=2", "d=1"] {
            assert!(fields(bad, ',', ["a", "b"]).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_are_sorted_and_in_lower_case() {
        assert_eq!(names(""), Ok(Vec::new()));
        assert_eq!(names("a;b-c"), Ok(vec!["a".to_owned(), "b-c".to_owned()]));
        for bad in [";", "a;", "A", "b;a", "a;a", "a b"] {
            assert!(names(bad).is_err(), "{bad}");
        }
    }
}

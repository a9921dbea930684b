//! The SHA-256 that a file is expected to have, as people have it: the sum itself, or a file of sums such as `SHA256SUMS`.

use std::path::Path;

use cloud_import::{
    Error, ErrorKind, Result, Stop, env,
    provider::suggest::did_you_mean,
    publish::{
        Image,
        staging::{Hashed, LocalFile},
    },
};

/// A larger file is no list of sums.
const LARGEST: u64 = 4 << 20;

/// The sum that is expected of an image, where one is told.
///
/// # Errors
/// As [`expected`], or the image is no file of this machine.
pub(crate) fn expected_of(said: Option<&str>, image: &Image) -> Result<Option<String>> {
    let Some(said) = said else { return Ok(None) };
    let file = image.file().ok_or_else(|| {
        let message = "only the sum of a file of this machine can be read";
        Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Leave --expect-sha256 out, or name the file itself.")
    })?;
    expected(said, file.path()).map(Some)
}

/// Reads the sum of a file, which is to be the expected one.
///
/// # Errors
/// As [`expected`] and [`compared`].
pub(crate) async fn check(path: &Path, said: &str, stop: &Stop) -> Result<()> {
    let expected = expected(said, path)?;
    let file = LocalFile::open(path)?;
    let hashed = Hashed::of(&file, None, |_| {}, stop).await?;
    compared(path, &hashed.sha256, &expected)
}

/// # Errors
/// [`ErrorKind::InvalidRequest`] when the sum of a file is not the expected one.
pub(crate) fn compared(path: &Path, found: &str, expected: &str) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let message = format!(
        "`{}` has the SHA-256 {found}, and {expected} is expected",
        path.display()
    );
    Err(Error::new(ErrorKind::InvalidRequest, message)
        .with_remedy("Nothing was sent. Get the file again, or correct what is expected of it."))
}

/// The sum that is expected of the file at `image`, in lower-case hex. `expected` is that sum, or the path of a file of sums with a line
/// for a file of that name.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when it is neither, or the file has no line for it, or more than one that say different things.
pub(crate) fn expected(expected: &str, image: &Path) -> Result<String> {
    if let Some(sum) = sum(expected) {
        return Ok(sum);
    }
    let refuse = |why: String, remedy: String| {
        let message = format!("--expect-sha256 {expected}: {why}");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy(remedy)
    };
    let text = env::read_file(Path::new(expected), LARGEST)
        .map_err(|error| refuse(format!("cannot read it: {error}"), "Name a file of sums.".to_owned()))?
        .ok_or_else(|| {
            let why = "it is no SHA-256 in hex, and no file of that name is there".to_owned();
            refuse(why, "Give 64 hex digits, or a file such as SHA256SUMS.".to_owned())
        })?;
    let own = image.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lines: Vec<(String, String)> = text.lines().filter_map(line).collect();
    // A file that was made for one other file may hold nothing but its sum.
    if let ([], Some(sum)) = (lines.as_slice(), sum(text.trim())) {
        return Ok(sum);
    }
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let mut found: Vec<&str> = lines
        .iter()
        .filter(|(_, path)| name(path) == own)
        .map(|(sum, _)| sum.as_str())
        .collect();
    found.dedup();
    match found.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => {
            let names: Vec<String> = lines.iter().map(|(_, path)| name(path)).collect();
            let meant = did_you_mean(&own, names.iter().map(String::as_str));
            let why = format!("none of its {} sums is that of a file `{own}`", lines.len());
            Err(refuse(
                why,
                format!("{meant}Name the file that has it, or give the sum itself."),
            ))
        }
        more => {
            let why = format!("it has {} different sums of files `{own}`", more.len());
            Err(refuse(why, "Give the sum itself.".to_owned()))
        }
    }
}

/// A sum, in lower-case hex.
fn sum(text: &str) -> Option<String> {
    let is_sum = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum.then(|| text.to_ascii_lowercase())
}

/// Sum and path of a line: `SUM  PATH` and `SUM *PATH` of coreutils, with `\` before the sum where the path is escaped, and
/// `SHA256 (PATH) = SUM` of the BSDs and Fedora.
fn line(line: &str) -> Option<(String, String)> {
    let line = line.trim_end_matches('\r');
    if let Some(rest) = line.strip_prefix("SHA256 (") {
        let (path, own) = rest.rsplit_once(") = ")?;
        return Some((sum(own)?, path.to_owned()));
    }
    let (is_escaped, rest) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (own, path) = rest.split_once(' ')?;
    let path = path.strip_prefix(['*', ' '])?;
    let path = match is_escaped {
        true => path.replace("\\n", "\n").replace("\\\\", "\\"),
        false => path.to_owned(),
    };
    Some((sum(own)?, path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ONE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const TWO: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    #[test]
    fn a_sum_is_one_in_any_case_of_letters() {
        let image = Path::new("web.qcow2");
        assert_eq!(expected(&ONE.to_uppercase(), image).unwrap(), ONE);
        for bad in ["", "0123", &ONE[1..], &format!("{ONE}0"), &ONE.replace('0', "g")] {
            let error = expected(bad, image).unwrap_err();
            assert!(
                error.remedy().unwrap().to_string().contains("64 hex digits"),
                "{bad}: {error}"
            );
        }
    }

    #[test]
    fn every_form_of_a_list_is_read() {
        let path = std::env::temp_dir().join(format!("cloud-import-sums-{}", std::process::id()));
        let read = |text: &str, image: &str| {
            fs::write(&path, text).unwrap();
            let found = expected(path.to_str().unwrap(), Path::new(image));
            found.map_err(|error| format!("{error}; {}", error.remedy().unwrap()))
        };
        for text in [
            format!("{TWO}  db.qcow2\n{ONE}  web.qcow2\n"),
            format!("{ONE} *web.qcow2\n{TWO} *db.qcow2"),
            format!("{ONE}  ./images/web.qcow2\r\n"),
            format!("# web.qcow2: 5 bytes\nSHA256 (web.qcow2) = {ONE}\nSHA256 (db.qcow2) = {TWO}\n"),
            format!("{ONE}\n"),
            format!("{ONE}  web.qcow2\n{ONE} *web.qcow2\n"),
        ] {
            assert_eq!(read(&text, "dir/web.qcow2").as_deref(), Ok(ONE), "{text}");
        }
        assert_eq!(read(&format!("\\{ONE}  a\\nb\n"), "a\nb").as_deref(), Ok(ONE));
        assert_eq!(read(&format!("{ONE}  a b *c\n"), "a b *c").as_deref(), Ok(ONE));
        let told = read(&format!("{ONE}  web2.qcow2\n{TWO}  x\n"), "web.qcow2").unwrap_err();
        assert!(
            told.contains("none of its 2 sums") && told.contains("Did you mean `web2.qcow2`?"),
            "{told}"
        );
        let told = read(&format!("{ONE}  a/web.qcow2\n{TWO}  b/web.qcow2\n"), "web.qcow2").unwrap_err();
        assert!(told.contains("2 different sums"), "{told}");
        assert!(read("<html>", "web.qcow2").unwrap_err().contains("none of its 0 sums"));
        fs::remove_file(path).unwrap();
    }
}

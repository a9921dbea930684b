//! Which Windows it is. What people call it is made of several values, as none of them tells it for all versions.

use super::registry::{SOFTWARE, find_dirty, open, text};
use crate::{
    facts::{Guest, Os, Windows},
    fs::FileSystem,
    source::NotRead,
};

const CURRENT: &str = r"Microsoft\Windows NT\CurrentVersion";
/// The first build of Windows 11, which calls itself 10.
const ELEVEN: u32 = 22_000;
/// Servers by their builds, for those whose product has no year in its name.
const SERVERS: &[(u32, &str)] = &[
    (3790, "2003"),
    (6001, "2008"),
    (6002, "2008"),
    (6003, "2008"),
    (7600, "2008 R2"),
    (7601, "2008 R2"),
    (9200, "2012"),
    (9600, "2012 R2"),
    (14_393, "2016"),
    (17_763, "2019"),
    (20_348, "2022"),
    (26_100, "2025"),
];

/// Where policies of a domain or of the machine say whether remote desktop is let in.
const TERMINALS: &str = r"Policies\Microsoft\Windows NT\Terminal Services";

/// Adds it to what is known of the guest. Whether a policy denies remote desktop stands in the same hive, and is the answer.
pub(super) fn read(guest: &mut Guest, windows: &mut Windows, fs: &mut dyn FileSystem) -> Result<Option<bool>, NotRead> {
    let mut hive = open(fs, SOFTWARE)?;
    let mut value = |name| text(&mut hive, CURRENT, name);
    let (product, edition) = (value("ProductName")?, value("EditionID")?);
    let build = match value("CurrentBuild")? {
        Some(build) => Some(build),
        None => value("CurrentBuildNumber")?,
    };
    let build = build.and_then(|build| build.parse().ok());
    windows.installation = value("InstallationType")?;
    windows.display_version = match value("DisplayVersion")? {
        Some(version) => Some(version),
        None => value("ReleaseId")?,
    };
    let denied = hive.number(TERMINALS, "fDenyTSConnections")?.map(|denied| denied != 0);
    windows.product = product.clone();
    if hive.is_dirty() {
        find_dirty(guest, SOFTWARE);
    }
    // Before Windows Vista nothing but the name tells it.
    let is_server = match windows.installation.as_deref() {
        Some(installation) => !installation.eq_ignore_ascii_case("Client"),
        None => product.as_deref().unwrap_or_default().contains("Server"),
    };
    let told = windows.installation.is_some() || product.is_some();
    if told && !is_server {
        let what = format!("{} is no server", product.as_deref().unwrap_or("this Windows"));
        guest.find("guest.windows_client", SOFTWARE, &what);
    }
    guest.os = Some(Os {
        family: "windows".to_owned(),
        distribution: Some(if is_server { "Windows Server" } else { "Windows" }.to_owned()).filter(|_| told),
        id: None,
        version: version(is_server, product.as_deref(), build, windows.display_version.as_deref()),
        name: product.map(|product| name(is_server, product, build)),
        build,
        edition,
        from: Some(SOFTWARE.to_owned()),
    });
    Ok(denied)
}

/// The product as Microsoft calls it.
fn name(is_server: bool, product: String, build: Option<u32>) -> String {
    match !is_server && build >= Some(ELEVEN) {
        true => product.replacen("Windows 10", "Windows 11", 1),
        false => product,
    }
}

/// `2019`, `2012 R2`, `10`, `8.1`; of servers without a year `1809`.
fn version(is_server: bool, product: Option<&str>, build: Option<u32>, display: Option<&str>) -> Option<String> {
    if !is_server && build >= Some(ELEVEN) {
        return Some("11".to_owned());
    }
    let words: Vec<&str> = product.unwrap_or_default().split([' ', '(', ')', '®', '™']).collect();
    let is_version =
        |word: &&str| word.starts_with(|first: char| first.is_ascii_digit()) || matches!(*word, "XP" | "Vista");
    if let Some(at) = words.iter().position(is_version) {
        let second = words.get(at + 1).filter(|word| **word == "R2");
        return Some(
            [Some(words[at]), second.copied()]
                .map(Option::unwrap_or_default)
                .join(" ")
                .trim_end()
                .to_owned(),
        );
    }
    let by_build = SERVERS.iter().find(|(number, _)| is_server && Some(*number) == build);
    by_build
        .map(|(_, year)| (*year).to_owned())
        .or_else(|| display.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_by_the_names_of_products() {
        let cases = [
            (
                true,
                "Windows Server 2019 Datacenter",
                Some(17_763),
                Some("1809"),
                "2019",
            ),
            (true, "Windows Server 2012 R2 Standard", Some(9600), None, "2012 R2"),
            (true, "Windows Server (R) 2008 Enterprise", Some(6002), None, "2008"),
            (true, "Windows Server\u{ae} 2008 Standard", Some(6002), None, "2008"),
            (true, "Microsoft Windows Server 2003 R2", Some(3790), None, "2003 R2"),
            (true, "Hyper-V Server", Some(17_763), None, "2019"),
            (true, "Windows Server Standard", Some(17_134), Some("1803"), "1803"),
            (false, "Windows 10 Pro", Some(19_045), Some("22H2"), "10"),
            (false, "Windows 10 Pro", Some(22_631), Some("23H2"), "11"),
            (false, "Windows 8.1 Pro", Some(9600), None, "8.1"),
            (false, "Microsoft Windows XP", Some(2600), None, "XP"),
            (false, "Windows Vista (TM) Business", Some(6002), None, "Vista"),
        ];
        for (is_server, product, build, display, wanted) in cases {
            let found = version(is_server, Some(product), build, display);
            assert_eq!(found.as_deref(), Some(wanted), "{product} {build:?}");
        }
        assert_eq!(version(false, None, None, None), None);
        assert_eq!(name(false, "Windows 10 Pro".to_owned(), Some(22_000)), "Windows 11 Pro");
        assert_eq!(name(false, "Windows 10 Pro".to_owned(), Some(21_999)), "Windows 10 Pro");
    }
}

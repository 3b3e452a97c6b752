//! docs/sources/github.md says what the code does.

use std::{fs, path::PathBuf, sync::Mutex};

/// Compares a part of the page, between its marks, with what it should be; rewrites it instead if `INDELIBLE_BLESS` is set.
pub(crate) fn check(part: &str, expected: &str) {
    static PAGE: Mutex<()> = Mutex::new(());
    let _alone = PAGE.lock().unwrap();
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sources/github.md"));
    let page = fs::read_to_string(&file).unwrap();
    let marks = [format!("<!-- {part}: begin -->\n\n"), format!("\n<!-- {part}: end -->")];
    let (before, rest) = page.split_once(&marks[0]).unwrap();
    let (found, after) = rest.split_once(&marks[1]).unwrap();
    let expected = format!("{}\n", expected.trim_end());
    if std::env::var_os("INDELIBLE_BLESS").is_some() {
        fs::write(&file, format!("{before}{}{expected}{}{after}", marks[0], marks[1])).unwrap();
    } else {
        assert!(
            found == expected,
            "docs/sources/github.md is out of date; to rewrite it: INDELIBLE_BLESS=1 cargo test -p indelible-sources doc"
        );
    }
}

#[test]
fn the_documentation_has_the_mapping_table_of_the_code() {
    check("mapping", &indelible_sources::github::mapping_table());
}

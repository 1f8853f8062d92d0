//! Parts of pages that a test produces, so that they stay true. `UPDATE_DOCS=1` rewrites them.

use std::fs;
use std::path::Path;

/// Compares what stands between `<!-- NAME: begin … -->` and `<!-- NAME: end -->`, or writes it.
pub fn check_generated(file: &str, name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap();
    let begin =
        text.find(&format!("<!-- {name}: begin")).unwrap_or_else(|| panic!("{file} has no {name} marker"));
    let start = begin + text[begin..].find("-->\n").unwrap() + 4;
    let end = start + text[start..].find(&format!("<!-- {name}: end -->")).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{}{wanted}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert!(
            text[start..end] == *wanted,
            "{file}: {name} is out of date; UPDATE_DOCS=1 makes the test rewrite it"
        );
    }
}

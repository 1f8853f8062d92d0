//! What is compiled for one operating system alone lies in a few places, so that the rest of the source is
//! the same program everywhere: what a test on Linux shows of it holds on the others. And docs/platforms.md
//! tells of each target how far it was tried.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where such code may lie, below `src/`; docs/platforms.md has what each system uses.
const HOMES: [&str; 9] = [
    "browser.rs",
    "browser/",
    "lock.rs",
    "lock/",
    "platform.rs",
    "platform/",
    "store/",
    "terminal.rs",
    "terminal/",
];

#[test]
fn what_is_compiled_for_one_system_alone_is_at_home() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut at_home, mut strays) = (0, Vec::new());
    for file in sources(&src) {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let found = conditions(&text);
        if HOMES.iter().any(|home| name == *home || home.ends_with('/') && name.starts_with(home)) {
            at_home += found.len();
        } else {
            strays.extend(found.iter().map(|line| format!("src/{name}:{line}")));
        }
    }
    assert!(at_home > 20, "only {at_home} were found: this test looks at nothing");
    assert!(
        strays.is_empty(),
        "a function of `platform::Os` is tested for every system; what can't be one belongs to platform/:\n{}",
        strays.join("\n")
    );
}

/// Tried, and not released.
const TRIED_ONLY: [&str; 1] = ["x86_64-pc-windows-gnu"];

#[test]
fn docs_tell_of_every_target_how_far_it_was_tried() {
    let read = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (page, suites, targets) = (read("docs/platforms.md"), read("tests/run.sh"), read("release/targets"));
    let (_, table) = page.split_once("| target | was | by |\n| --- | --- | --- |\n").unwrap();
    let rows: Vec<Vec<&str>> =
        table.lines().map_while(|line| Some(line.strip_prefix("| ")?.split(" | ").collect())).collect();

    let mut told: Vec<&str> = rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2)).collect();
    let mut known: Vec<&str> = targets.lines().chain(TRIED_ONLY).collect();
    told.sort_unstable();
    known.sort_unstable();
    assert_eq!(told, known);

    for row in &rows {
        let suite = row[2].split('`').nth(1).and_then(|line| line.strip_prefix("tests/run.sh"));
        let suite = suite.map(str::trim).filter(|name| !name.is_empty());
        assert!(suite.is_none_or(|name| suites.contains(&format!("\nsuite_{name}() {{\n"))), "{row:?}");
        // Who names no suite says that nothing was tried.
        assert_eq!(!row[2].starts_with('`'), row[1].starts_with("not compiled here"), "{row:?}");
    }

    let tests: usize = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/windows"))
        .iter()
        .map(|file| fs::read_to_string(file).unwrap().matches("#[test]\n").count())
        .sum();
    let of_wine = rows.iter().find(|row| row[2].starts_with("`tests/run.sh windows`")).unwrap();
    assert!(of_wine[1].contains(&format!(", {tests} tests;")), "{tests} tests, and told: {}", of_wine[1]);
}

#[test]
fn every_way_to_ask_for_a_system_is_found() {
    for line in [
        "#[cfg(unix)]",
        "    #[cfg(not(windows))]",
        "if cfg!(target_os = \"linux\") {",
        "#[cfg_attr(windows, path = \"a.rs\")]",
        "#[cfg(any(test, target_family = \"unix\"))]",
        "let a = cfg! (all(unix, not(target_vendor = \"apple\")));",
        "#[cfg(\n    any(\n        target_env = \"musl\"))]",
        "use std::os::unix::fs::MetadataExt;",
        "std::os::windows::process::CommandExt::raw_arg(c);",
    ] {
        assert_eq!(conditions(line).len(), 1, "{line}");
    }
    for line in [
        "#[cfg(test)]",
        "#[cfg(all(test, unix))]",
        "#[cfg(target_endian = \"little\")]",
        "/// #[cfg(unix)]",
        "let windows = unix(config);",
    ] {
        assert!(conditions(line).is_empty(), "{line}");
    }
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The lines on which something depends on the operating system, each with its number. A condition for tests
/// alone is none.
fn conditions(text: &str) -> Vec<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let mut found: Vec<_> = code
        .match_indices("cfg")
        .filter(|(at, _)| condition(&code[at + 3..]).is_some_and(names_a_system))
        .map(|(at, _)| at)
        .collect();
    found.extend(
        ["std::os::unix", "std::os::windows"]
            .iter()
            .flat_map(|way| code.match_indices(way).map(|(at, _)| at)),
    );
    found.sort_unstable();
    let line = |at: usize| code[..at].matches('\n').count();
    found
        .iter()
        .map(|at| format!("{}: {}", line(*at) + 1, text.lines().nth(line(*at)).unwrap().trim()))
        .collect()
}

/// What stands in the brackets of a `cfg(…)`, `cfg!(…)` or `cfg_attr(…, …)` behind its first word.
fn condition(behind: &str) -> Option<&str> {
    let inside = behind.trim_start_matches("_attr").trim_start_matches('!').trim_start().strip_prefix('(')?;
    let mut depth = 1;
    let end = inside.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    })?;
    Some(&inside[..end])
}

fn names_a_system(condition: &str) -> bool {
    const KEYS: [&str; 6] = ["unix", "windows", "target_os", "target_family", "target_vendor", "target_env"];
    let mut words = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
    !condition.trim_start().starts_with("all(test,") && words.any(|word| KEYS.contains(&word))
}

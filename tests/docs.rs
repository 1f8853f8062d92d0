//! The documentation tells the truth about the program: its tables are generated from the source, and
//! every command, profile, message, variable and link in it is checked against what exists.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` rewrites what is generated.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/generated.rs"]
mod generated;
#[path = "support/pages.rs"]
#[allow(dead_code, reason = "tests/docs_commands.rs uses the rest")]
mod pages;

use clap::Parser;
use clap::error::ErrorKind;
use cognito_creds::cli::Cli;
use cognito_creds::profile::{Profile, keys};
use generated::check_generated;
use pages::{Page, files, pages, root};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_tables_of_keys_are_those_of_the_program() {
    check_generated("README.md", "keys", &short_table());
    check_generated("docs/configuration.md", "keys", &full_table());
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        for target in links(&page.prose()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path =
                if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
            let found = path.exists() && (anchor.is_empty() || anchors(&path).contains(anchor));
            if !found {
                broken.push(format!("{}: {target}", page.name()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let (mut reached, mut open) = (BTreeSet::new(), vec![root().join("README.md")]);
    while let Some(path) = open.pop() {
        let path = path.canonicalize().unwrap();
        if !reached.insert(path.clone()) {
            continue;
        }
        for target in links(&Page::read(path.clone()).prose()) {
            let target = path.parent().unwrap().join(target.split('#').next().unwrap());
            if target.extension().is_some_and(|e| e == "md") && target.exists() {
                open.push(target);
            }
        }
    }
    let all: BTreeSet<_> = pages().into_iter().map(|p| p.path.canonicalize().unwrap()).collect();
    let lost: Vec<_> = all.difference(&reached).collect();
    assert!(lost.is_empty(), "nobody finds {lost:?}");
}

#[test]
fn every_command_shown_is_one_that_the_program_takes() {
    let (mut count, mut wrong) = (0, Vec::new());
    for page in pages() {
        for command in page.commands() {
            count += 1;
            // Help and version end the parser as if they were errors.
            let shown = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
            if let Err(error) = Cli::try_parse_from(&command)
                && !shown.contains(&error.kind())
            {
                wrong.push(format!("{}: {}", page.name(), command.join(" ")));
            }
        }
    }
    assert!(count > 30, "only {count} commands were found: this test looks at nothing");
    assert!(wrong.is_empty(), "not commands of this program:\n{}", wrong.join("\n"));
}

#[test]
fn the_readme_names_the_suites_that_run_by_name_alone() {
    let runner = fs::read_to_string(root().join("tests/run.sh")).unwrap();
    let (_, named) = runner.split_once("\nnamed_suites=(").unwrap();
    let mut named: Vec<_> = named.split(')').next().unwrap().split_whitespace().collect();
    let prose = Page::read(root().join("README.md")).prose().replace('\n', " ");
    let calls = prose.split("`./tests/run.sh ").skip(1).filter_map(|rest| rest.split('`').next());
    let mut told: Vec<_> = calls.flat_map(str::split_whitespace).collect();
    named.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, named);
}

#[test]
fn every_profile_shown_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let env = |name: &str| match name {
        "AWS_CONFIG_FILE" => Some(config.to_string_lossy().into_owned()),
        "HOME" => Some(folder.path().to_string_lossy().into_owned()),
        _ => None,
    };
    let mut count = 0;
    for page in pages() {
        for block in page.blocks("ini") {
            fs::write(&config, &block).unwrap();
            for header in block.lines().filter(|l| l.starts_with("[profile ") || *l == "[default]") {
                count += 1;
                let name = header.trim_matches(['[', ']']).trim_start_matches("profile ");
                let profile = Profile::load(name, &env, "home");
                assert!(profile.is_ok(), "{}, {header}: {}", page.name(), profile.unwrap_err());
            }
            known_keys_only(&page, &block);
        }
    }
    assert!(count > 5, "only {count} profiles were found: this test looks at nothing");
}

#[test]
fn every_message_quoted_is_one_that_the_program_prints() {
    let templates = templates();
    let (mut count, mut unknown) = (0, Vec::new());
    for page in pages() {
        for line in page.blocks("text").iter().flat_map(|block| block.lines()) {
            let Some(message) = line.strip_prefix("cognito-creds: ") else { continue };
            count += 1;
            if !templates.iter().any(|template| fits(template, message)) {
                unknown.push(format!("{}: {message}", page.name()));
            }
        }
    }
    assert!(count > 20, "only {count} messages were found: this test looks at nothing");
    assert!(unknown.is_empty(), "the source has no such message:\n{}", unknown.join("\n"));
}

#[test]
fn every_variable_documented_is_read() {
    let page = Page::read(root().join("docs/configuration.md"));
    let (_, section) = page.text.split_once("\n## Environment variables\n").unwrap();
    let table = section.split("\n## ").next().unwrap();
    let source = sources().join("\n");
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let names: Vec<_> =
        first_cells.flat_map(|cell| cell.split(['`', ',', ' ']).filter(|n| !n.is_empty())).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(source.contains(&format!("\"{name}\"")), "{name} is documented and not read");
    }
}

fn known_keys_only(page: &Page, block: &str) {
    // `[services …]` spells the identity pool's service like a key of ours.
    let profiles = block.split("\n[services ").next().unwrap();
    for line in profiles.lines().filter(|line| line.starts_with("cognito_")) {
        let key = line.split('=').next().unwrap().trim();
        assert!(keys::ALL.iter().any(|k| k.name == key), "{}: there is no key {key}", page.name());
    }
}

/// `[`name`](file.rs)` means the test of that name in that file.
#[test]
fn every_test_named_exists() {
    let (mut count, mut lost) = (0, Vec::new());
    for page in pages() {
        for link in page.prose().split("[`").skip(1) {
            let Some((name, rest)) = link.split_once("`](") else { continue };
            let Some(file) = rest.split(')').next().filter(|file| file.ends_with(".rs")) else { continue };
            count += 1;
            let source = fs::read_to_string(page.path.parent().unwrap().join(file)).unwrap_or_default();
            if let Err(why) = is_a_test_that_runs(&source, name) {
                lost.push(format!("{}: {name} in {file} {why}", page.name()));
            }
        }
    }
    assert!(count > 30, "only {count} tests were found: this test looks at nothing");
    assert!(lost.is_empty(), "these tests are named and show nothing:\n{}", lost.join("\n"));
}

/// Whether a function of that name is a test that nothing leaves out.
fn is_a_test_that_runs(source: &str, name: &str) -> Result<(), &'static str> {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let function = format!("fn {name}(");
    let at = lines.iter().position(|line| line.strip_prefix("async ").unwrap_or(line).starts_with(&function));
    let before = &lines[..at.ok_or("does not exist")?];
    let attributes: Vec<_> =
        before.iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//")).collect();
    if attributes.iter().any(|line| line.starts_with("#[ignore")) {
        return Err("is ignored");
    }
    let is_test = attributes.iter().any(|line| **line == "#[test]");
    if is_test { Ok(()) } else { Err("is not a test") }
}

#[test]
fn a_function_that_is_no_test_is_not_taken_for_one() {
    let of =
        |attributes: &str| is_a_test_that_runs(&format!("{attributes}\n    fn shows_it() {{\n"), "shows_it");
    assert_eq!(of("#[test]\n#[cfg(unix)]"), Ok(()));
    assert_eq!(of("#[test]\n// Why it is as it is.\n#[allow(clippy::unwrap_used)]"), Ok(()));
    assert_eq!(of("}\n"), Err("is not a test"));
    assert_eq!(of("// #[test]"), Err("is not a test"));
    assert_eq!(of("#[test]\n#[ignore = \"slow\"]"), Err("is ignored"));
    assert_eq!(is_a_test_that_runs("#[test]\n// fn shows_it()", "shows_it"), Err("does not exist"));
}

// ---- what is generated

fn short_table() -> String {
    let rows = keys::ALL.iter().map(|k| format!("| `{}` | {} | {} |\n", k.name, default_of(k), k.help));
    format!("| key | default | meaning |\n| --- | --- | --- |\n{}", rows.collect::<String>())
}

fn full_table() -> String {
    let rows = keys::ALL
        .iter()
        .map(|k| format!("| `{}` | {} | {} | {} |\n", k.name, k.shape, default_of(k), k.help));
    format!("| key | value | default | meaning |\n| --- | --- | --- | --- |\n{}", rows.collect::<String>())
}

fn default_of(key: &keys::Key) -> String {
    if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) }
}

// ---- pages

impl Page {
    /// Every `cognito-creds …` that a reader might paste: lines of shell and ini blocks, second lines of
    /// messages, inline code.
    fn commands(&self) -> Vec<Vec<String>> {
        let (blocks, prose) = self.split();
        let shells = ["sh", "console", "powershell", "ini", "text"];
        let blocks = blocks.iter().filter(|b| shells.contains(&b.language.as_str()));
        let blocks: String = blocks.map(|b| b.text.replace("\\\n", " ")).collect();
        let joined = prose.replace('\n', " ");
        let inline = joined.split('`').skip(1).step_by(2);
        blocks.lines().chain(inline).filter_map(command_in).collect()
    }
}

/// The program's command line within a line of shell, up to what the shell would take.
fn command_in(line: &str) -> Option<Vec<String>> {
    if line.starts_with("cognito-creds: ") {
        return None;
    }
    let at = line.find("cognito-creds ")?;
    let before = &line[..at];
    let is_word = before.is_empty() || before.ends_with([' ', '/']);
    let ends = |word: &&String| ["|", "&&", "#", ";", "<", ">", "||"].contains(&word.as_str());
    let words: Vec<_> = shell_words(&line[at..]).into_iter().take_while(|word| !ends(&word)).collect();
    let command = words.get(1)?;
    // Where the name is followed by something else, as in a transcript of --version, it is no command.
    let is_command = is_word && command.starts_with(|c: char| c.is_ascii_lowercase() || c == '-');
    is_command.then_some(words)
}

/// A line's words as a shell takes them apart, with blanks in quotes left in place.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The targets of `[text](target)`.
fn links(prose: &str) -> Vec<String> {
    prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors that GitHub makes of a page's headings.
fn anchors(path: &Path) -> BTreeSet<String> {
    let prose = Page::read(path.to_owned()).prose();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings.map(|heading| slug(heading.trim_start_matches('#').trim())).collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

// ---- the source

fn sources() -> Vec<String> {
    files(&root().join("src"), "rs").into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Every text in the source that may be a message, as the fragments around its placeholders.
fn templates() -> Vec<Vec<String>> {
    let texts = sources().iter().flat_map(|source| literals(source)).collect::<Vec<_>>();
    let fragments = texts.iter().map(|text| fragments(text));
    // What is mostly placeholder would fit anything.
    fragments.filter(|parts| parts.iter().map(|p| p.trim().len()).sum::<usize>() >= 10).collect()
}

/// The string literals of a Rust source: enough of its grammar for this crate's own.
fn literals(source: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let tail = &rest[at..];
        rest = if tail.starts_with("//") {
            tail.split_once('\n').map_or("", |(_, next)| next)
        } else if let Some(next) = tail.strip_prefix("'\"'") {
            next
        } else if let Some(text) = tail.strip_prefix('"') {
            let (text, next) = literal(text);
            found.push(text);
            next
        } else {
            &tail[1..]
        };
    }
    found
}

/// One literal and what follows it. A backslash at a line's end swallows the next line's indentation.
fn literal(text: &str) -> (String, &str) {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((_, '\n')) => {
                    let indented = chars.as_str();
                    let skipped = indented.len() - indented.trim_start().len();
                    if skipped > 0 {
                        chars.nth(skipped - 1);
                    }
                }
                Some((_, c)) => value.push(c),
                None => {}
            },
            c => value.push(c),
        }
    }
    (value, "")
}

fn fragments(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '{' => {
                depth += 1;
                parts.push(String::new());
            }
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    parts
}

/// Whether the fragments stand in the message in their order, the first at its start and the last at
/// its end.
fn fits(template: &[String], message: &str) -> bool {
    let (Some(first), Some(last)) = (template.first(), template.last()) else { return false };
    let mut rest = message;
    for part in template {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    message.starts_with(first.as_str()) && message.ends_with(last.as_str())
}

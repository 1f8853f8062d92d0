//! `Debug` of every type of the program, found in its source: none is derived over a secret in plain text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Names of fields that would hold a secret as plain text.
const TELLING: [&str; 8] =
    ["token", "secret", "password", "passphrase", "code", "verifier", "credential", "authorization"];
/// Fields of such a name that hold none: what a token may be used for.
const HARMLESS: [(&str, &str); 1] = [("Claims", "token_use")];

/// A struct or enum: whether its `Debug` is derived, and its body without comments.
struct Type {
    derives: bool,
    body: String,
}

/// Every type of the source, tests left out.
fn types() -> BTreeMap<String, Vec<Type>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            read(text.split("#[cfg(test)]\nmod tests").next().unwrap(), &mut found);
        }
    }
    found
}

fn read(text: &str, found: &mut BTreeMap<String, Vec<Type>>) {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut attributes = String::new();
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<_> =
            line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
        let kind = words.iter().position(|word| ["struct", "enum"].contains(word));
        match kind.filter(|at| words[..*at].iter().all(|w| ["pub", "super", "crate"].contains(w))) {
            Some(kind) if words.len() > kind + 1 => {
                let indent = line.len() - line.trim_start().len();
                let is_end = |line: &&str| line.len() > indent && line[indent..].starts_with('}');
                let length = if line.trim_end().ends_with('{') {
                    lines[at..].iter().position(is_end).unwrap()
                } else {
                    0
                };
                let body = lines[at..=at + length].join("\n");
                let derives = attributes.contains("Debug");
                found.entry(words[kind + 1].to_owned()).or_default().push(Type { derives, body });
                attributes.clear();
            }
            _ if line.trim_start().starts_with("#[") => attributes.push_str(line),
            _ if line.trim().is_empty() || line.trim().ends_with('}') => attributes.clear(),
            _ => {}
        }
    }
}

#[test]
fn no_type_that_derives_debug_has_a_secret_as_plain_text() {
    let types = types();
    assert!(types.len() > 100, "{} types", types.len());
    let (mut looked_at, mut told) = (0, Vec::new());
    for (name, type_) in types.iter().flat_map(|(name, all)| all.iter().map(move |t| (name, t))) {
        for line in type_.body.lines().filter(|_| type_.derives) {
            let Some((field, kind)) = line.trim().trim_end_matches(',').split_once(": ") else { continue };
            let field = field.rsplit(' ').next().unwrap();
            let plain = ["String", "str", "Vec<u8>", "[u8]", "Zeroizing", "Bytes"];
            looked_at += 1;
            let tells = TELLING.iter().any(|word| field.contains(word));
            let harmless = HARMLESS.contains(&(name.as_str(), field)) || field.contains("endpoint");
            let is_plain = plain.iter().any(|word| kind.contains(word));
            if tells && is_plain && !harmless {
                told.push(format!("{name}.{field} is {kind}"));
            }
            // Zeroizing shows what is in it.
            assert!(!kind.contains("Zeroizing"), "{name}.{field} is {kind}");
        }
    }
    assert!(looked_at > 100, "{looked_at} fields");
    assert!(told.is_empty(), "these derive Debug, and hold what sounds like a secret: {told:#?}");
}

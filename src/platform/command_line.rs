//! The one text of which a program on Windows makes its arguments.

/// A text that is taken apart into these words again, by the rules of Microsoft's C runtime ("Parsing C
/// command-line arguments"), which std follows: a backslash is one but before a quote. The first word is a
/// program's path, which has no quotes.
pub fn of(words: &[&str]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    let mut backslashes = 0;
    for c in word.chars() {
        match c {
            '\\' => backslashes += 1,
            '"' => {
                text.push_str(&"\\".repeat(backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        text.push(c);
    }
    text.push_str(&"\\".repeat(backslashes));
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_apart_as_they_were() {
        for (words, line) in [
            (&[r"C:\a b\c.exe", "sign-in", "--profile=a"][..], r#""C:\a b\c.exe" "sign-in" "--profile=a""#),
            (&["c", r#"--profile=a" "b"#], r#""c" "--profile=a\" \"b""#),
            (&["c", r"end\", r#"\\""#, ""], r#""c" "end\\" "\\\\\"" """#),
        ] {
            assert_eq!(of(words), line);
        }
    }
}

//! The pages of the documentation, taken apart into fenced blocks and the text around them.

use std::fs;
use std::path::{Path, PathBuf};

/// A page.
pub struct Page {
    /// Its file.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// A fenced block.
pub struct Block {
    /// The word after the fence.
    pub language: String,
    /// Its lines.
    pub text: String,
    /// The name of the generated part that it stands in (`<!-- NAME: begin … -->`).
    pub part: Option<String>,
}

/// The one block of a page that begins with these words.
pub fn block(page: &str, begins: &str) -> String {
    let blocks = Page::read(root().join(page)).split().0;
    let mut found = blocks.into_iter().filter(|block| block.text.starts_with(begins));
    let block = found.next().unwrap_or_else(|| panic!("{page} has no block that begins: {begins}"));
    assert!(found.next().is_none(), "{page} has two blocks that begin: {begins}");
    block.text
}

impl Page {
    /// Reads a page.
    pub fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { path, text }
    }

    /// Its path in the repository.
    pub fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap_or(&self.path).display().to_string()
    }

    /// Blocks and the text around them, in which fences are left out.
    pub fn split(&self) -> (Vec<Block>, String) {
        let (mut blocks, mut prose, mut open): (Vec<Block>, String, bool) =
            (Vec::new(), String::new(), false);
        let mut part = None;
        for line in self.text.lines() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                if !open {
                    let language = language.trim().to_owned();
                    blocks.push(Block { language, text: String::new(), part: part.clone() });
                }
                open = !open;
                continue;
            }
            if let Some((name, rest)) = line.strip_prefix("<!-- ").and_then(|mark| mark.split_once(": ")) {
                part = rest.starts_with("begin").then(|| name.to_owned());
            }
            let place = if open { &mut blocks.last_mut().unwrap().text } else { &mut prose };
            place.push_str(line);
            place.push('\n');
        }
        assert!(!open, "{}: a block is not closed", self.name());
        (blocks, prose)
    }

    /// The text around the blocks.
    pub fn prose(&self) -> String {
        self.split().1
    }

    /// The blocks in one language.
    pub fn blocks(&self, language: &str) -> Vec<String> {
        self.split().0.into_iter().filter(|b| b.language == language).map(|b| b.text).collect()
    }
}

/// The README and every page of `docs`.
pub fn pages() -> Vec<Page> {
    let mut paths = files(&root().join("docs"), "md");
    paths.push(root().join("README.md"));
    paths.into_iter().map(Page::read).collect()
}

/// The files with this extension, at any depth.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

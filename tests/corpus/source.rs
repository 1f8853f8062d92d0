//! The words in the program's source: every string literal that a person could read.

use proc_macro2::{TokenStream, TokenTree};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, LitStr, Meta};

/// A string literal of two words or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its file, from the project's folder.
    pub file: String,
    /// The literal as it stands in the source.
    pub text: String,
    /// What is printed of it in any case, in its order.
    parts: Vec<String>,
}

impl Template {
    /// Whether a line can be made of it.
    pub fn makes(&self, line: &str) -> bool {
        let mut rest = Some(line);
        self.parts.iter().all(|part| {
            rest = rest.and_then(|rest| Some(rest.split_once(part.as_str())?.1));
            rest.is_some()
        })
    }
}

/// Modules and types whose functions bring their arguments to the terminal, stdout or the log, and to no error.
const ELSEWHERE: &[&str] = &["output", "terminal", "log", "Words"];
/// Methods of that kind, and those that look for somebody else's words.
const ELSEWHERE_BY_METHOD: &[&str] =
    &["notice", "note_notice", "tell", "because", "contains", "starts_with", "strip_prefix"];

/// What one file says.
#[derive(Debug)]
pub struct Said {
    /// Its name, from the project's folder.
    pub file: String,
    /// Its templates outside tests.
    pub templates: Vec<Template>,
    /// Whether it makes an `Error` outside tests.
    pub makes_errors: bool,
}

/// What every file of the program says.
pub fn sources(root: &Path) -> Vec<Said> {
    let mut files = Vec::new();
    find(&root.join("src"), &mut files);
    let read = |file: PathBuf| {
        let name = file.strip_prefix(root).unwrap().display().to_string().replace('\\', "/");
        said_in(&name, &fs::read_to_string(&file).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// The same of one file.
pub fn said_in(file: &str, source: &str) -> Said {
    let mut collector = Collector { file, found: Vec::new(), makes_errors: false };
    collector.visit_file(&syn::parse_file(source).unwrap());
    Said { file: file.to_owned(), templates: collector.found, makes_errors: collector.makes_errors }
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            find(&entry, found);
        } else if entry.to_string_lossy().ends_with(".rs")
            && !["_tests.rs", "_properties.rs"].iter().any(|end| entry.to_string_lossy().ends_with(end))
        {
            found.push(entry);
        }
    }
}

struct Collector<'a> {
    file: &'a str,
    found: Vec<Template>,
    makes_errors: bool,
}

impl Collector<'_> {
    fn add(&mut self, text: String, parts: Vec<String>) {
        let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
        if parts.join(" ").split_whitespace().filter(is_word).count() >= 2 {
            self.found.push(Template { file: self.file.to_owned(), text, parts });
        }
    }

    /// A macro's tokens: `format!` and its kin, and tables of our own. In them `{…}` is a hole.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut after_hash = false;
        for token in tokens {
            match &token {
                // An attribute, which is how a doc comment looks from here.
                TokenTree::Group(group) if !after_hash => self.add_tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(literal) = syn::parse_str::<LitStr>(&literal.to_string()) {
                        self.add(literal.value(), fixed_parts(&literal.value()));
                    }
                }
                _ => {}
            }
            after_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        }
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    /// The words of an error type of thiserror's; other attributes are for nobody to read.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta
            && list.path.is_ident("error")
        {
            self.add_tokens(list.tokens.clone());
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let Expr::Path(function) = &*call.func else { return visit::visit_expr_call(self, call) };
        let path: Vec<_> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        match path[..] {
            [.., "io", "Error", "new"] => {}
            [.., "Error", "new"] => self.makes_errors = true,
            // Where the type itself is.
            ["Self", "new"] if self.file == "src/error.rs" => self.makes_errors = true,
            [.., module, _] if ELSEWHERE.contains(&module) => return,
            ["has"] => return,
            _ => {}
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if ELSEWHERE_BY_METHOD.contains(&call.method.to_string().as_str()) {
            self.visit_expr(&call.receiver);
        } else {
            visit::visit_expr_method_call(self, call);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let first = call.path.segments.first().map(|segment| segment.ident.to_string());
        if !first.is_some_and(|first| ELSEWHERE.contains(&first.as_str())) {
            self.add_tokens(call.tokens.clone());
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.add(literal.value(), vec![literal.value()]);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
}

/// What stands between the holes of a format string.
fn fixed_parts(format: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => parts.last_mut().unwrap().extend(rest.next()),
            '{' => {
                rest.by_ref().find(|c| *c == '}');
                parts.push(String::new());
            }
            c => parts.last_mut().unwrap().push(c),
        }
    }
    parts
}

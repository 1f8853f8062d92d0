//! `Debug` of every type of the program, found in its source: none is derived over a secret in plain text.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, Ident, ItemEnum, ItemMod, ItemStruct, Type};

/// Names of fields, variants and types that would hold a secret as plain text.
const TELLING: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "code",
    "verifier",
    "credential",
    "authorization",
    "state",
    "nonce",
    "key",
    "address",
];
/// Such names of what is no secret, and why.
const HARMLESS: [(&str, &str); 12] = [
    ("Claims.token_use", "what a token may be used for"),
    ("Claims.nonce", "compared with the next; opens nothing"),
    ("Backend.logins_key", "a provider's name"),
    ("Configure.keys", "settings of a profile"),
    ("Keys", "names of settings"),
    ("Command::CredentialProcess", "the subcommand, and its profile"),
    ("Entry.key", "the name of a setting"),
    ("Credentials.access_key_id", "a name, which AWS itself writes into logs"),
    ("Endpoints.token", "an address"),
    ("Metadata.authorization_endpoint", "an address"),
    ("Metadata.token_endpoint", "an address"),
    ("Metadata.token_endpoint_auth_methods_supported", "names of methods"),
];
/// What shows the text that it holds.
const PLAIN: [&str; 8] = ["String", "str", "u8", "Zeroizing", "Bytes", "Url", "OsString", "PathBuf"];

/// A name, and the words of a type.
type Held = (String, Vec<String>);

/// A type, with what its values hold.
struct Found {
    derives: bool,
    /// The names around a value (type, variant, field), and the names in its type.
    holds: Vec<Held>,
}

/// Every type of the source, tests left out.
#[derive(Default)]
struct Types(BTreeMap<String, Vec<Found>>);

impl Types {
    fn read() -> Self {
        let mut types = Self::default();
        let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(path) = files.pop() {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.extension().is_some_and(|e| e == "rs")
                && !["_tests", "_properties"].iter().any(|end| name.ends_with(end))
            {
                types.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
            }
        }
        types
    }

    fn take(&mut self, name: &str, attributes: &[Attribute], holds: Vec<Held>) {
        let derives = attributes.iter().any(derives_debug);
        self.0.entry(name.to_owned()).or_default().push(Found { derives, holds });
    }

    /// The type that shows plain text in `Debug` of a value, found through types of ours that derive it.
    fn shown(&self, words: &[String], within: &mut Vec<String>) -> Option<String> {
        if let Some(plain) = words.iter().find(|word| PLAIN.contains(&word.as_str())) {
            return Some(plain.clone());
        }
        words.iter().find_map(|word| {
            let found = self.0.get(word)?;
            if within.contains(word) {
                return None;
            }
            within.push(word.clone());
            let is_wrapper = found.iter().all(|found| found.holds.len() == 1);
            let holds = found.iter().filter(|found| found.derives).flat_map(|found| &found.holds);
            // What has a name among others is looked at by that name.
            let wrapped = holds.filter(|(name, _)| !name.contains('.') || is_wrapper);
            let shown = wrapped.map(|(_, of)| self.shown(of, within)).find_map(|shown| shown);
            within.pop();
            shown.map(|shown| format!("{word} of {shown}"))
        })
    }
}

impl<'ast> Visit<'ast> for Types {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let is_test = |attribute: &Attribute| {
            attribute.path().is_ident("cfg") && tokens(attribute).to_string() == "test"
        };
        if !module.attrs.iter().any(is_test) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let name = item.ident.to_string();
        self.take(&name, &item.attrs, held(&name, &item.fields));
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        let name = item.ident.to_string();
        let holds = item
            .variants
            .iter()
            .flat_map(|variant| held(&format!("{name}::{}", variant.ident), &variant.fields));
        self.take(&name, &item.attrs, holds.collect());
    }
}

/// The fields, each by its name behind its owner's; a tuple's have their owner's alone.
fn held(owner: &str, fields: &Fields) -> Vec<Held> {
    let name = |field: &syn::Field| match &field.ident {
        Some(ident) => format!("{owner}.{ident}"),
        None => owner.to_owned(),
    };
    fields.iter().map(|field| (name(field), words(&field.ty))).collect()
}

fn tokens(attribute: &Attribute) -> TokenStream {
    attribute.meta.require_list().map(|list| list.tokens.clone()).unwrap_or_default()
}

/// `#[derive(Debug)]`, also within a `cfg_attr`.
fn derives_debug(attribute: &Attribute) -> bool {
    let derives = attribute.path().is_ident("derive") || attribute.path().is_ident("cfg_attr");
    derives && flat(tokens(attribute)).iter().any(|word| word == "Debug")
}

/// The names in a type, those of its parameters included.
fn words(of: &Type) -> Vec<String> {
    #[derive(Default)]
    struct Words(Vec<String>);
    impl<'ast> Visit<'ast> for Words {
        fn visit_ident(&mut self, word: &'ast Ident) {
            self.0.push(word.to_string());
        }
    }
    let mut words = Words::default();
    words.visit_type(of);
    words.0
}

fn flat(tokens: TokenStream) -> Vec<String> {
    let words = |tree| match tree {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Group(group) => flat(group.stream()),
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(words).collect()
}

#[test]
fn no_type_that_derives_debug_has_a_secret_as_plain_text() {
    let types = Types::read();
    let (mut looked_at, mut told) = (0, Vec::new());
    let deriving = types.0.values().flatten().filter(|found| found.derives);
    for (name, of) in deriving.flat_map(|found| &found.holds) {
        looked_at += 1;
        // Zeroizing shows what is in it.
        assert!(!of.iter().any(|word| word == "Zeroizing"), "{name} shows what it overwrites");
        // A field's own name says what it is, a tuple's type or variant.
        let own = name.rsplit(['.', ':']).next().unwrap().to_lowercase();
        let tells = TELLING.iter().any(|word| own.contains(word));
        if tells && !HARMLESS.iter().any(|(harmless, _)| harmless == name) {
            told.extend(types.shown(of, &mut Vec::new()).map(|shown| format!("{name} is {shown}")));
        }
    }
    assert!(types.0.len() > 100 && looked_at > 200, "{} types, {looked_at} values", types.0.len());
    let stale = |name: &str| {
        !types.0.values().flatten().any(|found| found.holds.iter().any(|(held, _)| held == name))
    };
    let stale: Vec<_> = HARMLESS.iter().filter(|(name, _)| stale(name)).collect();
    assert!(stale.is_empty(), "there is no such field: {stale:?}");
    assert!(told.is_empty(), "these derive Debug, and hold what sounds like a secret: {told:#?}");
}

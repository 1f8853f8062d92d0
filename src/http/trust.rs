//! Whose certificates are believed: the operating system's store, or a bundle instead of it.

use crate::error::{Error, Next};
use crate::platform::{Os, read_named, reason};
use crate::remedy;
use rustls::crypto::ring;
use std::path::Path;
use std::sync::Arc;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The TLS settings. A bundle *replaces* the operating system's store, as in the AWS CLI.
pub(super) fn tls_config(ca_bundle: Option<&Path>) -> Result<TlsConfig, Error> {
    let roots = match ca_bundle {
        Some(path) => bundle(path)?,
        None => RootCerts::PlatformVerifier,
    };
    Ok(TlsConfig::builder()
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .build())
}

fn bundle(path: &Path) -> Result<RootCerts, Error> {
    let pem = read_named(path)
        .map_err(|e| unusable(path, &format!("can't be read ({})", reason(&e)), remedy::look_into))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            // A key beside its certificate is no reason to refuse the file.
            Ok(_) => {}
            Err(e) => return Err(unusable(path, "is not a PEM file", remedy::certificates_in).because(e)),
        }
    }
    if certificates.is_empty() {
        return Err(unusable(path, "holds no PEM certificate", remedy::certificates_in));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

fn unusable(path: &Path, why: &str, look: fn(Os, &Path) -> String) -> Error {
    let what = format!("The CA bundle {} (AWS_CA_BUNDLE or ca_bundle) {why}.", path.display());
    Error::new(Next::Configure, what, look(Os::HERE, path))
}

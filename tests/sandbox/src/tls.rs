//! HTTPS with a throw-away certificate authority.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What the server's certificate is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Valid for `localhost`, `127.0.0.1` and `::1`.
    Valid,
    /// It ended in the year 2001.
    Expired,
    /// It names `another.example` alone.
    WrongName,
}

/// The acceptor, and the authority's certificate in PEM.
pub(crate) fn acceptor(kind: Tls) -> io::Result<(TlsAcceptor, String)> {
    make(kind).map_err(io::Error::other)
}

fn make(kind: Tls) -> Result<(TlsAcceptor, String), Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    authority.distinguished_name.push(DnType::CommonName, "cognito-sandbox authority");
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let names: &[&str] =
        if kind == Tls::WrongName { &["another.example"] } else { &["localhost", "127.0.0.1", "::1"] };
    let mut server = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
    // Short of 398 days would be the rule for public ones; platform verifiers exempt private authorities,
    // and clients may run under another clock.
    server.not_before = date_time_ymd(2000, 1, 1);
    server.not_after =
        if kind == Tls::Expired { date_time_ymd(2001, 1, 1) } else { date_time_ymd(2060, 1, 1) };
    server.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &issuer)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), authority_certificate.pem()))
}

//! Who is trusted, and who one is: what TLS is told before a connection.

use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore, ServerConfig};

use crate::explain;
use crate::trust::{Trust, is_of_authority};

/// For one side or the other.
pub(crate) enum Tls {
    Client(Arc<ClientConfig>),
    Server(Arc<ServerConfig>),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn protocols(http2: bool) -> Vec<Vec<u8>> {
    let names: &[&str] = if http2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("there is no certificate in it".to_string()),
        Ok(found) => Ok(found),
        Err(error) => Err(explain(&error)),
    }
}

/// Trusts the roots of the system, and those given.
pub(super) fn client(more_roots: &[u8], http2: bool) -> Result<Tls, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    // One that cannot be read is one fewer that is trusted.
    roots.add_parsable_certificates(system.certs);
    let given = if more_roots.is_empty() { Vec::new() } else { certificates(more_roots)? };
    for root in &given {
        roots.add(root.clone()).map_err(|error| explain(&error))?;
    }
    let rules = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| explain(&error))?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| explain(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trust { rules, given }))
        .with_no_client_auth();
    config.alpn_protocols = protocols(http2);
    Ok(Tls::Client(Arc::new(config)))
}

/// Shows a certificate (with those that vouch for it) and has its key.
pub(super) fn server(certificate: &[u8], key: &[u8], http2: bool) -> Result<Tls, String> {
    let chain = certificates(certificate).map_err(|why| format!("the certificate: {why}"))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|why| format!("the key: {why}"))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| explain(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| explain(&error))?;
    config.alpn_protocols = protocols(http2);
    Ok(Tls::Server(Arc::new(config)))
}

/// Why a client does not come to terms with a server.
pub(super) fn explain_failure(error: &io::Error, host: &str) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(Error::InvalidCertificate(why)) = inner else {
        return format!("TLS failed: {}", explain(error));
    };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".to_string()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_string()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is not for `{host}`")
        }
        CertificateError::Revoked => "its certificate was revoked".to_string(),
        CertificateError::UnknownIssuer => {
            "its certificate is not trusted: nobody known vouches for it".to_string()
        }
        other if is_of_authority(other) => {
            "its certificate is not trusted: it is an authority's, not a server's".to_string()
        }
        other => format!("its certificate is not trusted: {other}"),
    }
}

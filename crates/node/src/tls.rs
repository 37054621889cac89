//! TLS 1.3 between nodes, mutually authenticated: each side accepts exactly the certificates that the manifest pins.
//!
//! There is no certificate authority: the manifest, signed by k of n jurisdictions, is the only root of trust. A rotated
//! certificate is accepted as soon as the manifest that lists it is.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use huitong_kernel::hash::{Digest, HashFunction};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use crate::region::keeper::ManifestKeeper;

/// A certificate with its private key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Makes a self-signed certificate for a node; gives certificate and key as PEM, and the pin.
pub fn generate(name: &str) -> anyhow::Result<(String, String, Digest)> {
    let certified = rcgen::generate_simple_self_signed(vec![format!("{name}.huitong.invalid")])?;
    let pin = pin_of(certified.cert.der());
    Ok((certified.cert.pem(), certified.signing_key.serialize_pem(), pin))
}

/// A client of HTTP APIs; where an address says `https`, it speaks TLS by the same library as the nodes between them.
pub fn http_client() -> reqwest::ClientBuilder {
    // It fails only where it was done before, and there is one provider.
    let _ = ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// The client of a shared journal's server, which must show a certificate that one of these signed.
pub fn journal_client(ca: &Path) -> anyhow::Result<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(ca)
        .with_context(|| format!("cannot read the journal's certificates {}", ca.display()))?;
    for certificate in certificates {
        roots.add(certificate?)?;
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// SHA-256 over the certificate's DER bytes.
pub fn pin_of(certificate: &CertificateDer<'_>) -> Digest {
    HashFunction::Sha256.hash(&[certificate.as_ref()])
}

impl Identity {
    pub fn read(certificate: &Path, key: &Path) -> anyhow::Result<Identity> {
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .with_context(|| format!("cannot read the certificate {}", certificate.display()))?;
        let key =
            PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read the key {}", key.display()))?;
        Ok(Identity { chain, key })
    }

    /// The exchange's server: asks for a pinned client certificate.
    pub fn exchange_server(&self, keeper: &Arc<ManifestKeeper>) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(PinnedPeers { keeper: Arc::clone(keeper), provider: Arc::clone(&provider) });
        Ok(ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain.clone(), self.key.clone_key())?)
    }

    /// The API's server: callers authenticate by key.
    pub fn api_server(&self) -> anyhow::Result<ServerConfig> {
        Ok(ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?)
    }

    /// The exchange's client: shows its own certificate, accepts that of `peer` only.
    pub fn exchange_client(&self, keeper: &Arc<ManifestKeeper>, peer: &str) -> anyhow::Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(PinnedServer {
            peer: peer.to_owned(),
            peers: PinnedPeers { keeper: Arc::clone(keeper), provider: Arc::clone(&provider) },
        });
        Ok(ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?)
    }
}

#[derive(Debug)]
struct PinnedPeers {
    keeper: Arc<ManifestKeeper>,
    provider: Arc<CryptoProvider>,
}

impl PinnedPeers {
    /// The node to which the manifest pins this certificate.
    fn node_of(&self, certificate: &CertificateDer<'_>) -> Result<String, Error> {
        let manifest = self.keeper.current();
        let node = manifest.node_by_certificate(&pin_of(certificate));
        let node = node.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        Ok(node.name.clone())
    }

    fn verify_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for PinnedPeers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.node_of(certificate).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

#[derive(Debug)]
struct PinnedServer {
    peer: String,
    peers: PinnedPeers,
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.peers.node_of(certificate)? == self.peer {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.peers.verify_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.peers.schemes()
    }
}

//! TLS to a config centre.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A stream of bytes in both directions.
pub(super) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// What a TLS connection needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    /// The name that the server's certificate must have.
    pub(super) name: String,
    /// Who may sign the certificate: a file of certificates, or whom this system trusts.
    pub(super) authorities: Option<PathBuf>,
    /// The files of the client's certificates and of its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

/// Makes a TLS connection on a stream. The handshake comes with the first bytes that are sent.
pub(super) fn secure(stream: Box<dyn Stream>, tls: &Tls) -> Result<Box<dyn Stream>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(authorities(tls.authorities.as_deref())?);
    let config = match &tls.client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| format!("{}: {error}", key.display()))?;
            builder
                .with_client_auth_cert(certificates(chain)?, key)
                .map_err(|error| error.to_string())?
        }
    };
    let name = ServerName::try_from(tls.name.clone())
        .map_err(|_| format!("`{}` is no name of a server", tls.name))?;
    let connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |error: rustls::pki_types::pem::Error| format!("{}: {error}", path.display());
    let all = CertificateDer::pem_file_iter(path).map_err(failed)?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(failed)?;
    if all.is_empty() {
        return Err(format!("{}: there is no certificate", path.display()));
    }
    Ok(all)
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let trusted = match file {
        Some(file) => certificates(file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(trusted);
    if store.is_empty() {
        let reason = "this system trusts no certificate authority: name a file by --ca";
        return Err(file.map_or(reason.to_owned(), |file| {
            format!("{}: there is no usable certificate", file.display())
        }));
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use rustls::{ServerConfig, ServerConnection};

    use super::*;

    fn key(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
        folder.join(name)
    }

    /// Answers one connection with `hello`.
    fn serve() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                certificates(&key("tls-server.pem")).unwrap(),
                PrivateKeyDer::from_pem_file(key("tls-server-key.pem")).unwrap(),
            )
            .unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // A client that doesn't believe the server is gone.
            let _ = stream.write_all(b"hello");
            let _ = stream.flush();
        });
        port
    }

    fn ask(name: &str, authorities: Option<&str>) -> Result<String, String> {
        let stream = TcpStream::connect(("127.0.0.1", serve())).unwrap();
        let tls = Tls {
            name: name.to_owned(),
            authorities: authorities.map(key),
            client: None,
        };
        let mut stream = secure(Box::new(stream), &tls)?;
        let mut answer = [0; 5];
        let read = stream.read_exact(&mut answer);
        read.map_err(|error| error.to_string())?;
        Ok(String::from_utf8(answer.to_vec()).unwrap())
    }

    #[test]
    fn believes_a_server_with_the_name_and_a_trusted_certificate_only() {
        assert_eq!(ask("centre.test", Some("tls-ca.pem")).unwrap(), "hello");
        let other_name = ask("other.test", Some("tls-ca.pem")).unwrap_err();
        assert!(other_name.contains("not valid for name"), "{other_name}");
        let unknown = ask("centre.test", None).unwrap_err();
        assert!(
            unknown.contains("UnknownIssuer") || unknown.contains("trusts no"),
            "{unknown}"
        );
        assert!(ask("centre.test", Some("ed25519.pem")).is_err());
        assert!(ask("centre.test", Some("nowhere.pem")).is_err());
    }
}

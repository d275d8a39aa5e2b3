use std::{path::PathBuf, sync::Arc};

use access::{Config, Db};
use dev_server::Login;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tests::TestDatabase;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// A server that speaks TLS before PostgreSQL, with a certificate for one name, signed by a root of its own.
struct TlsServer {
    port: u16,
    root: PathBuf,
    _folder: tempfile::TempDir,
}

impl TlsServer {
    async fn before(server: u16, name: &str) -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &root).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        std::fs::write(&path, root.pem()).unwrap();

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server, acceptor.clone()));
            }
        });
        Self {
            port,
            root: path,
            _folder: folder,
        }
    }
}

/// Answers the request for TLS (PostgreSQL documentation, chapter 54.2.11) and passes on what is inside.
async fn serve(mut client: TcpStream, server: u16, acceptor: TlsAcceptor) -> std::io::Result<()> {
    let mut request = [0; 8];
    client.read_exact(&mut request).await?;
    assert_eq!(
        request,
        [0, 0, 0, 8, 4, 210, 22, 47],
        "the client asks for TLS first"
    );
    client.write_all(b"S").await?;
    let mut inside = acceptor.accept(client).await?;
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    copy_bidirectional(&mut inside, &mut server).await.map(drop)
}

#[tokio::test]
async fn sslmode_means_what_it_means_to_libpq() {
    let database = TestDatabase::new().await;
    let server = database.server().port();
    let named = TlsServer::before(server, "127.0.0.1").await;
    let misnamed = TlsServer::before(server, "db.example").await;
    let connects = async |to: &TlsServer, query: &str| {
        let url = database
            .url(Login::App)
            .replace(&format!(":{server}/"), &format!(":{}/", to.port));
        let url = format!("{}?{query}", url.split('?').next().unwrap());
        Db::connect(tests::config(&url))
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let root = |of: &TlsServer| format!("sslrootcert={}", of.root.display());

    for mode in ["prefer", "require"] {
        connects(&named, &format!("sslmode={mode}"))
            .await
            .expect(mode);
        connects(&misnamed, &format!("sslmode={mode}"))
            .await
            .expect(mode);
    }
    // With a root, `require` checks the chain, as `verify-ca` does; the name is checked by `verify-full` alone.
    for mode in ["require", "verify-ca"] {
        connects(&misnamed, &format!("sslmode={mode}&{}", root(&misnamed)))
            .await
            .expect(mode);
        let other_root = format!("sslmode={mode}&{}", root(&named));
        let refused = connects(&misnamed, &other_root).await.unwrap_err();
        assert!(refused.contains("certificate"), "{mode}: {refused}");
    }
    connects(&named, &format!("sslmode=verify-full&{}", root(&named)))
        .await
        .expect("the name fits");
    let wrong_name = format!("sslmode=verify-full&{}", root(&misnamed));
    assert!(connects(&misnamed, &wrong_name).await.is_err());
    // Without a root of its own the system's are asked, which don't know this one.
    assert!(connects(&named, "sslmode=verify-full").await.is_err());
}

#[tokio::test]
async fn a_server_without_tls_is_refused_unless_plain_text_is_allowed() {
    let database = TestDatabase::new().await;
    let url = database.url(Login::App);
    let url = url.split('?').next().unwrap();
    for (mode, connects) in [
        ("disable", true),
        ("prefer", true),
        ("require", false),
        ("verify-full", false),
    ] {
        let config = Config::from_url(&format!("{url}?sslmode={mode}")).unwrap();
        assert_eq!(Db::connect(config).await.is_ok(), connects, "{mode}");
    }
    let config =
        Config::from_url(&format!("{url}?sslmode=verify-ca&sslrootcert=/absent.pem")).unwrap();
    assert!(
        Db::connect(config)
            .await
            .unwrap_err()
            .to_string()
            .contains("root certificates")
    );
}

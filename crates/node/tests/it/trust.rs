//! Strangers at the door between nodes: no certificate, a wrong one, an old protocol, a revoked key.

use std::sync::Arc;
use std::time::Duration;

use huitong_node::region::keeper::ManifestKeeper;
use huitong_node::tls::Identity;
use huitong_node::transport::PeerClient;
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::stage::{Stage, consultation, huitong, text};

fn keeper(stage: &Stage, division: &str) -> Arc<ManifestKeeper> {
    let path = stage.region.node_folder(division).join("manifest.json");
    Arc::new(ManifestKeeper::open(&path).expect("the node's manifest"))
}

fn identity(stage: &Stage, division: &str) -> Identity {
    let keys = stage.region.node_folder(division).join("keys");
    Identity::read(&keys.join("tls.crt"), &keys.join("tls.key")).expect("the node's identity")
}

async fn fetch(client: &PeerClient) -> anyhow::Result<Vec<u8>> {
    client.call(0, Method::GET, "/exchange/v1/manifest", Vec::new(), 1 << 20).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pinned_certificates_open_the_door_between_nodes() {
    let stage = Stage::new(&[]).await;
    let keeper = keeper(&stage, "310000");
    let own = identity(&stage, "310000");
    let good = PeerClient::new(&own, &keeper, "zhejiang").expect("a client");
    assert!(fetch(&good).await.is_ok(), "Shanghai reaches Zhejiang");

    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key, _) = huitong_node::tls::generate("shanghai").expect("a certificate");
    let (certificate_path, key_path) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate_path, certificate).expect("writable");
    std::fs::write(&key_path, key).expect("writable");
    let stranger = Identity::read(&certificate_path, &key_path).expect("an identity");
    let client = PeerClient::new(&stranger, &keeper, "zhejiang").expect("a client");
    assert!(fetch(&client).await.is_err(), "a certificate that is not pinned is refused");

    let address = keeper.current().node("zhejiang").expect("a node").exchange_address.clone();
    let mut plain = tokio::net::TcpStream::connect(&address).await.expect("the port is open");
    plain.write_all(b"GET /exchange/v1/manifest HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), plain.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"), "nothing is served without TLS");
    stage.stop().await;
}

#[test]
fn an_older_tls_version_is_refused() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = runtime.block_on(Stage::new(&[]));
    let address = keeper(&stage, "330000").current().node("zhejiang").expect("a node").exchange_address.clone();
    let handshake = |version: &str| {
        let output = std::process::Command::new("openssl")
            .args(["s_client", "-connect", &address, version])
            .stdin(std::process::Stdio::null())
            .output()
            .expect("openssl is installed by make test");
        text(&output)
    };
    assert!(handshake("-tls1_2").contains("alert protocol version"), "TLS 1.2 must be refused");
    assert!(handshake("-tls1_3").contains("TLSv1.3"), "TLS 1.3 is spoken");
    runtime.block_on(stage.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_key_signs_has_no_effect() {
    let stage = Stage::new(&[]).await;
    let data = stage.folder.path().display().to_string();
    let key = keeper(&stage, "310000").current().node("shanghai").expect("a node").keys[0].key.to_string();
    let run = |arguments: &[&str]| {
        let output = huitong(&[&["region"], arguments, &["--data", &data]].concat());
        assert!(output.status.success(), "{}", text(&output));
    };
    run(&["revoke-key", "--key", &key]);
    for jurisdiction in ["320000", "330000", "340000"] {
        run(&["sign", "--jurisdiction", jurisdiction, "--key", &format!("{data}/{jurisdiction}/keys/root.key")]);
    }
    run(&["publish"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bill = consultation();
    let cashier = stage.cashier("H31010100001");
    let (status, answer) = cashier
        .send::<_, Value>(reqwest::Method::POST, "/v1/medical/bills", Some("revoked-key-1"), &bill)
        .await
        .expect("the own node answers");
    assert_eq!((status.as_u16(), &answer["answer"]), (202, &json!("wait")), "home takes nothing from a revoked key");
    let log = std::fs::read_to_string(stage.region.node_folder("330000").join("node.log")).expect("a log");
    assert!(log.contains("EXC-1006"), "home raises an alarm");
    let log = std::fs::read_to_string(stage.region.node_folder("310000").join("node.log")).expect("a log");
    assert!(log.contains("the peer refused a batch"), "and so does the sender");
    stage.stop().await;
}

//! The region's constitution changes while its nodes run: a key is rotated, signed by three of four, published.

use std::time::Duration;

use huitong_node::api::status::StatusWire;
use huitong_node::demo::Region;
use reqwest::Method;

use super::stage::{Stage, base_port, consultation, huitong, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_with_three_signatures_and_running_nodes_take_the_manifest() {
    let stage = Stage::new(&[]).await;
    let data = stage.folder.path().display().to_string();
    let new_key = format!("{data}/310000/keys/node-2.key");
    let run = |arguments: &[&str]| huitong(&[&["region"], arguments, &["--data", &data]].concat());
    let drafted = run(&["rotate-key", "--node", "shanghai", "--key", &new_key]);
    assert!(drafted.status.success(), "{}", text(&drafted));
    let again = run(&["rotate-key", "--node", "shanghai", "--key", &new_key]);
    assert!(!again.status.success() && text(&again).contains("a draft is under way"), "{}", text(&again));
    let early = run(&["publish"]);
    assert!(!early.status.success() && text(&early).contains("0 of 3 signatures"), "{}", text(&early));
    for jurisdiction in ["310000", "330000", "340000"] {
        let key = format!("{data}/{jurisdiction}/keys/root.key");
        let signed = run(&["sign", "--jurisdiction", jurisdiction, "--key", &key]);
        assert!(signed.status.success(), "{}", text(&signed));
    }
    let wrong = run(&["sign", "--jurisdiction", "320000", "--key", &format!("{data}/310000/keys/root.key")]);
    assert!(!wrong.status.success() && text(&wrong).contains("not the root key"), "{}", text(&wrong));
    let published = run(&["publish"]);
    assert!(published.status.success(), "{}", text(&published));
    let mut versions = Vec::new();
    for _ in 0..50 {
        versions.clear();
        for division in stage.region.divisions() {
            let status: StatusWire = stage.operator(&division).get("/v1/node/status").await.expect("a status");
            versions.push(status.manifest_version);
        }
        if versions == [2, 2, 2, 2] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(versions, [2, 2, 2, 2], "all nodes took the new manifest");
    let shown = run(&["show"]);
    assert!(text(&shown).contains("version 2"), "{}", text(&shown));
    let mut stage = stage;
    settled(&stage, "under-the-old-key").await;
    stage.kill("310000").await;
    let config = stage.region.node_folder("310000").join("node.toml");
    let configured = std::fs::read_to_string(&config).expect("readable");
    std::fs::write(&config, configured.replace("keys/node.key", "keys/node-2.key")).expect("writable");
    stage.restart("310000").await;
    settled(&stage, "under-the-new-key").await;
    let folder = stage.stop().await;
    for division in ["310000", "330000"] {
        let output = huitong(&["verify", "--data", &folder.path().join(division).display().to_string()]);
        assert!(output.status.success(), "what both keys signed verifies: {}", text(&output));
    }
}

async fn settled(stage: &Stage, message_id: &str) {
    let cashier = stage.cashier("H31010100001");
    let bill = consultation();
    let sent = cashier.send::<_, serde_json::Value>(Method::POST, "/v1/medical/bills", Some(message_id), &bill);
    assert_eq!(sent.await.expect("the node answers").1["answer"], "collect", "{message_id}");
}

#[test]
fn errors_of_the_command_line_say_what_to_do_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = folder.path().join("nothing").display().to_string();
    let output = huitong(&["node", "--config", &format!("{nothing}/node.toml")]);
    assert!(!output.status.success() && text(&output).contains("huitong region init"), "{}", text(&output));
    let output = huitong(&["region", "show", "--data", &nothing]);
    assert!(!output.status.success() && text(&output).contains("cannot read"), "{}", text(&output));
    assert_eq!(huitong(&["no-such-command"]).status.code(), Some(2));
    let help = text(&huitong(&["--help"]));
    assert!(help.contains("huitong region run") && help.contains("For auditors"), "{help}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_city_joins_with_a_node_of_its_own_and_gets_what_the_others_published() {
    let mut stage = Stage::new(&[]).await;
    let data = stage.folder.path().display().to_string();
    let run = |arguments: &[&str]| {
        let output = huitong(&[&["region"], arguments, &["--data", &data]].concat());
        assert!(output.status.success(), "{}", text(&output));
    };
    let port = (base_port() + 39 - 2).to_string();
    let names = ["--name-zh", "芜湖", "--name-en", "Wuhu", "--node", "wuhu"];
    run(&[&["prepare-join", "--division", "340200", "--port", &port], &names[..]].concat());
    run(&["join", "--request", &format!("{data}/340200/join-request.json")]);
    for jurisdiction in ["320000", "330000", "340000"] {
        run(&["sign", "--jurisdiction", jurisdiction, "--key", &format!("{data}/{jurisdiction}/keys/root.key")]);
    }
    run(&["publish"]);
    let profile = stage.region.profile.clone();
    stage.region = Region::open(stage.folder.path(), profile).expect("the region has five nodes now");
    stage.restart("340200").await;
    let publish = serde_json::json!({ "jurisdiction": "340200" });
    let operator = stage.operator("310000");
    let path = "/v1/registry/republications";
    let mut sent = operator.send::<_, serde_json::Value>(Method::POST, path, None, &publish).await;
    for _ in 0..50 {
        if sent.is_ok() {
            break;
        }
        // The node takes the new manifest within a second.
        tokio::time::sleep(Duration::from_millis(100)).await;
        sent = operator.send::<_, serde_json::Value>(Method::POST, path, None, &publish).await;
    }
    assert_eq!(sent.expect("republished").1["institutions"], 3);
    for _ in 0..100 {
        let status: StatusWire = stage.operator("340200").get("/v1/node/status").await.expect("a status");
        let arrived = status.feeds.iter().find(|feed| feed.feed == "310000/registry>340200/medical");
        if arrived.is_some_and(|feed| feed.size == 3 && feed.receipted == 3) {
            stage.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the institutions of Shanghai did not reach Wuhu in ten seconds");
}

//! A node that runs only some services, and a node whose services are spread over two processes.

use std::path::Path;
use std::time::Duration;

use huitong_node::api::status::StatusWire;
use huitong_node::demo::client::CallError;
use hyper::Method;
use serde_json::{Value, json};

use super::postgres::Postgres;
use super::shared_journal::Members;
use super::stage::{Stage, base_port, consultation, huitong, text};

/// A draft, three signatures, and into force.
fn change(data: &Path, arguments: &[&str]) {
    let data = data.display().to_string();
    let run = |arguments: &[&str]| {
        let output = huitong(&[&["region"], arguments, &["--data", &data]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    };
    run(&[&["change-node"], arguments].concat());
    for jurisdiction in ["310000", "320000", "330000"] {
        run(&["sign", "--jurisdiction", jurisdiction, "--key", &format!("{data}/{jurisdiction}/keys/root.key")]);
    }
    run(&["publish"]);
}

fn set_services(config: &Path, services: &str) {
    let text = std::fs::read_to_string(config).expect("a configuration");
    let start = text.find("services = [").expect("the setting is written");
    let end = start + text[start..].find(']').expect("a list") + 1;
    std::fs::write(config, format!("{}services = {services}{}", &text[..start], &text[end..])).expect("writable");
}

/// Until every node has taken the manifest: who has an older one rightly sends what that one lists.
async fn until_version(stage: &Stage, version: u64) {
    for division in stage.region.divisions() {
        for attempt in 0.. {
            let status: StatusWire = stage.operator(&division).get("/v1/node/status").await.expect("a status");
            if status.manifest_version == version {
                break;
            }
            assert!(attempt < 100, "{division} takes version {version}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Size and receipted size of a feed at Shanghai.
async fn feed(stage: &Stage, name: &str) -> (u64, u64) {
    let status: StatusWire = stage.operator("310000").get("/v1/node/status").await.expect("a status");
    let found = status.feeds.into_iter().find(|feed| feed.feed == name);
    found.map_or((0, 0), |feed| (feed.size, feed.receipted))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_medical_serves_the_rest_and_gets_what_it_missed_when_it_opens_medical() {
    let mut stage = Stage::new(&[]).await;
    let data = stage.folder.path().to_owned();
    let config = stage.region.node_folder("340000").join("node.toml");
    change(&data, &["--node", "anhui", "--services", "registry"]);
    until_version(&stage, 2).await;
    stage.kill("340000").await;
    set_services(&config, "[\"registry\"]");
    stage.restart("340000").await;

    change(&data, &["--node", "anhui", "--services", "registry/4"]);
    // Until the running node has taken the manifest, another one fails because the port is in use.
    let mut refused = String::new();
    for _ in 0..50 {
        refused = text(&huitong(&["node", "--config", &config.display().to_string()]));
        if refused.contains("registry keeps one stream") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(refused.contains("registry keeps one stream"), "{refused}");
    until_version(&stage, 3).await;
    change(&data, &["--node", "anhui", "--services", "registry"]);
    until_version(&stage, 4).await;

    let anhui = stage.operator("340000");
    anhui.get::<Value>("/v1/registry/participants").await.expect("registry is served");
    match anhui.get::<Value>("/v1/medical/settlements").await {
        Err(CallError::Refused(problem)) => assert_eq!(problem.status, 404, "medical is not run here"),
        other => panic!("{other:?}"),
    }
    let verified = huitong(&["verify", "--data", &stage.region.node_folder("340000").display().to_string()]);
    assert!(verified.status.success(), "{}", text(&verified));

    let (to_anhui, bill) = ("310000/registry>340000/medical", consultation());
    let before = feed(&stage, to_anhui).await;
    let hospital = json!({ "code": "H31010100077", "kind": "hospital", "name_zh": "新医院", "name_en": "New Hospital",
        "division": "310101", "level": "2", "active": true });
    let shanghai = stage.operator("310000");
    shanghai.send::<_, Value>(Method::PUT, "/v1/registry/participants", None, &hospital).await.expect("registered");
    let cashier = stage.cashier("H31010100001");
    let sent = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some("without-anhui-1"), &bill).await;
    sent.expect("the others settle as ever");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let waiting = feed(&stage, to_anhui).await;
    assert_eq!((waiting.0, waiting.1), (before.0 + 1, before.1), "the feed waits");
    let log = std::fs::read_to_string(stage.region.node_folder("310000").join("node.log")).expect("a log");
    assert!(!log.contains("EXC-1008"), "nobody is alarmed about a service that the manifest does not list");

    change(&data, &["--node", "anhui", "--services", "registry,medical"]);
    stage.kill("340000").await;
    set_services(&config, "[\"registry\", \"medical\"]");
    stage.restart("340000").await;
    for _ in 0..100 {
        let now = feed(&stage, to_anhui).await;
        if now.0 == now.1 {
            stage.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("what was missed arrives");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_services_are_spread_over_two_processes() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Postgres::start(folder.path(), base_port() + 35);
    let url = database.url();
    let members = Members::spread(folder, &url, |member, config| {
        set_services(config, if member == 0 { "[\"registry\"]" } else { "[\"medical\", \"transit\", \"clearing\"]" });
    })
    .await;
    let told = members.cashiers(300, 9).await.expect("the cashiers end");
    for (member, service, other) in [(0, "registry", "medical"), (1, "medical", "registry")] {
        let status: StatusWire = members.status(member).await;
        let leads = |name: &str| status.streams.iter().any(|stream| stream.stream.ends_with(name) && stream.leading);
        assert!(leads(service) && !leads(other), "member {member} leads {service} and follows {other}: {status:?}");
    }
    members.check(&[told], 9).await;
    let folder = members.stop().await;
    drop(database);
    drop(folder);
}

//! The region's constitution changes while its nodes run: a key is rotated, signed by three of four, published.

use std::time::Duration;

use huitong_node::api::status::StatusWire;

use super::stage::{Stage, huitong, text};

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
    stage.stop().await;
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

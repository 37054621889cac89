//! Backups are made while the node serves, and are worth what restoring them shows. Journals move to PostgreSQL and back.

use std::path::Path;

use huitong_node::api::status::StatusWire;
use huitong_node::demo::bills::Samples;
use huitong_node::demo::morning::{Morning, Settings, play};
use huitong_node::demo::transit::audit as transit;
use huitong_node::services::stream_path;
use huitong_store::journal;
use huitong_store::shared::{InsertError, PostgresTable, Row, Table, with_attachments};
use indicatif::ProgressBar;
use serde_json::Value;

use super::crash::{Gates, settle_down};
use super::postgres::Postgres;
use super::stage::{Stage, base_port, huitong, text};

const NODE: &str = "330000";

async fn morning(stage: &Stage, seed: u64) -> Morning {
    let samples = Samples::read(&stage.region.profile).expect("samples");
    let settings = Settings { bills: 150, seed, cashiers: 8 };
    let told = play(&stage.region, &samples, &stage.keys, settings, ProgressBar::hidden()).await;
    settle_down(stage).await;
    told.expect("the morning is played")
}

fn command(arguments: &[&str]) -> String {
    let output = huitong(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// Everything of a node's streams is lost; a backup takes its place.
fn lose_and_restore(stage: &Stage, backup: &Path) {
    let folder = stage.region.node_folder(NODE);
    std::fs::remove_dir_all(folder.join("streams")).expect("the streams were there");
    command(&["journal", "restore", "--backup", &path(backup), "--data", &path(&folder)]);
}

async fn on_hold(stage: &Stage) -> Option<String> {
    let status: StatusWire = stage.operator(NODE).get("/v1/node/status").await.expect("reads are answered");
    status.streams.into_iter().find_map(|stream| stream.on_hold)
}

async fn until_taken(stage: &Stage) {
    for _ in 0..200 {
        if on_hold(stage).await.is_none() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the peers confirm the restored journal: {:?}", on_hold(stage).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_disk_comes_back_from_its_backup_and_an_old_backup_is_found_out() {
    let mut stage = Stage::new(&[]).await;
    let folder = stage.region.node_folder(NODE);
    let (old, new) = (stage.folder.path().join("old"), stage.folder.path().join("new"));
    let first = morning(&stage, 1).await;
    command(&["journal", "backup", "--data", &path(&folder), "--to", &path(&old)]);
    command(&["journal", "backup", "--data", &path(&folder), "--to", &path(&new)]);
    let second = morning(&stage, 2).await;
    let (rode, charged) = Gates::begin(&stage.region, 2, 1).await.end(&stage.region).await;
    let told = command(&["journal", "backup", "--data", &path(&folder), "--to", &path(&new)]);
    assert!(!told.contains("medical: 0 entries"), "only what is new is copied, and something is: {told}");

    stage.kill(NODE).await;
    lose_and_restore(&stage, &old);
    stage.restart(NODE).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let held = on_hold(&stage).await.expect("a journal older than what was sent takes nothing");
    assert!(held.contains("the peer holds"), "{held}");
    let (operator, credit) = (stage.operator(NODE), serde_json::json!({ "account": "history", "amount": "1.00" }));
    let path_of_credit = "/v1/medical/accounts/P33010000000001/credits";
    let refused = operator.send::<_, Value>(hyper::Method::POST, path_of_credit, Some("credit-on-hold"), &credit);
    assert!(refused.await.expect_err("on hold").to_string().starts_with("API-1018"));

    // While a peer is away nobody can know, and the node waits; its operator may take the word of the other's.
    stage.kill(NODE).await;
    stage.kill("340000").await;
    lose_and_restore(&stage, &new);
    stage.restart(NODE).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(on_hold(&stage).await.is_some_and(|held| held.contains("waiting for the peers")));
    stage.kill(NODE).await;
    command(&["journal", "confirm", "--data", &path(&folder)]);
    stage.restart(NODE).await;
    assert_eq!(on_hold(&stage).await, None, "confirmed by the operator");
    stage.kill(NODE).await;
    lose_and_restore(&stage, &new);
    stage.restart(NODE).await;
    stage.restart("340000").await;
    until_taken(&stage).await;
    let third = morning(&stage, 3).await;
    for told in [&first, &second, &third] {
        let audited = huitong_node::demo::audit::audit(&stage.region, told).expect("the audit runs");
        assert_eq!((audited.lost, audited.doubled), (0, 0), "{audited:?}");
        assert!(audited.books_equal && audited.views_equal_replay, "{audited:?}");
    }
    assert!(third.settled.len() > 100);
    let audited = transit::audit(&stage.region, &rode).expect("the audit runs");
    assert_eq!((audited.lost, audited.charged_otherwise, &audited.violations), (0, 0, &Vec::new()));
    assert!(audited.books_equal && audited.pairs == charged.pairs, "what was ridden is owed still: {audited:?}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_restored_to_a_moment() {
    let stage = Stage::new(&[]).await;
    let folder = stage.region.node_folder(NODE);
    morning(&stage, 1).await;
    let moment = huitong_service_kit::http::Clock::now(&huitong_node::clock::SystemClock { offset_ms: 0 });
    let settled_then = settlements(&folder);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    morning(&stage, 2).await;
    let (backup, then) = (stage.folder.path().join("backup"), stage.folder.path().join("then"));
    command(&["journal", "backup", "--data", &path(&folder), "--to", &path(&backup)]);
    let until = moment.to_string();
    command(&["journal", "restore", "--backup", &path(&backup), "--data", &path(&then), "--until", &until]);
    assert_eq!(settlements(&then), settled_then, "the books as they stood");
    assert!(settlements(&folder) > settled_then);
    let verified = huitong(&["verify", "--data", &path(&then)]);
    assert!(verified.status.success(), "{}", text(&verified));
    stage.stop().await;
}

fn settlements(folder: &Path) -> i64 {
    let connection = journal::open_reader(&stream_path(&folder.join("streams"), "medical")).expect("a stream");
    connection.query_row("SELECT COUNT(*) FROM settlement", [], |row| row.get(0)).expect("a number")
}

/// Attachments are inserted with their rows or not at all, read with them, and erased alone.
fn what_lies_beside_entries_goes_with_them(url: &str) {
    let mut table = PostgresTable::new(url, None).expect("a URL");
    let row = |sequence: u64, attachment: Option<&str>| {
        let attachment = attachment.map(|text| text.as_bytes().to_vec());
        Row { sequence, kind: "decision".to_owned(), bytes: b"{}".to_vec(), chain: [0; 32], attachment }
    };
    let stream = "330000/photos";
    let (first, second) = (row(1, Some("a face")), row(2, None));
    table.insert(stream, &[first.clone(), second.clone()]).expect("inserted");
    let held = |table: &mut PostgresTable, after: u64| {
        let rows = table.select(stream, after, 10).expect("readable");
        with_attachments(table, stream, rows).expect("readable")
    };
    assert_eq!(held(&mut table, 0), [first, second.clone()]);
    let taken = table.insert(stream, &[row(3, Some("another")), second.clone()]);
    assert_eq!(taken, Err(InsertError::Taken));
    table.insert(stream, &[row(3, None)]).expect("nothing of the refused ones is there");
    assert_eq!(held(&mut table, 2), [row(3, None)]);
    table.erase(stream, 1).expect("erased");
    assert_eq!(held(&mut table, 0), [row(1, None), second, row(3, None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn journals_move_to_postgresql_and_back_with_the_proof_that_both_are_equal() {
    let mut stage = Stage::new(&[]).await;
    let database = Postgres::start(stage.folder.path(), base_port() + 35);
    let folder = stage.region.node_folder(NODE);
    let config = folder.join("node.toml");
    let set_journal = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&config).expect("a configuration");
        let changed = text.replace(&format!("journal = \"{from}\""), &format!("journal = \"{to}\""));
        assert_ne!(text, changed);
        std::fs::write(&config, changed).expect("writable");
    };
    let mut mornings = vec![morning(&stage, 1).await];

    stage.kill(NODE).await;
    let url = database.url();
    let beside = url.clone();
    std::thread::spawn(move || what_lies_beside_entries_goes_with_them(&beside)).join().expect("it does");
    let told = command(&["journal", "copy", "--data", &path(&folder), "--from", "sqlite", "--to", &url]);
    assert!(told.contains("they are equal"), "{told}");
    set_journal("sqlite", &url);
    stage.restart(NODE).await;
    stage.region.leader(NODE).await.expect("it leads");
    mornings.push(morning(&stage, 2).await);
    let backup = stage.folder.path().join("backup");
    let told = command(&["journal", "backup", "--data", &path(&folder), "--to", &path(&backup)]);
    assert!(told.contains("330000/medical"), "a journal in a database is backed up in the same way: {told}");

    stage.kill(NODE).await;
    database.sql("DROP TABLE huitong_journal");
    lose_and_restore(&stage, &backup);
    stage.restart(NODE).await;
    until_taken(&stage).await;
    stage.region.leader(NODE).await.expect("it leads again, from a database that was restored");

    stage.kill(NODE).await;
    let told = command(&["journal", "copy", "--data", &path(&folder), "--from", &url, "--to", "sqlite"]);
    assert!(told.contains("they are equal"), "{told}");
    set_journal(&url, "sqlite");
    drop(database);
    stage.restart(NODE).await;
    mornings.push(morning(&stage, 3).await);
    for told in &mornings {
        let audited = huitong_node::demo::audit::audit(&stage.region, told).expect("the audit runs");
        assert_eq!((audited.lost, audited.doubled), (0, 0), "{audited:?}");
        assert!(audited.books_equal && audited.views_equal_replay, "{audited:?}");
    }
    stage.stop().await;
}

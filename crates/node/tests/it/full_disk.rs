//! A node whose disk is full refuses without booking anything, and serves again once there is room.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use huitong_node::demo::audit::audit;
use huitong_node::demo::morning::Morning;
use serde_json::Value;

use super::crash::Gates;
use super::stage::{Stage, consultation};

/// A small file system of its own; `None` where the test may not mount one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(path: &Path, megabytes: u32) -> Option<SmallDisk> {
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| SmallDisk(path.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_books_nothing_and_recovers() {
    let mut stage = Stage::new(&[]).await;
    let streams = stage.region.node_folder("310000").join("streams");
    stage.kill("310000").await;
    let kept = stage.folder.path().join("kept");
    copy_all(&streams, &kept);
    let Some(disk) = SmallDisk::mount(&streams, 24) else {
        assert!(std::env::var_os("CI").is_none(), "continuous integration must be able to mount a small disk");
        println!("skipped: mounting a small disk needs root");
        stage.stop().await;
        return;
    };
    copy_all(&kept, &streams);
    stage.restart("310000").await;
    let cashier = stage.cashier("H31010100001");
    let gates = Gates::begin(&stage.region, 2, 1).await;
    let filler = streams.join("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).expect("there is room for a megabyte");
    fill(&filler);
    let mut acknowledged = Morning::default();
    let mut refused = 0;
    for number in 0..400 {
        let message_id = format!("full-disk-{number:04}");
        match settle(&cashier, &message_id).await {
            Some(settlement) => {
                acknowledged.settled.insert(("H31010100001".to_owned(), message_id), settlement);
            }
            None => refused += 1,
        }
        if refused > 5 {
            break;
        }
    }
    assert!(refused > 5, "the disk must have become full");
    std::fs::remove_file(&filler).expect("room is made");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut recovered = false;
    for number in 0..50 {
        let message_id = format!("after-full-disk-{number:04}");
        if let Some(settlement) = settle(&cashier, &message_id).await {
            acknowledged.settled.insert(("H31010100001".to_owned(), message_id), settlement);
            recovered = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(recovered, "the node serves again without a restart");
    super::crash::settle_down(&stage).await;
    gates.end(&stage.region).await;
    let audited = audit(&stage.region, &acknowledged).expect("the audit runs");
    assert_eq!((audited.lost, audited.doubled), (0, 0), "{audited:?}");
    assert!(audited.books_equal && audited.views_equal_replay, "{audited:?}");
    let folder = stage.stop().await;
    drop(disk);
    drop(folder);
}

/// Grows the file until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("the filler opens");
    let mut block = 1 << 16;
    while block > 0 {
        if file.write_all(&vec![0; block]).is_err() {
            block /= 4;
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("readable") {
        let path = entry.expect("readable").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copied");
    }
}

async fn settle(cashier: &huitong_node::demo::client::ApiClient, message_id: &str) -> Option<String> {
    let bill = consultation();
    let answer =
        cashier.send::<_, Value>(reqwest::Method::POST, "/v1/medical/bills", Some(message_id), &bill).await.ok()?;
    answer.1["settlement"]["settlement"].as_str().map(str::to_owned)
}

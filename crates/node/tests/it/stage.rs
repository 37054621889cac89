//! A region of four node processes for one test, in a folder and on ports of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use huitong_node::demo::Region;
use huitong_node::demo::bills::Samples;
use huitong_node::demo::client::ApiClient;
use huitong_node::demo::load::{CashierKeys, load, operator};
use huitong_node::region::profile::RegionProfile;
use huitong_node::supervisor::NodeProcess;
use serde_json::{Value, json};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_huitong");

/// Four nodes with two ports each, ten apart; test processes differ by their own id. Below the range from which the system
/// gives ports to clients.
pub fn base_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = (std::process::id() % 150) as u16;
    20_000 + process * 80 + NEXT.fetch_add(40, Ordering::Relaxed) % 80
}

pub fn profile_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../regions/yangtze")
}

/// Runs the program to its end.
pub fn huitong(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program runs")
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub struct Stage {
    pub region: Region,
    pub nodes: Vec<NodeProcess>,
    pub keys: CashierKeys,
    pub folder: tempfile::TempDir,
}

impl Stage {
    /// Sets up, starts and loads a region.
    pub async fn new(more: &[&str]) -> Stage {
        // SAFETY: set before any thread of this test reads the environment.
        unsafe { std::env::set_var("HUITONG_PROGRAM", PROGRAM) };
        let folder = tempfile::tempdir().expect("a folder for the test");
        init(folder.path(), more);
        let profile = RegionProfile::read(&profile_folder()).expect("the profile is part of the project");
        let region = Region::open(folder.path(), profile).expect("the region was made");
        let samples = Samples::read(&region.profile).expect("the samples are part of the profile");
        let nodes = region.start().await.expect("the nodes start");
        let keys = load(&region, &samples).await.expect("the profile loads");
        Stage { region, nodes, keys, folder }
    }

    pub fn url(&self, division: &str) -> String {
        self.region.api_url(division).expect("a node of the region")
    }

    pub fn cashier(&self, institution: &str) -> ApiClient {
        let division = format!("{}0000", &institution[1..3]);
        ApiClient::new(&self.url(&division), &self.keys[institution])
    }

    pub fn operator(&self, division: &str) -> ApiClient {
        operator(&self.region, division).expect("the operator's key was made")
    }

    /// Kills the node of a jurisdiction at once.
    pub async fn kill(&mut self, division: &str) {
        let index = self.index(division);
        self.nodes.remove(index).kill().await.expect("our own child can be killed");
    }

    /// Starts it again on the same folder.
    pub async fn restart(&mut self, division: &str) {
        let config = self.region.node_folder(division).join("node.toml");
        let mut node = NodeProcess::start(&config, &self.url(division)).expect("the node starts");
        node.ready().await.expect("the node serves again");
        self.nodes.push(node);
    }

    fn index(&self, division: &str) -> usize {
        let url = self.url(division);
        self.nodes.iter().position(|node| node.api_url == url).expect("the node runs")
    }

    pub async fn stop(self) -> tempfile::TempDir {
        for node in self.nodes {
            node.stop().await.expect("the node ends");
        }
        self.folder
    }
}

/// `huitong region init` into a folder.
pub fn init(folder: &Path, more: &[&str]) {
    let (data, profile) = (folder.display().to_string(), profile_folder().display().to_string());
    let port = base_port().to_string();
    let mut arguments = vec!["region", "init", "--data", &data, "--profile", &profile, "--base-port", &port];
    arguments.extend(more);
    let output = huitong(&arguments);
    assert!(output.status.success(), "{}", text(&output));
}

/// One consultation at a hospital of Shanghai for an invented person of Hangzhou who has filed a long stay.
pub fn consultation() -> Value {
    json!({
        "visit": {
            "home_area": "330100", "certificate": { "type": "02", "number": "330100199204160018" },
            "scheme": "employee", "care_type": "11",
        },
        "batch": "1", "account_wanted": false, "total_fee": "20.00",
        "lines": [{ "number": "1", "item_code": "F002431", "quantity": "1", "price": "20.00", "amount": "20.00" }],
    })
}

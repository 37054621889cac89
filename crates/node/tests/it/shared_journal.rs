//! A node of two members on PostgreSQL, and everything that can happen to it while cashiers and gates work: nothing acknowledged is
//! lost, nothing is doubled, and how long nobody led is measured and printed.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use huitong_node::api::status::{StatusWire, StreamWire};
use huitong_node::demo::Region;
use huitong_node::demo::audit::audit;
use huitong_node::demo::bills::Samples;
use huitong_node::demo::client::ApiClient;
use huitong_node::demo::load::{CashierKeys, load, unequal_feeds};
use huitong_node::demo::morning::{Morning, Settings, play};
use huitong_node::region::profile::RegionProfile;
use huitong_node::services::stream_path;
use huitong_node::supervisor::NodeProcess;
use huitong_node::tls::journal_client;
use huitong_store::journal;
use huitong_store::shared::{PostgresTable, Table, TableTls};
use hyper::Method;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::crash::Gates;
use super::postgres::{Postgres, Wire};
use super::stage::{PROGRAM, base_port, init, profile_folder};

/// The node with two members.
const SHARED: &str = "330000";
/// Somebody insured there.
const PERSON: &str = "P33010000000001";

pub struct Members {
    region: Arc<Region>,
    nodes: Vec<NodeProcess>,
    keys: CashierKeys,
    folder: tempfile::TempDir,
}

impl Members {
    /// `first` and `second` are the URLs under which the two members find their journal.
    async fn new(folder: tempfile::TempDir, first: &str, second: &str) -> Members {
        Members::spread(folder, first, |member, config| {
            if member == 1 && first != second {
                let text = std::fs::read_to_string(config).expect("the second member").replace(first, second);
                std::fs::write(config, text).expect("writable");
            }
        })
        .await
    }

    /// `configure` may change the configuration of each member before they start.
    pub async fn spread(folder: tempfile::TempDir, url: &str, configure: impl Fn(usize, &Path)) -> Members {
        // SAFETY: set before any thread of this test reads the environment.
        unsafe { std::env::set_var("HUITONG_PROGRAM", PROGRAM) };
        let data = folder.path().join("data");
        init(&data, &["--shared-journal", &format!("{SHARED}={url}")]);
        for (member, folder) in [SHARED.to_owned(), format!("{SHARED}-2")].iter().enumerate() {
            configure(member, &data.join(folder).join("node.toml"));
        }
        let profile = RegionProfile::read(&profile_folder()).expect("the profile is part of the project");
        let region = Arc::new(Region::open(&data, profile).expect("the region was made"));
        let nodes = region.start().await.expect("the nodes start");
        let samples = Samples::read(&region.profile).expect("the samples are part of the profile");
        let keys = load(&region, &samples).await.expect("the profile loads");
        Members { region, nodes, keys, folder }
    }

    pub fn cashiers(&self, bills: usize, seed: u64) -> JoinHandle<Morning> {
        let (region, keys) = (Arc::clone(&self.region), self.keys.clone());
        tokio::spawn(async move {
            let samples = Samples::read(&region.profile).expect("samples");
            let settings = Settings { bills, seed, cashiers: 8 };
            play(&region, &samples, &keys, settings, ProgressBar::hidden()).await.expect("the morning is played")
        })
    }

    async fn leader(&self) -> usize {
        self.region.leader(SHARED).await.expect("somebody leads")
    }

    /// The process of a member.
    fn member(&self, place: usize) -> &NodeProcess {
        let url = self.url(place);
        self.nodes.iter().find(|node| node.api_url == url).expect("the member runs")
    }

    pub async fn status(&self, place: usize) -> StatusWire {
        let key_file = self.region.node_folder(SHARED).join("operator.key");
        let key = std::fs::read_to_string(key_file).expect("the operator's key was made");
        ApiClient::new(&self.url(place), &key).get("/v1/node/status").await.expect("a status")
    }

    fn url(&self, place: usize) -> String {
        self.region.members(SHARED).expect("a node of the region")[place].1.clone()
    }

    async fn kill(&mut self, place: usize) {
        let url = self.url(place);
        let index = self.nodes.iter().position(|node| node.api_url == url).expect("the member runs");
        self.nodes.remove(index).kill().await.expect("our own child can be killed");
    }

    async fn restart(&mut self, place: usize) {
        let (folder, url) = self.region.members(SHARED).expect("a node of the region")[place].clone();
        let mut node = NodeProcess::start(&folder.join("node.toml"), &url).expect("the member starts");
        node.ready().await.expect("the member serves reads");
        self.nodes.push(node);
    }

    fn signal(&self, place: usize, signal: &str) {
        let id = self.member(place).id().expect("it runs").to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
    }

    /// When everything is quiet: nothing lost, nothing doubled, all books equal, both members hold the same journal.
    pub async fn check(&self, told: &[Morning], seed: u64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !unequal_feeds(&self.region).await.is_ok_and(|feeds| feeds.is_empty()) || !self.copies_are_equal() {
            assert!(Instant::now() < deadline, "seed {seed}: all feeds arrive and both members hold the same");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut settled = 0;
        for told in told {
            assert_eq!(told.unknown, Vec::<String>::new(), "seed {seed}: every outcome is known in the end");
            let audited = audit(&self.region, told).expect("the audit runs");
            assert_eq!((audited.lost, audited.doubled), (0, 0), "seed {seed}: {audited:?}");
            assert!(audited.books_equal && audited.views_equal_replay, "seed {seed}: {audited:?}");
            settled += told.settled.len();
        }
        println!("{settled} bills settled, none lost, none doubled");
        assert!(settled > 0);
    }

    fn copies_are_equal(&self) -> bool {
        let heads = |service: &str| {
            let members = self.region.members(SHARED).expect("a node of the region");
            let head = |folder: &Path| {
                let connection = journal::open_reader(&stream_path(&folder.join("streams"), service)).expect("a copy");
                journal::head(&connection).expect("readable")
            };
            (head(&members[0].0), head(&members[1].0))
        };
        ["registry", "medical", "transit", "clearing"].iter().all(|service| {
            let (first, second) = heads(service);
            // Not in every story somebody rides.
            first == second && (first.0 > 0 || *service == "transit")
        })
    }

    pub async fn stop(self) -> tempfile::TempDir {
        for node in self.nodes {
            node.stop().await.expect("the node ends");
        }
        self.folder
    }
}

/// Time from now until a change is acknowledged again; gives the member that leads then.
async fn until_served(members: &Members, what: &str, begin: Instant) -> usize {
    let path = format!("/v1/medical/accounts/{PERSON}/credits");
    let credit = json!({ "account": "history", "amount": "0.01" });
    let key_file = members.region.node_folder(SHARED).join("operator.key");
    let operator_key = std::fs::read_to_string(key_file).expect("the operator's key was made");
    for attempt in 0.. {
        let key = format!("probe-{:?}-{attempt}", begin).replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
        let key = &key[key.len().saturating_sub(60)..];
        // One member after the other, as a load balancer would: one that stands still takes connections and never answers.
        let client = ApiClient::new(&members.url(attempt % 2), &operator_key);
        let asked = client.send::<_, Value>(Method::POST, &path, Some(key), &credit);
        if matches!(tokio::time::timeout(Duration::from_secs(1), asked).await, Ok(Ok(_))) {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(40), "{what}: takeover takes seconds");
    }
    println!("{what}: nothing was acknowledged for {:.1} s", begin.elapsed().as_secs_f64());
    members.leader().await
}

fn some_time(milliseconds: u64) -> tokio::time::Sleep {
    tokio::time::sleep(Duration::from_millis(milliseconds))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_frozen_or_cut_off_leader_is_replaced_and_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = base_port();
    let database = Postgres::start(folder.path(), port + 35);
    let wire = Wire::new(port + 36, port + 35);
    let through_wire = format!("postgres://huitong@127.0.0.1:{}/postgres", wire.port);
    let mut members = Members::new(folder, &through_wire, &database.url()).await;
    let gates = Gates::begin(&members.region, 4, 3).await;
    let cashiers = members.cashiers(1_500, 3);

    some_time(800).await;
    let first = members.leader().await;
    let begin = Instant::now();
    members.kill(first).await;
    let second = until_served(&members, "kill -9 of the leader", begin).await;
    assert_ne!(first, second, "the standby leads");
    members.restart(first).await;
    some_time(1_500).await;
    let follower = members.status(first).await;
    let has_followed = |stream: &StreamWire| stream.sequence > 0;
    assert!(follower.streams.iter().all(|stream| !stream.leading && has_followed(stream)), "it follows: {follower:?}");
    let key = &members.keys["H33010200001"];
    let read = ApiClient::new(&members.url(first), key).get::<Value>("/v1/medical/settlements").await;
    assert!(read.expect("a follower answers reads")["items"].as_array().is_some_and(|items| !items.is_empty()));

    // Two leaders on purpose: the one that stood still believes to lead when it wakes up; the fence tells it.
    let begin = Instant::now();
    members.signal(second, "-STOP");
    let third = until_served(&members, "the leader stands still", begin).await;
    assert_ne!(second, third);
    members.signal(second, "-CONT");
    some_time(3_000).await;

    // The first member is the one behind the wire: it must lead to be cut off.
    if members.leader().await != 0 {
        let begin = Instant::now();
        members.kill(1).await;
        until_served(&members, "kill -9 of the leader", begin).await;
        members.restart(1).await;
        some_time(1_000).await;
    }
    let begin = Instant::now();
    wire.cut(true);
    let fourth = until_served(&members, "network cut between leader and database", begin).await;
    assert_eq!(fourth, 1, "the member with a connection leads");
    some_time(4_000).await;
    let key = std::fs::read_to_string(members.region.node_folder(SHARED).join("operator.key")).expect("a key");
    let asked = ApiClient::new(&members.url(0), &key).get::<Value>("/v1/node/status").await;
    let told = asked.expect_err("who cannot know of revoked keys lets nobody in").to_string();
    assert!(told.starts_with("API-1017"), "{told}");
    wire.cut(false);

    let told = cashiers.await.expect("the cashiers end");
    members.check(&[told], 3).await;
    gates.end(&members.region).await;
    let folder = members.stop().await;
    drop(database);
    drop(folder);
}

#[test]
fn a_database_that_asks_for_tls_is_reached_with_its_certificate_and_with_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut database = Postgres::start(folder.path(), base_port() + 35);
    let certificate = database.require_tls();
    let table = |certificate: Option<&str>| {
        let path = folder.path().join("ca.crt");
        let tls = certificate.map(|text| {
            std::fs::write(&path, text).expect("writable");
            TableTls(journal_client(&path).expect("a certificate"))
        });
        PostgresTable::new(&database.url(), tls).expect("a URL").last("stream").map(|row| row.is_none())
    };
    assert!(table(Some(&certificate)).expect("the right certificate"), "an empty table");
    assert!(table(None).is_err(), "nothing goes over the wire in the clear");
    let (stranger, _, _) = huitong_node::tls::generate("stranger").expect("a certificate");
    assert!(table(Some(&stranger)).is_err(), "a server that another certificate vouches for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_database_and_a_failover_to_its_synchronous_standby_lose_and_double_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = base_port();
    let mut primary = Postgres::start(folder.path(), port + 35);
    let standby = primary.standby(folder.path(), port + 36);
    let url = format!(
        "postgres://huitong@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        primary.port, standby.port
    );
    let members = Members::new(folder, &url, &url).await;

    let cashiers = members.cashiers(600, 5);
    some_time(700).await;
    let begin = Instant::now();
    primary.kill();
    some_time(1_000).await;
    primary.restart();
    until_served(&members, "kill -9 of PostgreSQL, up again a second later", begin).await;
    let first = cashiers.await.expect("the cashiers end");

    let cashiers = members.cashiers(600, 6);
    some_time(700).await;
    let begin = Instant::now();
    primary.kill();
    standby.promote();
    until_served(&members, "failover by pg_promote", begin).await;
    let second = cashiers.await.expect("the cashiers end");

    members.check(&[first, second], 5).await;
    let rows = standby.sql("SELECT COUNT(*) FROM huitong_journal WHERE stream LIKE '330000/%'");
    println!("{} rows in the shared journal", rows.trim());
    let folder = members.stop().await;
    drop((primary, standby));
    drop(folder);
}

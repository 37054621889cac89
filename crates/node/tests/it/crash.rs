//! Real processes killed at random moments under load. Afterwards nothing acknowledged is lost, nothing is doubled, both
//! sides' books are equal, views equal replay. `HUITONG_SEED` repeats a run; `HUITONG_CRASH_ROUNDS` makes it longer.

use std::time::Duration;

use huitong_kernel::random::RandomSource;
use huitong_node::demo::Region;
use huitong_node::demo::audit::audit;
use huitong_node::demo::bills::Samples;
use huitong_node::demo::morning::{Settings, play};
use huitong_node::demo::transit;
use huitong_node::demo::transit::audit::TransitAudit;
use huitong_node::demo::transit::day::Day;
use huitong_node::demo::transit::load::Cities;
use huitong_node::demo::transit::play::Told;
use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use super::stage::Stage;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Seed and rounds of a run; printed, so that it can be repeated.
fn settings() -> (u64, u64) {
    let (seed, rounds) = (number("HUITONG_SEED", 7), number("HUITONG_CRASH_ROUNDS", 4));
    println!("HUITONG_SEED={seed} HUITONG_CRASH_ROUNDS={rounds}");
    (seed, rounds)
}

/// What is done to a node while it is worked with.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// kill -9 and at once a new start.
    Kill,
    /// Away for some seconds.
    Away,
    /// kill -9, and bytes of a write that never finished at the end of the log.
    TornWrite,
}

/// The same region for a task of its own.
fn copy_of(region: &Region) -> Region {
    Region { data: region.data.clone(), profile: region.profile.clone(), manifest: region.manifest.clone() }
}

/// Kills one node after the other at random moments; torn writes are those of a service.
async fn kill_nodes(stage: &mut Stage, seed: u64, rounds: u64, service: &str) {
    let mut random = RandomSource::from_number(seed);
    let divisions = stage.region.divisions();
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(200 + random.below(800))).await;
        let division = random.pick(&divisions).clone();
        let fault = *random.pick(&[Fault::Kill, Fault::Away, Fault::TornWrite]);
        println!("round {round}: {fault:?} at {division}");
        stage.kill(&division).await;
        match fault {
            Fault::Kill => {}
            Fault::Away => {
                tokio::time::sleep(Duration::from_millis(500 + random.below(longest_absence_ms(rounds)))).await
            }
            Fault::TornWrite => tear(stage, &division, service, &mut random),
        }
        stage.restart(&division).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_killed_under_load_lose_and_double_nothing() {
    let (seed, rounds) = settings();
    let mut stage = Stage::new(&[]).await;
    let settings = Settings { bills: 400 * rounds as usize, seed, cashiers: 8 };
    let (region, keys) = (copy_of(&stage.region), stage.keys.clone());
    let cashiers = tokio::spawn(async move {
        let samples = Samples::read(&region.profile).expect("samples");
        play(&region, &samples, &keys, settings, ProgressBar::hidden()).await
    });
    kill_nodes(&mut stage, seed, rounds, "medical").await;
    let told = cashiers.await.expect("the cashiers end").expect("the morning is played");
    assert_eq!(told.unknown, Vec::<String>::new(), "seed {seed}: every outcome is known in the end");
    settle_down(&stage).await;
    let audited = audit(&stage.region, &told).expect("the audit runs");
    println!("{} settled, refused {:?}", told.settled.len(), told.refused);
    assert_eq!((audited.lost, audited.doubled), (0, 0), "seed {seed}: {audited:?}");
    assert!(audited.books_equal, "seed {seed}: {audited:?}");
    assert!(audited.views_equal_replay, "seed {seed}: {audited:?}");
    assert!(told.settled.len() as u64 > rounds * 300, "seed {seed}: most bills are settled");
    stage.stop().await;
}

/// Gates at work with their riders, and what became of them once all is quiet.
pub struct Gates(JoinHandle<anyhow::Result<Told>>);

impl Gates {
    /// Everything is loaded and every rider has a code; then the day begins by itself.
    pub async fn begin(region: &Region, riders: usize, seed: u64) -> Gates {
        let region = copy_of(region);
        let cities: Cities = transit::load::load(&region).await.expect("transit is loaded");
        let settings = transit::Settings { riders, seed };
        let mut day = Day::prepare(&region, &cities, settings).await.expect("accounts and gates");
        Gates(tokio::spawn(async move { day.play(&region).await }))
    }

    pub fn have_ended(&self) -> bool {
        self.0.is_finished()
    }

    /// What they were told; and that nothing acknowledged is lost, every trip is charged once, and both books agree.
    pub async fn end(self, region: &Region) -> (Told, TransitAudit) {
        let told = self.0.await.expect("the gates end").expect("the day is played");
        transit::audit::settled(region).await.expect("everything is answered");
        let audited = transit::audit::audit(region, &told).expect("the audit runs");
        assert_eq!((audited.lost, audited.charged_otherwise), (0, 0), "{audited:?}");
        assert_eq!(audited.violations, Vec::<String>::new());
        assert!(audited.books_equal && audited.views_equal_replay, "{audited:?}");
        assert!(told.opened > 0 && !told.acknowledged.is_empty() && audited.gross_fen > 0, "{told:?}");
        (told, audited)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_killed_while_gates_upload_lose_and_double_nothing() {
    let (seed, rounds) = settings();
    let mut stage = Stage::new(&[]).await;
    let gates = Gates::begin(&stage.region, 6 * rounds as usize, seed).await;
    // The first at once, so that it is sure to fall into the day, however quick the machine is.
    kill_nodes(&mut stage, seed, 1, "transit").await;
    assert!(!gates.have_ended(), "a node was killed while gates were at work");
    kill_nodes(&mut stage, seed + 1, rounds - 1, "transit").await;
    let (told, audited) = gates.end(&stage.region).await;
    println!("{} records, {} sent twice, trips {:?}", told.records, told.duplicate, audited.states);
    assert_eq!(told.acknowledged.len() as u64, told.records, "in the end every record is acknowledged");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_clock_steps_back_and_forward_and_riders_go_on() {
    let mut stage = Stage::new(&[]).await;
    let config = stage.region.node_folder("330000").join("node.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let mut charged_fen = 0;
    for (seed, offset_ms) in [(1, 0), (2, -600_000), (3, 600_000)] {
        stage.kill("330000").await;
        std::fs::write(&config, format!("{text}\n[testing]\nclock_offset_ms = {offset_ms}\n")).expect("writable");
        stage.restart("330000").await;
        let (_, audited) = Gates::begin(&stage.region, 2, seed).await.end(&stage.region).await;
        assert!(audited.gross_fen > charged_fen, "ten minutes do not stop anybody: {audited:?}");
        charged_fen = audited.gross_fen;
    }
    stage.stop().await;
}

/// Two seconds in the bounded run, up to a minute in the long one; cashiers have patience for two.
fn longest_absence_ms(rounds: u64) -> u64 {
    if rounds > 20 { 60_000 } else { 2_000 }
}

/// Garbage at the end of the write-ahead log, as a write leaves it that the power cut off.
fn tear(stage: &Stage, division: &str, service: &str, random: &mut RandomSource) {
    let log = stage.region.node_folder(division).join(format!("streams/{service}.db-wal"));
    let mut bytes = std::fs::read(&log).unwrap_or_default();
    let mut garbage = vec![0; 100 + random.below(8_000) as usize];
    random.fill(&mut garbage);
    bytes.extend(garbage);
    std::fs::write(&log, bytes).expect("the log can be written");
}

/// Until every feed has arrived.
pub async fn settle_down(stage: &Stage) {
    for _ in 0..300 {
        if huitong_node::demo::load::unequal_feeds(&stage.region).await.is_ok_and(|feeds| feeds.is_empty()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("feeds did not arrive in half a minute");
}

//! Real processes killed at random moments under load. Afterwards nothing acknowledged is lost, nothing is doubled, both
//! sides' books are equal, views equal replay. `HUITONG_SEED` repeats a run; `HUITONG_CRASH_ROUNDS` makes it longer.

use std::sync::Arc;
use std::time::Duration;

use huitong_kernel::random::RandomSource;
use huitong_node::demo::audit::audit;
use huitong_node::demo::morning::{Settings, play};
use indicatif::ProgressBar;

use super::stage::Stage;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What is done to a node while the cashiers work.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// kill -9 and at once a new start.
    Kill,
    /// Away for some seconds.
    Away,
    /// kill -9, and bytes of a write that never finished at the end of the log.
    TornWrite,
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_killed_under_load_lose_and_double_nothing() {
    let seed = number("HUITONG_SEED", 7);
    let rounds = number("HUITONG_CRASH_ROUNDS", 4);
    println!("HUITONG_SEED={seed} HUITONG_CRASH_ROUNDS={rounds}");
    let mut random = RandomSource::from_number(seed);
    let mut stage = Stage::new(&[]).await;
    let divisions = stage.region.divisions();
    let settings = Settings { bills: 400 * rounds as usize, seed, cashiers: 8 };
    let region = Arc::new(huitong_node::demo::Region {
        data: stage.region.data.clone(),
        profile: stage.region.profile.clone(),
        manifest: stage.region.manifest.clone(),
    });
    let (samples, keys) =
        (huitong_node::demo::bills::Samples::read(&region.profile).expect("samples"), stage.keys.clone());
    let cashiers = {
        let region = Arc::clone(&region);
        tokio::spawn(async move { play(&region, &samples, &keys, settings, ProgressBar::hidden()).await })
    };
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
            Fault::TornWrite => tear(&stage, &division, &mut random),
        }
        stage.restart(&division).await;
    }
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

/// Two seconds in the bounded run, up to a minute in the long one; cashiers have patience for two.
fn longest_absence_ms(rounds: u64) -> u64 {
    if rounds > 20 { 60_000 } else { 2_000 }
}

/// Garbage at the end of the write-ahead log, as a write leaves it that the power cut off.
fn tear(stage: &Stage, division: &str, random: &mut RandomSource) {
    let log = stage.region.node_folder(division).join("streams/medical.db-wal");
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

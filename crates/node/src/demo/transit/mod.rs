//! A day of transit: riders of every city of the profile travel abroad; gates without network, late and doubled uploads and a few
//! attacks are among it. Played through the nodes' public API with the gate program's own device, then audited. Its hours lie in
//! the past ([`day`]); everything else is as it is at a city.

pub mod audit;
pub mod contest;
pub mod day;
pub mod fleet;
pub mod load;
pub mod phone;
pub mod play;
pub mod report;

use super::Region;
use day::Day;
use report::TransitReport;

/// What to play.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of each city.
    pub riders: usize,
    pub seed: u64,
}

/// Loads, plays and audits a day.
pub async fn play(region: &Region, settings: Settings) -> anyhow::Result<TransitReport> {
    let cities = load::load(region).await?;
    let mut day = Day::prepare(region, &cities, settings).await?;
    let told = day.play(region).await?;
    audit::settled(region).await?;
    let contested = contest::play(region, &cities).await?;
    audit::settled(region).await?;
    let audit = audit::audit(region, &told)?;
    Ok(TransitReport::new(settings, told, contested.is_some(), audit))
}

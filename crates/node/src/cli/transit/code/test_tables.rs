//! `huitong transit code test-tables`: the tables that a node would give its gates, for the published test keys.

use std::path::PathBuf;

use clap::Args;
use huitong_transit_code::attack::Bench;
use huitong_transit_code::make::{self, DeltaContent, KeySetContent, Sign};
use huitong_transit_code::state::{CityRules, ServiceState};

use super::super::output;
use super::test_keys;
use crate::gate::moment::Moment;

#[derive(Args)]
pub struct TestTablesArguments {
    /// Folder for key-set.bin, deny.bin and state.bin
    #[arg(long)]
    out: PathBuf,
    /// When they are made; now when absent. A later time gives a higher sequence, which gates need
    #[arg(long)]
    at: Option<Moment>,
    /// The station that the state is for
    #[arg(long, default_value_t = 1)]
    station: u32,
    /// Its network, six digits
    #[arg(long, default_value_t = 310_100)]
    network: u32,
    /// The highest single fare, fen
    #[arg(long, default_value_t = 800)]
    provisional_fen: u32,
    /// The station is closed
    #[arg(long)]
    closed: bool,
    /// Exits are free by order
    #[arg(long)]
    free_exit: bool,
}

pub fn run(arguments: &TestTablesArguments) -> anyhow::Result<i32> {
    test_keys::announce();
    let (bench, operator) = (Bench::new(), test_keys::test_key("operator")?);
    let at = arguments.at.unwrap_or_else(Moment::now);
    let (seconds, sequence) = (at.seconds(), at.code_seconds()?);
    let key_set = KeySetContent {
        version: sequence,
        not_before: seconds.saturating_sub(3_600),
        not_after: seconds.saturating_add(365 * 86_400),
        ..bench.key_set_content()
    };
    let home = key_set.issuers.first().map_or(0, |issuer| issuer.home);
    let deny = DeltaContent { home, sequence, is_snapshot: true, as_of: seconds, ..DeltaContent::default() };
    let state = ServiceState {
        sequence,
        network: arguments.network,
        station: arguments.station,
        as_of: seconds,
        is_closed: arguments.closed,
        is_free_exit: arguments.free_exit,
        provisional_fen: arguments.provisional_fen,
        fare_pack_version: 1,
        rules: CityRules::default(),
    };
    let bodies = [
        ("key-set.bin", make::key_set(&key_set)),
        ("deny.bin", make::deny_delta(&deny)),
        ("state.bin", state.to_bytes().to_vec()),
    ];
    for (name, body) in bodies {
        let path = arguments.out.join(name);
        crate::keys::write_public(&path, &make::signed_table(&body, &operator))?;
        output::line(path.display())?;
    }
    for (platform, profile, _) in &key_set.platforms {
        output::line(format_args!("platform 发码平台 {}: profile {}", hex::encode(platform), profile.name()))?;
    }
    output::line(format_args!("operator key 运营方公钥: {}", hex::encode(operator.key().compressed())))?;
    Ok(0)
}

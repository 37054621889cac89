//! `huitong-simulator`: plays seeds, shrinks what fails, tells what was reached.

use std::time::{Duration, Instant};

use clap::Parser;
use huitong_simulator::coverage::Coverage;
use huitong_simulator::{plan, play, shrink};

#[derive(Parser)]
#[command(about = "A whole region in one deterministic process, under faults 故障仿真")]
struct Arguments {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after the other
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// Play further seeds until this time has passed
    #[arg(long)]
    seconds: Option<u64>,
    /// Play only these items of the plan, as a failed run names them
    #[arg(long, value_delimiter = ',')]
    keep: Vec<usize>,
    /// Print every step
    #[arg(long)]
    steps: bool,
    /// Fail when a fault was never reached
    #[arg(long)]
    demand_coverage: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let begin = Instant::now();
    let limit = arguments.seconds.map(Duration::from_secs);
    let mut coverage = Coverage::default();
    let mut seed = arguments.seed;
    let mut played = 0;
    while limit.map_or(played < arguments.count, |limit| begin.elapsed() < limit) {
        let mut drawn = plan(seed);
        if !arguments.keep.is_empty() {
            drawn = drawn.keep(&arguments.keep);
        }
        match play(&drawn, arguments.steps) {
            Ok((reached, trace)) => {
                if arguments.count == 1 && limit.is_none() {
                    println!("seed {seed}: good, trace {trace}");
                }
                coverage.add(&reached);
            }
            Err(failure) => {
                println!("seed {seed} FAILED at step {} ({} ms): {}", failure.step, failure.at.0, failure.what);
                println!("shrinking …");
                let (small, failure) = shrink::shrink(&drawn, failure);
                println!("{} of {} items are enough:", small.items.len(), drawn.items.len());
                for item in &small.items {
                    println!("  {:>7} ms  {:?}  seed {}", item.at.0, item.what, item.seed);
                }
                println!("step {} ({} ms): {}", failure.step, failure.at.0, failure.what);
                let places: Vec<String> = drawn.places_of(&small).iter().map(usize::to_string).collect();
                println!("play it again: make simulate SEED={seed}");
                println!("only this:     make simulate SEED={seed} KEEP={} STEPS=1", places.join(","));
                std::process::exit(1);
            }
        }
        seed += 1;
        played += 1;
    }
    println!("{played} seeds from {} on, all good, in {:.1} s", arguments.seed, begin.elapsed().as_secs_f64());
    print!("{coverage}");
    let missing = coverage.missing();
    if !missing.is_empty() {
        println!("never reached: {}", missing.join(", "));
        if arguments.demand_coverage {
            std::process::exit(1);
        }
    }
}

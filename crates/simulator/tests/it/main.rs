//! The region under faults: a bounded number of seeds, the same run twice, and builds that are broken on purpose.

mod seeds {
    use huitong_simulator::coverage::Coverage;
    use huitong_simulator::{plan, play};

    /// Enough for every fault and every effect to be reached.
    const SEEDS: u64 = 50;

    fn play_seeds(seeds: impl Iterator<Item = u64>) -> Coverage {
        let mut coverage = Coverage::default();
        for seed in seeds {
            match play(&plan(seed), false) {
                Ok((reached, _)) => coverage.add(&reached),
                Err(failure) => panic!(
                    "seed {seed} fails at step {} ({} ms): {}\nshrink and replay it: make simulate SEED={seed}",
                    failure.step, failure.at.0, failure.what
                ),
            }
        }
        coverage
    }

    #[test]
    fn the_region_keeps_its_promises_under_every_fault() {
        let first = std::env::var("HUITONG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
        let seeds = first..first + SEEDS;
        let mut coverage = Coverage::default();
        // Disks are kept per thread: two at a time.
        std::thread::scope(|scope| {
            let halves: Vec<_> = (0..2)
                .map(|half| {
                    let seeds = seeds.clone();
                    scope.spawn(move || play_seeds(seeds.filter(move |seed| seed % 2 == half)))
                })
                .collect();
            for half in halves {
                match half.join() {
                    Ok(reached) => coverage.add(&reached),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        println!("{coverage}");
        assert_eq!(coverage.missing(), Vec::<String>::new(), "a fault that is never reached proves nothing");
    }

    #[test]
    fn a_seed_gives_the_same_run_to_the_same_step() {
        let [first, second, other] = [7, 7, 8].map(|seed| play(&plan(seed), false).expect("a good seed"));
        assert_eq!(first, second);
        assert_ne!(first.1, other.1, "another seed is another run");
    }
}

#[cfg(feature = "sabotage")]
mod sabotage {
    use huitong_simulator::shrink::shrink;
    use huitong_simulator::{plan, play};
    use huitong_store::sabotage::{Sabotage, choose};

    /// Seeds within which a broken build must be found out.
    const SEEDS: u64 = 40;

    fn found_out(sabotage: Sabotage) {
        // The findings are panics, too; their backtraces would only hide the result.
        std::panic::set_hook(Box::new(|_| {}));
        choose(sabotage);
        let found = (1..=SEEDS).find_map(|seed| play(&plan(seed), false).err().map(|failure| (seed, failure)));
        let _ = std::panic::take_hook();
        let (seed, failure) = found.unwrap_or_else(|| panic!("{sabotage:?} was not found out within {SEEDS} seeds"));
        println!("{sabotage:?} was found out by seed {seed}: {}", failure.what);
        choose(Sabotage::Nothing);
        assert!(play(&plan(seed), false).is_ok(), "without the sabotage seed {seed} is good");
    }

    #[test]
    fn a_build_that_skips_the_cursor_is_found_out() {
        found_out(Sabotage::Cursor);
    }

    #[test]
    fn a_build_that_skips_the_fence_is_found_out() {
        found_out(Sabotage::Fence);
    }

    #[test]
    fn a_build_that_skips_the_idempotency_check_is_found_out() {
        found_out(Sabotage::Idempotency);
    }

    #[test]
    fn a_failing_plan_shrinks_and_still_fails() {
        choose(Sabotage::Idempotency);
        let failing = (1..=SEEDS).find_map(|seed| play(&plan(seed), false).err().map(|failure| (plan(seed), failure)));
        let (whole, failure) = failing.expect("found out");
        let (small, _) = shrink(&whole, failure);
        println!("{} of {} items are enough", small.items.len(), whole.items.len());
        assert!(small.items.len() * 4 < whole.items.len());
        let again = play(&whole.clone().keep(&whole.places_of(&small)), false);
        assert_eq!(again.err(), play(&small, false).err(), "what is kept replays to the same step");
    }
}

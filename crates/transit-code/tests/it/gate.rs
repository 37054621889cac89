//! A gate over a day: full tables, a clock that jumps, key sets to come, and what its tap record says.

use huitong_transit_code::Reason;
use huitong_transit_code::attack::{Bench, NOW, Step};
use huitong_transit_code::cache::{Slot, Slots};
use huitong_transit_code::deny::{Chain, DenyTable, Row};
use huitong_transit_code::gate::{
    Answer, Direction, FLAG_DENY_STALE, Gate, GateRules, Memory, Policy, Presented, TablesUsed,
};
use huitong_transit_code::make::KeySetContent;
use huitong_transit_code::recent::{Place, Recent};
use huitong_transit_code::signature::{Key, RustCrypto};
use huitong_transit_code::state::{CityRules, ServiceState};

struct Sizes {
    key_set: usize,
    replay: usize,
    passback: usize,
}

const ROOMY: Sizes = Sizes { key_set: 4_096, replay: 64, passback: 64 };

struct Stage {
    bench: Bench,
    gate: Gate<'static, RustCrypto>,
}

fn leak<T: Clone + Default>(count: usize) -> &'static mut [T] {
    Box::leak(vec![T::default(); count].into_boxed_slice())
}

impl Stage {
    fn empty(sizes: Sizes) -> Stage {
        let bench = Bench::new();
        let memory = Memory {
            key_set: leak(sizes.key_set),
            deny: DenyTable::new(leak::<Row>(8), leak::<Chain>(2)),
            replay: Recent::new(leak::<Place>(sizes.replay)),
            passback: Recent::new(leak::<Place>(sizes.passback)),
            cache: Slots { certificates: leak::<Slot>(4), authorisations: leak::<Slot>(8) },
        };
        let operator = Key::from_compressed(&bench.operator_key()).expect("a key");
        Stage { gate: Gate::new(RustCrypto, operator, GateRules::default(), memory), bench }
    }

    /// With the bench's tables.
    fn new(sizes: Sizes) -> Stage {
        let mut stage = Stage::empty(sizes);
        for step in stage.bench.tables() {
            assert_eq!(stage.load(&step), Ok(()));
        }
        stage
    }

    fn load(&mut self, step: &Step) -> Result<(), Reason> {
        match step {
            Step::KeySet(table) => self.gate.load_key_set(table).map(drop),
            Step::Deny(table) => self.gate.apply_deny(table),
            Step::State(table) => self.gate.load_state(table),
            other => panic!("no table: {other:?}"),
        }
    }

    /// A key set of this version, in force from then on.
    fn key_set(&mut self, version: u32, not_before: i64) -> Result<(), Reason> {
        let content = KeySetContent { version, not_before, ..self.bench.key_set_content() };
        let step = self.bench.key_set(&content);
        self.load(&step)
    }

    /// A code of the ticket with this number.
    fn code(&self, ticket: u8, made: i64) -> Vec<u8> {
        let mut fields = self.bench.fields();
        fields.custom[8] = ticket;
        self.bench.code_at(&fields, made)
    }

    fn show(&mut self, code: &[u8], now: i64, direction: Direction) -> Answer {
        self.gate.check(Presented { code, now, clock_error_s: Some(0), direction })
    }

    fn enter(&mut self, code: &[u8], now: i64) -> Reason {
        self.show(code, now, Direction::In).reason
    }

    /// A ticket's first code of this moment enters.
    fn enters(&mut self, ticket: u8, now: i64) -> Reason {
        let code = self.code(ticket, now);
        self.enter(&code, now)
    }
}

#[test]
fn a_rider_whom_a_full_table_refused_enters_with_the_same_code_a_little_later() {
    let mut stage = Stage::new(Sizes { passback: 1, ..ROOMY });
    assert_eq!(stage.enters(1, NOW), Reason::Ok);
    let code = stage.code(2, NOW + 10);
    assert_eq!(stage.enter(&code, NOW + 10), Reason::ReplayFull);
    assert_eq!(stage.enter(&code, NOW + 61), Reason::Ok, "nobody has passed with it");
    assert_eq!(stage.enter(&code, NOW + 62), Reason::Replay);
    // A full replay table does not count as an entry either.
    let mut stage = Stage::new(Sizes { replay: 1, ..ROOMY });
    assert_eq!(stage.enters(1, NOW), Reason::Ok);
    let code = stage.code(2, NOW + 150);
    assert_eq!(stage.enter(&code, NOW + 150), Reason::ReplayFull);
    assert_eq!(stage.enter(&code, NOW + 181), Reason::Ok);
}

#[test]
fn a_table_fills_and_empties_for_days_without_refusing_too_many() {
    let mut stage = Stage::new(Sizes { replay: 8, passback: 4, ..ROOMY });
    for round in 0..200 {
        let now = NOW + 30 * round;
        assert_eq!(stage.enters(u8::try_from(round % 3).expect("small"), now), Reason::Ok, "round {round}");
        let out = stage.code(u8::try_from(round % 3).expect("small"), now + 1);
        if round % 10 == 0 {
            // Goes out and in again, so that its place is taken anew.
            assert_eq!(stage.show(&out, now + 1, Direction::Out).reason, Reason::Ok);
        }
    }
}

#[test]
fn a_clock_that_was_hours_ahead_shuts_nobody_out_when_it_is_right_again() {
    let ahead = NOW + 22 * 3_600;
    let mut stage = Stage::new(Sizes { replay: 4, passback: 4, ..ROOMY });
    for ticket in 0..4 {
        assert_eq!(stage.enters(ticket, ahead), Reason::Ok);
    }
    // The clock is set right. The table is full of what belongs to tonight; it is kept a while and then let go.
    let code = stage.code(5, NOW);
    assert_eq!(stage.enter(&code, NOW), Reason::ReplayFull);
    for (ticket, after_s) in [(5, 400), (6, 430), (7, 460)] {
        assert_eq!(stage.enters(ticket, NOW + after_s), Reason::Ok, "after {after_s} s");
    }
    // A clock that is set back a few seconds loses nothing.
    let mut stage = Stage::new(ROOMY);
    let code = stage.code(1, NOW);
    assert_eq!(stage.enter(&code, NOW + 60), Reason::Ok);
    assert_eq!(stage.enters(2, NOW + 20), Reason::Ok);
    assert_eq!(stage.enter(&code, NOW + 30), Reason::Replay);
}

#[test]
fn one_pass_by_a_clock_ahead_keeps_one_place() {
    let mut stage = Stage::new(Sizes { replay: 4, passback: 4, ..ROOMY });
    let code = stage.code(9, NOW + 80_000);
    // A neighbour whose clock is nearly a day ahead, as the phone's is.
    assert_eq!(stage.gate.note(&code, Direction::In, NOW), Ok(()));
    for round in 0..50 {
        let now = NOW + 61 * round;
        assert_eq!(stage.enters(1, now), Reason::Ok, "round {round}");
    }
    assert_eq!(stage.enter(&code, NOW + 80_000), Reason::Replay);
}

#[test]
fn a_neighbour_s_pass_is_used_up_before_the_gate_has_any_table() {
    let mut stage = Stage::empty(ROOMY);
    let codes = [stage.bench.genuine(), stage.bench.uic_genuine()];
    for code in &codes {
        assert_eq!(stage.gate.note(code, Direction::In, NOW - 40), Ok(()));
        assert_eq!(stage.gate.note(code, Direction::In, NOW - 40), Ok(()), "told twice");
    }
    for table in stage.bench.tables() {
        assert_eq!(stage.load(&table), Ok(()));
    }
    for code in &codes {
        assert_eq!(stage.enter(code, NOW), Reason::Replay);
        assert_eq!(stage.show(code, NOW, Direction::Out).reason, Reason::Ok);
        assert_eq!(stage.gate.note(&code[..100], Direction::In, NOW), Err(Reason::Format));
    }
    // The ticket counts as well as the code.
    let mut stage = Stage::new(ROOMY);
    let [first, second] = [NOW, NOW + 10].map(|made| stage.code(1, made));
    assert_eq!(stage.gate.note(&first, Direction::In, NOW), Ok(()));
    assert_eq!(stage.enter(&second, NOW + 10), Reason::Passback);
    assert_eq!(stage.gate.note(&second, Direction::Out, NOW + 11), Ok(()));
    assert_eq!(stage.enter(&second, NOW + 12), Reason::Ok);
}

#[test]
fn an_announced_key_set_waits_beside_the_one_in_force() {
    let mut stage = Stage::new(ROOMY);
    assert_eq!(stage.enters(1, NOW), Reason::Ok);
    let versions = |stage: &Stage, now| {
        let version = |set: Option<huitong_transit_code::key_set::KeySet<'_>>| set.map(|set| set.version());
        (version(stage.gate.key_set_at(now)), version(stage.gate.key_set()))
    };
    assert_eq!(stage.key_set(3, NOW + 500), Ok(()));
    assert_eq!(versions(&stage, NOW + 499), (Some(2), Some(3)));
    assert_eq!(versions(&stage, NOW + 500), (Some(3), Some(3)));
    assert_eq!(stage.enters(2, NOW + 499), Reason::Ok);
    // Another one for later takes the place of the announced one, not of the one in force.
    assert_eq!(stage.key_set(4, NOW + 600), Ok(()));
    assert_eq!((versions(&stage, NOW + 550), versions(&stage, NOW + 600)), ((Some(2), Some(4)), (Some(4), Some(4))));
    assert_eq!(stage.key_set(3, NOW), Err(Reason::Chain), "older than the newest held");
    assert_eq!(stage.enters(3, NOW + 700), Reason::Ok);
    assert_eq!(stage.key_set(5, NOW + 800), Ok(()));
    assert_eq!(versions(&stage, NOW + 750), (Some(4), Some(5)));
    // What is in force at once leaves nothing beside it.
    assert_eq!(stage.key_set(6, NOW + 700), Ok(()));
    assert_eq!(versions(&stage, NOW + 900), (Some(6), Some(6)));
    assert_eq!(versions(&stage, NOW), (Some(6), Some(6)));
}

#[test]
fn a_key_set_that_does_not_fit_beside_the_one_in_force_changes_nothing() {
    let one = huitong_transit_code::make::key_set(&Bench::new().key_set_content()).len();
    let mut stage = Stage::new(Sizes { key_set: 2 * one - 1, ..ROOMY });
    assert_eq!(stage.enters(1, NOW), Reason::Ok);
    assert_eq!(stage.key_set(3, NOW + 500), Err(Reason::ReplayFull));
    assert_eq!(stage.enters(2, NOW + 1), Reason::Ok);
    assert_eq!(stage.key_set(3, NOW), Ok(()), "one that is in force takes the whole place");
    assert_eq!(stage.enters(3, NOW + 2), Reason::Ok);
    // A gate that has not seen the time yet takes the newest it is given.
    let mut stage = Stage::new(Sizes { key_set: 2 * one - 1, ..ROOMY });
    assert_eq!(stage.key_set(3, NOW - 10), Ok(()));
    assert_eq!(stage.gate.key_set_at(NOW).map(|set| set.version()), Some(3));
}

#[test]
fn an_answer_names_the_tables_it_was_given_by() {
    let mut stage = Stage::new(ROOMY);
    let code = stage.bench.genuine();
    let answer = stage.show(&code, NOW, Direction::In);
    let expected =
        TablesUsed { key_set_version: 2, deny_home: 310_000, deny_sequence: 1, deny_age_s: 60, fare_pack_version: 1 };
    assert_eq!(stage.gate.tables_used(&answer, NOW), expected);
    // A code that nobody knows tells no home.
    let answer = stage.show(&code[..100], NOW, Direction::In);
    let nobody = TablesUsed { key_set_version: 2, fare_pack_version: 1, ..TablesUsed::default() };
    assert_eq!((answer.reason, stage.gate.tables_used(&answer, NOW)), (Reason::Format, nobody));
    // While a key set is announced, the one in force is named.
    assert_eq!(stage.key_set(3, NOW + 500), Ok(()));
    let late = stage.code(3, NOW + 100);
    let answer = stage.show(&late, NOW + 100, Direction::In);
    assert_eq!((answer.reason, stage.gate.tables_used(&answer, NOW + 100).key_set_version), (Reason::Ok, 2));
    let stage = Stage::empty(ROOMY);
    assert_eq!(stage.gate.tables_used(&answer, NOW), TablesUsed::default());
}

/// A gate with these settings of its own, under a state by which the city sets `city`.
fn under(own: GateRules, city: CityRules) -> Stage {
    let mut stage = Stage::new(ROOMY);
    stage.gate.rules = own;
    let state = stage.bench.state(ServiceState { sequence: 2, rules: city, ..stage.bench.station() });
    assert_eq!(stage.load(&state), Ok(()));
    stage
}

#[test]
fn what_the_city_sets_is_in_force_unless_the_gate_has_a_setting_of_its_own() {
    let city = CityRules { skew_s: 0, passback_s: 5, deny_age_max_s: 3_600, accepts_stale_deny: false };
    let strict = GateRules::default();
    // The time window: the code is good for 30 s, and so long only.
    let late = |own| {
        let mut stage = under(own, city);
        let code = stage.code(1, NOW);
        stage
            .gate
            .check(Presented { code: &code, now: NOW + 31, clock_error_s: Some(0), direction: Direction::In })
            .reason
    };
    assert_eq!(late(strict), Reason::CodeExpired);
    assert_eq!(late(GateRules { skew_s: Some(30), ..strict }), Reason::Ok);
    // Pass-back.
    let again = |own| {
        let mut stage = under(own, city);
        assert_eq!(stage.enters(1, NOW), Reason::Ok);
        (stage.enters(1, NOW + 5), stage.enters(1, NOW + 6))
    };
    assert_eq!(again(strict), (Reason::Passback, Reason::Ok));
    assert_eq!(again(GateRules { passback_s: Some(60), ..strict }), (Reason::Passback, Reason::Passback));
    // Deny lists over their age: the bench's list is a minute old at NOW.
    let stale = |own, city| {
        let mut stage = under(own, city);
        let code = stage.code(1, NOW + 3_541);
        let answer = stage.show(&code, NOW + 3_541, Direction::In);
        (answer.reason, answer.flags)
    };
    let lenient = CityRules { accepts_stale_deny: true, ..city };
    assert_eq!(stale(strict, city), (Reason::DenyStale, 0));
    assert_eq!(stale(strict, lenient), (Reason::Ok, FLAG_DENY_STALE));
    assert_eq!(stale(GateRules { deny_stale: Some(Policy::Refuse), ..strict }, lenient), (Reason::DenyStale, 0));
    assert_eq!(stale(GateRules { deny_age_max_s: Some(86_400), ..strict }, city), (Reason::Ok, 0));
}

#[test]
fn a_state_is_read_as_it_was_written_and_one_out_of_its_bounds_is_refused() {
    let rules = CityRules { skew_s: 120, passback_s: 7, deny_age_max_s: u32::MAX, accepts_stale_deny: true };
    let state = ServiceState { is_free_exit: true, rules, ..Bench::new().station() };
    let bytes = state.to_bytes();
    assert_eq!(ServiceState::parse(&bytes), Ok(state));
    let with = |at: usize, byte: u8| {
        let mut bent = bytes;
        bent[at] = byte;
        ServiceState::parse(&bent)
    };
    for (at, byte, what) in
        [(3, b'1', "an older layout"), (24, 8, "a flag that nobody knows"), (36, 121, "a wide window")]
    {
        assert_eq!(with(at, byte), Err(Reason::Chain), "{what}");
    }
    assert_eq!(ServiceState::parse(&bytes[..33]), Err(Reason::Chain));
}

#[test]
fn an_error_beyond_all_measure_is_a_clock_that_cannot_be_trusted() {
    let mut stage = Stage::new(ROOMY);
    let code = stage.bench.genuine();
    for error_s in [i64::MIN, i64::MAX, -31, 31] {
        let answer = stage.gate.check(Presented {
            code: &code,
            now: NOW,
            clock_error_s: Some(error_s),
            direction: Direction::In,
        });
        assert_eq!(answer.reason, Reason::Clock, "{error_s}");
    }
    let answer =
        stage.gate.check(Presented { code: &code, now: NOW, clock_error_s: Some(-30), direction: Direction::In });
    assert_eq!(answer.reason, Reason::Ok);
}

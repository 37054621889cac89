//! What a gate vendor does: builds the static library without the standard library, links the C example, runs the suite.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use huitong_transit::{CITY, Config, MISUSE, Outcome};
use huitong_transit::{
    ht_apply_deny, ht_ctx_init, ht_ctx_size, ht_load_keyset, ht_load_state, ht_note_passed, ht_verify,
};
use huitong_transit_code::Reason;
use huitong_transit_code::attack::{self, Bench, LineGate, NOW, Step};
use huitong_transit_code::gate::{self, Direction, Policy};
use huitong_transit_code::state::{CityRules, ServiceState};

/// What the library may ask of a gate's C environment, and what every program has.
const ASKED: &[&str] = &[
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "bcmp",
    "__libc_start_main",
    "__cxa_finalize",
    "__gmon_start__",
    "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The static library as the guide says to build it.
fn library(target: &Path) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--package", "huitong-transit-code-c", "--no-default-features", "--profile", "gate"]);
    run(build.arg("--target-dir").arg(target).current_dir(folder()));
    target.join("gate/libhuitong_transit.a")
}

/// The folder of this test run's builds, kept so that a second run is quick.
fn target() -> PathBuf {
    let tests = std::env::current_exe().expect("this test has a path");
    tests
        .ancestors()
        .find(|path| path.ends_with("deps"))
        .and_then(Path::parent)
        .expect("a target folder")
        .join("gate-vendor")
}

#[test]
fn a_gate_in_c_refuses_every_attack_and_the_library_needs_no_heap() {
    let library = library(&target());
    let example = target().join("gate-example");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-I"]).arg(folder().join("include"));
    run(compile.arg(folder().join("example/gate.c")).arg(&library).arg("-o").arg(&example));

    let mut gate =
        Command::new(&example).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the gate starts");
    let Child { stdin, stdout, .. } = &mut gate;
    let mut lines =
        LineGate { from: BufReader::new(stdout.take().expect("a pipe")), to: stdin.take().expect("a pipe") };
    let report = attack::run(&mut lines);
    drop(lines);
    assert!(gate.wait().expect("the gate ends").success());
    assert!(report.passed(), "{report}");

    let brought = wanted(&example);
    assert!(brought.contains("printf") || brought.contains("fflush"), "the list of symbols is read: {brought:?}");
    let object = target().join("gate-example.o");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-O2", "-c", "-I"]).arg(folder().join("include"));
    run(compile.arg(folder().join("example/gate.c")).arg("-o").arg(&object));
    let by_example = wanted(&object);
    let by_library: Vec<_> = brought.difference(&by_example).filter(|name| !ASKED.contains(&name.as_str())).collect();
    assert!(by_library.is_empty(), "the library asks its environment for {by_library:?}");
}

/// The symbols that a program or object file asks others for.
fn wanted(file: &Path) -> BTreeSet<String> {
    let symbols = run(Command::new("nm").args(["--format=posix", "--undefined-only"]).arg(file));
    let name = |line: &str| line.split(['@', ' ']).next().unwrap_or_default().to_owned();
    symbols.lines().map(name).collect()
}

/// Lines as the C program writes them: a structure's size, then each field's name, offset and size.
macro_rules! laid_out {
    ($structure:ty, $name:literal, $($field:ident)*) => {{
        let mut lines = vec![format!("{} - 0 {}", $name, size_of::<$structure>())];
        $({
            fn size_of_field<T>(_: impl Fn(&$structure) -> &T) -> usize {
                size_of::<T>()
            }
            let size = size_of_field(|whole: &$structure| &whole.$field);
            lines.push(format!("{} {} {} {size}", $name, stringify!($field), std::mem::offset_of!($structure, $field)));
        })*
        lines
    }};
}

#[test]
fn the_header_says_what_the_library_is() {
    let library = library(&target());
    let program = target().join("gate-layout");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"]).arg(folder().join("include"));
    run(compile.arg(folder().join("tests/layout.c")).arg(&library).arg("-o").arg(&program));
    let said = run(&mut Command::new(&program));

    let mut expected = laid_out!(Config, "ht_config",
        operator_key network station deny_entries_max homes_max replay_entries_max passback_entries_max
        certificates_cached authorisations_cached skew_s validity_max_s key_set_age_max_s deny_age_max_s passback_s
        deny_stale_policy clock_untrusted_policy);
    expected.extend(laid_out!(Outcome, "ht_result",
        accept field_code reason flags profile age_s generation_time limit_fen home issuer account platform ticket_number
        replay_key key_set_version deny_home deny_sequence deny_age_s fare_pack_version));
    let numbers = [
        ("HT_CODE_LENGTH_MAX", huitong_transit_code::uic::CODE_LENGTH_MAX as i32),
        ("HT_MISUSE", MISUSE),
        ("HT_IN", Direction::In as i32),
        ("HT_OUT", Direction::Out as i32),
        ("HT_BOARDING", Direction::Boarding as i32),
        ("HT_REFUSE", Policy::Refuse as i32),
        ("HT_ACCEPT_FLAGGED", Policy::AcceptFlagged as i32),
        ("HT_CITY", CITY as i32),
        ("HT_OVER_LIMIT", gate::FLAG_OVER_LIMIT.into()),
        ("HT_DENY_STALE", gate::FLAG_DENY_STALE.into()),
        ("HT_CLOCK", gate::FLAG_CLOCK.into()),
        ("HT_FREE_EXIT", gate::FLAG_FREE_EXIT.into()),
    ];
    expected.extend(numbers.map(|(name, number)| format!("number {name} {number} 0")));
    let last = Reason::all().count() as i32 - 1;
    expected.push("reason OK 0 0".to_owned());
    expected.push(format!("reason TRN-CHAIN {last} 0"));
    expected.push(format!("reason - {} 0", last + 1));
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_header_names_every_reason_with_its_number() {
    let header = std::fs::read_to_string(folder().join("include/huitong_transit.h")).expect("readable");
    let reasons = header.split("enum ht_reason {").nth(1).and_then(|rest| rest.split('}').next()).expect("the enum");
    let stated: Vec<(String, u8)> = reasons
        .split(',')
        .map(|line| line.split_once(" = ").expect("a name and a number"))
        .map(|(name, number)| (name.trim().to_owned(), number.trim().parse().expect("a number")))
        .collect();
    let named = Reason::all().map(|reason| {
        let name = match reason {
            // Flags have the shorter names.
            Reason::DenyStale => "HT_DENY_IS_STALE".to_owned(),
            Reason::Clock => "HT_CLOCK_UNTRUSTED".to_owned(),
            other => format!("HT_{}", other.name().trim_start_matches("TRN-").replace('-', "_")),
        };
        (name, reason as u8)
    });
    assert_eq!(stated, named.collect::<Vec<_>>());
}

fn config(bench: &Bench) -> Config {
    Config {
        operator_key: bench.operator_key(),
        network: 310_100,
        station: 1,
        deny_entries_max: 8,
        homes_max: 2,
        replay_entries_max: 8,
        passback_entries_max: 1,
        certificates_cached: 2,
        authorisations_cached: 2,
        skew_s: 30,
        validity_max_s: 120,
        key_set_age_max_s: 604_800,
        deny_age_max_s: 86_400,
        passback_s: 60,
        deny_stale_policy: 0,
        clock_untrusted_policy: 0,
    }
}

/// Gives a gate a table.
///
/// # Safety
/// `context` was made by `ht_ctx_init` and is used by one thread.
unsafe fn load(context: *mut c_void, step: &Step) -> i32 {
    // SAFETY: the caller's promise above; a table's pointer and length are its own.
    unsafe {
        match step {
            Step::KeySet(table) => ht_load_keyset(context, table.as_ptr(), table.len()),
            Step::Deny(table) => ht_apply_deny(context, table.as_ptr(), table.len()),
            Step::State(table) => ht_load_state(context, table.as_ptr(), table.len()),
            other => panic!("no table: {other:?}"),
        }
    }
}

/// What a gate says of a code that is 71 seconds old, under a state by which the city's skew is 41 seconds.
fn said_of_a_code_of_71_s(skew_s: u32) -> i32 {
    let bench = Bench::new();
    let config = Config { skew_s, ..config(&bench) };
    let wide = CityRules { skew_s: 41, ..CityRules::default() };
    let state = ServiceState { sequence: 2, rules: wide, ..bench.station() };
    let code = bench.genuine();
    // SAFETY: every pointer is of a value that lives to the end of this function, with its own length; one thread uses them.
    unsafe {
        let mut memory = vec![0_u128; ht_ctx_size(&config).div_ceil(16)];
        let context = memory.as_mut_ptr().cast();
        assert_eq!(ht_ctx_init(context, memory.len() * 16, &config), 0);
        for step in bench.tables().iter().chain([&bench.state(state)]) {
            assert_eq!(load(context, step), 0);
        }
        let mut told: Outcome = std::mem::zeroed();
        ht_verify(context, code.as_ptr(), code.len(), NOW + 71, 1, 1, &mut told)
    }
}

#[test]
fn what_is_left_to_the_city_is_taken_from_the_state_and_a_setting_of_the_gate_overrides_it() {
    assert_eq!(said_of_a_code_of_71_s(CITY), 0);
    assert_eq!(said_of_a_code_of_71_s(30), -105);
}

#[test]
fn an_answer_fills_what_a_tap_record_says_of_code_and_tables() {
    let bench = Bench::new();
    let config = config(&bench);
    // SAFETY: every pointer is of a value that lives to the end of this test, with its own length; one thread uses them.
    unsafe {
        let size = ht_ctx_size(&config);
        // 16 bytes each, and so aligned.
        let mut memory = vec![0_u128; size.div_ceil(16)];
        let context = memory.as_mut_ptr().cast();
        assert_eq!(ht_ctx_init(context, size - 1, &config), MISUSE, "too small");
        assert_eq!(ht_ctx_init(context, size, &Config { network: 0, ..config }), MISUSE, "a gate stands somewhere");
        for bent in [Config { skew_s: 121, ..config }, Config { deny_stale_policy: 2, ..config }] {
            assert_eq!(ht_ctx_init(context, size, &bent), MISUSE);
        }
        assert_eq!(ht_ctx_init(context, size, &config), 0);
        for step in bench.tables() {
            assert_eq!(load(context, &step), 0);
        }
        let mut told: Outcome = std::mem::zeroed();
        let code = bench.genuine();
        let mut show = |code: &[u8], now, direction| {
            let said = ht_verify(context, code.as_ptr(), code.len(), now, 1, direction, &mut told);
            let used = (told.key_set_version, told.fare_pack_version);
            (said, told.accept, used, (told.deny_home, told.deny_sequence, told.deny_age_s), told.age_s)
        };
        assert_eq!(show(&code, NOW + 5, 1), (0, 1, (2, 1), (310_000, 1, 65), 5));
        assert_eq!(show(&code[..300], NOW + 5, 1), (-1, 0, (2, 1), (0, 0, 0), 0), "a refused one has its tables too");
        assert_eq!(show(&code, NOW + 5, 4).0, MISUSE, "no such direction");
        // The pass-back table has one place, and it is taken; what a neighbour let pass is used up all the same.
        let other = bench.uic_genuine();
        assert_eq!(show(&other, NOW + 6, 1).0, -204);
        assert_eq!(ht_note_passed(context, other.as_ptr(), other.len(), NOW + 6, 1), -204, "the ticket has no room");
        assert_eq!(show(&other, NOW + 7, 1).0, -203, "the code has");
        assert_eq!(ht_note_passed(context, other.as_ptr(), 10, NOW + 6, 1), -1);
    }
}

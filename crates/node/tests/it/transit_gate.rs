//! The gate for testing, codes and the attack suite, as a vendor and a tester use them at the desk.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use huitong_transit_code::Reason;
use huitong_transit_code::attack::{Bench, NOW, Step};
use huitong_transit_code::make;
use huitong_transit_code::record::TapRecord;
use serde_json::Value;

use super::stage::{PROGRAM, huitong, text};
use super::transit_node::{Mishap, StubNode};

/// A gate's folder, the tables of the test keys at `NOW`, and the program.
pub struct Desk {
    folder: tempfile::TempDir,
    pub bench: Bench,
}

/// What a gate said, one document a line.
pub struct Said {
    pub output: Output,
    lines: Vec<Value>,
}

impl Said {
    fn of(output: Output) -> Said {
        let words = String::from_utf8_lossy(&output.stdout);
        let lines = words.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Said { lines, output }
    }

    /// The field codes of the codes presented.
    pub fn codes(&self) -> Vec<i64> {
        let taps = self.lines.iter().filter(|line| line["step"] == "code");
        taps.map(|line| line["code"].as_i64().expect("a code")).collect()
    }

    pub fn step(&self, step: &str) -> &Value {
        let found = self.lines.iter().rev().find(|line| line["step"] == step);
        found.unwrap_or_else(|| panic!("no {step} in {}", text(&self.output)))
    }
}

impl Desk {
    pub fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().expect("a folder"), bench: Bench::new() };
        for step in desk.bench.tables() {
            let (name, table) = match step {
                Step::KeySet(table) => ("key-set", table),
                Step::Deny(table) => ("deny", table),
                Step::State(table) => ("state", table),
                Step::Present { .. } | Step::PresentNextDoor { .. } => continue,
            };
            std::fs::write(desk.path(name), table).expect("writable");
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The steps that give the gate its tables, at `NOW`.
    pub fn tables(&self) -> String {
        let [key_set, deny, state] = ["key-set", "deny", "state"].map(|name| self.shown(name));
        format!("at {NOW}\nkey-set {key_set}\ndeny {deny}\nstate {state}\n")
    }

    /// Plays a script to its end, or to the gate's. The clock is right by the word of whoever plays.
    pub fn play(&self, script: &str, more: &[&str]) -> Said {
        self.play_untold(script, &[&["--clock-error-s", "0"], more].concat())
    }

    /// The same, and nobody says that the clock is right.
    pub fn play_untold(&self, script: &str, more: &[&str]) -> Said {
        Said::of(self.command(script, more).output().expect("the program runs"))
    }

    pub fn command(&self, script: &str, more: &[&str]) -> Command {
        let path = self.path("script");
        std::fs::write(&path, script).expect("writable");
        let (folder, operator) = (self.shown("gate"), hex::encode(self.bench.operator_key()));
        let mut command = Command::new(PROGRAM);
        command.args(["transit", "gate", "--json", "--folder", &folder, "--operator-key", &operator]);
        command.args(["--gate", "SH-0101-A07", "--line", "1", "--network", "310100", "--direction", "both"]);
        if !more.contains(&"--station") {
            command.args(["--station", "1"]);
        }
        command.arg("--script").arg(path).args(more);
        command
    }

    /// A node that knows this gate.
    pub fn node(&self, mishaps: Vec<Mishap>) -> StubNode {
        let shown = huitong(&["transit", "gate", "--folder", &self.shown("gate"), "--show-key"]);
        assert_eq!(mode(&self.path("gate/gate.key")), 0o600);
        StubNode::start(text(&shown).trim(), mishaps)
    }

    /// The records in the gate's file, as they stand there.
    pub fn records(&self) -> Vec<Vec<u8>> {
        let bytes = std::fs::read(self.path("gate/records.bin")).expect("readable");
        let (mut rest, mut records) = (bytes.as_slice(), Vec::new());
        while let [high, low, _, _, after @ ..] = rest {
            let (record, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            let (hash, after) = after.split_at(32);
            assert_eq!(hash, TapRecord::hash(record));
            records.push(record.to_vec());
            rest = after;
        }
        records
    }

    pub fn assert_chained(&self, reasons: &[Reason]) {
        let (mut previous, mut sequence) = ([0; 32], 0);
        let records = self.records();
        for bytes in &records {
            let record = TapRecord::parse(bytes).expect("a record");
            sequence += 1;
            assert_eq!((record.epoch, record.sequence, record.previous), (1, sequence, previous));
            previous = TapRecord::hash(bytes);
        }
        let found: Vec<Reason> =
            records.iter().map(|bytes| TapRecord::parse(bytes).expect("a record").reason).collect();
        assert_eq!(found, reasons);
    }

    /// A code of the test user's ticket, made so many seconds after `NOW`.
    pub fn code(&self, after_s: u32) -> String {
        hex::encode(make::code(&self.bench.genuine()[..291], NOW as u32 + after_s, &self.bench.user))
    }
}

#[test]
fn our_own_gate_passes_every_attack_and_the_report_names_each() {
    let output = huitong(&["transit", "attack-suite", "--vendor", "样机厂 Sample Works"]);
    let report = text(&output);
    assert!(output.status.success(), "{report}");
    for number in 1..=17 {
        assert!(report.contains(&format!("ok   A{number} ")), "A{number} is missing in {report}");
    }
    for wanted in ["符合性报告", "conformance report", "样机厂 Sample Works", "处理器 CPU", "三次验签", "PASSED 符合"]
    {
        assert!(report.contains(wanted), "{wanted} is missing in {report}");
    }
    let output = huitong(&["transit", "attack-suite", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["passed"], true);
    assert!(report["three_signatures_us"].as_u64().is_some_and(|time_us| time_us > 0), "{report}");
    assert!(report["findings"].as_array().is_some_and(|findings| findings.len() > 80));
}

#[test]
fn a_vendor_s_gate_that_opens_to_everything_or_to_nothing_fails() {
    let suite = |command: &str, more: &[&str]| {
        let arguments = ["transit", "attack-suite", "--vendor", "Holes Ltd", "--command", command];
        huitong(&[&arguments[..], more].concat())
    };
    let open = suite("while read line; do echo '0 -'; done", &[]);
    let report = text(&open);
    assert_eq!(open.status.code(), Some(1), "{report}");
    assert!(report.contains("ok   G ") && report.contains("FAIL A1 ") && report.contains("FAIL A17"), "{report}");
    assert!(report.contains("NOT PASSED 不符合") && !report.contains("三次验签"), "{report}");

    let gone = suite("true", &[]);
    assert!(gone.status.code() == Some(1) && text(&gone).contains("FAIL G "), "{}", text(&gone));
    let silent = suite("exec sleep 60", &["--patience-s", "1"]);
    assert!(silent.status.code() == Some(1) && text(&silent).contains("no answer in time"), "{}", text(&silent));
}

#[test]
fn a_rider_s_picture_opens_the_gate_once() {
    let desk = Desk::new();
    let [key, authorisation, png, svg] =
        ["user.key", "authorisation.txt", "code.png", "code.svg"].map(|n| desk.shown(n));
    let done = |arguments: &[&str]| {
        let output = huitong(&[&["transit", "code"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    };
    done(&["key", "--out", &key]);
    assert_eq!(mode(Path::new(&key)), 0o600);
    let told = done(&[
        "authorise",
        "--test-keys",
        "--user",
        &key,
        "--expires",
        "2026-01-03T00:00:00Z",
        "--out",
        &authorisation,
    ]);
    assert!(told.contains("测试密钥 TEST KEYS"), "{told}");
    let now = NOW.to_string();
    for picture in [&png, &svg] {
        done(&["show", "--authorisation", &authorisation, "--key", &key, "--at", &now, "--out", picture]);
    }
    let inspected = done(&["inspect", &png, "--key-set", &desk.shown("key-set"), "--at", &now]);
    assert!(inspected.contains("limit_fen") && inspected.contains("验签: 0 OK"), "{inspected}");
    let late =
        huitong(&["transit", "code", "inspect", &png, "--key-set", &desk.shown("key-set"), "--at", "1767225700"]);
    assert!(!late.status.success() && text(&late).contains("code is 100 s old"), "{}", text(&late));

    let script =
        format!("image {png} in\n{}image {png} in\nimage {png} in\nimage {png} out shown 300\n", desk.tables());
    let said = desk.play(&script, &[]);
    assert_eq!(said.codes(), [-107, 0, -203, 0], "{}", text(&said.output));
    assert!(said.output.status.success());
    let out = &desk.records()[3];
    assert_eq!(TapRecord::parse(out).expect("a record").amount_fen, 300);

    // The program starts again: tables are kept, and what was used stays used.
    let again = desk.play(&format!("at {}\nimage {png} in\nimage {png} out", NOW + 20), &[]);
    assert_eq!(again.codes(), [-203, -203], "{}", text(&again.output));
    assert_eq!(again.step("start")["remembered"], 2);
    desk.assert_chained(&[Reason::KeySet, Reason::Ok, Reason::Replay, Reason::Ok, Reason::Replay, Reason::Replay]);
}

/// A code made by the commands, as a picture.
fn picture(desk: &Desk, name: &str, options: &[&str]) -> String {
    let [key, authorisation, png] = ["key", "txt", "png"].map(|ending| desk.shown(&format!("{name}.{ending}")));
    let (now, expires) = (NOW.to_string(), (NOW + 86_400).to_string());
    let calls = [
        [&["key", "--out", &key][..], options].concat(),
        [&["authorise", "--test-keys", "--user", &key, "--expires", &expires, "--out", &authorisation][..], options]
            .concat(),
        [&["show", "--authorisation", &authorisation, "--key", &key, "--at", &now, "--out", &png][..], options]
            .concat(),
    ];
    for call in calls {
        let output = huitong(&[&["transit", "code"], &call[..]].concat());
        assert!(output.status.success(), "{call:?}: {}", text(&output));
    }
    png
}

#[test]
fn codes_of_both_layouts_made_by_the_commands_open_the_gate() {
    let desk = Desk::new();
    let jtt = picture(&desk, "jtt", &[]);
    let uic = picture(&desk, "uic", &["--profile", "uic-918-9"]);
    let said =
        desk.play(&format!("{}image {jtt} in\nimage {uic} in\nimage {uic} in\nimage {uic} out\n", desk.tables()), &[]);
    assert_eq!(said.codes(), [0, 0, -203, 0], "{}", text(&said.output));
    let inspected =
        huitong(&["transit", "code", "inspect", &uic, "--key-set", &desk.shown("key-set"), "--at", &NOW.to_string()]);
    assert!(
        text(&inspected).contains("profile uic-918-9") && text(&inspected).contains("验签: 0 OK"),
        "{}",
        text(&inspected)
    );

    // Shown with a wrong key, as another layout, or for a platform of the other one: refused before a gate does.
    let refused = |arguments: &[&str], why: &str| {
        let output = huitong(&[&["transit", "code"], arguments].concat());
        assert!(output.status.code() == Some(1) && text(&output).contains(why), "{arguments:?}: {}", text(&output));
    };
    let (authorisation, key) = (desk.shown("uic.txt"), desk.shown("jtt.key"));
    refused(&["show", "--authorisation", &authorisation, "--key", &key, "--hex"], "another user key");
    refused(
        &["show", "--authorisation", &authorisation, "--test-keys", "--profile", "jtt1179"],
        "of profile uic-918-9",
    );
    refused(&["authorise", "--test-keys", "--platform", "00000032"], "has the profile uic-918-9");
    refused(
        &["authorise", "--test-keys", "--profile", "uic-918-9", "--platform", "00000031"],
        "has the profile jtt1179",
    );
    let far = ["authorise", "--test-keys", "--profile", "uic-918-9", "--expires", "2200-01-01T00:00:00Z"];
    refused(&far, "more than 180 days");
    let alone = ["authorise", "--issuer-key", &key, "--profile", "uic-918-9"];
    refused(&alone, "--provider and --key-id");
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

#[test]
fn a_gate_whose_clock_nobody_knows_refuses_and_a_corrected_clock_opens() {
    let desk = Desk::new();
    let code = desk.code(0);
    let script = format!(
        "{}clock unknown\n{code} in\nclock 31\n{code} in\nclock 30\nat {}\ndrift 0 10\n{code} in\ndrift 200000 10\n{code} in\n",
        desk.tables(),
        NOW + 200
    );
    let said = desk.play(&script, &[]);
    assert_eq!(said.codes(), [-207, -207, -105, 0], "{}", text(&said.output));
    let old = said.lines.iter().find(|line| line["code"] == -105).expect("one was too old");
    assert!(old["en"].as_str().is_some_and(|text| text.starts_with("code is 200 s old")), "{old}");
    let records = desk.records();
    let last = TapRecord::parse(&records[3]).expect("a record");
    assert_eq!((last.gate_time_ms, last.drift_ms, last.uncertainty_ms), ((NOW + 200) * 1_000, 200_000, 10));
    assert_eq!((last.deny_home, last.deny_sequence, last.deny_age_s, last.key_set_version), (310_000, 1, 60, 2));
}

#[test]
fn what_a_neighbour_let_pass_is_used_up_here_though_this_gate_would_refuse_it() {
    let desk = Desk::new();
    let [first, second, early] = [0, 20, 131].map(|after_s| desk.code(after_s));
    // The same ticket went in here a moment ago; and the neighbour's clock is a second ahead.
    let script = format!(
        "{}{first} in\nat {}\npassed {second} in\nat {}\n{second} in\nat {}\npassed {early} in\nwait 1\n{early} in\n{early} out\n",
        desk.tables(),
        NOW + 20,
        NOW + 62,
        NOW + 100,
    );
    let said = desk.play(&script, &[]);
    assert_eq!(said.codes(), [0, -203, -203, 0], "{}", text(&said.output));
    assert_eq!(desk.play(&format!("at {NOW}\npassed 00 in\n"), &[]).step("passed")["reason"], "TRN-FORMAT");
}

#[test]
fn a_scanner_s_noise_and_pictures_that_never_end_do_not_stop_the_gate() {
    let desk = Desk::new();
    let large = std::fs::File::create(desk.path("large.png")).expect("writable");
    large.set_len(3 << 30).expect("a file with a hole");
    std::fs::write(desk.path("broken.png"), b"\x89PNG\r\n\x1a\n").expect("writable");
    let script = format!(
        "image /dev/zero in\nimage {} in\nimage {} in\nkey-set /dev/zero\nimage {} in\nreplay-table 4294967295\n{}{} in\n",
        desk.shown("large.png"),
        desk.shown("broken.png"),
        desk.shown("missing.png"),
        desk.tables(),
        desk.code(0)
    );
    let said = desk.play(&script, &[]);
    assert_eq!(said.codes(), [0], "{}", text(&said.output));
    let words = text(&said.output);
    for wanted in ["/dev/zero is no file", "more than 67108864 bytes", "cannot be read", "places together"] {
        assert!(words.contains(wanted), "{wanted} is missing in {words}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_neither_the_report_nor_the_gate() {
    let mut report =
        Command::new(PROGRAM).args(["transit", "attack-suite"]).stdout(Stdio::piped()).spawn().expect("it runs");
    drop(report.stdout.take());
    assert!(report.wait().expect("it ends").success());

    let desk = Desk::new();
    let node = desk.node(Vec::new());
    let script = format!("{}{} in\n{} out\n", desk.tables(), desk.code(0), desk.code(1));
    let mut command = desk.command(&script, &[&["--clock-error-s", "0"][..], &node.options()].concat());
    let mut gate = command.stdout(Stdio::piped()).spawn().expect("it runs");
    drop(gate.stdout.take());
    assert!(gate.wait().expect("it ends").success());
    assert_eq!(node.held().records, desk.records(), "the records were handed over at the end");
    desk.assert_chained(&[Reason::Ok, Reason::Ok]);
}

#[test]
fn full_tables_neighbours_and_wrong_tables_are_played() {
    let desk = Desk::new();
    let [first, second, third] = [0, 70, 300].map(|after_s| desk.code(after_s));
    let state =
        desk.bench.state(huitong_transit_code::state::ServiceState { sequence: 9, station: 2, ..desk.bench.station() });
    let Step::State(elsewhere) = state else { panic!("a state") };
    std::fs::write(desk.path("elsewhere"), elsewhere).expect("writable");
    let script = format!(
        "{}replay-table 1\n{first} in\nwait 70\n{second} in\nwait 230\n{third} in\n{third} dancing\n\u{fffd}\0\nkey-set {}\nstate {}\n",
        desk.tables(),
        desk.shown("key-set"),
        desk.shown("elsewhere")
    );
    let said = desk.play(&script, &["--replay-places", "64"]);
    assert_eq!(said.codes(), [0, -204, 0], "full, then free again: {}", text(&said.output));
    assert_eq!(
        (&said.step("key-set")["reason"], &said.step("state")["reason"]),
        (&"TRN-CHAIN".into(), &"TRN-CHAIN".into())
    );
    assert_eq!(said.output.status.code(), Some(1), "two lines could not be played");
    let fresh = desk.code(400);
    let said = desk.play(&format!("at {}\npassed {fresh} in\n{fresh} in\n{fresh} out", NOW + 400), &[]);
    assert_eq!(said.codes(), [-203, 0], "a neighbour's pass counts here: {}", text(&said.output));
    let smaller = desk.play("", &["--replay-places", "1"]);
    assert!(text(&smaller.output).contains("smaller than the"), "nothing is forgotten: {}", text(&smaller.output));
}

#[test]
fn tables_and_time_come_from_the_node() {
    let desk = Desk::new();
    let node = desk.node(Vec::new());
    let code = desk.code(0);
    // The gate's clock is an hour fast; the node says so.
    let script = format!("at {}\ntables\n{code} in\n", NOW + 3_600);
    let said = desk.play(&script, &node.options());
    assert_eq!(said.codes(), [0], "{}", text(&said.output));
    let records = desk.records();
    let record = TapRecord::parse(&records[0]).expect("a record");
    assert!((3_599_000..=3_601_000).contains(&record.drift_ms), "{}", record.drift_ms);
    assert!(record.uncertainty_ms > 0);
    assert_eq!(node.asked().last().map(String::as_str), Some("key_set:2,deny:310000:1,state:1"));
    // A delta that does not follow: the gate asks for the list from its beginning.
    node.break_the_deny_chain();
    let said = desk.play("", &node.options());
    assert_eq!(said.step("deny")["code"], 0, "{}", text(&said.output));
    let asked = node.asked();
    assert_eq!(asked[asked.len() - 2..], ["key_set:2,deny:310000:1,state:1", "key_set:2,state:1"]);
    // Tables of another operator are not taken.
    node.change_operator();
    let said = desk.play("", &node.options());
    assert!(
        said.step("tables")["fault"].as_str().is_some_and(|text| text.contains("signed by")),
        "{}",
        text(&said.output)
    );
}

#[test]
fn a_code_of_the_second_layout_opens_once_and_stays_used_up_after_a_restart() {
    let desk = Desk::new();
    let code = hex::encode(desk.bench.uic_genuine());
    let inspect = ["transit", "code", "inspect", &code, "--key-set", &desk.shown("key-set"), "--at", &NOW.to_string()];
    let inspected = huitong(&inspect);
    for wanted in ["profile uic-918-9", "level1.provider", "00003100000000000026", "day 1 of the year", "验签: 0 OK"]
    {
        assert!(text(&inspected).contains(wanted), "{wanted} is missing in {}", text(&inspected));
    }
    let said = desk.play(&format!("{}{code} in\n{code} in\n", desk.tables()), &[]);
    assert_eq!(said.codes(), [0, -203], "{}", text(&said.output));
    let again = desk.play(&format!("at {}\n{code} in\n{code} out\n", NOW + 20), &[]);
    assert_eq!(again.codes(), [-203, 0], "{}", text(&again.output));
    desk.assert_chained(&[Reason::Ok, Reason::Replay, Reason::Replay, Reason::Ok]);
}

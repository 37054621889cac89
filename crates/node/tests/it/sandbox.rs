//! `huitong medical sandbox` and two hospital systems at it: one that asks again, one that does not.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::hospital_system::{CARD, envelope, line, register, settle, text, today};
use super::stage::{PROGRAM, base_port, profile_folder};

mod stays;

const READY_TIMEOUT: Duration = Duration::from_secs(120);

/// The program, as hospital IT starts it. Ended in order even when the story fails: its nodes are its children.
struct Program {
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

impl Program {
    async fn start(more: &[&str]) -> Program {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = |name: &str| folder.path().join(name);
        let port = base_port();
        let output = std::fs::File::create(path("output.txt")).expect("writable");
        let child = Command::new(PROGRAM)
            .args(["medical", "sandbox", "--port", &port.to_string()])
            .arg("--data")
            .arg(path("data"))
            .arg("--profile")
            .arg(profile_folder())
            .arg("--report")
            .arg(path("report.json"))
            .args(more)
            .stdin(Stdio::null())
            .stdout(output)
            .spawn()
            .expect("the program runs");
        let mut program = Program { child, url: format!("http://127.0.0.1:{port}"), folder };
        let deadline = tokio::time::Instant::now() + READY_TIMEOUT;
        while !program.output().contains("Ctrl-C") {
            assert!(program.child.try_wait().expect("our child").is_none(), "{}", program.output());
            assert!(tokio::time::Instant::now() < deadline, "{}", program.output());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        program
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output.txt")).unwrap_or_default()
    }

    fn key(&self) -> String {
        let output = self.output();
        let key = output.split("Bearer ").nth(1).and_then(|rest| rest.split_whitespace().next());
        key.expect("it prints the key").to_owned()
    }

    /// Ctrl-C; gives the exit code.
    fn end(&mut self) -> Option<i32> {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
            assert!(told.is_ok_and(|status| status.success()), "our own child can be told");
        }
        self.child.wait().ok().and_then(|status| status.code())
    }
}

/// A hospital system: it numbers its messages and fills the envelope.
struct System {
    http: reqwest::Client,
    url: String,
    key: String,
    serial: u32,
    person: String,
}

impl System {
    async fn new(program: &Program) -> System {
        let http = huitong_node::tls::http_client().build().expect("a client");
        let (url, key) = (program.url.clone(), program.key());
        let mut system = System { http, url, key, serial: 0, person: String::new() };
        let known = system
            .ask("1101", json!({ "data": { "mdtrt_cert_type": "02", "mdtrt_cert_no": CARD, "psn_cert_type": "01" } }))
            .await;
        system.person = text(&known["baseinfo"]["psn_no"]);
        system
    }

    fn message(&mut self, infno: &str, input: Value) -> Value {
        self.serial += 1;
        envelope(self.serial, infno, input)
    }

    /// What comes back; nothing when the connection is closed.
    async fn send(&self, message: &Value) -> Option<Value> {
        let request = self.http.post(format!("{}/v1/medical/national", self.url)).bearer_auth(&self.key);
        let request = request.header("content-type", "application/json").body(message.to_string());
        let answer = request.send().await.ok()?;
        assert_eq!(answer.status(), 200);
        answer.json().await.ok()
    }

    async fn ask(&mut self, infno: &str, input: Value) -> Value {
        let message = self.message(infno, input);
        granted(self.send(&message).await)
    }

    /// A patient comes and gets ten consultations; gives the settling message.
    async fn patient(&mut self) -> Value {
        let person = self.person.clone();
        let visit = self.ask("2201", register(&person)).await;
        let visit = text(&visit["data"]["mdtrt_id"]);
        self.ask("2204", json!({ "feedetail": [line(&visit, &person, "1", "10", "200.00")] })).await;
        let settle = settle(&visit, &person, "200.00");
        self.ask("2206", settle.clone()).await;
        self.message("2207", settle)
    }

    async fn fault(&self, fault: Value) {
        let sent = self.http.post(format!("{}/sandbox/faults", self.url)).body(fault.to_string()).send().await;
        assert_eq!(sent.expect("the sandbox answers").status(), 200);
    }

    async fn begin_report(&self) {
        let cleared = self.http.delete(format!("{}/sandbox/report", self.url)).send().await;
        assert_eq!(cleared.expect("the sandbox answers").status(), 204);
        assert_eq!(self.report().await["messages"], 0);
    }

    async fn report(&self) -> Value {
        let sent = self.http.get(format!("{}/sandbox/report", self.url)).send().await;
        sent.expect("the sandbox answers").json().await.expect("JSON")
    }
}

fn granted(answer: Option<Value>) -> Value {
    let answer = answer.expect("an answer");
    assert_eq!(answer["infcode"], 0, "{answer}");
    answer["output"].clone()
}

fn refused(answer: Option<Value>) -> String {
    text(&answer.expect("an answer")["err_msg"]).split(' ').next().unwrap_or_default().to_owned()
}

fn rule(report: &Value, name: &str) -> (String, Value) {
    let rules = report["rules"].as_array().cloned().unwrap_or_default();
    let found = rules.into_iter().find(|rule| rule["rule"] == name).expect("a rule of that name");
    (text(&found["verdict"]), found["evidence"].clone())
}

/// Rules that only stays exercise.
const OF_STAYS: [&str; 5] =
    ["admitted_once", "fees_within_stay", "discharged_first", "taken_back_in_order", "stay_concluded"];

#[tokio::test(flavor = "multi_thread")]
async fn a_good_system_is_found_good_and_a_bad_one_is_found_out() {
    // The command line's fault meets the first settlement.
    let mut program = Program::start(&["--fault", "2207=timeout_after_commit"]).await;
    let mut system = System::new(&program).await;
    well(&mut system).await;
    let report = system.report().await;
    let is_exercised = |name: &str| name != "returns_named" && !OF_STAYS.contains(&name);
    for rule in report["rules"].as_array().expect("rules") {
        let is_exercised = rule["rule"].as_str().is_some_and(is_exercised);
        assert_eq!(rule["verdict"], if is_exercised { "kept" } else { "not_exercised" }, "{rule}");
    }
    let faults = json!({ "timeout_after_commit": 1, "lost_before": 1, "duplicate": 1, "late": 2, "wrong_sums": 1, "home_silent": 1 });
    assert_eq!(report["faults"], faults);
    let unknown =
        report["rules"].as_array().and_then(|all| all.iter().find(|rule| rule["rule"] == "unknown_outcome_asked"));
    assert_eq!(unknown.map(|rule| &rule["occasions"]), Some(&json!(4)), "swallowed, lost, hung up, pending");
    assert_eq!(report["answers_that_differ"], json!([]), "the same message, the same bytes");
    let settlements = report["transactions"].as_array().and_then(|all| all.iter().find(|of| of["infno"] == "2207"));
    assert_eq!(settlements.map(|of| &of["refused"]), Some(&json!({ "MED-4009": 1 })));
    assert_eq!(
        settlements.map(|of| &of["fields_ignored"]),
        Some(&json!([
            "data.mdtrt_cert_type",
            "data.mdtrt_cert_no",
            "data.med_type",
            "data.psn_setlway",
            "data.insutype"
        ]))
    );

    system.begin_report().await;
    let stays = stays::well(&mut system).await;
    stays::badly(&mut system, stays).await;

    system.begin_report().await;
    let (first, second) = badly(&mut system).await;
    let (verdict, evidence) = rule(&system.report().await, "unknown_outcome_asked");
    assert_eq!(verdict, "broken");
    assert_eq!((&evidence[0]["msgid"], &evidence[0]["after_msgid"]), (&second["msgid"], &first["msgid"]));
    assert_eq!(evidence[0]["refused"], "MED-4004", "the node has kept the patient from paying twice");

    assert_eq!(program.end(), Some(1), "a rule is broken");
    assert!(program.output().contains("[BROKEN 不符合] unknown_outcome_asked"), "{}", program.output());
    let file = std::fs::read(program.folder.path().join("report.json")).expect("the report was written");
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    assert_eq!(rule(&file, "unknown_outcome_asked").0, "broken");
}

/// Seven patients, each with another fault; the system does what it should.
async fn well(system: &mut System) {
    // Booked, and the answer swallowed: the same message again.
    let message = system.patient().await;
    assert!(system.send(&message).await.is_none(), "no answer");
    let first = granted(system.send(&message).await);
    assert_eq!(first["setlinfo"]["medfee_sumamt"], "200.00");

    // Lost on its way: nothing was booked; reversed, and settled under a new number.
    system.fault(json!({ "infno": "2207", "fault": "lost_before" })).await;
    let message = system.patient().await;
    assert!(system.send(&message).await.is_none(), "no answer");
    let reverse = json!({ "data": { "psn_no": system.person, "omsgid": message["msgid"], "oinfno": "2207" } });
    system.ask("2601", reverse).await;
    let input = message["input"].clone();
    system.ask("2207", input).await;

    let message = system.patient().await;
    system.fault(json!({ "infno": "*", "fault": "duplicate" })).await;
    granted(system.send(&message).await);

    // Late: the system waits for the first answer, and hangs up before the second.
    let message = system.patient().await;
    system.fault(json!({ "infno": "2207", "fault": "late", "seconds": 1 })).await;
    granted(system.send(&message).await);
    let message = system.patient().await;
    system.fault(json!({ "infno": "2207", "fault": "late", "seconds": 60 })).await;
    let hung_up = tokio::time::timeout(Duration::from_secs(1), system.send(&message)).await;
    assert!(hung_up.is_err(), "no answer in a second");
    granted(system.send(&message).await);

    // The sums do not add up: cancelled.
    let message = system.patient().await;
    system.fault(json!({ "infno": "2207", "fault": "wrong_sums" })).await;
    let wrong = granted(system.send(&message).await)["setlinfo"].clone();
    let cancel =
        json!({ "data": { "setl_id": wrong["setl_id"], "mdtrt_id": wrong["mdtrt_id"], "psn_no": system.person } });
    let contra = system.ask("2208", cancel).await;
    assert_ne!(
        contra["setlinfo"]["fund_pay_sumamt"],
        format!("-{}", text(&wrong["fund_pay_sumamt"])),
        "one fen too many"
    );

    // Home stands still: do not collect, until asked again.
    let message = system.patient().await;
    system.fault(json!({ "infno": "2207", "fault": "home_silent", "seconds": 12 })).await;
    assert_eq!(refused(system.send(&message).await), "MED-4009");
    granted(system.send(&message).await);

    let totals = json!({ "data": { "setl_optins": "330100", "stmt_begndate": today(), "stmt_enddate": today(), "insutype": "310",
        "clr_type": "11", "medfee_sumamt": "0.00", "fund_pay_sumamt": "0.00", "acct_pay": "0.00", "fixmedins_setl_cnt": "0" } });
    system.ask("3201", totals).await;
}

/// After a time-out the bad system settles the same batch under a new number.
async fn badly(system: &mut System) -> (Value, Value) {
    system.fault(json!({ "infno": "2207", "fault": "timeout_after_commit" })).await;
    let first = system.patient().await;
    assert!(system.send(&first).await.is_none(), "no answer");
    let second = system.message("2207", first["input"].clone());
    assert_eq!(refused(system.send(&second).await), "MED-4004");
    (first, second)
}

//! A city of the metro on a real node: published data, the real gate program, and the trip that comes of two taps.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_node::demo::client::ApiClient;
use huitong_transit_code::attack::Bench;
use huitong_transit_code::make;
use huitong_transit_code::record::TapRecord;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{PROGRAM, Stage, huitong, text};

/// Shanghai's metro on the node of Shanghai; riders come from Hangzhou.
pub struct City {
    pub stage: Stage,
    pub bench: Bench,
    /// Role 到访地运营方
    pub metro: ApiClient,
    /// Role 闸机系统
    pub gates: ApiClient,
    gates_key: String,
}

pub fn now_s() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(passed.as_secs()).expect("seconds")
}

/// The key of a new principal of a participant.
pub async fn principal(stage: &Stage, participant: &str, role: &str) -> String {
    let operator = stage.operator("310000");
    let organisation = json!({
        "code": participant, "kind": "transit_operator", "name_zh": "地铁", "name_en": "Metro", "division": "310100",
        "active": true,
    });
    operator.send::<_, Value>(Method::PUT, "/v1/registry/participants", None, &organisation).await.expect("put");
    let id = format!("{role}-{participant}");
    let principal = json!({ "id": id, "participant": participant, "roles": [role] });
    operator.send::<_, Value>(Method::POST, "/v1/registry/principals", None, &principal).await.expect("added");
    let path = format!("/v1/registry/principals/{id}/keys");
    let days = json!({ "valid_days": 1 });
    let (_, key) = operator.send::<_, Value>(Method::POST, &path, None, &days).await.expect("issued");
    key["secret"].as_str().expect("a key").to_owned()
}

/// Two stations 7 km apart; a trip is final as soon as both taps are there.
fn map() -> Value {
    let station = |id: u32| json!({ "id": id, "name_zh": format!("站{id}"), "name_en": format!("Stop {id}"), "lines": [1], "jurisdiction": "310100" });
    json!({
        "network": "310100", "version": 1, "name_zh": "试", "name_en": "Test", "grade": "secondary", "source": "test",
        "mode": "gated", "stations": [station(1), station(2)],
        "edges": [{ "from": 1, "to": 2, "line": 1, "metres": 7_000 }],
        "min_travel": { "fixed_s": 0, "metres_per_s_max": 1_000_000 }, "parameters": { "final_wait_min": 0 },
    })
}

fn pack() -> Value {
    json!({
        "pack": "metro", "version": 1, "network": "310100", "network_version": 1, "valid_from": "2019-01-01",
        "grade": "secondary", "source": "test", "route": "shortest_distance",
        "groups": [{
            "name": "network", "basis": "distance", "bands": [{ "upto_m": 6_000, "fare_fen": 300 }],
            "steps": [{ "step_m": 10_000, "add_fen": 100 }],
        }],
        "examples": [{ "from": 1, "to": 2, "fare_fen": 400 }],
    })
}

/// The published test keys; the issuer's accounts are those of Hangzhou.
fn key_set(bench: &Bench) -> Value {
    let content = bench.key_set_content();
    let now_ms = now_s() * 1_000;
    json!({
        "version": 1, "not_before": now_ms - 3_600_000, "not_after": now_ms + 86_400_000,
        "roots": content.roots.iter().map(hex::encode).collect::<Vec<_>>(),
        "issuers": [{ "issuer": "99310000", "city": "330100", "name_zh": "杭州", "account_types": [0, 1] }],
        "platforms": [{ "platform": "00000031", "profile": "jtt1179" }],
    })
}

impl City {
    pub async fn new() -> City {
        let stage = Stage::new(&[]).await;
        let client = |key: &str| ApiClient::new(&stage.url("310000"), key);
        let metro = client(&principal(&stage, "shmetro", "transit_operator").await);
        let gates_key = principal(&stage, "shmetro", "gate_system").await;
        let keeper = client(&principal(&stage, "shmetro", "key_keeper").await);
        let gates = client(&gates_key);
        let city = City { bench: Bench::new(), metro, gates, gates_key, stage };
        put(&keeper, Method::POST, "/v1/transit/key-sets", &key_set(&city.bench)).await;
        put(&city.metro, Method::POST, "/v1/transit/maps", &map()).await;
        put(&city.metro, Method::POST, "/v1/transit/fare-packs", &pack()).await;
        city
    }

    fn folder(&self, gate: &str) -> PathBuf {
        self.stage.folder.path().join(gate)
    }

    /// Registers a gate of the test program.
    async fn install(&self, gate: &str, station: u32) {
        let shown = huitong(&["transit", "gate", "--folder", &self.folder(gate).display().to_string(), "--show-key"]);
        self.register(gate, station, text(&shown).trim()).await;
    }

    pub async fn register(&self, gate: &str, station: u32, key: &str) {
        let gates = json!({ "gates": [
            { "gate": gate, "network": "310100", "station": station, "line": 1, "key": key },
        ] });
        put(&self.metro, Method::PUT, "/v1/transit/gates", &gates).await;
    }

    /// Plays a script at a gate; it fetches its tables before and uploads behind.
    async fn play(&self, gate: &str, station: u32, script: &str) -> Vec<Value> {
        let tables: Value = self.gates.get(&format!("/v1/transit/gates/{gate}/tables")).await.expect("tables");
        let path = self.stage.folder.path().join("script");
        std::fs::write(&path, script).expect("writable");
        let mut command = Command::new(PROGRAM);
        command.args(["transit", "gate", "--json", "--direction", "both", "--line", "1", "--network", "310100"]);
        command.args(["--gate", gate, "--station", &station.to_string(), "--accept-stale-deny-list", "--folder"]);
        command.arg(self.folder(gate)).args(["--operator-key", tables["operator_key"].as_str().expect("a key")]);
        command.args(["--node", &self.stage.url("310000"), "--key", &self.gates_key, "--script"]).arg(path);
        let output = command.output().expect("the program runs");
        let words = text(&output);
        assert!(output.status.success(), "{words}");
        words.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A rider's code, made now.
    fn code(&self) -> String {
        let authorised = &self.bench.genuine()[..291];
        hex::encode(make::code(authorised, u32::try_from(now_s()).expect("before 2106"), &self.bench.user))
    }

    /// The first trip of today, once it is final.
    async fn trip(&self) -> Value {
        let path = format!("/v1/transit/trips?network=310100&day={}", today());
        for _ in 0..100 {
            let page: Value = self.metro.get(&path).await.expect("a list");
            if let Some(trip) = page["items"].get(0) {
                return trip.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the trip becomes final");
    }
}

/// The business day: it begins at 03:00 in China.
fn today() -> String {
    huitong_kernel::time::Instant((now_s() - 3 * 3_600) * 1_000).business_date().to_string()
}

async fn put(client: &ApiClient, method: Method, path: &str, body: &Value) {
    let sent = client.send::<_, Value>(method, path, None, body).await;
    sent.unwrap_or_else(|error| panic!("{path}: {error}"));
}

#[track_caller]
fn step<'s>(said: &'s [Value], step: &str) -> &'s Value {
    said.iter().rev().find(|line| line["step"] == step).unwrap_or_else(|| panic!("no {step} in {said:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rider_enters_and_leaves_and_the_trip_is_priced_with_its_evidence() {
    let city = City::new().await;
    city.install("SH-0001-A", 1).await;
    city.install("SH-0002-B", 2).await;
    let code = city.code();
    let entered = city.play("SH-0001-A", 1, &format!("{code} in\n{code} in\n")).await;
    let codes: Vec<_> = entered.iter().filter(|line| line["step"] == "code").map(|line| &line["code"]).collect();
    assert_eq!(codes, [0, -203], "{entered:?}");
    let upload = step(&entered, "upload");
    assert_eq!((&upload["accepted"], &upload["refused"], &upload["waiting"]), (&1.into(), &1.into(), &0.into()));

    let rider = "9931000000003100000000000018".to_owned() + "0000000000000007";
    let open: Value = city.metro.get(&format!("/v1/transit/riders/{rider}/open?network=310100")).await.expect("open");
    assert_eq!((&open["taps"][0]["tap"], &open["trips"][0]["reason"]), (&"SH-0001-A/1/1".into(), &"no_exit".into()));

    let left = city.play("SH-0002-B", 2, &format!("{} out shown 400\n", city.code())).await;
    assert_eq!(step(&left, "upload")["accepted"], 1, "{left:?}");
    let trip = city.trip().await;
    for (field, value) in [
        ("kind", json!("paired")),
        ("home", json!("330100")),
        ("from", json!(1)),
        ("to", json!(2)),
        ("charge_fen", json!(400)),
        ("rider_masked", json!("99310000****0018")),
    ] {
        assert_eq!(trip[field], value, "{field}: {trip}");
    }
    let path = format!("/v1/transit/trips/{}", trip["trip"].as_str().expect("an id"));
    let whole: Value = city.metro.get(&path).await.expect("the trip");
    assert_eq!((&whole["rider"], &whole["fare"]["distance_m"]), (&json!(rider), &7_000.into()), "{whole}");
    for tap in whole["taps"].as_array().expect("two taps") {
        let record = STANDARD.decode(tap["record"].as_str().expect("evidence")).expect("base64");
        assert_eq!(hex::encode(TapRecord::hash(&record)), tap["hash"].as_str().expect("a hash"));
    }
    let open: Value = city.metro.get(&format!("/v1/transit/riders/{rider}/open?network=310100")).await.expect("open");
    assert_eq!(open, json!({ "taps": [], "trips": [] }));

    // The gate forgets what the node has acknowledged: all comes again and has no effect.
    std::fs::remove_file(city.folder("SH-0001-A").join("acknowledged.json")).expect("it was there");
    let again = city.play("SH-0001-A", 1, "").await;
    assert_eq!(step(&again, "upload")["duplicate"], 2, "{again:?}");
    let gates: Value = city.metro.get("/v1/transit/gates?network=310100").await.expect("gates");
    let epoch = json!({ "epoch": 1, "held_to": 2, "highest": 2, "alarmed": false });
    assert_eq!(gates["items"][0]["epochs"], json!([epoch]), "{gates}");

    adjusted_by_a_clerk(&city, &path).await;
    closed_by_order(&city).await;
    let node = city.stage.region.node_folder("310000").display().to_string();
    let folder = city.stage.stop().await;
    let verified = huitong(&["verify", "--data", &node]);
    assert!(verified.status.success() && text(&verified).contains("310000/transit"), "{}", text(&verified));
    drop(folder);
}

async fn adjusted_by_a_clerk(city: &City, path: &str) {
    let adjust = async |wish: Value| {
        let path = format!("{path}/adjustments");
        city.metro.send::<_, Value>(Method::POST, &path, None, &wish).await
    };
    let refused = adjust(json!({ "charge": { "amount_fen": 401 } })).await.expect_err("more than was claimed");
    assert!(refused.to_string().starts_with("TRN-1003"), "{refused}");
    let refused = adjust(json!({ "complete": { "station": 1 } })).await.expect_err("both sides are there");
    assert!(refused.to_string().starts_with("TRN-3002"), "{refused}");
    let (_, adjusted) = adjust(json!({ "charge": { "amount_fen": 300 } })).await.expect("less");
    assert_eq!(adjusted["charge_fen"], 300);
    let whole: Value = city.metro.get(path).await.expect("the trip");
    assert_eq!((&whole["charge_fen"], &whole["original_fen"]), (&300.into(), &400.into()));
    assert_eq!(whole["adjustment_documents"][0]["change_fen"], -100, "{whole}");
}

/// The operator closes a station: its gates learn of it with their next tables.
async fn closed_by_order(city: &City) {
    let at = |seconds: i64| huitong_kernel::time::Instant((now_s() + seconds) * 1_000).to_string();
    let order = json!({
        "network": "310100", "station": 1, "from": at(-60), "to": at(3_600), "kind": "closed", "reason": "大客流",
    });
    put(&city.metro, Method::POST, "/v1/transit/service-orders", &order).await;
    let orders: Value = city.metro.get("/v1/transit/service-orders?network=310100").await.expect("orders");
    assert_eq!(orders["items"][0]["kind"], "closed");
    // The number of a state is its second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let said = city.play("SH-0001-A", 1, &format!("wait 61\n{} in\n", closed_code(city))).await;
    assert_eq!(step(&said, "code")["code"], -206, "{said:?}");
    withdrawn(city, &orders["items"][0]).await;
    nothing_to_release(city).await;
}

/// It was a mistake: the order is withdrawn, and says so wherever it is shown.
async fn withdrawn(city: &City, order: &Value) {
    let path = format!("/v1/transit/service-orders/{}", order["order"].as_str().expect("an id"));
    let end =
        async |wish: Value| city.metro.send::<_, Value>(Method::POST, &format!("{path}/ending"), None, &wish).await;
    let refused = end(json!({ "to": order["to"], "reason": "误发" })).await.expect_err("that is its end already");
    assert!(refused.to_string().starts_with("TRN-1015"), "{refused}");
    let (_, ended) = end(json!({ "reason": "误发" })).await.expect("withdrawn");
    assert_eq!((&ended["order"], &ended["version"]), (&order["order"], &2.into()));
    let list: Value = city.metro.get(&format!("{path}/trips")).await.expect("its list");
    assert_eq!((&list["trips"], &list["change_fen"], &list["waits"]), (&0.into(), &0.into(), &false.into()), "{list}");
    assert_eq!((&list["order"]["ending"]["withdrawn"], &list["items"]), (&true.into(), &json!([])), "{list}");
    let unknown = "/v1/transit/service-orders/00000000-0000-0000-0000-000000000009/trips";
    let refused = city.metro.get::<Value>(unknown).await.expect_err("no such order");
    assert!(refused.to_string().starts_with("TRN-1019"), "{refused}");
}

/// What counts is in no quarantine, and what is not held cannot be released from it.
async fn nothing_to_release(city: &City) {
    for (number, code) in [(1, "TRN-3006"), (999, "TRN-3005"), (u64::MAX, "TRN-3005")] {
        let path = format!("/v1/transit/taps/SH-0001-A/1/{number}/release");
        let wish = json!({ "reason": "looked at the gate's store" });
        let refused =
            city.metro.send::<_, Value>(Method::POST, &path, None, &wish).await.expect_err("nothing to release");
        assert!(refused.to_string().starts_with(code), "{number}: {refused}");
    }
}

/// Made for a gate whose clock is put forward behind the pass-back time.
fn closed_code(city: &City) -> String {
    let authorised = &city.bench.genuine()[..291];
    hex::encode(make::code(authorised, u32::try_from(now_s() + 61).expect("before 2106"), &city.bench.user))
}

#[tokio::test(flavor = "multi_thread")]
async fn fares_and_published_data_are_told_and_other_operators_change_nothing() {
    let city = City::new().await;
    let fares: Value =
        city.gates.get("/v1/transit/fares?network=310100&from=1&to=2&at=2026-11-24T10:00:00Z").await.expect("a fare");
    assert_eq!(
        (&fares["charge_fen"], &fares["distance_m"], &fares["pack"]),
        (&400.into(), &7_000.into(), &"metro".into())
    );
    let refused = city.gates.get::<Value>("/v1/transit/fares?network=310100&from=1&to=9").await.expect_err("no stop");
    assert!(refused.to_string().starts_with("TRN-1013"), "{refused}");
    for (path, count) in [("maps", 1), ("fare-packs", 1), ("split-rules", 0)] {
        let page: Value = city.metro.get(&format!("/v1/transit/{path}")).await.expect("a list");
        assert_eq!(page["items"].as_array().map(Vec::len), Some(count), "{page}");
    }
    let published: Value = city.metro.get("/v1/transit/maps/310100/1").await.expect("the map");
    assert_eq!(published, map());
    let published: Value = city.metro.get("/v1/transit/fare-packs/310100/metro/1").await.expect("the pack");
    assert_eq!(published, pack());
    let missing = city.metro.get::<Value>("/v1/transit/fare-packs/310100/metro/2").await.expect_err("no such version");
    assert!(missing.to_string().starts_with("TRN-1016"), "{missing}");

    let other = principal(&city.stage, "othermetro", "transit_operator").await;
    let other = city.metro.with_key(&other);
    let mut newer = map();
    newer["version"] = json!(2);
    let refused = other.send::<_, Value>(Method::POST, "/v1/transit/maps", None, &newer).await.expect_err("not theirs");
    assert!(refused.to_string().starts_with("TRN-1007"), "{refused}");
    for path in ["gates?network=310100", "trips?network=310100&day=2026-11-24", "service-orders?network=310100"] {
        let refused = other.get::<Value>(&format!("/v1/transit/{path}")).await.expect_err("not theirs");
        assert!(refused.to_string().starts_with("TRN-1007"), "{path}: {refused}");
    }
    let auditor = city.stage.operator("310000");
    auditor.get::<Value>("/v1/transit/trips?network=310100&day=2026-11-24").await.expect("auditors see all networks");
    let neighbour = city.stage.operator("330000");
    for _ in 0..100 {
        let sets: Value = neighbour.get("/v1/node/status").await.expect("a status");
        let arrived = sets["feeds"].as_array().is_some_and(|feeds| {
            feeds.iter().any(|feed| feed["feed"] == "310000/transit>330000/transit" && feed["size"].as_u64() >= Some(3))
        });
        if arrived {
            city.stage.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("key set, map and fares come to the neighbour: {:?}", neighbour.get::<Value>("/v1/node/status").await);
}

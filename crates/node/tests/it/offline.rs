//! What auditors do offline: verify, prove, recompute; and what they find when a file was altered.

use std::path::Path;
use std::process::Command;

use super::stage::{PROGRAM, base_port, huitong, profile_folder, text};

fn played(folder: &Path) -> String {
    let data = folder.join("data").display().to_string();
    let (profile, port) = (profile_folder().display().to_string(), base_port().to_string());
    let output = huitong(&[
        "region",
        "demo",
        "--once",
        "--json",
        "--bills",
        "80",
        "--data",
        &data,
        "--profile",
        &profile,
        "--base-port",
        &port,
    ]);
    assert!(output.status.success(), "{}", text(&output));
    data
}

#[test]
fn a_played_region_verifies_proves_and_recomputes_and_an_altered_one_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = played(folder.path());
    for division in ["310000", "320000", "330000", "340000"] {
        let node = format!("{data}/{division}");
        let output = huitong(&["verify", "--data", &node]);
        assert!(output.status.success(), "{}", text(&output));
        let output = huitong(&["medical", "recompute", "--data", &node]);
        assert!(output.status.success() && text(&output).contains(" 0 differ"), "{}", text(&output));
    }
    under_another_pack(folder.path(), &data);
    audited_from_elsewhere(folder.path());
    prove(folder.path(), &data);
    alter(&data);
}

/// A month under the pack in force is what it was; under one that pays more it costs more. Faulty packs are named with their place.
fn under_another_pack(folder: &Path, data: &str) {
    let policies = profile_folder().join("policies");
    let checked = huitong(&["medical", "policy", "check", &policies.display().to_string()]);
    assert!(checked.status.success() && text(&checked).contains(" 0 faulty"), "{}", text(&checked));
    let pack = policies.join("330100-employee-2025.toml");
    let toml = std::fs::read_to_string(&pack).expect("a pack of the profile");
    let (better, faulty, draft) = (folder.join("better.toml"), folder.join("faulty.toml"), folder.join("draft.toml"));
    std::fs::write(&better, toml.replace("ratio = \"0.76\"", "ratio = \"0.8\"")).expect("writable");
    std::fs::write(&faulty, toml.replacen("from = \"0.00\"", "from = \"90.00\"\nto = \"80.00\"", 1)).expect("writable");
    let totals = |division: &str, pack: &Path| {
        let (node, pack) = (format!("{data}/{division}"), pack.display().to_string());
        let output = huitong(&["medical", "policy", "what-if", "--data", &node, "--pack", &pack, "--json"]);
        assert!(output.status.success(), "{}", text(&output));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let of = |name: &str| found["total"][name].as_i64().expect("an amount");
        (of("was_fen"), of("would_be_fen"))
    };
    let mut paid = 0;
    for entry in std::fs::read_dir(&policies).expect("the packs").flatten() {
        let area = entry.file_name().to_string_lossy()[..2].to_owned();
        let (was, would_be) = totals(&format!("{area}0000"), &entry.path());
        if entry.file_name() == "310100-employee-2018.toml" {
            continue; // The pilot years' pack is not in force any more: it would pay otherwise.
        }
        assert_eq!(was, would_be, "the pack in force changes nothing: {:?}", entry.path());
        if was > 0 {
            let toml = std::fs::read_to_string(entry.path()).expect("a pack of the profile");
            std::fs::write(&draft, toml.replace("ratio = \"0.", "ratio = \"0.9")).expect("writable");
            assert!(totals(&format!("{area}0000"), &draft).1 > was, "higher ratios cost more: {:?}", entry.path());
            paid += was;
        }
    }
    assert!(paid > 0, "the month had settlements that the funds paid");
    let (old, new) = (pack.display().to_string(), better.display().to_string());
    let diff = text(&huitong(&["medical", "policy", "diff", &old, &new]));
    assert!(diff.contains("[employed/3].ratio: \"0.76\" → \"0.8\""), "{diff}");
    let checked = huitong(&["medical", "policy", "check", &faulty.display().to_string()]);
    assert!(!checked.status.success() && text(&checked).contains("MED-6002"), "{}", text(&checked));
    assert!(text(&checked).contains("funds.pool.bands[0]"), "it says where: {}", text(&checked));
}

/// Paths in a node's configuration are relative to its file, wherever the auditor stands.
fn audited_from_elsewhere(folder: &Path) {
    for (place, node) in [(folder.to_owned(), "data/310000"), (folder.join("data/region"), "../310000")] {
        let audit = Command::new(PROGRAM).args(["transit", "audit", "--data", node]).current_dir(place).output();
        let output = audit.expect("the program runs");
        assert!(output.status.success() && text(&output).contains("All invariants hold"), "{}", text(&output));
    }
}

fn prove(folder: &Path, data: &str) {
    let node = format!("{data}/310000");
    let output = huitong(&["prove", "--data", &node, "--feed", "330000/medical>310000/medical", "--number", "2"]);
    assert!(output.status.success(), "{}", text(&output));
    let proof = folder.join("proof.json");
    let manifest = format!("{data}/region/manifest.json");
    let check = |bytes: &[u8]| {
        std::fs::write(&proof, bytes).expect("writable");
        huitong(&["verify-proof", &proof.display().to_string(), "--manifest", &manifest])
    };
    assert!(check(&output.stdout).status.success());
    let altered = String::from_utf8_lossy(&output.stdout).replacen("medical.", "medicaI.", 1);
    let refused = check(altered.as_bytes());
    assert!(!refused.status.success() && text(&refused).contains("NOT proved"), "{}", text(&refused));
}

/// Somebody changes an amount in a view, then a message in the journal.
fn alter(data: &str) {
    let stream = format!("{data}/330000/streams/medical.db");
    let node = format!("{data}/330000");
    let execute = |sql: &str| {
        let connection = huitong_store::journal::Connection::open(&stream).expect("the file opens");
        let changed = connection.execute(sql, []).expect("the statement runs");
        assert!(changed > 0, "the alteration must change something");
    };
    execute(
        "UPDATE settlement SET cash_fen = cash_fen + 1 WHERE settlement = (SELECT MIN(settlement) FROM settlement)",
    );
    let output = huitong(&["verify", "--data", &node]);
    assert!(!output.status.success() && text(&output).contains("view settlement differs"), "{}", text(&output));
    execute(
        "UPDATE journal SET bytes = CAST(REPLACE(CAST(bytes AS TEXT), '\"at\":1', '\"at\":2') AS BLOB) WHERE sequence = 40",
    );
    let output = huitong(&["verify", "--data", &node]);
    assert!(!output.status.success() && text(&output).contains("does not fit the chain"), "{}", text(&output));
}

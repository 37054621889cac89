//! What the calculation says and explains is pinned: whatever makes it faster must leave every byte as it was.

use huitong_kernel::hash::HashFunction;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::settle::{compute, fund_total_at_home, fund_total_under};

use super::mix;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../regions/yangtze/policies");
const CASES: usize = 125;

/// Per pack, over amounts, deltas, steps and refusals of 125 cases of a seed, and the estimates for the same bills. A change of the
/// rules, of the pack, or of what a step says is the only reason to write another one here.
const PINNED: [(&str, &str); 19] = [
    ("310100-employee-2018", "0ee355c3d8168d23cf476ccb5a3ce2f0f8eb94e8551b89aa21484bf71e4ad61a"),
    ("310100-employee-2025", "d95a7bc5af7910adb2b123beee140e9c316e4761d00f7facd914d62dfc0b7b1e"),
    ("310100-resident-2025", "1a497f12b9e449d7444b93ab2ab0980af3c22856df444ca2f331ebf49ddd002b"),
    ("320100-employee-2023", "53aa61e07f5c118d87deda416361dde354ffcae8297951cb40807825d5a68a2e"),
    ("320100-resident-2023", "c0fd197e941bd5109812a4b06a2e11582f8add3368e0b0102ca53af4c435f4d3"),
    ("320500-employee-2023", "fe9603fb633a59d2e50a792ec169db01acf274d0679c8867587c7af7f210c72b"),
    ("320500-employee-2023+chronic", "fc1adb94ad7c9fb85ff16ae973dde66f780a5fe1d924cddb28eb27199a4ecb3a"),
    ("320500-employee-2023+points", "5f011532cc4b86effadc81ffd5a17027b5618245c51c1c893d5917cce0edb1c6"),
    ("320500-resident-2023", "8bf6f9c24ad481613e458abf4e3c551643ee49b3696a6f10985475f94ecfea79"),
    ("330100-employee-2025", "86ec2b6da846ba4bf6ce8f6700155433de79ff98bf090316676769d573b96b00"),
    ("330100-resident-2024", "5f0cb76ef5c8452a30f7a3e446bc9e0ab9d00b89b0068eb5fd9ac714ea7bc07f"),
    ("330200-employee-2023", "7c44c7e82f4efc08472f20ade8b0a077eff902d5db630fa716ca4e51bea7386e"),
    ("330200-resident-2023", "ef2b8301716d380f3ed0fb5446e71fea065dd9a722c33bbc88e6e3ec28391e36"),
    ("330400-employee-2023", "76d72a1b68b7ca12f21d08b657b7170877023c9bdcb5d1cac3d5e6161431b22f"),
    ("330400-resident-2023", "d32b104f785eaf9a7236eb2d772402fffa8cf0f4ad5edf7d79e367aeb08aa683"),
    ("340100-employee-2023", "b15eef86bcc2faaa1e45f065a2eb216fe7fc51b0fafa17e88dcada8e1b64d723"),
    ("340100-resident-2025", "f39e11e6c43eeb4b99066b9796ff67b39f95ce22f7da742aeb18519020a6330d"),
    ("320400-employee-2023", "774bf9821a56ecba3a8735ddc4f5d5d8b8fd082d6ae823e472ad4ae8a5b3bbf8"),
    ("320400-resident-2023", "cbdfe92b45ce192713a858c60eeba5af9058357bdfe30babd841d22613f03824"),
];

#[test]
fn two_thousand_mixed_cases_compute_and_explain_what_they_always_did() {
    let (mut computed, mut found) = (0, Vec::new());
    for (place, (file, _)) in PINNED.iter().enumerate() {
        let pack = mix::pack(FOLDER, file);
        let mut bytes = Vec::new();
        for case in mix::cases(&pack, 20_261_129 + place as u64, CASES) {
            match compute(&pack, &case) {
                Ok(computation) => {
                    computed += 1;
                    serde_json::to_writer(&mut bytes, &computation).expect("plain data");
                }
                Err(refusal) => bytes.extend(refusal.code.as_bytes()),
            }
            let under = [FilingKind::LongStay, FilingKind::TempReferred, FilingKind::TempSelf]
                .map(|kind| fund_total_under(&pack, &case, kind));
            serde_json::to_writer(&mut bytes, &(under, fund_total_at_home(&pack, &case))).expect("plain data");
            bytes.push(b'\n');
        }
        found.push((*file, HashFunction::Sha256.hash(&[&bytes]).to_string()));
    }
    assert!(computed > 1_500, "most of the cases settle: {computed}");
    let differing: Vec<_> =
        found.iter().zip(PINNED).filter(|(found, pinned)| found.1 != pinned.1).map(|(found, _)| found).collect();
    assert!(differing.is_empty(), "what these compute has changed: {differing:#?}");
}

//! The receipt of a settlement, printed at the counter and shown to somebody who has nothing but the region's manifest. Told as part of
//! the cashier's visit (cashier.rs), which has a region running.

use std::path::Path;

use huitong_kernel::hash::HashFunction;
use huitong_kernel::merkle;
use huitong_medical::http::receipt::qr;
use huitong_medical::model::receipt::token::Token;
use serde_json::{Value, json};

use super::stage::{Stage, huitong, profile_folder, text};

/// What the patient takes home.
pub struct Shown {
    settlement: String,
    token: String,
    manifest: String,
}

/// What anybody is told by a node, without a key.
async fn verification(stage: &Stage, division: &str, token: &str) -> Value {
    let http = huitong_node::tls::http_client().build().expect("a client");
    let url = format!("{}/v1/medical/receipts/verification", stage.url(division));
    let answer = http.post(url).json(&json!({ "token": token })).send().await.expect("the node answers");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

/// The page's answer to the form.
async fn page(stage: &Stage, token: &str) -> String {
    let http = huitong_node::tls::http_client().build().expect("a client");
    let url = format!("{}/verify", stage.url("310000"));
    let empty = http.get(&url).send().await.expect("the node answers");
    assert!(
        empty.headers()["content-security-policy"].to_str().is_ok_and(|policy| policy.contains("default-src 'none'"))
    );
    assert!(empty.text().await.expect("text").contains("<form method=\"post\""));
    let encoded: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = http.post(&url).header("content-type", "application/x-www-form-urlencoded");
    form.body(format!("token={encoded}")).send().await.expect("the node answers").text().await.expect("text")
}

fn png(code: &str, path: &Path) {
    const SCALE: usize = 4;
    let modules = qr::modules(code);
    let side = modules.side * SCALE;
    let mut pixels = vec![u8::MAX; side * side];
    for (x, y, length) in modules.runs {
        for row in y * SCALE..(y + 1) * SCALE {
            pixels[row * side + x * SCALE..row * side + (x + length) * SCALE].fill(0);
        }
    }
    let size = u32::try_from(side).expect("small");
    let mut encoder = png::Encoder::new(std::fs::File::create(path).expect("writable"), size, size);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).expect("a PNG");
}

/// The exit code and what is said.
fn verified(receipt: &str, manifest: &str, more: &[&str]) -> (bool, String) {
    let mut arguments = vec!["medical", "verify-receipt", receipt, "--manifest", manifest];
    arguments.extend(more);
    let output = huitong(&arguments);
    (output.status.success(), text(&output))
}

pub async fn a_receipt_is_printed_and_verified(stage: &Stage, settlement: &str) -> Shown {
    let folder = stage.folder.path();
    let (url, key) = (stage.url("310000"), stage.keys["H31010100001"].clone());
    let print = |format: &str, file: &str| {
        let path = folder.join(file).display().to_string();
        let receipt = ["medical", "receipt", "--node", &url, "--key", &key, "--settlement", settlement];
        let output = huitong(&[&receipt[..], &["--format", format, "--out", &path]].concat());
        assert!(output.status.success(), "{}", text(&output));
        (path.clone(), std::fs::read_to_string(path).expect("written"))
    };
    let (page_path, html) = print("html", "receipt.html");
    assert!(html.contains(settlement) && html.contains("225.00") && html.contains("<svg"), "{html}");
    let (token_path, token) = print("token", "receipt.txt");
    let (_, slip) = print("json", "receipt.json");
    let slip: Value = serde_json::from_str(&slip).expect("JSON");
    let picture = folder.join("receipt.png");
    png(slip["qr"].as_str().expect("a code"), &picture);

    pdf(&url, &key, settlement, &folder.join("receipt.pdf"));

    // Offline, with the manifest alone: the page, the token, the picture.
    let manifest = folder.join("region/manifest.json").display().to_string();
    let picture = picture.display().to_string();
    for receipt in [page_path.as_str(), &token_path, token.trim(), slip["qr"].as_str().expect("a code"), &picture] {
        let (good, said) = verified(receipt, &manifest, &[]);
        assert!(good && said.contains("VALID when it was issued") && said.contains("225.00"), "{said}");
    }
    // Somebody makes more of the paper, or of the code.
    let altered = folder.join("altered.html").display().to_string();
    std::fs::write(&altered, html.replace("data-sum=\"total\">225.00", "data-sum=\"total\">925.00")).expect("writable");
    let (good, said) = verified(&altered, &manifest, &[]);
    assert!(!good && said.contains("ALTERED") && said.contains("925.00"), "{said}");
    let mark = "data-sum=\"total\">225.00";
    let dearer = html.replace(mark, "data-sum=\"total\">925.00");
    for (name, hidden) in [
        ("renamed.html", html.replace(mark, "data-some=\"total\">925.00")),
        ("doubled.html", dearer.replace("<body>", &format!("<body><!-- <td {mark}</td> -->"))),
    ] {
        let hidden_path = folder.join(name).display().to_string();
        std::fs::write(&hidden_path, hidden).expect("writable");
        let (good, said) = verified(&hidden_path, &manifest, &[]);
        assert!(!good && said.contains("ALTERED") && said.contains("应为一次"), "{name}: {said}");
    }
    let mut middle: Vec<u8> = token.trim().bytes().collect();
    let last = middle.len() - 40;
    middle[last] = if middle[last] == b'A' { b'B' } else { b'A' };
    let (good, said) = verified(&String::from_utf8(middle).expect("text"), &manifest, &[]);
    assert!(!good && said.contains("ALTERED") && said.contains("已被篡改"), "{said}");
    // Another region of the same name and members has other keys.
    let other = tempfile::tempdir().expect("a folder");
    let (data, profile) = (other.path().display().to_string(), profile_folder().display().to_string());
    // Nobody listens there: no ports of the tests are taken.
    let made = huitong(&["region", "init", "--data", &data, "--profile", &profile, "--base-port", "19000"]);
    assert!(made.status.success(), "{}", text(&made));
    let foreign = other.path().join("region/manifest.json").display().to_string();
    let (good, said) = verified(token.trim(), &foreign, &[]);
    assert!(!good && said.contains("WRONG KEY") && said.contains("密钥不符"), "{said}");

    for division in ["310000", "330000"] {
        let answer = verification(stage, division, token.trim()).await;
        assert_eq!((&answer["verdict"], &answer["as_of"]), (&json!("valid"), &json!("now")), "{answer}");
        assert_eq!(answer["receipt"]["total"], json!("225.00"));
        assert!(!answer.to_string().contains("H3101"), "nothing of the treatment: {answer}");
    }
    let elsewhere = verification(stage, "320000", token.trim()).await;
    assert_eq!((&elsewhere["verdict"], &elsewhere["as_of"]), (&json!("valid"), &json!("issue")), "{elsewhere}");
    assert_eq!(verification(stage, "310000", "htr1:AAAA").await["verdict"], json!("unreadable"));
    let said = page(stage, slip["qr"].as_str().expect("a code")).await;
    assert!(said.contains("有效") && said.contains("225.00") && !said.contains("<script"), "{said}");
    forgeries_have_three_answers(stage, token.trim(), &manifest).await;
    Shown { settlement: settlement.to_owned(), token: token.trim().to_owned(), manifest }
}

/// The code itself forged, on paper that nobody can compare: without and with the tree computed anew. The command line, the endpoint and
/// the page say the same, and none of it is "cancelled".
async fn forgeries_have_three_answers(stage: &Stage, token: &str, manifest: &str) {
    let genuine = Token::parse(token).expect("a token");
    let message = String::from_utf8(genuine.message.clone()).expect("UTF-8");
    assert!(message.contains("\"total_fen\":22500"), "{message}");
    let message = message.replace("\"total_fen\":22500", "\"total_fen\":92500").into_bytes();
    let altered = Token { message: message.clone(), ..genuine.clone() };
    let root = merkle::leaf_hash(HashFunction::Sha256, &message);
    let anew = Token { message, number: 1, size: 1, root, path: Vec::new(), ..genuine };
    for (forged, verdict, english, chinese) in
        [(altered, "altered", "ALTERED", "已被篡改"), (anew, "wrong_key", "WRONG KEY", "密钥不符")]
    {
        for text in [forged.text(), forged.qr_text()] {
            let (good, said) = verified(&text, manifest, &["--node", &stage.url("330000")]);
            assert!(!good && said.contains(english) && said.contains(chinese), "{said}");
            let answer = verification(stage, "310000", &text).await;
            assert_eq!((&answer["verdict"], &answer["receipt"]), (&json!(verdict), &Value::Null), "{answer}");
            let said = page(stage, &text).await;
            assert!(said.contains(english) && said.contains(chinese) && !said.contains("925.00"), "{said}");
        }
    }
}

/// A PDF where the build draws one and the system has a font, else the reason in both languages.
fn pdf(url: &str, key: &str, settlement: &str, path: &Path) {
    let out = path.display().to_string();
    let receipt = ["medical", "receipt", "--node", url, "--key", key, "--settlement", settlement];
    let output = huitong(&[&receipt[..], &["--format", "pdf", "--out", &out]].concat());
    if output.status.success() {
        assert!(std::fs::read(path).expect("written").starts_with(b"%PDF-"));
        return;
    }
    let said = text(&output);
    let expected = if cfg!(feature = "pdf") { "未找到中文字体" } else { "未启用 PDF" };
    assert!(said.contains(expected), "{said}");
    eprintln!("SKIPPED: {said}");
}

pub async fn the_node_says_cancelled(stage: &Stage, shown: &Shown, contra: &str) {
    for division in ["310000", "330000"] {
        let answer = verification(stage, division, &shown.token).await;
        assert_eq!(answer["verdict"], json!("cancelled"), "{answer}");
        assert!(answer["text_zh"].as_str().is_some_and(|text| text.contains(contra)), "{answer}");
    }
    assert!(page(stage, &shown.token).await.contains("CANCELLED"));
    assert!(verified(&shown.token, &shown.manifest, &[]).0, "offline it is as good as when it was issued");
    let (good, said) = verified(&shown.token, &shown.manifest, &["--node", &stage.url("310000")]);
    assert!(!good && said.contains("CANCELLED"), "{said}");
    let cashier = stage.cashier("H31010100001");
    let token = cashier.text(&format!("/v1/medical/settlements/{contra}/receipt?format=token")).await.expect("made");
    let (good, said) = verified(token.trim(), &shown.manifest, &["--node", &stage.url("330000"), "--json"]);
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert!(good && answer["receipt"]["total"] == json!("-225.00") && answer["as_of"] == json!("now"), "{said}");
    pages_after_the_cancellation(stage, shown, contra);
}

/// Printed again: the cancelled one says so, that of the contra shows what it takes back, and a minus rubbed out is found.
fn pages_after_the_cancellation(stage: &Stage, shown: &Shown, contra: &str) {
    let print = |settlement: &str| {
        let path = stage.folder.path().join(format!("{settlement}.html")).display().to_string();
        let (url, key) = (stage.url("310000"), stage.keys["H31010100001"].clone());
        let receipt = ["medical", "receipt", "--node", &url, "--key", &key, "--settlement", settlement, "--out", &path];
        let output = huitong(&receipt);
        assert!(output.status.success(), "{}", text(&output));
        (path.clone(), std::fs::read_to_string(path).expect("written"))
    };
    let (path, html) = print(&shown.settlement);
    assert!(html.contains("已撤销或已退费，不再有效"), "{html}");
    assert!(verified(&path, &shown.manifest, &[]).0, "offline its code is as good as when it was issued");
    let (good, said) = verified(&path, &shown.manifest, &["--node", &stage.url("330000")]);
    assert!(!good && said.contains("CANCELLED") && said.contains(contra), "{said}");

    let (path, html) = print(contra);
    assert!(html.contains("（冲销）") && html.contains(&shown.settlement) && html.contains("-225.00"), "{html}");
    for more in [&[][..], &["--node", &stage.url("310000")]] {
        let (good, said) = verified(&path, &shown.manifest, more);
        assert!(good && said.contains("-225.00") && said.contains(&shown.settlement), "{said}");
    }
    let altered = stage.folder.path().join("contra.html").display().to_string();
    let mark = "data-sum=\"total\">";
    std::fs::write(&altered, html.replace(&format!("{mark}-225.00"), &format!("{mark}225.00"))).expect("writable");
    let (good, said) = verified(&altered, &shown.manifest, &[]);
    assert!(!good && said.contains("ALTERED") && said.contains("shows total 225.00, its code -225.00"), "{said}");
}

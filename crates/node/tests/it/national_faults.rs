//! What a hospital's system gets wrong over the national interface is refused by its code and changes nothing; what it sends twice at one
//! moment is done once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_medical::national::archive::{FileForm, pack, unpack};
use serde_json::{Value, json};

use super::hospital_system::{CARD, HOSPITAL, System, admission, code, line, register, settle, text, today};
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hospital_system_gets_wrong_or_sends_twice_changes_nothing() {
    let stage = Stage::new(&[]).await;
    let mut system = System::new(&stage);
    let person = text(&system.ask("1101", who("02", CARD)).await["baseinfo"]["psn_no"]);
    envelopes(&mut system, &person).await;
    persons(&mut system, &person).await;
    let visit = fields_of_lines(&mut system, &person).await;
    lines_taken_back(&mut system, &person, &visit).await;
    sums(&mut system, &person, &visit).await;
    twice_at_one_moment(&mut system, &person).await;
    files(&mut system, &person).await;
    stage.stop().await;
}

fn who(kind: &str, number: &str) -> Value {
    json!({ "data": { "mdtrt_cert_type": kind, "mdtrt_cert_no": number, "psn_cert_type": "01" } })
}

/// The message with a text of it replaced.
async fn altered(system: &mut System, infno: &str, input: Value, (from, to): (&str, &str)) -> String {
    let message = system.message(infno, input).to_string();
    assert!(message.contains(from), "{from}: {message}");
    code(&system.send_text(message.replace(from, to)).await)
}

async fn envelopes(system: &mut System, person: &str) {
    let ask = || who("02", CARD);
    let short = system.message("1101", ask())["msgid"].as_str().expect("an id")[..29].to_owned();
    let next = system.message("1101", ask())["msgid"].as_str().expect("an id").to_owned();
    let mut message = system.message("1101", ask());
    message["msgid"] = json!(short);
    assert_eq!(code(&system.send(&message).await), "MED-1006", "29 characters");
    message["msgid"] = json!(next);
    message["insuplc_admdvs"] = json!("440300");
    assert_eq!(code(&system.send(&message).await), "MED-2003", "an area without a node");
    let without = ("\"insuplc_admdvs\":\"330100\",", "");
    assert_eq!(altered(system, "5206", json!({ "data": { "psn_no": person } }), without).await, "MED-1002");
    let cipher = json!("8f1f0c5d5cbb0a7e41be2e0f7a1a3c55");
    let mut encrypted = system.message("1101", cipher.clone());
    encrypted["enc_type"] = json!("SM4");
    let answer = system.send(&encrypted).await;
    assert_eq!(code(&answer), "MED-1016");
    assert!(answer.contains("enc_type=SM4"), "{answer}");
    encrypted["input"] = ask();
    assert_eq!(code(&system.send(&encrypted).await), "MED-1016", "whatever is in it");
    assert_eq!(system.refused("1101", cipher).await, "MED-1001", "a cipher that is not declared");
    encrypted["enc_type"] = json!("");
    assert!(system.send(&encrypted).await.contains("\"infcode\":0"), "the corrected message under the same id");
}

async fn persons(system: &mut System, person: &str) {
    assert_eq!(system.refused("1101", who("03", CARD)).await, "MED-1002", "a card has a serial");
    let mut other = who("02", CARD);
    other["data"]["certno"] = json!("330100199204160000");
    assert_eq!(system.refused("1101", other).await, "MED-2004");
    let two = json!({ "data": [who("02", CARD)["data"], who("02", CARD)["data"]] });
    assert_eq!(system.refused("1101", two).await, "MED-1011", "the second would be passed over");

    let mut stranger = admission(person);
    stranger["mdtrtinfo"]["psn_no"] = json!("somebody-else");
    assert_eq!(system.refused("2401", stranger).await, "MED-2004");
    let mut outpatient = admission(person);
    outpatient["mdtrtinfo"]["med_type"] = json!("11");
    assert_eq!(system.refused("2401", outpatient).await, "MED-1012");
    let stays = json!({ "data": { "psn_no": person, "begntime": today() } });
    assert_eq!(system.ask("5303", stays).await["data"], json!([]), "nobody was admitted");

    let mut long = register(person);
    long["data"]["dept_name"] = json!("科".repeat(101));
    assert_eq!(system.refused("2201", long).await, "MED-1003", "by characters");
    let mut area = register(person);
    area["data"]["begntime"] = json!("2026-02-31 09:00:00");
    assert_eq!(system.refused("2201", area).await, "MED-1005");
    let reverse =
        json!({ "data": { "psn_no": person, "omsgid": format!("{HOSPITAL}202611290000000001"), "oinfno": "2401" } });
    assert_eq!(system.refused("2601", reverse).await, "MED-1012", "an admission is cancelled, not reversed");
}

/// Gives an open visit with three lines of 20.00, 40.00 and 60.00.
async fn fields_of_lines(system: &mut System, person: &str) -> String {
    let mut registered = register(person);
    // 300 bytes, and a hundred characters.
    registered["data"]["dept_name"] = json!("科".repeat(100));
    let visit = text(&system.ask("2201", registered).await["data"]["mdtrt_id"]);
    let one =
        |number: &str, count: &str, amount: &str| json!({ "feedetail": line(&visit, person, number, count, amount) });
    let good = || one("1", "1", "20.00");
    for (from, to, refused) in [
        ("\"cnt\":\"1\"", "\"cnt\":1e3", "MED-1004"),
        ("\"cnt\":\"1\"", "\"cnt\":\"1e3\"", "MED-1004"),
        ("\"cnt\":\"1\"", "\"cnt\":1.00001", "MED-1004"),
        ("\"cnt\":\"1\"", "\"cnt\":0", "MED-3005"),
        ("\"20.00\"", "12.345", "MED-1004"),
        ("\"pric\":20", "\"pric\":-20", "MED-1004"),
        ("\"bilg_dr_codg\":\"DR1\",", "", "MED-1002"),
        ("\"chrg_bchno\":\"1\",", "", "MED-1002"),
    ] {
        assert_eq!(altered(system, "2204", good(), (from, to)).await, refused, "{to}");
    }
    let mut late = good();
    late["feedetail"]["fee_ocur_time"] = json!("2026-02-31 00:00:00");
    assert_eq!(system.refused("2204", late).await, "MED-1005");
    let many: Vec<Value> = (0..101).map(|number| line(&visit, person, &number.to_string(), "1", "20.00")).collect();
    assert_eq!(system.refused("2204", json!({ "feedetail": many })).await, "MED-1011");
    assert_eq!(numbers(system, person, &visit).await, [""; 0], "nothing of all this is there");
    system.ask("2204", good()).await;
    system.ask("2204", one("2", "2", "40.00")).await;
    system.ask("2204", one("3", "3", "60.00")).await;
    visit
}

/// 5204
async fn numbers(system: &mut System, person: &str, visit: &str) -> Vec<String> {
    let lines = system.ask("5204", json!({ "data": { "psn_no": person, "mdtrt_id": visit } })).await;
    lines["feedetail"].as_array().expect("lines").iter().map(|line| text(&line["feedetl_sn"])).collect()
}

async fn lines_taken_back(system: &mut System, person: &str, visit: &str) {
    let of = |batch: &str, number: Option<&str>| {
        let mut data = json!({ "psn_no": person, "mdtrt_id": visit, "chrg_bchno": batch });
        if let Some(number) = number {
            data["feedetl_sn"] = json!(number);
        }
        data
    };
    assert_eq!(system.refused("2205", json!({ "data": of("1", Some("9")) })).await, "MED-3012");
    assert_eq!(system.refused("2205", json!({ "data": of("7", Some("2")) })).await, "MED-3012", "not of that batch");
    let mixed = json!({ "data": [of("1", Some("1")), of("1", None)] });
    assert_eq!(system.refused("2205", mixed).await, "MED-1002", "a list where one line is not named");
    system.ask("2205", json!({ "data": of("1", Some("2")) })).await;
    assert_eq!(numbers(system, person, visit).await, ["1", "3"], "that line and no other");

    // 2302 says it without a batch.
    let stay = text(&system.ask("2401", admission(person)).await["result"]["mdtrt_id"]);
    let lines: Vec<Value> = ["1", "2", "3", "4"].map(|number| line(&stay, person, number, "1", "20.00")).to_vec();
    system.ask("2301", json!({ "feedetail": lines })).await;
    let named = |number: &str| json!({ "psn_no": person, "mdtrt_id": stay, "feedetl_sn": number });
    system.ask("2302", json!({ "data": named("2") })).await;
    assert_eq!(numbers(system, person, &stay).await, ["1", "3", "4"]);
    system.ask("2302", json!({ "data": [named("1"), named("4")] })).await;
    assert_eq!(numbers(system, person, &stay).await, ["3"]);
    system.ask("2302", json!({ "data": named("0000") })).await;
    assert_eq!(numbers(system, person, &stay).await, [""; 0]);
    system.ask("2404", json!({ "data": { "psn_no": person, "mdtrt_id": stay } })).await;
}

async fn sums(system: &mut System, person: &str, visit: &str) {
    let good = || settle(visit, person, "80.00");
    let wrong = ("\"preselfpay_amt\":\"0.00\"", "\"preselfpay_amt\":\"0.01\"");
    assert_eq!(altered(system, "2206", good(), wrong).await, "MED-4001", "any one of the four");
    system.ask("2206", good()).await;
    assert_eq!(altered(system, "2207", good(), wrong).await, "MED-4001");
    assert_eq!(altered(system, "2207", good(), ("\"preselfpay_amt\":\"0.00\",", "")).await, "MED-1002");
    let minus = ("\"medfee_sumamt\":\"80.00\"", "\"medfee_sumamt\":\"-80.00\"");
    assert_eq!(altered(system, "2207", good(), minus).await, "MED-4001");
    let known = system.ask("5203", json!({ "data": { "psn_no": person, "mdtrt_id": visit } })).await;
    assert_eq!(known["setlinfo"], json!([]), "nothing was settled");
}

/// The same message twice at once, and two messages under one id at once.
async fn twice_at_one_moment(system: &mut System, person: &str) {
    let registered = twice(system, "2201", register(person)).await;
    let visit = text(&registered["data"]["mdtrt_id"]);
    twice(system, "2204", json!({ "feedetail": line(&visit, person, "1", "1", "20.00") })).await;
    twice(system, "2206", settle(&visit, person, "20.00")).await;
    let settled = twice(system, "2207", settle(&visit, person, "20.00")).await;
    let of_visit = || json!({ "data": { "psn_no": person, "mdtrt_id": visit } });
    let known = twice(system, "5203", of_visit()).await;
    assert_eq!(known["setlinfo"].as_array().map(Vec::len), Some(1), "booked once");
    let cancel = json!({ "data": { "setl_id": settled["setlinfo"]["setl_id"], "mdtrt_id": visit, "psn_no": person } });
    twice(system, "2208", cancel).await;

    either(system, "2207", settle(&visit, person, "20.00")).await;
    either(system, "5203", of_visit()).await;
    either(system, "2201", register(person)).await;
    let known = system.ask("5203", of_visit()).await;
    assert_eq!(known["setlinfo"].as_array().map(Vec::len), Some(3), "settled, cancelled, settled by one of the two");
    let visits = json!({ "data": { "psn_no": person, "begntime": today(), "endtime": today(), "med_type": "11" } });
    let visits = system.ask("5201", visits).await;
    assert_eq!(visits["mdtrtinfo"].as_array().map(Vec::len), Some(3), "one each of three registrations: {visits}");
}

async fn twice(system: &mut System, infno: &str, input: Value) -> Value {
    let message = system.message(infno, input);
    let (one, other) = tokio::join!(system.send(&message), system.send(&message));
    assert_eq!(one, other, "{infno}: the same bytes");
    let answer: Value = serde_json::from_str(&one).expect("JSON");
    assert_eq!(answer["infcode"], 0, "{answer}");
    answer["output"].clone()
}

/// Of two messages under one id one is answered, the other refused, now and later.
async fn either(system: &mut System, infno: &str, input: Value) {
    let message = system.message(infno, input);
    let mut other = message.clone();
    other["opter_name"] = json!("另一收费员");
    let (one, two) = tokio::join!(system.send(&message), system.send(&other));
    let granted = |answer: &str| answer.contains("\"infcode\":0");
    assert_eq!([&one, &two].iter().filter(|answer| granted(answer)).count(), 1, "{infno}: {one} {two}");
    let refused = if granted(&one) { &two } else { &one };
    assert_eq!(code(refused), "MED-1007");
    let again = (system.send(&message).await, system.send(&other).await);
    assert_eq!((granted(&again.0), granted(&again.1)), (granted(&one), granted(&two)), "{infno}: for ever");
}

async fn upload(system: &mut System, bytes: &[u8]) -> Value {
    let sent = json!({ "in": STANDARD.encode(bytes), "filename": "day", "fixmedins_code": HOSPITAL });
    system.told("9101", json!({ "fsUploadIn": sent })).await
}

async fn files(system: &mut System, person: &str) {
    let row = format!("A9\tS9\t{person}\t25.00\t5.00\t0.00\t0\t\n");
    for bad in [&b"PK\x03\x04 no archive"[..], b"\xb2\xce\xb1\xa3\xc8\xcb\n"] {
        let answer = upload(system, bad).await;
        assert!(text(&answer["err_msg"]).starts_with("MED-1017"), "{answer}");
    }
    let details = |file: &Value, total: &str, count: &str| {
        json!({ "data": { "setl_optins": "330100", "stmt_begndate": today(), "stmt_enddate": today(), "file_qury_no": file,
            "medfee_sumamt": total, "fund_pay_sumamt": "5.00", "cash_payamt": "20.00", "fixmedins_setl_cnt": count } })
    };
    for (rows, refused) in [
        (row.replace("\t0.00\t0\t", "\t0.00"), "MED-5001"),
        (row.replace("25.00", "1e3"), "MED-5001"),
        (row.repeat(2), "MED-5002"),
        (row.replace("25.00", "26.00"), "MED-5002"),
        (String::new(), "MED-5002"),
        ((0..20_001).map(|number| format!("A{number}\tS\tP\t0\t0\t0\t0\n")).collect(), "MED-1011"),
    ] {
        let file = upload(system, &pack(FileForm::Zip, "day", &rows)).await["output"]["data"]["file_qury_no"].clone();
        assert_eq!(system.refused("3202", details(&file, "25.00", "1")).await, refused, "{}", rows.lines().count());
    }
    assert_eq!(system.refused("3202", details(&json!("unknown"), "25.00", "1")).await, "MED-5010");
    for (form, ending) in [(FileForm::Zip, ".zip"), (FileForm::Text, ".txt")] {
        let bytes = pack(form, "day", &row);
        let file = upload(system, &bytes).await["output"]["data"]["file_qury_no"].clone();
        let result = system.ask("3202", details(&file, "25.00", "1")).await["fileinfo"].clone();
        assert!(text(&result["filename"]).ends_with(ending), "{result}");
        let (came, differences) = unpack(download(system, &result).await).expect("readable");
        let classes: Vec<&str> = differences.lines().filter_map(|row| row.split('\t').nth(4)).collect();
        assert_eq!((came, classes.contains(&"000102")), (form, true), "in the form of the rows: {differences}");
        let sent = json!({ "file_qury_no": file });
        assert_eq!(unpack(download(system, &sent).await), Ok((form, row.clone())), "what was uploaded");
    }
    let totals = |scheme: &str, kind: &str| {
        json!({ "data": { "setl_optins": "330100", "stmt_begndate": today(), "stmt_enddate": today(), "insutype": scheme,
            "clr_type": kind, "medfee_sumamt": "0.00", "fund_pay_sumamt": "0.00", "acct_pay": "0.00", "fixmedins_setl_cnt": "0" } })
    };
    assert_eq!(system.ask("3201", totals("310", "11")).await["stmtinfo"]["stmt_rslt"], "000103", "20.00 were settled");
    for (scheme, kind) in [("390", "11"), ("310", "21")] {
        let none = system.ask("3201", totals(scheme, kind)).await;
        assert_eq!(none["stmtinfo"]["stmt_rslt"], "000000", "of others there is none: {none}");
    }
}

async fn download(system: &mut System, file: &Value) -> Vec<u8> {
    let wanted = json!({ "file_qury_no": file["file_qury_no"], "filename": "any", "fixmedins_code": HOSPITAL });
    let sent = system.ask("9102", json!({ "fsDownloadIn": wanted })).await;
    STANDARD.decode(text(&sent["data"]["in"])).expect("Base64")
}

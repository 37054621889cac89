//! An existing hospital system speaks the national interface to its node, message by message, over HTTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::hospital_system::{CARD, HOSPITAL, System, admission, line, register, settle, text, today};
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_outpatient_goes_from_the_counter_to_reconciliation_by_national_messages() {
    let stage = Stage::new(&[]).await;
    let mut system = System::new(&stage);
    system.ask("9001", json!({ "signIn": { "opter_no": "c01", "mac": "00", "ip": "127.0.0.1" } })).await;
    let person = system
        .ask("1101", json!({ "data": { "mdtrt_cert_type": "02", "mdtrt_cert_no": CARD, "psn_cert_type": "01", "certno": CARD } }))
        .await;
    assert_eq!(person["insuinfo"][0]["insutype"], "310");
    assert_eq!(person["baseinfo"]["brdy"], "1992-04-16");
    let person = text(&person["baseinfo"]["psn_no"]);

    let register = register(&person);
    let mut stranger = register.clone();
    stranger["data"]["psn_no"] = json!("somebody-else");
    assert_eq!(system.refused("2201", stranger).await, "MED-2004");
    let visit = text(&system.ask("2201", register).await["data"]["mdtrt_id"]);
    assert!(visit.starts_with("S330100") && visit.len() == 20, "issued by home: {visit}");
    let diagnosis = json!({ "diag_type": "1", "diag_srt_no": 1, "diag_code": "J06.9", "diag_name": "上呼吸道感染",
        "diag_dept": "内科", "dise_dor_no": "DR1", "dise_dor_name": "医生", "diag_time": format!("{} 09:10:00", today()), "vali_flag": "1" });
    let described = json!({ "mdtrtinfo": { "mdtrt_id": visit, "psn_no": person, "med_type": "11",
        "begntime": format!("{} 09:00:00", today()) }, "diseinfo": diagnosis });
    system.ask("2203", described).await;
    assert_eq!(
        system.refused("2204", json!({ "feedetail": line(&visit, &person, "1", "1e1", "200.00") })).await,
        "MED-1004"
    );
    assert_eq!(
        system.refused("2204", json!({ "feedetail": line(&visit, &person, "1", "10", "200.01") })).await,
        "MED-3004"
    );
    let split = system.ask("2204", json!({ "feedetail": [line(&visit, &person, "1", "100", "2000.00")] })).await;
    assert_eq!(split["result"][0]["inscp_scp_amt"], "2000.00");

    let quote = system.ask("2206", settle(&visit, &person, "2000.00")).await;
    assert!(quote["setlinfo"]["setl_id"].is_null(), "a quote has no number");
    assert_eq!(system.refused("2206", settle(&visit, &person, "2000.01")).await, "MED-4001");
    let message = system.message("2207", settle(&visit, &person, "2000.00"));
    let first = system.send(&message).await;
    let settled: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(settled["infcode"], 0, "{settled}");
    let info = &settled["output"]["setlinfo"];
    // 2 000.00 − 600.00 deductible, level 3, 76 %.
    assert_eq!(
        (text(&info["act_pay_dedc"]), text(&info["fund_pay_sumamt"])),
        ("600.00".to_owned(), "1064.00".to_owned())
    );
    assert_eq!(info["psn_cash_pay"], "936.00");
    assert_eq!(system.send(&message).await, first, "the same message, the same bytes");
    let mut other = message.clone();
    other["input"]["data"]["medfee_sumamt"] = json!("1.00");
    assert!(system.send(&other).await.contains("MED-1007"), "the same id for something else");
    let another = system.told("2207", settle(&visit, &person, "2000.00")).await;
    let why = format!("MED-4004 该批次已结算：{}", text(&info["setl_id"]));
    assert_eq!(another["err_msg"], why, "another id for what is settled");

    let known = system.ask("5203", json!({ "data": { "psn_no": person, "mdtrt_id": visit } })).await;
    assert_eq!(known["setlinfo"][0]["medins_setl_id"], message["msgid"]);
    let used = system.ask("5206", json!({ "data": { "psn_no": person } })).await;
    let deductible = used["cuminfo"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["cum_type_code"] == "deductible/outpatient"));
    assert_eq!(deductible.map(|row| text(&row["cum"])), Some("600.00".to_owned()));

    reconcile(&mut system, info, &person, &visit).await;
    take_back(&mut system, info, &person, &visit).await;
    assert_eq!(system.refused("2505", json!({ "data": {} })).await, "MED-1009");
    let others = quote["dclainfo"].as_array().expect("other filings, and at home");
    let others: Vec<String> = others.iter().map(|other| text(&other["dcla_type"])).collect();
    assert_eq!(others, ["temp_referred", "temp_emergency", "temp_self", "at_home"]);
    without_a_filing(&stage, &mut system, &person).await;
    stage.stop().await;
}

/// The cashier reads to the person what a filing would give.
async fn without_a_filing(stage: &Stage, system: &mut System, person: &str) {
    let clerk = stage.operator("330000");
    let list: Value = clerk.get(&format!("/v1/medical/filings?person={person}")).await.expect("a list");
    for filing in list["items"].as_array().expect("filings") {
        let path = format!("/v1/medical/filings/{}", text(&filing["filing"]));
        clerk.send::<_, Value>(reqwest::Method::DELETE, &path, None, &json!(null)).await.expect("revoked");
    }
    let register = json!({ "data": {
        "psn_no": person, "insutype": "310", "begntime": format!("{} 09:00:00", today()), "mdtrt_cert_type": "02",
        "mdtrt_cert_no": CARD, "ipt_otp_no": "OP-2", "atddr_no": "DR1", "dr_name": "医生", "dept_code": "D1",
        "dept_name": "内科", "caty": "A03",
    } });
    let visit = text(&system.ask("2201", register).await["data"]["mdtrt_id"]);
    system.ask("2204", json!({ "feedetail": [line(&visit, person, "1", "100", "2000.00")] })).await;
    let refused = system.told("2206", settle(&visit, person, "2000.00")).await;
    let said = format!(
        "MED-2005 未备案，参保地规定不能直接结算。全额自费2000.00元；备案后个人负担：长期居住936.00元、临时·转诊1042.40元、\
         急诊抢救1042.40元、临时·非急诊未转诊1255.20元；本次结算前可向参保地备案或由医院代办，须在{}有效，可补办",
        today()
    );
    assert_eq!(refused["err_msg"], said, "{} characters", said.chars().count());
}

/// Cancelled once; what was reversed before it came stays refused.
async fn take_back(system: &mut System, info: &Value, person: &str, visit: &str) {
    let original = text(&info["medins_setl_id"]);
    for (who, id, kind, code) in [
        ("P33010000000037", original.as_str(), "2207", "MED-4007"),
        (person, &original, "2304", "MED-4007"),
        (person, "x", "2207", "MED-1006"),
        (person, &original.to_lowercase(), "2207", "MED-1006"),
    ] {
        let reverse = json!({ "data": { "psn_no": who, "omsgid": id, "oinfno": kind } });
        assert_eq!(system.refused("2601", reverse).await, code, "{who} {id} {kind}: of somebody else, or of nothing");
    }
    let settlement = text(&info["setl_id"]);
    let cancel = json!({ "data": { "setl_id": settlement, "mdtrt_id": visit, "psn_no": person } });
    let contra = system.ask("2208", cancel.clone()).await;
    assert_eq!(contra["setlinfo"]["fund_pay_sumamt"], "-1064.00");
    assert_eq!(system.refused("2208", cancel).await, "MED-4008");
    let reverse =
        json!({ "data": { "psn_no": person, "omsgid": format!("{HOSPITAL}202611291000009999"), "oinfno": "2207" } });
    system.ask("2601", reverse).await;
    let mut late = system.message("2207", settle(visit, person, "2000.00"));
    late["msgid"] = json!(format!("{HOSPITAL}202611291000009999"));
    assert!(system.send(&late).await.contains("MED-4005"), "it was reversed before it came");
    let other = json!({ "data": { "psn_no": person, "mdtrt_id": visit, "setl_id": "S-unknown" } });
    assert_eq!(system.refused("5204", other).await, "MED-4007");
}

/// Totals agree or not; a file of details finds each difference, and its result is downloaded.
async fn reconcile(system: &mut System, info: &Value, person: &str, visit: &str) {
    let days = |more: Value| {
        let mut data = json!({ "setl_optins": "330100", "stmt_begndate": info["setl_time"], "stmt_enddate": info["setl_time"],
            "insutype": "310", "clr_type": "11" });
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ "data": data })
    };
    let sums = json!({ "medfee_sumamt": "2000.00", "fund_pay_sumamt": "1064.00", "acct_pay": "0.00", "fixmedins_setl_cnt": "1" });
    let equal = system.ask("3201", days(sums)).await;
    assert_eq!(equal["stmtinfo"]["stmt_rslt"], "000000", "{equal}");
    let sums = json!({ "medfee_sumamt": "2025.00", "fund_pay_sumamt": "1064.00", "acct_pay": "0.00", "fixmedins_setl_cnt": "2" });
    let differs = system.ask("3201", days(sums)).await;
    assert_eq!(differs["stmtinfo"]["stmt_rslt"], "000103");
    let backwards = json!({ "medfee_sumamt": "0.00", "fund_pay_sumamt": "0.00", "acct_pay": "0.00", "fixmedins_setl_cnt": "0", "stmt_enddate": "2020-01-01" });
    assert_eq!(system.refused("3201", days(backwards)).await, "MED-1005");

    let settlement = text(&info["setl_id"]);
    let file = format!(
        "{settlement}\t{visit}\t{person}\t2000.00\t1064.01\t0.00\t0\t\nA9\tS9\t{person}\t25.00\t0.00\t0.00\t0\t\n"
    );
    let upload =
        json!({ "fsUploadIn": { "in": STANDARD.encode(&file), "filename": "day.txt", "fixmedins_code": HOSPITAL } });
    let file_number = text(&system.ask("9101", upload).await["data"]["file_qury_no"]);
    let sums = json!({ "file_qury_no": file_number, "medfee_sumamt": "2025.00", "fund_pay_sumamt": "1064.01",
        "cash_payamt": "936.00", "fixmedins_setl_cnt": "2" });
    let result = system.ask("3202", days(sums.clone())).await;
    let mut wrong = sums;
    wrong["medfee_sumamt"] = json!("2024.00");
    assert_eq!(system.refused("3202", days(wrong)).await, "MED-5002");
    let download = json!({ "fsDownloadIn": { "file_qury_no": result["fileinfo"]["file_qury_no"], "filename": "r", "fixmedins_code": HOSPITAL } });
    let file = text(&system.ask("9102", download).await["data"]["in"]);
    let rows = String::from_utf8(STANDARD.decode(file).expect("Base64")).expect("UTF-8");
    let classes: Vec<&str> = rows.lines().filter_map(|row| row.split('\t').nth(4)).collect();
    assert_eq!(classes, ["000103", "000102"], "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_goes_from_admission_to_discharge_by_national_messages() {
    let stage = Stage::new(&[]).await;
    let mut system = System::new(&stage);
    let person = system
        .ask("1101", json!({ "data": { "mdtrt_cert_type": "02", "mdtrt_cert_no": CARD, "psn_cert_type": "01" } }))
        .await;
    let person = text(&person["baseinfo"]["psn_no"]);
    let today = format!("{} 00:00:00", today());
    let admission = admission(&person);
    let visit = text(&system.ask("2401", admission.clone()).await["result"]["mdtrt_id"]);
    assert_eq!(system.refused("2401", admission).await, "MED-3002");
    let stays = system.ask("5303", json!({ "data": { "psn_no": person, "begntime": today } })).await;
    assert_eq!(stays["data"][0]["mdtrt_id"], visit.as_str());
    let mut back = line(&visit, &person, "2", "-10", "-200.00");
    back["init_feedetl_sn"] = json!("1");
    system.ask("2301", json!({ "feedetail": line(&visit, &person, "1", "510", "10200.00") })).await;
    system.ask("2301", json!({ "feedetail": back })).await;
    let part = |flag: &str| {
        let mut message = settle(&visit, &person, "10000.00");
        message["data"]["mid_setl_flag"] = json!(flag);
        message
    };
    let estimate = system.ask("2303", part("0")).await;
    // 10 000.00 − 800.00 deductible, level 3, 84 %.
    assert_eq!(estimate["setlinfo"]["fund_pay_sumamt"], "7728.00");
    assert_eq!(system.refused("2304", part("0")).await, "MED-4012");
    let change = json!({ "adminfo": { "mdtrt_id": visit, "psn_no": person, "adm_bed": "14" } });
    system.ask("2403", change).await;
    let discharge = json!({ "dscginfo": { "mdtrt_id": visit, "psn_no": person, "insutype": "310", "endtime": today,
        "dscg_dept_codg": "D1", "dscg_dept_name": "内科", "dscg_way": "1" } });
    system.ask("2402", discharge.clone()).await;
    system.ask("2405", json!({ "data": { "mdtrt_id": visit, "psn_no": person } })).await;
    system.ask("2402", discharge).await;
    let settled = system.ask("2304", part("0")).await;
    assert_eq!(settled["setlinfo"]["fund_pay_sumamt"], "7728.00");
    assert_eq!(system.refused("2404", json!({ "data": { "mdtrt_id": visit, "psn_no": person } })).await, "MED-3011");
    let settlement = text(&settled["setlinfo"]["setl_id"]);
    let cancel = json!({ "data": { "setl_id": settlement, "mdtrt_id": visit, "psn_no": person } });
    let contra = system.ask("2305", cancel).await;
    assert_eq!(contra["setlinfo"]["medfee_sumamt"], "-10000.00");
    system.ask("2304", part("0")).await;
    let months = json!({ "data": { "trt_year": &today[..4], "trt_month": &today[5..7], "startrow": "1" } });
    let month = system.ask("3260", months).await;
    assert_eq!(month["data"].as_array().map(Vec::len), Some(3), "settlement, contra, and the settlement anew");
    let referral = json!({ "refmedin": { "psn_no": person, "diag_code": "J18.9", "diag_name": "肺炎",
        "reflin_medins_no": HOSPITAL, "reflin_medins_name": "医院", "mdtrtarea_admdvs": "310101", "refl_type": "1",
        "refl_date": &today[..10], "refl_rea": "转上级医院", "refl_opnn": "同意" } });
    assert!(system.ask("2501", referral).await["result"]["trt_dcla_detl_sn"].is_string());
    stage.stop().await;
}

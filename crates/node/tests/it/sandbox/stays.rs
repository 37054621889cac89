//! Stays at the sandbox: admission, fees of several days, an interim settlement, discharge, settlement, and all of it taken back; with
//! faults at the settlements of the stay.

use huitong_kernel::time::{Date, ToSpan};
use huitong_node::clock::SystemClock;
use huitong_service_kit::http::Clock;
use serde_json::{Value, json};

use super::{CARD, OF_STAYS, System, refused, rule, text};

/// What a stay came to.
pub struct Stay {
    visit: String,
    interim: String,
}

/// So many days ago, but in this insurance year: what crosses it is another story.
fn day(before: i32) -> String {
    let today = SystemClock { offset_ms: 0 }.now().business_date();
    days_before(today, before.min(i32::from(today.day_of_year()) - 1))
}

fn days_before(day: Date, days: i32) -> String {
    format!("{} 00:00:00", day.checked_sub(days.days()).expect("a date"))
}

fn fees(system: &System, visit: &str, number: &str, day: &str, count: u32) -> Value {
    json!({ "feedetail": [{
        "feedetl_sn": number, "mdtrt_id": visit, "psn_no": system.person, "fee_ocur_time": day,
        "med_list_codg": "F002431", "medins_list_codg": "local-1", "det_item_fee_sumamt": format!("{}.00", count * 20),
        "cnt": count, "pric": "20", "med_type": "21", "bilg_dept_codg": "D1", "bilg_dept_name": "内科",
        "bilg_dr_codg": "DR1", "bilg_dr_name": "医生",
    }] })
}

fn part(system: &System, visit: &str, total: &str, flag: &str) -> Value {
    json!({ "data": {
        "psn_no": system.person, "mdtrt_cert_type": "02", "mdtrt_cert_no": CARD, "medfee_sumamt": total, "mdtrt_id": visit,
        "psn_setlway": "01", "acct_used_flag": "0", "insutype": "310", "mid_setl_flag": flag,
    } })
}

fn admission(system: &System) -> Value {
    json!({ "mdtrtinfo": {
        "psn_no": system.person, "insutype": "310", "begntime": day(3), "mdtrt_cert_type": "02", "mdtrt_cert_no": CARD,
        "med_type": "21", "ipt_no": "IP-1", "atddr_no": "DR1", "chfpdr_name": "医生", "adm_diag_dscr": "肺炎", "adm_dept_codg": "D1",
        "adm_dept_name": "内科", "adm_bed": "12", "dscg_maindiag_code": "J18.9", "dscg_maindiag_name": "肺炎",
    } })
}

fn discharge(system: &System, visit: &str) -> Value {
    json!({ "dscginfo": { "mdtrt_id": visit, "psn_no": system.person, "insutype": "310", "endtime": day(0), "dscg_dept_codg": "D1",
        "dscg_dept_name": "内科", "dscg_way": "1" } })
}

fn number(system: &System, visit: &str) -> Value {
    json!({ "data": { "mdtrt_id": visit, "psn_no": system.person } })
}

fn cancel(system: &System, visit: &str, settlement: &str) -> Value {
    json!({ "data": { "setl_id": settlement, "mdtrt_id": visit, "psn_no": system.person } })
}

/// A stay with two interim parts and a last one, each of which meets a fault; cancelled from its end, and settled anew.
pub async fn well(system: &mut System) -> Stay {
    // The admission comes twice; the patient is admitted once.
    system.fault(json!({ "infno": "2401", "fault": "duplicate" })).await;
    let admitted = system.ask("2401", admission(system)).await;
    let visit = text(&admitted["result"]["mdtrt_id"]);
    system.ask("2301", fees(system, &visit, "1", &day(3), 60)).await;
    let returned = json!({ "feedetail": [{
        "feedetl_sn": "2", "mdtrt_id": visit, "psn_no": system.person, "fee_ocur_time": day(2), "med_list_codg": "F002431",
        "medins_list_codg": "local-1", "det_item_fee_sumamt": "-200.00", "cnt": "-10", "pric": "20", "init_feedetl_sn": "1",
        "med_type": "21", "bilg_dept_codg": "D1", "bilg_dept_name": "内科", "bilg_dr_codg": "DR1", "bilg_dr_name": "医生",
    }] });
    system.ask("2301", returned).await;

    // Interim: the deductible is not yet used up. Booked, and the answer lost.
    let quoted = system.ask("2303", part(system, &visit, "1000.00", "1")).await;
    assert_eq!(quoted["setlinfo"]["medfee_sumamt"], "1000.00");
    system.fault(json!({ "infno": "2304", "fault": "timeout_after_commit" })).await;
    let message = system.message("2304", part(system, &visit, "1000.00", "1"));
    assert!(system.send(&message).await.is_none(), "no answer");
    let listed = system.ask("5203", number(system, &visit)).await;
    let interim = text(&listed["setlinfo"][0]["setl_id"]);
    assert_eq!(listed["setlinfo"][0]["medins_setl_id"], message["msgid"]);

    // The second part is lost on its way: taken back, and settled under a new number.
    system.ask("2301", fees(system, &visit, "3", &day(1), 100)).await;
    system.fault(json!({ "infno": "2304", "fault": "lost_before" })).await;
    let message = system.message("2304", part(system, &visit, "2000.00", "1"));
    assert!(system.send(&message).await.is_none(), "no answer");
    let reverse = json!({ "data": { "psn_no": system.person, "omsgid": message["msgid"], "oinfno": "2304" } });
    system.ask("2601", reverse).await;
    let second = system.ask("2304", part(system, &visit, "2000.00", "1")).await;
    assert_ne!(second["setlinfo"]["fund_pay_sumamt"], "0.00", "beyond the deductible of the stay");

    // The last part, after the discharge; its sums do not add up.
    system.ask("2301", fees(system, &visit, "4", &day(0), 20)).await;
    system.ask("2402", discharge(system, &visit)).await;
    system.fault(json!({ "infno": "2304", "fault": "wrong_sums" })).await;
    let last = system.ask("2304", part(system, &visit, "400.00", "0")).await;
    let last = text(&last["setlinfo"]["setl_id"]);
    let contra = system.ask("2305", cancel(system, &visit, &last)).await;
    assert_eq!(contra["setlinfo"]["medfee_sumamt"], "-400.00");
    // Something was forgotten: back into hospital, one line more, and out again.
    system.ask("2405", number(system, &visit)).await;
    system.ask("2301", fees(system, &visit, "5", &day(0), 5)).await;
    system.ask("2402", discharge(system, &visit)).await;
    let last = system.ask("2304", part(system, &visit, "500.00", "0")).await;
    assert_eq!(last["setlinfo"]["medfee_sumamt"], "500.00");

    let report = system.report().await;
    let others = ["unknown_outcome_asked", "reversed_id_unused", "wrong_sums_noticed", "returns_named"];
    for name in OF_STAYS.into_iter().chain(others) {
        assert_eq!(rule(&report, name).0, "kept", "{name}: {report}");
    }
    assert_eq!(report["answers_that_differ"], json!([]));
    Stay { visit, interim }
}

/// A system that does everything in the wrong order is found out, and changes nothing.
pub async fn badly(system: &mut System, stay: Stay) {
    let message = system.message("2305", cancel(system, &stay.visit, &stay.interim));
    assert_eq!(refused(system.send(&message).await), "MED-4016", "later parts stand on this one");
    let message = system.message("2405", number(system, &stay.visit));
    assert_eq!(refused(system.send(&message).await), "MED-3011", "settled");
    let admitted = system.ask("2401", admission(system)).await;
    let visit = text(&admitted["result"]["mdtrt_id"]);
    let again = system.message("2401", admission(system));
    assert_eq!(refused(system.send(&again).await), "MED-3002");
    let long_ago = days_before(SystemClock { offset_ms: 0 }.now().business_date(), 30);
    let early = system.message("2301", fees(system, &visit, "1", &long_ago, 1));
    assert_eq!(refused(system.send(&early).await), "MED-3006");
    system.ask("2301", fees(system, &visit, "1", &day(0), 1)).await;
    let message = system.message("2304", part(system, &visit, "20.00", "0"));
    assert_eq!(refused(system.send(&message).await), "MED-4012");
    let report = system.report().await;
    for name in ["admitted_once", "fees_within_stay", "discharged_first", "taken_back_in_order"] {
        assert_eq!(rule(&report, name).0, "broken", "{name}: {report}");
    }
    let (verdict, evidence) = rule(&report, "stay_concluded");
    assert_eq!((verdict.as_str(), &evidence[0]["infno"]), ("open", &json!("2301")));
}

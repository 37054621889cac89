//! A hospital's own system, as it speaks the national interface over HTTP.

use huitong_node::clock::SystemClock;
use huitong_service_kit::http::Clock;
use serde_json::{Value, json};

use super::stage::Stage;

pub const HOSPITAL: &str = "H31010100001";
/// Of an invented person of Hangzhou who has filed a long stay.
pub const CARD: &str = "330100199204160018";

/// It numbers its messages and fills the envelope.
pub struct System {
    http: reqwest::Client,
    url: String,
    key: String,
    serial: u32,
}

impl System {
    pub fn new(stage: &Stage) -> System {
        System {
            http: huitong_node::tls::http_client().build().expect("a client"),
            url: format!("{}/v1/medical/national", stage.url("310000")),
            key: stage.keys[HOSPITAL].clone(),
            serial: 0,
        }
    }

    pub fn message(&mut self, infno: &str, input: Value) -> Value {
        self.serial += 1;
        envelope(self.serial, infno, input)
    }

    pub async fn send(&self, message: &Value) -> String {
        self.send_text(message.to_string()).await
    }

    pub async fn send_text(&self, message: String) -> String {
        let request = self.http.post(&self.url).bearer_auth(&self.key).header("content-type", "application/json");
        let answer = request.body(message).send().await.expect("the node answers");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("text")
    }

    pub async fn told(&mut self, infno: &str, input: Value) -> Value {
        let message = self.message(infno, input);
        serde_json::from_str(&self.send(&message).await).expect("JSON")
    }

    /// The output of a message that is granted.
    pub async fn ask(&mut self, infno: &str, input: Value) -> Value {
        let answer = self.told(infno, input).await;
        assert_eq!(answer["infcode"], 0, "{infno}: {answer}");
        assert_eq!(answer["inf_refmsgid"].as_str().map(str::len), Some(30));
        answer["output"].clone()
    }

    /// The code with which a message is refused; nothing was changed.
    pub async fn refused(&mut self, infno: &str, input: Value) -> String {
        let message = self.message(infno, input);
        code(&self.send(&message).await)
    }
}

pub fn envelope(serial: u32, infno: &str, input: Value) -> Value {
    json!({
        "infno": infno, "msgid": format!("{HOSPITAL}20261129100000{serial:04}"),
        "mdtrtarea_admvs": "310101", "insuplc_admdvs": "330100", "recer_sys_code": "HIS", "opter_type": "1",
        "opter": "c01", "opter_name": "收费员", "inf_time": "2026-11-29 10:00:00", "fixmedins_code": HOSPITAL,
        "fixmedins_name": "示例医院", "input": input,
    })
}

/// The code of an answer that refuses.
pub fn code(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    assert_eq!(answer["infcode"], -1, "{answer}");
    answer["err_msg"].as_str().unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn today() -> String {
    SystemClock { offset_ms: 0 }.now().business_date().to_string()
}

pub fn line(visit: &str, person: &str, number: &str, count: &str, amount: &str) -> Value {
    let today = today();
    json!({
        "feedetl_sn": number, "mdtrt_id": visit, "psn_no": person, "chrg_bchno": "1", "rx_circ_flag": "0",
        "fee_ocur_time": format!("{today} 00:00:00"), "med_list_codg": "F002431", "medins_list_codg": "local-1",
        "det_item_fee_sumamt": amount, "cnt": count, "pric": 20, "bilg_dept_codg": "D1", "bilg_dept_name": "内科",
        "bilg_dr_codg": "DR1", "bilg_dr_name": "医生", "med_type": "11",
    })
}

pub fn settle(visit: &str, person: &str, total: &str) -> Value {
    json!({ "data": {
        "psn_no": person, "mdtrt_cert_type": "02", "mdtrt_cert_no": CARD, "med_type": "11", "medfee_sumamt": total,
        "psn_setlway": "01", "mdtrt_id": visit, "chrg_bchno": "1", "acct_used_flag": "0", "insutype": "310",
        "fulamt_ownpay_amt": "0.00", "overlmt_selfpay": "0.00", "preselfpay_amt": "0.00", "inscp_scp_amt": total,
    } })
}

/// 2201
pub fn register(person: &str) -> Value {
    json!({ "data": {
        "psn_no": person, "insutype": "310", "begntime": format!("{} 09:00:00", today()), "mdtrt_cert_type": "02",
        "mdtrt_cert_no": CARD, "ipt_otp_no": "OP-1", "atddr_no": "DR1", "dr_name": "医生", "dept_code": "D1",
        "dept_name": "内科", "caty": "A03",
    } })
}

/// 2401
pub fn admission(person: &str) -> Value {
    json!({ "mdtrtinfo": {
        "psn_no": person, "insutype": "310", "begntime": format!("{} 00:00:00", today()), "mdtrt_cert_type": "02",
        "mdtrt_cert_no": CARD, "med_type": "21", "ipt_no": "IP-1", "atddr_no": "DR1", "chfpdr_name": "医生",
        "adm_diag_dscr": "肺炎", "adm_dept_codg": "D1", "adm_dept_name": "内科", "adm_bed": "12",
        "dscg_maindiag_code": "J18.9", "dscg_maindiag_name": "肺炎",
    } })
}

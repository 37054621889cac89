//! The transactions that are served, with their fields (12.2, 12.3). Whatever is not listed answers MED-1009.

use huitong_service_kit::Refusal;

use super::envelope::{Record, Request};
use super::field::{Field, amount, bytes, code, count, date, number, price, text};
use crate::model::lines::LINES_MAX;
use crate::model::visit::DIAGNOSES_MAX;
use crate::refusal;

/// A node of `input`.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub name: &'static str,
    pub fields: &'static [Field],
    pub required: bool,
    /// Fields that this transaction asks for beyond those that the table of fields does.
    pub also_required: &'static [&'static str],
    /// How many objects it may hold.
    pub records_max: usize,
}

impl Node {
    const fn asking(mut self, fields: &'static [&'static str]) -> Node {
        self.also_required = fields;
        self
    }

    const fn up_to(mut self, records: usize) -> Node {
        self.records_max = records;
        self
    }

    pub fn is_required(&self, field: &Field) -> bool {
        field.required || self.also_required.contains(&field.name)
    }
}

/// A transaction of the national interface.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    pub infno: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    pub nodes: &'static [Node],
    /// The nodes of the answer.
    pub output: &'static [&'static str],
    /// What a user of it must know.
    pub note: &'static str,
}

pub const CERTIFICATES: &[&str] = &["01", "02", "03"];
/// 310 employees, 390 residents
pub const SCHEMES: &[&str] = &["310", "390"];
/// 11 outpatient, 13 emergency, 14 chronic, 21 inpatient, 41 pharmacy
pub const CARE_TYPES: &[&str] = &["11", "13", "14", "21", "41"];
const STAY: &[&str] = &["21"];
/// Settling calls: what 2601 reverses.
const SETTLING: &[&str] = &["2207", "2304"];
pub const FLAG: &[&str] = &["0", "1"];
/// Not looked at: any value of the national dictionary.
const ANY: &[&str] = &[];

const PERSON_NO: Field = text("psn_no", 30).must();
const VISIT: Field = text("mdtrt_id", 30).must();
const SCHEME: Field = code("insutype", 6, SCHEMES).must();
const CARE_TYPE: Field = code("med_type", 6, CARE_TYPES).must();
const CERTIFICATE: Field = code("mdtrt_cert_type", 3, CERTIFICATES).must();
const CERTIFICATE_NO: Field = text("mdtrt_cert_no", 50);

const fn node(name: &'static str, fields: &'static [Field]) -> Node {
    Node { name, fields, required: true, also_required: &[], records_max: 1 }
}

const fn diagnoses(fields: &'static [Field]) -> Node {
    Node { required: false, ..node("diseinfo", fields) }.up_to(DIAGNOSES_MAX)
}

const DIAGNOSIS: &[Field] = &[
    code("diag_type", 3, ANY).must().ignored(),
    text("diag_srt_no", 2).must().ignored(),
    text("diag_code", 20).must(),
    text("diag_name", 100).must(),
    text("diag_dept", 50).must().ignored(),
    text("dise_dor_no", 30).must().ignored(),
    text("dise_dor_name", 50).must().ignored(),
    date("diag_time").must(),
    code("vali_flag", 3, FLAG).must(),
    code("maindiag_flag", 3, FLAG),
    text("adm_cond", 500).ignored(),
];

/// Of a stay one diagnosis is the main one.
const MAIN_DIAGNOSIS: &[&str] = &["maindiag_flag"];

/// Of 2204 only.
const OUTPATIENT_LINE: &[&str] = &["chrg_bchno", "rx_circ_flag"];
/// Of 2301 only.
const STAY_LINE: &[&str] = &["med_type"];

const LINE: &[Field] = &[
    text("feedetl_sn", 30).must(),
    VISIT,
    PERSON_NO,
    text("chrg_bchno", 30),
    text("dise_codg", 30),
    text("rxno", 30).ignored(),
    code("rx_circ_flag", 3, ANY).ignored(),
    date("fee_ocur_time").must(),
    text("med_list_codg", 50).must(),
    text("medins_list_codg", 150).must(),
    amount("det_item_fee_sumamt").must(),
    count("cnt").must(),
    price("pric").must(),
    text("sin_dos_dscr", 200).ignored(),
    text("used_frqu_dscr", 200).ignored(),
    text("prd_days", 6).ignored(),
    text("medc_way_dscr", 200).ignored(),
    text("bilg_dept_codg", 30).must().ignored(),
    text("bilg_dept_name", 100).must().ignored(),
    text("bilg_dr_codg", 30).must().ignored(),
    text("bilg_dr_name", 50).must().ignored(),
    text("acord_dept_codg", 30).ignored(),
    text("acord_dept_name", 100).ignored(),
    text("orders_dr_code", 30).ignored(),
    text("orders_dr_name", 50).ignored(),
    code("hosp_appr_flag", 3, &["0", "1", "2"]),
    code("tcmdrug_used_way", 6, ANY).ignored(),
    code("etip_flag", 3, ANY).ignored(),
    text("etip_hosp_code", 30).ignored(),
    code("dscg_tkdrug_flag", 3, ANY).ignored(),
    code("matn_fee_flag", 6, ANY).ignored(),
    text("init_feedetl_sn", 30),
    text("drord_no", 30).ignored(),
    code("med_type", 6, CARE_TYPES).ignored(),
    text("memo", 500).ignored(),
    code("er_flag", 6, ANY).ignored(),
];

/// 2206, 2207, 2303, 2304. Each of the four sums that is sent must equal the split.
const SETTLE: &[Field] = &[
    PERSON_NO,
    CERTIFICATE.ignored(),
    CERTIFICATE_NO.ignored(),
    code("med_type", 6, CARE_TYPES).ignored(),
    amount("medfee_sumamt").must(),
    code("psn_setlway", 6, ANY).must().ignored(),
    VISIT,
    text("chrg_bchno", 30),
    code("acct_used_flag", 1, FLAG).must(),
    SCHEME.ignored(),
    text("invono", 20).ignored(),
    amount("fulamt_ownpay_amt"),
    amount("overlmt_selfpay"),
    amount("preselfpay_amt"),
    amount("inscp_scp_amt"),
    code("mid_setl_flag", 3, FLAG),
    date("dscgTime").ignored(),
];

/// 2206
const OUTPATIENT_QUOTE: &[&str] = &["med_type", "chrg_bchno"];
/// 2207: the four sums must equal the split.
const OUTPATIENT_SETTLE: &[&str] =
    &["med_type", "chrg_bchno", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];
/// 2303, 2304
const STAY_SETTLE: &[&str] = &["mid_setl_flag"];

const SETTLED: &[Field] = &[text("setl_id", 30).must(), VISIT, PERSON_NO];

const ADMISSION: &[Field] = &[
    PERSON_NO,
    SCHEME,
    text("coner_name", 50).ignored(),
    text("tel", 50).ignored(),
    date("begntime").must(),
    CERTIFICATE,
    CERTIFICATE_NO.must(),
    code("med_type", 6, STAY).must(),
    text("ipt_no", 30).must(),
    text("medrcdno", 30).ignored(),
    text("atddr_no", 30).must(),
    text("chfpdr_name", 50).must(),
    text("adm_diag_dscr", 200).must().ignored(),
    text("adm_dept_codg", 30).must(),
    text("adm_dept_name", 100).must(),
    text("adm_bed", 30).must(),
    text("dscg_maindiag_code", 20).must(),
    text("dscg_maindiag_name", 300).must(),
    text("main_cond_dscr", 1_000),
    text("dise_codg", 30).ignored(),
    text("dise_name", 500).ignored(),
    text("oprn_oprt_code", 30).ignored(),
    text("oprn_oprt_name", 500).ignored(),
    code("matn_type", 6, ANY).ignored(),
    code("birctrl_type", 6, ANY).ignored(),
    date("birctrl_matn_date").ignored(),
    code("er_flag", 6, ANY),
];

/// As 2401; what is not sent stays as it is.
const CHANGE: &[Field] = &[
    VISIT,
    PERSON_NO,
    text("ipt_no", 30),
    text("atddr_no", 30),
    text("chfpdr_name", 50),
    text("adm_dept_codg", 30),
    text("adm_dept_name", 100),
    text("adm_bed", 30),
    text("main_cond_dscr", 1_000),
];

const DISCHARGE: &[Field] = &[
    VISIT,
    PERSON_NO,
    SCHEME.ignored(),
    date("endtime").must(),
    code("cop_flag", 3, ANY).ignored(),
    text("dscg_dept_codg", 30).must(),
    text("dscg_dept_name", 100).must(),
    text("dscg_bed", 30),
    code("dscg_way", 3, ANY).must(),
    date("die_date"),
    text("dise_codg", 30).ignored(),
    text("dise_name", 500).ignored(),
    text("oprn_oprt_code", 30).ignored(),
    text("oprn_oprt_name", 500).ignored(),
    code("matn_type", 6, ANY).ignored(),
    code("birctrl_type", 6, ANY).ignored(),
];

const REFERRAL: &[Field] = &[
    PERSON_NO,
    code("insutype", 6, SCHEMES),
    text("tel", 50).ignored(),
    text("addr", 200).ignored(),
    text("insu_optins", 6).ignored(),
    text("diag_code", 20).must(),
    text("diag_name", 100).must(),
    text("dise_cond_dscr", 2_000).ignored(),
    text("reflin_medins_no", 12).must(),
    text("reflin_medins_name", 200).must().ignored(),
    // Spelled `admdvs` in this message.
    text("mdtrtarea_admdvs", 6).must(),
    code("hosp_agre_refl_flag", 3, ANY).ignored(),
    code("refl_type", 30, ANY).must().ignored(),
    date("refl_date").must(),
    text("refl_rea", 100).must(),
    text("refl_opnn", 200).must().ignored(),
    date("begndate"),
    date("enddate"),
    text("refl_used_flag", 3).ignored(),
];

const PERSON: &[Field] = &[
    CERTIFICATE,
    CERTIFICATE_NO.must(),
    text("card_sn", 32).ignored(),
    date("begntime").ignored(),
    code("psn_cert_type", 6, ANY).must().ignored(),
    text("certno", 50),
    text("psn_name", 50),
];

const BENEFIT: &[Field] = &[
    PERSON_NO,
    SCHEME,
    text("fixmedins_code", 12).ignored(),
    CARE_TYPE,
    date("begntime").must().ignored(),
    date("endtime").ignored(),
    text("dise_codg", 30).ignored(),
    text("dise_name", 500).ignored(),
    text("oprn_oprt_code", 30).ignored(),
    text("oprn_oprt_name", 500).ignored(),
    code("matn_type", 6, ANY).ignored(),
    code("birctrl_type", 6, ANY).ignored(),
];

const REGISTER: &[Field] = &[
    PERSON_NO,
    SCHEME,
    date("begntime").must(),
    CERTIFICATE,
    CERTIFICATE_NO,
    text("ipt_otp_no", 30).must(),
    text("atddr_no", 30).must(),
    text("dr_name", 50).must(),
    text("dept_code", 30).must(),
    text("dept_name", 100).must(),
    code("caty", 6, ANY).must().ignored(),
    code("med_type", 6, CARE_TYPES),
    text("dise_codg", 30),
];

const VISIT_AND_DIAGNOSES: &[Field] = &[
    VISIT,
    PERSON_NO,
    CARE_TYPE.ignored(),
    date("begntime").must().ignored(),
    text("main_cond_dscr", 1_000),
    text("dise_codg", 30).ignored(),
    text("dise_name", 500).ignored(),
    code("birctrl_type", 6, ANY).ignored(),
    date("birctrl_matn_date").ignored(),
    code("matn_type", 6, ANY).ignored(),
    text("geso_val", 2).ignored(),
];

const TOTALS: &[Field] = &[
    SCHEME,
    code("clr_type", 6, CARE_TYPES).must(),
    text("setl_optins", 6).must(),
    date("stmt_begndate").must(),
    date("stmt_enddate").must(),
    amount("medfee_sumamt").must(),
    amount("fund_pay_sumamt").must(),
    amount("acct_pay").must(),
    number("fixmedins_setl_cnt", 10).must(),
];

const DETAILS: &[Field] = &[
    text("setl_optins", 6).must(),
    text("file_qury_no", 30).must(),
    date("stmt_begndate").must(),
    date("stmt_enddate").must(),
    amount("medfee_sumamt").must(),
    amount("fund_pay_sumamt").must(),
    amount("cash_payamt").must().ignored(),
    number("fixmedins_setl_cnt", 10).must(),
];

macro_rules! transaction {
    ($infno:literal $zh:literal $en:literal [$($node:expr),*] -> [$($output:literal),*] $note:literal) => {
        Transaction {
            infno: $infno, name_zh: $zh, name_en: $en, nodes: &[$($node),*], output: &[$($output),*], note: $note,
        }
    };
}

pub const ALL: &[Transaction] = &[
    transaction!("9001" "签到" "sign in"
        [node("signIn", &[text("opter_no", 20).must(), text("mac", 20).must().ignored(), text("ip", 20).must().ignored()])]
        -> ["signinoutb"] "The API key says who calls; the number that comes back need not be sent."),
    transaction!("9002" "签退" "sign out"
        [node("signOut", &[text("sign_no", 30).must().ignored(), text("opter_no", 20).must().ignored()])]
        -> ["signoutoutb"] "Ends nothing: keys are revoked at the registry."),
    transaction!("9101" "文件上传" "file upload"
        [node("fsUploadIn", &[bytes("in").must(), text("filename", 200).must(), text("fixmedins_code", 30).must().ignored()])]
        -> ["data"] "`in` is Base64, or a list of numbers, of the file: UTF-8 text, or a ZIP of one TXT of it; kept 30 days."),
    transaction!("9102" "文件下载" "file download"
        [node("fsDownloadIn", &[text("file_qury_no", 30).must(), text("filename", 200).must().ignored(), text("fixmedins_code", 30).must().ignored()])]
        -> ["data"] "The answer's `data.in` is Base64, of a ZIP where a ZIP was uploaded; the differences of 3202 come as their rows came."),
    transaction!("1101" "人员信息获取" "person" [node("data", PERSON)]
        -> ["baseinfo", "insuinfo", "idetinfo"] "`insuplc_admdvs` of the envelope names the home area. `certno` and `psn_name`, where sent, must be the person's; `card_sn` must come with a card (03)."),
    transaction!("1201" "医药机构信息获取" "institution"
        [node("medinsinfo", &[code("fixmedins_type", 6, ANY).must().ignored(), text("fixmedins_name", 200).ignored(), text("fixmedins_code", 12).must()])]
        -> ["medinsinfo"] "By its code only."),
    transaction!("2001" "人员待遇享受检查" "benefit check" [node("data", BENEFIT)] -> ["trtinfo"] ""),
    transaction!("2201" "门诊挂号" "register an outpatient visit" [node("data", REGISTER)]
        -> ["data"] "`med_type` (default 11) and, for chronic care, `dise_codg` may be sent."),
    transaction!("2202" "门诊挂号撤销" "cancel a registration"
        [node("data", &[PERSON_NO, VISIT, text("ipt_otp_no", 30).must().ignored()])] -> [] ""),
    transaction!("2203" "门诊就诊信息上传" "visit and diagnoses"
        [node("mdtrtinfo", VISIT_AND_DIAGNOSES), diagnoses(DIAGNOSIS)] -> [] ""),
    transaction!("2203A" "门诊就诊信息上传A" "visit and diagnoses, as 2203"
        [node("mdtrtinfo", VISIT_AND_DIAGNOSES), diagnoses(DIAGNOSIS)] -> [] ""),
    transaction!("2204" "门诊费用明细信息上传" "lines of an outpatient batch"
        [node("feedetail", LINE).asking(OUTPATIENT_LINE).up_to(LINES_MAX)]
        -> ["result"] "At most 100 lines a call; calls add to the batch. A return has no row of its own in the answer: its line comes back as it is now."),
    transaction!("2205" "门诊费用明细信息撤销" "revoke lines"
        [node("data", &[VISIT, text("chrg_bchno", 30).must(), PERSON_NO, text("feedetl_sn", 30)]).up_to(LINES_MAX)]
        -> [] "`chrg_bchno` 0000: all that is not settled. With `feedetl_sn`, as 2302: that line only."),
    transaction!("2206" "门诊预结算" "outpatient quote" [node("data", SETTLE).asking(OUTPATIENT_QUOTE)]
        -> ["setlinfo", "setldetail", "dclainfo"] ""),
    transaction!("2207" "门诊结算" "outpatient settlement" [node("data", SETTLE).asking(OUTPATIENT_SETTLE)]
        -> ["setlinfo", "setldetail"] "Settles the quote of 2206, or one that is made at once. `infcode` -1 with MED-4009: do not collect yet."),
    transaction!("2208" "门诊结算撤销" "cancel an outpatient settlement" [node("data", SETTLED)]
        -> ["setlinfo", "setldetail"] "After the period was cut it is a refund."),
    transaction!("2301" "住院费用明细上传" "lines of a stay"
        [node("feedetail", LINE).asking(STAY_LINE).up_to(LINES_MAX)]
        -> ["result"] "Returns name `init_feedetl_sn`, as in 2204; all unsettled lines form one batch."),
    transaction!("2302" "住院费用明细撤销" "revoke lines of a stay"
        [node("data", &[text("feedetl_sn", 30), VISIT, PERSON_NO]).up_to(LINES_MAX)]
        -> [] "That line, or those of a list, all or none; `0000` or none named: all that is not settled. A return gives its quantity back; a line goes only together with its returns (MED-3013)."),
    transaction!("2303" "住院预结算" "inpatient quote" [node("data", SETTLE).asking(STAY_SETTLE)]
        -> ["setlinfo", "setldetail", "dclainfo"] "`mid_setl_flag` 1, or before the discharge: of the stay so far."),
    transaction!("2304" "住院结算" "inpatient settlement" [node("data", SETTLE).asking(STAY_SETTLE)]
        -> ["setlinfo", "setldetail"] "`mid_setl_flag` 1: interim; 0 asks for the discharge (2402) first."),
    transaction!("2305" "住院结算撤销" "cancel an inpatient settlement" [node("data", SETTLED)]
        -> ["setlinfo", "setldetail"] "The last settlement of the stay first."),
    transaction!("2401" "入院办理" "admit" [node("mdtrtinfo", ADMISSION), diagnoses(DIAGNOSIS).asking(MAIN_DIAGNOSIS)] -> ["result"] ""),
    transaction!("2402" "出院办理" "discharge" [node("dscginfo", DISCHARGE), diagnoses(DIAGNOSIS).asking(MAIN_DIAGNOSIS)] -> [] ""),
    transaction!("2403" "住院信息变更" "change of an admission"
        [node("adminfo", CHANGE), diagnoses(DIAGNOSIS).asking(MAIN_DIAGNOSIS)] -> [] "Person, scheme and day of admission stay."),
    transaction!("2404" "入院撤销" "cancel an admission" [node("data", &[VISIT, PERSON_NO])] -> [] ""),
    transaction!("2405" "出院撤销" "cancel a discharge" [node("data", &[VISIT, PERSON_NO])] -> [] ""),
    transaction!("2501" "转院备案" "referral filing" [node("refmedin", REFERRAL)] -> ["result"] "Filed as `temp_referred`."),
    transaction!("2503" "人员慢特病备案" "chronic registration"
        [node("data", &[PERSON_NO, SCHEME, text("opsp_dise_code", 30).must(), text("opsp_dise_name", 300).ignored(), date("begndate")])]
        -> ["result"] ""),
    transaction!("2601" "冲正交易" "reverse"
        [node("data", &[PERSON_NO, text("omsgid", 30).must(), code("oinfno", 4, SETTLING).must()])]
        -> [] "Settling calls only (2207, 2304); a cancel is not reversed. Also before the original: that is then refused for good."),
    transaction!("3201" "医药机构费用结算对总账" "totals of settlements" [node("data", TOTALS)]
        -> ["stmtinfo"] "By day of settlement, of that `insutype` and `clr_type`; `setl_optins` is the home area, or its province."),
    transaction!("3202" "医药机构费用结算对明细账" "details of settlements" [node("data", DETAILS)]
        -> ["fileinfo"] "Rows of the file, by TAB: setl_id, mdtrt_id, psn_no, medfee_sumamt, fund_pay_sumamt, acct_pay, refd_setl_flag, memo."),
    transaction!("3260" "提取异地清分明细" "details of a month"
        [node("data", &[number("trt_year", 4).must(), number("trt_month", 2).must(), number("startrow", 12).must()])]
        -> ["data"] "100 rows a query."),
    transaction!("5201" "就诊信息查询" "visits"
        [node("data", &[PERSON_NO, date("begntime").must(), date("endtime").must(), code("med_type", 6, CARE_TYPES), text("mdtrt_id", 30)])]
        -> ["mdtrtinfo"] "Visits at the caller's institution."),
    transaction!("5203" "结算信息查询" "settlements"
        [node("data", &[PERSON_NO, text("setl_id", 30), VISIT])]
        -> ["setlinfo", "setldetail"] "Without `setl_id`: every settlement of the visit, each with `medins_setl_id`."),
    transaction!("5204" "费用明细查询" "lines"
        [node("data", &[PERSON_NO, text("setl_id", 30), VISIT])] -> ["feedetail"] ""),
    transaction!("5206" "人员累计信息查询" "accumulators"
        [node("data", &[PERSON_NO, text("cum_ym", 6).ignored()])] -> ["cuminfo"] "Of the insurance year of today; `cum_type_code` is the name in the pack."),
    transaction!("5301" "人员慢特病备案查询" "chronic registrations"
        [node("data", &[PERSON_NO])] -> ["feedetail"] ""),
    transaction!("5303" "在院信息查询" "in hospital"
        [node("data", &[PERSON_NO, date("begntime").must().ignored(), date("endtime").ignored()])]
        -> ["data"] "Open stays at the caller's institution."),
];

/// Named by the standard and not served.
pub const NOT_SERVED: &[&str] = &[
    "1901",
    "1301–1312",
    "2101–2103",
    "2505",
    "2506",
    "3101",
    "3102",
    "3203",
    "3204",
    "3301",
    "3302",
    "3501–3507",
    "3513",
    "4101–4105",
    "5202",
    "5360",
];

/// The transaction of a request, its fields checked.
///
/// # Errors
/// MED-1009, MED-1002 to 1005, MED-1012.
pub fn check(request: &Request) -> Result<&'static Transaction, Refusal> {
    let infno = request.infno();
    let transaction = ALL.iter().find(|known| known.infno == infno);
    let transaction = transaction.ok_or_else(|| refusal::NOT_SUPPORTED.with("infno", infno).at_field("infno"))?;
    for node in transaction.nodes {
        check_node(node, request.all(node.name))?;
    }
    // 12.1: once a person is meant, where they are insured.
    let names_person = transaction.nodes.iter().any(|node| node.fields.iter().any(|field| field.name == "psn_no"));
    if names_person && request.get("insuplc_admdvs").is_empty() {
        return Err(refusal::FIELD_MISSING.with("field", "insuplc_admdvs").at_field("insuplc_admdvs"));
    }
    Ok(transaction)
}

fn check_node(node: &Node, records: &[Record]) -> Result<(), Refusal> {
    if records.is_empty() && node.required {
        return Err(refusal::FIELD_MISSING.with("field", node.name).at_field(node.name));
    }
    if records.len() > node.records_max {
        return Err(refusal::TOO_MANY_LINES.with("limit", node.records_max).at_field(node.name));
    }
    for (index, record) in records.iter().enumerate() {
        let path = |field: &Field| match records.len() {
            1 => format!("{}.{}", node.name, field.name),
            _ => format!("{}[{index}].{}", node.name, field.name),
        };
        for field in node.fields {
            match record.get(field.name) {
                Some(value) => field.check(value, &path(field))?,
                None if node.is_required(field) => {
                    let path = path(field);
                    return Err(refusal::FIELD_MISSING.with("field", &path).at_field(path));
                }
                None => {}
            }
        }
    }
    Ok(())
}

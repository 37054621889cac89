//! Wire types that several endpoints share.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use huitong_kernel::decimal::{Price, Quantity};
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use huitong_service_kit::http::{Caller, Problem, Yuan};
use serde::{Deserialize, Serialize};

use crate::command::{SettledReply, VisitWish};
use crate::model::lines::{Approval, Line, is_plausible};
use crate::model::message::Certificate;
use crate::model::person::{CareType, Scheme};
use crate::model::visit::VisitDetails;
use crate::{Medical, refusal};

/// How a person shows who they are. Personal data.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateWire {
    /// 01 e-voucher, 02 identity card, 03 social security card
    #[serde(rename = "type")]
    pub kind: String,
    pub number: String,
}

impl CertificateWire {
    pub fn check(self, field: &str) -> Result<Certificate, Problem> {
        if !matches!(self.kind.as_str(), "01" | "02" | "03") {
            let path = format!("{field}.type");
            let refusal = refusal::CODE_UNKNOWN.with("field", &path).with("value", self.kind);
            return Err(problem(&refusal.at_field(path)));
        }
        check_length(&format!("{field}.number"), &self.number, 50)?;
        Ok(Certificate { kind: self.kind, number: self.number })
    }
}

/// The visit of a bill or a registration.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitWire {
    /// The pool in which the person is insured (参保地), six digits.
    #[schema(value_type = String)]
    pub home_area: Division,
    pub certificate: CertificateWire,
    pub scheme: Scheme,
    pub care_type: CareType,
    /// `er_flag` = 1: counts as filed.
    #[serde(default)]
    pub emergency: bool,
    /// Inpatient care (21): the day of admission, up to 90 days ago; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub began_on: Option<Date>,
    /// `opsp_dise_code`, mandatory for chronic care (14): the person must be registered for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    /// What stays at the hospital's node: department, bed, diagnoses …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<VisitDetails>,
}

impl VisitWire {
    pub fn wish(self) -> Result<VisitWish, Problem> {
        if let Some(disease) = &self.disease {
            check_length("disease", disease, 30)?;
        }
        Ok(VisitWish {
            home_area: self.home_area,
            certificate: self.certificate.check("certificate")?,
            scheme: self.scheme,
            care_type: self.care_type,
            emergency: self.emergency,
            began_on: self.began_on,
            disease: self.disease,
            details: self.details.map(|details| checked("details", details)).transpose()?,
        })
    }
}

/// Lengths of what a hospital says of a visit.
pub fn checked(field: &str, details: VisitDetails) -> Result<Box<VisitDetails>, Problem> {
    match details.too_long() {
        Some((name, limit)) => {
            let path = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
            Err(problem(&refusal::FIELD_TOO_LONG.with("field", &path).with("limit", limit).at_field(path)))
        }
        None => Ok(Box::new(details)),
    }
}

/// A fee line (费用明细).
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineWire {
    /// `feedetl_sn`, unique in the visit
    pub number: String,
    /// Day of the fee; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub fee_date: Option<Date>,
    /// `med_list_codg`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_code: Option<String>,
    /// `medins_list_codg`: the institution's own code, mapped by the catalogue
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_code: Option<String>,
    /// At most four decimals; negative for a return.
    #[schema(value_type = String)]
    pub quantity: Quantity,
    /// Yuan with at most six decimals.
    #[schema(value_type = String)]
    pub price: Price,
    /// price × quantity, rounded half up to the fen
    pub amount: Yuan,
    /// `hosp_appr_flag`: 0 not stated, 1 limited use approved, 2 self-paid
    #[serde(default)]
    #[schema(value_type = String)]
    pub approval: Approval,
    /// `init_feedetl_sn`: the line that a return takes back
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

/// Checks lengths and turns wire lines into lines.
pub fn lines(wire: Vec<LineWire>, today: Date) -> Result<Vec<Line>, Problem> {
    let mut lines = Vec::with_capacity(wire.len());
    for (index, line) in wire.into_iter().enumerate() {
        let path = |field: &str| format!("lines[{index}].{field}");
        check_length(&path("number"), &line.number, 30)?;
        check_length(&path("item_code"), line.item_code.as_deref().unwrap_or("-"), 50)?;
        check_length(&path("local_code"), line.local_code.as_deref().unwrap_or("-"), 150)?;
        check_length(&path("original"), line.original.as_deref().unwrap_or("-"), 30)?;
        if !is_plausible(line.quantity, line.price) {
            let refusal = refusal::NUMBER_MALFORMED.with("field", path("quantity"));
            return Err(problem(&refusal.at_field(path("quantity"))));
        }
        lines.push(Line {
            number: line.number,
            day: line.fee_date.unwrap_or(today),
            code: line.item_code,
            local_code: line.local_code,
            quantity: line.quantity,
            price: line.price,
            amount: line.amount.0,
            approval: line.approval,
            original: line.original,
        });
    }
    Ok(lines)
}

/// MED-1003, or MED-1002 for an empty text.
pub fn check_length(field: &str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(problem(&refusal::FIELD_MISSING.with("field", field).at_field(field)));
    }
    if text.chars().count() > limit {
        return Err(problem(&refusal::FIELD_TOO_LONG.with("field", field).with("limit", limit).at_field(field)));
    }
    Ok(())
}

pub fn problem(refusal: &Refusal) -> Problem {
    Problem::from_refusal::<Medical>(refusal)
}

/// The message id of a settling call: the `Idempotency-Key`, which is therefore mandatory.
pub fn message_id(caller: &Caller) -> Result<String, Problem> {
    caller.key().map(str::to_owned).ok_or_else(|| problem(&refusal::IDEMPOTENCY_KEY_MISSING.refuse()))
}

/// What the cashier does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CashierAnswer {
    /// 收费: collect the amount in `collect`
    Collect,
    /// 不收费: nothing was booked
    DoNotCollect,
    /// 请等待: do not collect yet; the node resolves it
    Wait,
}

/// What one fund pays.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FundWire {
    /// `fund_pay_type`
    pub fund: String,
    pub paid: Yuan,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_before: Option<Yuan>,
}

/// The outcome of a settlement for the cashier. Amounts in yuan.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettlementOutcome {
    pub answer: CashierAnswer,
    /// What to collect in cash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collect: Option<Yuan>,
    pub message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementWire>,
    /// Where the outcome will be, while it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettlementWire {
    /// `setl_id`
    pub settlement: String,
    /// `mdtrt_id`
    pub visit: String,
    pub total_fee: Yuan,
    pub funds: Vec<FundWire>,
    pub fund_total: Yuan,
    pub person_total: Yuan,
    pub account: Yuan,
    pub mutual_aid: Yuan,
    pub cash: Yuan,
    pub account_balance: Yuan,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
}

impl From<SettledReply> for SettlementWire {
    fn from(settled: SettledReply) -> SettlementWire {
        let fund = |fund: crate::model::amounts::FundPayment| FundWire {
            fund: fund.fund,
            paid: fund.paid_fen.into(),
            room_before: fund.room_before_fen.map(Yuan),
        };
        SettlementWire {
            settlement: settled.settlement,
            visit: settled.visit,
            total_fee: settled.total_fen.into(),
            funds: settled.funds.into_iter().map(fund).collect(),
            fund_total: settled.fund_total_fen.into(),
            person_total: settled.person_total_fen.into(),
            account: settled.account_fen.into(),
            mutual_aid: settled.mutual_aid_fen.into(),
            cash: settled.cash_fen.into(),
            account_balance: settled.account_balance_fen.into(),
            contra_of: settled.contra_of,
        }
    }
}

impl SettlementOutcome {
    pub fn collect(settled: SettledReply) -> SettlementOutcome {
        SettlementOutcome {
            answer: CashierAnswer::Collect,
            collect: Some(settled.cash_fen.into()),
            message_id: settled.message_id.clone(),
            settlement: Some(settled.into()),
            call: None,
        }
    }

    /// 202: do not collect yet.
    pub fn wait(message_id: String) -> Response {
        let call = Some(format!("/v1/medical/calls/{message_id}"));
        let outcome =
            SettlementOutcome { answer: CashierAnswer::Wait, collect: None, message_id, settlement: None, call };
        (StatusCode::ACCEPTED, Json(outcome)).into_response()
    }
}

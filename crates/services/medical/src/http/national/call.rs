//! A message of the national interface on its way: what each transaction asks of it and of the node.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use huitong_service_kit::http::{Asked, Caller, Problem};
use serde_json::{Map, Value};

use super::super::MedicalEdge;
use super::super::wire::problem;
use crate::command::{Command, Reply};
use crate::model::message::Certificate;
use crate::model::person::{CareType, Scheme};
use crate::national::envelope::{Record, Request};
use crate::national::field::day;
use crate::query::visits::{self, VisitedVisit};
use crate::refusal;

pub struct Call<'c> {
    pub edge: &'c MedicalEdge,
    /// Under the message id.
    pub caller: Caller,
    pub request: &'c Request,
    pub hash: Digest,
}

/// A field that is there, or nothing.
pub fn text(record: &Record, name: &str) -> String {
    record.get(name).cloned().unwrap_or_default()
}

/// A day; the fields have been checked.
pub fn date(record: &Record, name: &str) -> Option<Date> {
    record.get(name).and_then(|text| day(text))
}

pub fn amount(record: &Record, name: &str) -> Option<Fen> {
    record.get(name).and_then(|text| text.parse().ok())
}

pub fn missing(name: &str) -> Problem {
    problem(&refusal::FIELD_MISSING.with("field", name).at_field(name))
}

/// `insutype`
pub fn scheme(code: &str) -> Option<Scheme> {
    match code {
        "310" => Some(Scheme::Employee),
        "390" => Some(Scheme::Resident),
        _ => None,
    }
}

pub fn scheme_code(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Employee => "310",
        Scheme::Resident => "390",
    }
}

/// `med_type`
pub fn care_type(code: &str) -> Option<CareType> {
    CareType::ALL.into_iter().find(|care_type| care_type.code() == code)
}

/// An object of the answer from names and values; what is absent is left out.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let there = fields.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Yuan with two decimals.
pub fn yuan(amount: Fen) -> Value {
    Value::from(amount.yuan())
}

impl Call<'_> {
    /// The one object of a node; it was checked to be there.
    pub fn node(&self, name: &str) -> Result<&Record, Problem> {
        self.request.first(name).ok_or_else(|| missing(name))
    }

    /// `insuplc_admdvs`, required where a person is meant.
    pub fn home_area(&self) -> Result<Division, Problem> {
        let code = self.request.envelope.get("insuplc_admdvs").ok_or_else(|| missing("insuplc_admdvs"))?;
        let unknown = || problem(&refusal::HOME_AREA_NOT_SERVED.refuse().at_field("insuplc_admdvs"));
        code.parse().map_err(|_| unknown())
    }

    /// How the person of a record shows who they are: by certificate, else by the number that home has given.
    pub fn certificate(&self, record: &Record) -> Certificate {
        match (record.get("mdtrt_cert_type"), record.get("mdtrt_cert_no")) {
            (Some(kind), Some(number)) => Certificate { kind: kind.clone(), number: number.clone() },
            _ => Certificate { kind: "00".to_owned(), number: text(record, "psn_no") },
        }
    }

    /// Asks; home must answer. Several questions of one message go under keys of their own.
    pub async fn ask(&self, step: &str, command: Command) -> Result<Asked<Reply>, Problem> {
        let message_id = self.request.message_id();
        let key = if step.is_empty() { message_id.to_owned() } else { format!("{message_id}/{step}") };
        self.edge.ask(command, &self.caller.clone().with_key(&key), self.hash).await
    }

    /// As [`Call::ask`]; silence of home is told. What was no mere question may have happened there all the same.
    pub async fn told(&self, step: &str, command: Command) -> Result<Reply, Problem> {
        let is_question = matches!(command, Command::AskEligibility { .. });
        match self.ask(step, command).await? {
            Asked::Replied(reply) => Ok(reply),
            Asked::Waiting if is_question => Err(problem(&refusal::HOME_SILENT.refuse())),
            Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
        }
    }

    /// The visit of a record at the caller's institution, by `mdtrt_id`; the person must be its own.
    pub async fn visit(&self, record: &Record) -> Result<VisitedVisit, Problem> {
        let (number, person) = (text(record, "mdtrt_id"), text(record, "psn_no"));
        let institution = self.caller.principal.participant.clone();
        let found = self
            .edge
            .read(move |view| {
                let known = visits::visited_number(view, &number)?;
                Ok(known.filter(|known| known.institution == institution && known.person.as_deref() == Some(&person)))
            })
            .await?;
        found.ok_or_else(|| self.refuse(&refusal::VISIT_UNKNOWN.refuse().at_field("mdtrt_id")))
    }

    pub fn refuse(&self, why: &Refusal) -> Problem {
        problem(why)
    }
}

//! What went over the wire: numbers, names of fields and codes. No value that speaks of a person is kept.

use std::collections::BTreeSet;

use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::time::{Date, Instant};
use huitong_medical::national::envelope::{Record as Values, Request};
use huitong_medical::national::field::day;
use serde_json::Value;

use super::faults::FaultKind;

/// Messages of one report. What comes later is passed on and counted, and not judged.
pub const MESSAGES_MAX: usize = 10_000;
/// Names of fields of one message.
const FIELDS_MAX: usize = 200;
/// Characters of a name or number that is kept.
const TEXT_MAX: usize = 60;

/// What a message is about, as far as the rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub visit: String,
    /// Of outpatient messages; all that is open of a stay is one batch.
    pub batch: String,
    /// `omsgid` of a reversal.
    pub original: String,
    /// A negative quantity, or a line that names another one.
    pub returns: bool,
    /// `mid_setl_flag` of a stay's settlement.
    pub interim: bool,
    /// First and last day of a reconciliation.
    pub days: Option<(Date, Date)>,
}

/// What a granted answer says, as far as the rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// `medins_setl_id` of the settlements that 5203 lists.
    pub listed: Vec<String>,
    /// `mdtrt_id` that 2401 was given.
    pub admitted: Option<String>,
    /// The sandbox has falsified the sums.
    pub altered: bool,
}

/// What the node answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Pending,
    /// The message did not come to the node, or no answer came back.
    Missing,
    Granted(Granted),
    /// The code of `err_msg`.
    Refused(String),
    /// No answer of the interface: the HTTP status.
    Foreign(u16),
}

/// A message of the system under test.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Instant,
    pub infno: String,
    pub message_id: String,
    pub operator: String,
    /// `insuplc_admdvs`
    pub home_area: String,
    pub content: Digest,
    pub about: About,
    /// `node.field` of every value that is there; `field` of the envelope.
    pub fields: BTreeSet<String>,
    pub fault: Option<FaultKind>,
    pub answer: Answer,
    /// Whether the answer was handed to the system.
    pub given: bool,
}

fn kept(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

impl Sent {
    /// Reads a message; what is no message of the interface has no number and no fields.
    pub fn read(bytes: &[u8], at: Instant) -> Sent {
        let mut sent = Sent {
            at,
            infno: String::new(),
            message_id: String::new(),
            operator: String::new(),
            home_area: String::new(),
            content: HashFunction::Sha256.hash(&[bytes]),
            about: About::default(),
            fields: BTreeSet::new(),
            fault: None,
            answer: Answer::Pending,
            given: false,
        };
        let Ok(request) = Request::read(bytes) else {
            // The node will say what is wrong with it; its name is told if it has one.
            let whole: Value = serde_json::from_slice(bytes).unwrap_or_default();
            sent.infno = kept(whole["infno"].as_str().unwrap_or_default());
            sent.message_id = kept(whole["msgid"].as_str().unwrap_or_default());
            return sent;
        };
        sent.infno = kept(request.infno());
        sent.message_id = kept(request.message_id());
        sent.operator = kept(request.get("opter"));
        sent.home_area = kept(request.get("insuplc_admdvs"));
        let nodes = request.nodes.iter().flat_map(|(node, records)| records.iter().map(move |record| (node, record)));
        let inner = nodes.flat_map(|(node, record)| record.keys().map(move |name| kept(&format!("{node}.{name}"))));
        sent.fields = request.envelope.keys().cloned().chain(inner).take(FIELDS_MAX).collect();
        sent.about = about(&request);
        sent
    }

    /// 2207 and 2304: money depends on the answer.
    pub fn is_settling(&self) -> bool {
        matches!(self.infno.as_str(), "2207" | "2304")
    }

    /// The code with which the node refused it.
    pub fn refused(&self) -> Option<&str> {
        match &self.answer {
            Answer::Refused(code) => Some(code),
            _ => None,
        }
    }

    pub fn is_granted(&self) -> bool {
        matches!(self.answer, Answer::Granted(_))
    }
}

fn about(request: &Request) -> About {
    let records: Vec<&Values> = request.nodes.values().flatten().collect();
    let first = |name: &str| records.iter().find_map(|record| record.get(name)).map(|text| kept(text));
    let is_outpatient = request.infno().starts_with("22");
    let returns = request.all("feedetail").iter().any(|line| {
        line.contains_key("init_feedetl_sn") || line.get("cnt").is_some_and(|count| count.starts_with('-'))
    });
    let date = |name: &str| first(name).and_then(|text| day(&text));
    About {
        visit: first("mdtrt_id").unwrap_or_default(),
        batch: first("chrg_bchno").filter(|_| is_outpatient).unwrap_or_default(),
        original: first("omsgid").unwrap_or_default(),
        returns,
        interim: first("mid_setl_flag").is_some_and(|flag| flag == "1"),
        days: date("stmt_begndate").zip(date("stmt_enddate")),
    }
}

impl Answer {
    /// Reads what the node answered.
    pub fn read(status: u16, bytes: &[u8]) -> Answer {
        let whole: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let code = match &whole["infcode"] {
            Value::Number(code) => code.as_i64(),
            Value::String(code) => code.parse().ok(),
            _ => None,
        };
        match code {
            Some(0) => Answer::Granted(Granted {
                listed: listed(&whole["output"]["setlinfo"]),
                admitted: whole["output"]["result"]["mdtrt_id"].as_str().map(kept),
                altered: false,
            }),
            Some(_) => {
                let text = whole["err_msg"].as_str().unwrap_or_default();
                Answer::Refused(kept(text.split(' ').next().unwrap_or_default()))
            }
            None => Answer::Foreign(status),
        }
    }
}

fn listed(info: &Value) -> Vec<String> {
    let one = |info: &Value| info["medins_setl_id"].as_str().map(kept);
    match info {
        Value::Array(rows) => rows.iter().filter_map(one).collect(),
        info => one(info).into_iter().collect(),
    }
}

/// The messages in the order in which they came.
#[derive(Default)]
pub struct Record {
    pub messages: Vec<Sent>,
    /// Messages beyond [`MESSAGES_MAX`].
    pub not_recorded: u64,
    /// Granted messages that the node answered with other bytes when they came a second time: its fault, not the system's.
    pub answers_that_differ: Vec<String>,
    /// Counts the records that were begun: a place of an older one means nothing.
    age: u64,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    index: usize,
    age: u64,
}

impl Record {
    pub fn add(&mut self, sent: Sent) -> Option<Place> {
        if self.messages.len() >= MESSAGES_MAX {
            self.not_recorded += 1;
            return None;
        }
        self.messages.push(sent);
        Some(Place { index: self.messages.len() - 1, age: self.age })
    }

    pub fn at(&mut self, place: Option<Place>) -> Option<&mut Sent> {
        let place = place.filter(|place| place.age == self.age)?;
        self.messages.get_mut(place.index)
    }

    /// Begins a new report.
    pub fn clear(&mut self) {
        *self = Record { age: self.age + 1, ..Record::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"infno":"2204","msgid":"H31010100001202611291000000001","mdtrtarea_admvs":"310101",
        "recer_sys_code":"HIS","opter_type":"1","opter":"c01","opter_name":"收费员","inf_time":"2026-11-29 10:00:00",
        "fixmedins_code":"H31010100001","fixmedins_name":"医院","insuplc_admdvs":"330100",
        "input":{"feedetail":[{"mdtrt_id":"S1","chrg_bchno":"1","cnt":"-1","memo":"","colour":"red"}]}}"#;

    #[test]
    fn a_message_leaves_its_number_and_the_names_of_its_fields() {
        let sent = Sent::read(MESSAGE.as_bytes(), Instant(0));
        assert_eq!((sent.infno.as_str(), sent.operator.as_str(), sent.home_area.as_str()), ("2204", "c01", "330100"));
        assert_eq!((sent.about.visit.as_str(), sent.about.batch.as_str(), sent.about.returns), ("S1", "1", true));
        assert!(sent.fields.contains("feedetail.colour") && sent.fields.contains("opter"));
        assert!(!sent.fields.contains("feedetail.memo"), "an empty text was not sent");
        let other = Sent::read(br#"{"infno":"2207","msgid":"short"}"#, Instant(0));
        assert_eq!((other.infno.as_str(), other.message_id.as_str(), other.fields.len()), ("2207", "short", 0));
        assert!(Sent::read(b"\xff", Instant(0)).infno.is_empty());
    }

    #[test]
    fn an_answer_is_granted_refused_or_foreign() {
        let listed = br#"{"infcode":"0","output":{"setlinfo":[{"medins_setl_id":"M1"},{"setl_id":"A2"}]}}"#;
        assert_eq!(
            Answer::read(200, listed),
            Answer::Granted(Granted { listed: vec!["M1".to_owned()], ..Granted::default() })
        );
        let admitted = br#"{"infcode":0,"output":{"result":{"mdtrt_id":"S1"}}}"#;
        let of_stay = Granted { admitted: Some("S1".to_owned()), ..Granted::default() };
        assert_eq!(Answer::read(200, admitted), Answer::Granted(of_stay));
        let refused = r#"{"infcode":-1,"err_msg":"MED-4009 处理中，请勿收费","output":null}"#;
        assert_eq!(Answer::read(200, refused.as_bytes()), Answer::Refused("MED-4009".to_owned()));
        assert_eq!(Answer::read(401, br#"{"code":"API-1001"}"#), Answer::Foreign(401));
        assert_eq!(Answer::read(502, b"bad gateway"), Answer::Foreign(502));
    }

    #[test]
    fn a_record_ends_at_its_limit_and_forgets_places_when_it_begins_anew() {
        let mut record = Record::default();
        let place = record.add(Sent::read(MESSAGE.as_bytes(), Instant(0)));
        assert!(record.at(place).is_some());
        record.clear();
        record.add(Sent::read(MESSAGE.as_bytes(), Instant(0)));
        assert!(record.at(place).is_none(), "the answer of an older record changes nothing");
        while record.not_recorded == 0 {
            record.add(Sent::read(b"{}", Instant(0)));
        }
        assert_eq!(record.messages.len(), MESSAGES_MAX);
    }
}

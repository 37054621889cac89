//! The envelope of the national interface (12.1): what comes in, what goes out.

use std::collections::BTreeMap;

use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::Refusal;
use huitong_service_kit::http::Problem;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::field::{Field, code, text, time};
use crate::members::Members;
use crate::refusal;

/// Characters of `input` at most.
const INPUT_MAX: usize = 40_000;
/// Characters of `input` at most where it holds a file (9101): half a mebibyte in Base64. The node may take less.
const UPLOAD_MAX: usize = 720_000;
/// Bytes of `err_msg`, in characters.
const ERR_MSG_MAX: usize = 200;

/// The fields of the request, without `input`.
pub const FIELDS: &[Field] = &[
    text("infno", 5).must(),
    text("msgid", 30).must(),
    text("mdtrtarea_admvs", 6).must().ignored(),
    text("insuplc_admdvs", 6),
    text("recer_sys_code", 10).must().ignored(),
    text("dev_no", 100).ignored(),
    text("dev_safe_info", 2_000).ignored(),
    text("cainfo", 1_024).ignored(),
    text("signtype", 10).ignored(),
    text("infver", 6).ignored(),
    code("opter_type", 3, &["1", "2", "3"]).must().ignored(),
    text("opter", 30).must().ignored(),
    text("opter_name", 50).must().ignored(),
    time("inf_time").must().ignored(),
    text("fixmedins_code", 12).must(),
    text("fixmedins_name", 200).must().ignored(),
    text("sign_no", 30).ignored(),
    text("enc_type", 10),
];

/// One object of a node: values as text, absent when empty.
pub type Record = BTreeMap<String, String>;

/// A request, read and checked as far as every transaction asks.
#[derive(Clone, Debug)]
pub struct Request {
    pub envelope: Record,
    /// The objects of each node of `input`.
    pub nodes: BTreeMap<String, Vec<Record>>,
}

impl Request {
    /// # Errors
    /// MED-1001 to 1006, MED-1012: the envelope is not as it must be.
    pub fn read(bytes: &[u8]) -> Result<Request, Refusal> {
        let malformed = || refusal::NOT_JSON.refuse();
        let Members(whole) = serde_json::from_slice(bytes).map_err(|_| malformed())?;
        let whole: BTreeMap<String, &RawValue> = whole.into_iter().collect();
        let mut envelope = Record::new();
        for field in FIELDS {
            let value = whole.get(field.name).and_then(|raw| scalar(raw));
            match value {
                Some(value) => {
                    field.check(&value, field.name)?;
                    envelope.insert(field.name.to_owned(), value);
                }
                None if field.required => {
                    return Err(refusal::FIELD_MISSING.with("field", field.name).at_field(field.name));
                }
                None => {}
            }
        }
        check_message_id(&envelope)?;
        if let Some(cipher) = envelope.get("enc_type") {
            // Before `input` is looked at. SM4 ends at the machine in front of the node, as its TLS does.
            return Err(refusal::ENCRYPTION_UNSUPPORTED.with("value", cipher).at_field("enc_type"));
        }
        let limit = if envelope["infno"] == "9101" { UPLOAD_MAX } else { INPUT_MAX };
        let nodes = match whole.get("input") {
            Some(raw) if raw.get().chars().count() > limit => {
                return Err(refusal::FIELD_TOO_LONG.with("field", "input").with("limit", limit).at_field("input"));
            }
            Some(raw) => nodes(raw).ok_or_else(|| malformed().at_field("input"))?,
            None => BTreeMap::new(),
        };
        Ok(Request { envelope, nodes })
    }

    pub fn get(&self, name: &str) -> &str {
        self.envelope.get(name).map_or("", String::as_str)
    }

    pub fn infno(&self) -> &str {
        self.get("infno")
    }

    pub fn message_id(&self) -> &str {
        self.get("msgid")
    }

    /// The first object of a node.
    pub fn first(&self, node: &str) -> Option<&Record> {
        self.nodes.get(node).and_then(|records| records.first())
    }

    pub fn all(&self, node: &str) -> &[Record] {
        self.nodes.get(node).map_or(&[], Vec::as_slice)
    }
}

/// Institution 12 + yyyyMMddHHmmss 14 + sequence 4, the institution being the sender (MED-1006).
fn check_message_id(envelope: &Record) -> Result<(), Refusal> {
    let is_formed = is_message_id(&envelope["msgid"], &envelope["fixmedins_code"]);
    if is_formed { Ok(()) } else { Err(refusal::MESSAGE_ID_MALFORMED.refuse().at_field("msgid")) }
}

pub fn is_message_id(message: &str, institution: &str) -> bool {
    message.len() == 30
        && message.is_ascii()
        && message.starts_with(institution)
        && institution.len() == 12
        && is_moment(&message[12..26])
        && message[26..].bytes().all(|byte| byte.is_ascii_digit())
}

fn is_moment(digits: &str) -> bool {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let day = (number(0, 4), number(4, 6), number(6, 8));
    let (Some(year), Some(month), Some(date)) = day else { return false };
    let is_day = i8::try_from(month)
        .ok()
        .zip(i8::try_from(date).ok())
        .is_some_and(|(month, date)| Date::new(year, month, date).is_ok());
    let below = |from: usize, limit: i16| number(from, from + 2).is_some_and(|value| value < limit);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && is_day && below(8, 24) && below(10, 60) && below(12, 60)
}

/// A number or a text; an empty text is absent, as is null.
fn scalar(raw: &RawValue) -> Option<String> {
    let text = raw.get().trim();
    let value = match text.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(text).ok()?,
        b'{' | b'[' => return Some(text.to_owned()),
        _ if text == "null" => return None,
        _ => text.to_owned(),
    };
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The nodes of `input`, which may itself be written as text; one object where an array is due counts as one entry.
fn nodes(raw: &RawValue) -> Option<BTreeMap<String, Vec<Record>>> {
    let text = raw.get();
    if text.starts_with('"') {
        let inner: String = serde_json::from_str(text).ok()?;
        let inner: Box<RawValue> = serde_json::from_str(&inner).ok()?;
        return if inner.get().starts_with('"') { None } else { nodes(&inner) };
    }
    let Members(whole) = serde_json::from_str(text).ok()?;
    let mut nodes = BTreeMap::new();
    for (name, raw) in whole {
        let records = if raw.get().starts_with('[') {
            let all: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            all.into_iter().map(record).collect::<Option<Vec<_>>>()?
        } else if raw.get() == "null" {
            Vec::new()
        } else {
            vec![record(raw)?]
        };
        nodes.insert(name, records);
    }
    Some(nodes)
}

fn record(raw: &RawValue) -> Option<Record> {
    let Members(whole) = serde_json::from_str(raw.get()).ok()?;
    Some(whole.into_iter().filter_map(|(name, raw)| Some((name, scalar(raw)?))).collect())
}

/// What a transaction gives back: nodes by name.
pub type Output = Map<String, Value>;

/// The answer as it is sent. `reference` names it for ever: area 6 + time 14 + serial 10.
pub fn answered(output: Output, reference: &str, received: Instant, responded: Instant) -> Value {
    let output = if output.is_empty() { Value::Null } else { Value::Object(output) };
    whole(0, "", output, reference, received, responded)
}

/// `more` comes behind the Chinese text, as far as there is room.
pub fn refused(
    problem: &Problem,
    more: Option<String>,
    reference: &str,
    received: Instant,
    responded: Instant,
) -> Value {
    let more = more.map_or_else(String::new, |more| format!("。{more}"));
    let text: String = format!("{} {}{more}", problem.code, problem.title_zh).chars().take(ERR_MSG_MAX).collect();
    whole(-1, &text, Value::Null, reference, received, responded)
}

fn whole(infcode: i32, err_msg: &str, output: Value, reference: &str, received: Instant, responded: Instant) -> Value {
    json!({
        "infcode": infcode,
        "inf_refmsgid": reference,
        "refmsg_time": digits(received),
        "respond_time": digits(responded),
        "err_msg": err_msg,
        "output": output,
    })
}

/// `yyyyMMddHHmmssSSS` in Shanghai.
pub fn digits(at: Instant) -> String {
    let local = at.shanghai();
    let ms = at.0.rem_euclid(1_000);
    format!("{}{ms:03}", local.chars().filter(char::is_ascii_digit).take(14).collect::<String>())
}

/// `yyyy-MM-dd HH:mm:ss` in Shanghai.
pub fn local_time(at: Instant) -> String {
    at.shanghai()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::national::transactions::ALL;

    fn message(input: &str) -> String {
        format!(
            r#"{{"infno":"2206","msgid":"H31010100001202611241000000001","mdtrtarea_admvs":"310101","recer_sys_code":"HT",
            "opter_type":1,"opter":"c1","opter_name":"收费员","inf_time":"2026-11-24 10:00:00","fixmedins_code":"H31010100001",
            "fixmedins_name":"医院","unheard_of":{{"a":[1]}},"input":{input}}}"#
        )
    }

    #[test]
    fn numbers_come_as_numbers_or_as_text_and_one_object_stands_for_a_list() {
        for input in [
            r#"{"data":{"psn_no":"P1","medfee_sumamt":249.10,"empty":""}}"#,
            r#"{"data":[{"psn_no":"P1","medfee_sumamt":"249.10","empty":null}]}"#,
            r#""{\"data\":{\"psn_no\":\"P1\",\"medfee_sumamt\":249.10}}""#,
        ] {
            let request = Request::read(message(input).as_bytes()).expect("readable");
            let data = request.first("data").expect("a node");
            assert_eq!(data["medfee_sumamt"], "249.10", "exactly as sent");
            assert!(!data.contains_key("empty"), "an empty text is absent");
            assert_eq!(request.get("opter_type"), "1");
        }
    }

    #[test]
    fn what_is_said_twice_is_refused_wherever_it_stands() {
        let twice = [
            message(r#"{"data":{"acct_used_flag":"0","acct_used_flag":"1"}}"#),
            message(r#"{"data":{},"data":{}}"#),
            message("{}").replacen("\"infno\"", "\"infno\":\"2207\",\"infno\"", 1),
        ];
        for text in twice {
            assert_eq!(Request::read(text.as_bytes()).expect_err("refused").code, "MED-1001", "{text}");
        }
    }

    #[test]
    fn every_transaction_that_is_served_can_be_named() {
        for transaction in ALL {
            let text = message("{}").replace("\"2206\"", &format!("\"{}\"", transaction.infno));
            assert_eq!(Request::read(text.as_bytes()).map(|read| read.infno() == transaction.infno), Ok(true));
        }
    }

    #[test]
    fn a_file_may_be_longer_than_any_other_message() {
        let long = message(&format!(r#"{{"fsUploadIn":{{"in":"{}"}}}}"#, "QUJD".repeat(20_000)));
        let code = |text: &str| Request::read(text.as_bytes()).map(|_| ()).map_err(|why| why.code);
        assert_eq!(code(&long), Err("MED-1003".to_owned()));
        assert_eq!(code(&long.replace("\"2206\"", "\"9101\"")), Ok(()));
    }

    #[test]
    fn a_faulty_envelope_has_its_code() {
        let code = |text: &str| Request::read(text.as_bytes()).expect_err("refused").code;
        assert_eq!(code("{"), "MED-1001");
        assert_eq!(code(&message("[1]")), "MED-1001");
        assert_eq!(code(&message("{}").replace("\"infno\":\"2206\",", "")), "MED-1002");
        assert_eq!(code(&message("{}").replace("1000000001", "100000001")), "MED-1006", "29 characters");
        assert_eq!(code(&message("{}").replace("20261124100000", "20260231100000")), "MED-1006", "31 February");
        assert_eq!(code(&message("{}").replace("\"opter_type\":1", "\"opter_type\":9")), "MED-1012");
        assert_eq!(code(&message("{}").replace("2026-11-24 10:00:00", "2026-11-24")), "MED-1005");
    }
}

//! Code systems and codes: those of FHIR R4, and those of Huitong below `urn:huitong:fhir:`.

use super::node::Node;

/// FHIR: adjudication value codes (submitted, eligible, deductible, benefit, copay …).
pub const ADJUDICATION: &str = "http://terminology.hl7.org/CodeSystem/adjudication";
/// FHIR: claim types (institutional, pharmacy, professional …).
pub const CLAIM_TYPE: &str = "http://terminology.hl7.org/CodeSystem/claim-type";
/// FHIR: payment, adjustment, advance.
pub const PAYMENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/payment-type";
/// FHIR: complete, partial.
pub const PAYMENT_EXTENT: &str = "http://terminology.hl7.org/CodeSystem/ex-paymenttype";

/// Parts of a bill that FHIR has no code for: [`OWN`] to [`PERSON`].
pub const SHARE: &str = "urn:huitong:fhir:share";
/// `fund_pay_type`: what one fund pays.
pub const FUND: &str = "urn:huitong:fhir:fund";
/// `med_type`
pub const CARE_TYPE: &str = "urn:huitong:fhir:care-type";
/// `insutype`: 310, 390
pub const SCHEME: &str = "urn:huitong:fhir:scheme";
/// `mdtrt_cert_type`: 01, 02, 03
pub const CERTIFICATE_TYPE: &str = "urn:huitong:fhir:certificate-type";
/// GB/T 2260, six digits
pub const DIVISION: &str = "urn:huitong:fhir:division";
/// `fixmedins_code`
pub const INSTITUTION: &str = "urn:huitong:fhir:institution";
/// `psn_no`
pub const PERSON_NUMBER: &str = "urn:huitong:fhir:person";
/// `mdtrt_id`, or the id of the visit at the node
pub const VISIT: &str = "urn:huitong:fhir:visit";
/// `chrg_bchno`
pub const BATCH: &str = "urn:huitong:fhir:batch";
/// `setl_id`
pub const SETTLEMENT: &str = "urn:huitong:fhir:settlement";
/// The sender's message id
pub const MESSAGE: &str = "urn:huitong:fhir:message";
/// The id of a quote
pub const QUOTE: &str = "urn:huitong:fhir:quote";
/// `med_list_codg`
pub const ITEM_CODE: &str = "urn:huitong:fhir:item-code";
/// `medins_list_codg`
pub const LOCAL_CODE: &str = "urn:huitong:fhir:local-code";
/// `hosp_appr_flag`: 0, 1, 2
pub const APPROVAL: &str = "urn:huitong:fhir:approval";
/// The id of a filing
pub const FILING: &str = "urn:huitong:fhir:filing";
/// What is filed: long_stay, temp_referred, temp_emergency, temp_self
pub const FILING_KIND: &str = "urn:huitong:fhir:filing-kind";
/// Kinds of supportingInfo: account, emergency, interim, chronic-disease; of a filing: filing, area
pub const INFORMATION: &str = "urn:huitong:fhir:information";
/// Why something is refused: MED-… and API-…
pub const REFUSAL: &str = "urn:huitong:fhir:refusal";
/// How a settlement is taken back: cancel, refund
pub const TAKE_BACK: &str = "urn:huitong:fhir:take-back";

/// `fulamt_ownpay_amt`
pub const OWN: &str = "own";
/// `overlmt_selfpay`
pub const OVER: &str = "over";
/// `preselfpay_amt`
pub const PRE: &str = "pre";
/// `acct_pay`, without mutual aid
pub const ACCOUNT: &str = "account";
/// `acct_mulaid_pay`
pub const MUTUAL_AID: &str = "mutual-aid";
/// `psn_cash_pay`
pub const CASH: &str = "cash";
/// `hosp_part_amt`
pub const HOSPITAL: &str = "hospital";
/// `psn_part_amt`
pub const PERSON: &str = "person";

pub const SUBMITTED: &str = "submitted";
pub const ELIGIBLE: &str = "eligible";
pub const DEDUCTIBLE: &str = "deductible";
pub const BENEFIT: &str = "benefit";
pub const COPAY: &str = "copay";

/// A CodeableConcept of one code.
pub fn concept(system: &str, code: &str) -> Node {
    let coding = Node::object([("system", Some(Node::text(system))), ("code", Some(Node::text(code)))]);
    Node::object([("coding", Some(Node::Array(vec![coding])))])
}

pub fn identifier(system: &str, value: &str) -> Node {
    Node::object([("system", Some(Node::text(system))), ("value", Some(Node::text(value)))])
}

/// A reference by what identifies the other, not by address.
pub fn reference(kind: &str, system: &str, value: &str) -> Node {
    Node::object([("type", Some(Node::text(kind))), ("identifier", Some(identifier(system, value)))])
}

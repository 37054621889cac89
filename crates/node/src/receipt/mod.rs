//! The answer to "does this receipt hold?", the same on the command line, at the API and on the page.
//!
//! Offline the region's manifest decides; whether the settlement was cancelled since, the book of a node with a part in it.

pub mod pdf;

use huitong_kernel::manifest::Manifest;
use huitong_medical::model::receipt::token::Token;
use huitong_medical::model::receipt::verify::{ReceiptFault, Verified, verify};
use huitong_medical::query::receipts::Standing;
use huitong_service_kit::http::Yuan;
use serde::{Deserialize, Serialize};

/// The verdict on a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Signed by the insured place's node, received by that of treatment, and not altered.
    Valid,
    /// What it says is not what was signed.
    Altered,
    /// Not signed by a key that the region's manifest lists.
    WrongKey,
    /// Genuine, and taken back since.
    Cancelled,
    /// No receipt, or cut short.
    Unreadable,
}

/// How far a verdict reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsOf {
    /// When the receipt was issued: no node with a part in it was asked.
    Issue,
    /// Now, by the book of a node with a part in it.
    Now,
}

/// Whether a receipt holds, in both languages, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Answer {
    pub verdict: Verdict,
    pub as_of: AsOf,
    pub text: String,
    pub text_zh: String,
    /// What exactly is wrong, for technicians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Of a genuine receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Proved>,
}

/// What a genuine receipt says. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Proved {
    pub settlement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
    /// `yyyy-MM-dd HH:mm:ss`, China time
    pub settled_at: String,
    /// When home's node issued the receipt, China time
    pub issued_at: String,
    pub total: Yuan,
    pub fund: Yuan,
    pub person: Yuan,
    /// Of the person's: personal and mutual-aid account
    pub account: Yuan,
    /// Of the person's: cash
    pub cash: Yuan,
    pub hospital: Yuan,
    /// Leaf hash of the settled document, the same in both nodes' books
    pub document: String,
    /// The feed and the message in it that prove this
    pub feed: String,
    pub number: u64,
}

/// Verifies the text of a token with nothing but the manifest.
pub fn offline(text: &str, manifest: &Manifest) -> (Answer, Option<Verified>) {
    let token = Token::parse(text).map_err(|_| ReceiptFault::Unreadable);
    match token.and_then(|token| verify(&token, manifest)) {
        Ok(verified) => (valid(&verified), Some(verified)),
        Err(fault) => (refused(&fault), None),
    }
}

fn valid(verified: &Verified) -> Answer {
    let issued_at = verified.issued_at.shanghai();
    Answer {
        verdict: Verdict::Valid,
        as_of: AsOf::Issue,
        text: format!(
            "VALID when it was issued ({issued_at}). Whether it was cancelled since, a node of {} or {} tells.",
            verified.feed.to.jurisdiction, verified.feed.from.jurisdiction
        ),
        text_zh: format!(
            "出具时（{issued_at}）有效。其后是否撤销，请向 {} 或 {} 的节点查询。",
            verified.feed.to.jurisdiction, verified.feed.from.jurisdiction
        ),
        detail: None,
        receipt: Some(proved(verified)),
    }
}

fn proved(verified: &Verified) -> Proved {
    let receipt = &verified.receipt;
    Proved {
        settlement: receipt.settlement.clone(),
        contra_of: receipt.contra_of.clone(),
        settled_at: receipt.settled_at.shanghai(),
        issued_at: verified.issued_at.shanghai(),
        total: receipt.total_fen.into(),
        fund: receipt.fund_fen.into(),
        person: receipt.person_fen.into(),
        account: receipt.account_fen.into(),
        cash: receipt.cash_fen.into(),
        hospital: receipt.hospital_fen.into(),
        document: receipt.document.to_string(),
        feed: verified.feed.to_string(),
        number: verified.number,
    }
}

fn refused(fault: &ReceiptFault) -> Answer {
    let (verdict, text, text_zh) = match fault {
        ReceiptFault::Unreadable => (
            Verdict::Unreadable,
            "UNREADABLE: this is no receipt, or not the whole of it.",
            "无法识别：不是结算凭证，或不完整。",
        ),
        ReceiptFault::Altered => (
            Verdict::Altered,
            "ALTERED: what it says is not what was signed. Do not accept it.",
            "已被篡改：内容与签名的单据不符，请勿采信。",
        ),
        ReceiptFault::WrongKey(_) => (
            Verdict::WrongKey,
            "WRONG KEY: not signed by the nodes of this region. Do not accept it.",
            "密钥不符：不是本区域节点签名，请勿采信。",
        ),
    };
    Answer {
        verdict,
        as_of: AsOf::Issue,
        text: text.to_owned(),
        text_zh: text_zh.to_owned(),
        detail: Some(fault.to_string()),
        receipt: None,
    }
}

impl Answer {
    /// What a node's book adds to a genuine receipt.
    pub fn with_standing(self, standing: &Standing) -> Answer {
        match standing {
            Standing::NotHere => self,
            Standing::Stands => Answer {
                as_of: AsOf::Now,
                text: "VALID: genuine, and it stands in this node's book.".to_owned(),
                text_zh: "有效：凭证真实，且本节点账上该结算有效。".to_owned(),
                ..self
            },
            Standing::Cancelled { contra } => {
                let contra = contra.as_deref().unwrap_or("-");
                Answer {
                    verdict: Verdict::Cancelled,
                    as_of: AsOf::Now,
                    text: format!("CANCELLED: genuine, but taken back since by {contra}. Do not accept it."),
                    text_zh: format!("已撤销或已退费：凭证真实，但已被 {contra} 冲销，请勿采信。"),
                    ..self
                }
            }
        }
    }

    /// The paper says something else than the code on it.
    pub fn altered_paper(self, detail: String) -> Answer {
        Answer { detail: Some(detail), ..refused(&ReceiptFault::Altered) }
    }
}

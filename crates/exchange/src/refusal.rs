//! Every refusal of the exchange: stable code, English and Chinese text, and whether it alarms both sides.

use huitong_kernel::entry::Sequence;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "refusal")]
pub enum ExchangeRefusal {
    /// The sender goes back and sends from `expected` on. Normal after a lost answer or a restore.
    #[error("a gap: message {expected} is expected next")]
    Gap { expected: Sequence },
    /// Two different trees under one origin: the sender has lost or rewritten history.
    #[error("a fork: the checkpoint's root is not that of the messages received")]
    Fork,
    #[error("the batch is malformed")]
    Malformed,
    #[error("the checkpoint is of another feed or region")]
    WrongOrigin,
    #[error("the signature is missing or does not verify")]
    WrongSignature,
    #[error("the key does not speak for the sender: {reason}")]
    KeyNotTrusted { reason: String },
    #[error("the caller's TLS identity does not answer for the feed's sender")]
    WrongSender,
    #[error("this node does not serve the feed's receiver")]
    WrongReceiver,
    #[error("the manifest is not in force")]
    ManifestNotInForce,
    #[error("the receiver cannot write now")]
    Unavailable,
    /// The sender tries the next of the node's addresses.
    #[error("another member of the node leads the feed's receiver")]
    NotHere,
}

impl ExchangeRefusal {
    pub fn code(&self) -> &'static str {
        match self {
            ExchangeRefusal::Gap { .. } => "EXC-1001",
            ExchangeRefusal::Fork => "EXC-1002",
            ExchangeRefusal::Malformed => "EXC-1003",
            ExchangeRefusal::WrongOrigin => "EXC-1004",
            ExchangeRefusal::WrongSignature => "EXC-1005",
            ExchangeRefusal::KeyNotTrusted { .. } => "EXC-1006",
            ExchangeRefusal::WrongSender => "EXC-1007",
            ExchangeRefusal::WrongReceiver => "EXC-1008",
            ExchangeRefusal::ManifestNotInForce => "EXC-1009",
            ExchangeRefusal::Unavailable => "EXC-1010",
            ExchangeRefusal::NotHere => "EXC-1011",
        }
    }

    pub fn chinese(&self) -> &'static str {
        match self {
            ExchangeRefusal::Gap { .. } => "报文序号有缺口，请从期望序号重发",
            ExchangeRefusal::Fork => "检查点与已收报文不一致（分叉）",
            ExchangeRefusal::Malformed => "批次格式不符",
            ExchangeRefusal::WrongOrigin => "检查点不属于该信道或区域",
            ExchangeRefusal::WrongSignature => "签名缺失或无效",
            ExchangeRefusal::KeyNotTrusted { .. } => "密钥不代表发送方",
            ExchangeRefusal::WrongSender => "TLS 身份与发送方不符",
            ExchangeRefusal::WrongReceiver => "本节点不承办该接收方",
            ExchangeRefusal::ManifestNotInForce => "区域清单未生效或已过期",
            ExchangeRefusal::Unavailable => "接收方暂时无法写入",
            ExchangeRefusal::NotHere => "该接收方由节点的另一成员承办",
        }
    }

    /// Whether a person must look: everything but a gap, a passing outage and the wrong member.
    pub fn alarms(&self) -> bool {
        !matches!(self, ExchangeRefusal::Gap { .. } | ExchangeRefusal::Unavailable | ExchangeRefusal::NotHere)
    }
}

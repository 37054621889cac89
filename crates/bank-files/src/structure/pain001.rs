//! CustomerCreditTransferInitiation, version 09 (pain.001.001.09).

use super::Content::{Choice, Sequence, Text as Value};
use super::part::{ACCOUNT, AGENT, AMOUNT, DAY, PARTY, REMITTANCE};
use super::{Content, Message, Text, maybe, one, some, text, unread, unread_any, unread_up_to};

pub static INITIATION: Message = Message {
    namespace: "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09",
    root: one("Document", Sequence(&[one("CstmrCdtTrfInitn", MESSAGE)])),
};

const MESSAGE: Content = Sequence(&[one("GrpHdr", HEADER), some("PmtInf", PAYMENT), unread_any("SplmtryData")]);

const HEADER: Content = Sequence(&[
    text("MsgId", 35),
    one("CreDtTm", Value(Text::DateTime)),
    unread_up_to(2, "Authstn"),
    one("NbOfTxs", Value(Text::Digits(15))),
    maybe("CtrlSum", Value(Text::Decimal)),
    one("InitgPty", PARTY),
    unread("FwdgAgt"),
]);

const PAYMENT: Content = Sequence(&[
    text("PmtInfId", 35),
    one("PmtMtd", Value(Text::OneOf(&["CHK", "TRF", "TRA"]))),
    maybe("BtchBookg", Value(Text::Flag)),
    maybe("NbOfTxs", Value(Text::Digits(15))),
    maybe("CtrlSum", Value(Text::Decimal)),
    unread("PmtTpInf"),
    one("ReqdExctnDt", DAY),
    unread("PoolgAdjstmntDt"),
    one("Dbtr", PARTY),
    one("DbtrAcct", ACCOUNT),
    one("DbtrAgt", AGENT),
    unread("DbtrAgtAcct"),
    unread("InstrForDbtrAgt"),
    unread("UltmtDbtr"),
    unread("ChrgBr"),
    unread("ChrgsAcct"),
    unread("ChrgsAcctAgt"),
    some("CdtTrfTxInf", TRANSFER),
]);

const TRANSFER: Content = Sequence(&[
    one("PmtId", Sequence(&[maybe("InstrId", Value(Text::UpTo(35))), text("EndToEndId", 35), unread("UETR")])),
    unread("PmtTpInf"),
    one("Amt", Choice(&[one("InstdAmt", AMOUNT), unread("EqvtAmt")])),
    unread("XchgRateInf"),
    unread("ChrgBr"),
    unread("ChqInstr"),
    unread("UltmtDbtr"),
    unread("IntrmyAgt1"),
    unread("IntrmyAgt1Acct"),
    unread("IntrmyAgt2"),
    unread("IntrmyAgt2Acct"),
    unread("IntrmyAgt3"),
    unread("IntrmyAgt3Acct"),
    maybe("CdtrAgt", AGENT),
    unread("CdtrAgtAcct"),
    maybe("Cdtr", PARTY),
    maybe("CdtrAcct", ACCOUNT),
    unread("UltmtCdtr"),
    unread_any("InstrForCdtrAgt"),
    unread("InstrForDbtrAgt"),
    unread("Purp"),
    unread_up_to(10, "RgltryRptg"),
    unread("Tax"),
    unread_up_to(10, "RltdRmtInf"),
    maybe("RmtInf", REMITTANCE),
    unread_any("SplmtryData"),
]);

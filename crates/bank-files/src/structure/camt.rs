//! BankToCustomerStatement and BankToCustomerDebitCreditNotification, both version 08 (camt.053.001.08, camt.054.001.08).

use super::Content::{Choice, Sequence, Text as Value};
use super::part::{ACCOUNT, ACCOUNT_NUMBER, AGENT, AMOUNT, DAY, PARTY, REMITTANCE};
use super::{Content, Message, Text, any, maybe, maybe_text, one, some, text, unread, unread_any, unread_up_to};

pub static STATEMENT: Message = Message {
    namespace: "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08",
    root: one(
        "Document",
        Sequence(&[one(
            "BkToCstmrStmt",
            Sequence(&[one("GrpHdr", HEADER), some("Stmt", ACCOUNT_STATEMENT), unread_any("SplmtryData")]),
        )]),
    ),
};

pub static NOTIFICATION: Message = Message {
    namespace: "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08",
    root: one(
        "Document",
        Sequence(&[one(
            "BkToCstmrDbtCdtNtfctn",
            Sequence(&[one("GrpHdr", HEADER), some("Ntfctn", ACCOUNT_NOTIFICATION), unread_any("SplmtryData")]),
        )]),
    ),
};

const HEADER: Content = Sequence(&[
    text("MsgId", 35),
    one("CreDtTm", Value(Text::DateTime)),
    unread("MsgRcpt"),
    maybe("MsgPgntn", PAGE),
    unread("OrgnlBizQry"),
    unread("AddtlInf"),
]);
const PAGE: Content = Sequence(&[one("PgNb", Value(Text::Digits(5))), one("LastPgInd", Value(Text::Flag))]);
const SIDE: Content = Value(Text::OneOf(&["CRDT", "DBIT"]));
const COPY: Content = Value(Text::OneOf(&["CODU", "COPY", "DUPL"]));

const ACCOUNT_STATEMENT: Content = Sequence(&[
    text("Id", 35),
    maybe("StmtPgntn", PAGE),
    unread("ElctrncSeqNb"),
    unread("RptgSeq"),
    unread("LglSeqNb"),
    maybe("CreDtTm", Value(Text::DateTime)),
    unread("FrToDt"),
    maybe("CpyDplctInd", COPY),
    unread("RptgSrc"),
    one("Acct", OWN_ACCOUNT),
    unread("RltdAcct"),
    unread_any("Intrst"),
    some("Bal", BALANCE),
    unread("TxsSummry"),
    any("Ntry", ENTRY),
    unread("AddtlStmtInf"),
]);

const ACCOUNT_NOTIFICATION: Content = Sequence(&[
    text("Id", 35),
    maybe("NtfctnPgntn", PAGE),
    unread("ElctrncSeqNb"),
    unread("RptgSeq"),
    unread("LglSeqNb"),
    maybe("CreDtTm", Value(Text::DateTime)),
    unread("FrToDt"),
    maybe("CpyDplctInd", COPY),
    unread("RptgSrc"),
    one("Acct", OWN_ACCOUNT),
    unread("RltdAcct"),
    unread_any("Intrst"),
    unread("TxsSummry"),
    any("Ntry", ENTRY),
    unread("AddtlNtfctnInf"),
]);

const OWN_ACCOUNT: Content = Sequence(&[
    one("Id", ACCOUNT_NUMBER),
    unread("Tp"),
    maybe("Ccy", Value(Text::Currency)),
    maybe_text("Nm", 70),
    unread("Prxy"),
    maybe("Ownr", PARTY),
    maybe("Svcr", AGENT),
]);

const BALANCE: Content = Sequence(&[
    one("Tp", Sequence(&[one("CdOrPrtry", Choice(&[text("Cd", 4), text("Prtry", 35)])), unread("SubTp")])),
    unread_any("CdtLine"),
    one("Amt", AMOUNT),
    one("CdtDbtInd", SIDE),
    one("Dt", DAY),
    unread_any("Avlbty"),
]);

const ENTRY: Content = Sequence(&[
    maybe_text("NtryRef", 35),
    one("Amt", AMOUNT),
    one("CdtDbtInd", SIDE),
    maybe("RvslInd", Value(Text::Flag)),
    one("Sts", Choice(&[text("Cd", 4), text("Prtry", 35)])),
    maybe("BookgDt", DAY),
    maybe("ValDt", DAY),
    maybe_text("AcctSvcrRef", 35),
    unread_any("Avlbty"),
    one("BkTxCd", TRANSACTION_CODE),
    unread("ComssnWvrInd"),
    unread("AddtlInfInd"),
    unread("AmtDtls"),
    unread("Chrgs"),
    unread("TechInptChanl"),
    unread("Intrst"),
    unread("CardTx"),
    any("NtryDtls", Sequence(&[maybe("Btch", BATCH), any("TxDtls", TRANSACTION)])),
    unread("AddtlNtryInf"),
]);

const TRANSACTION_CODE: Content = Sequence(&[
    maybe("Domn", Sequence(&[text("Cd", 4), one("Fmly", Sequence(&[text("Cd", 4), text("SubFmlyCd", 4)]))])),
    maybe("Prtry", Sequence(&[text("Cd", 35), maybe_text("Issr", 35)])),
]);

const BATCH: Content = Sequence(&[
    maybe_text("MsgId", 35),
    maybe_text("PmtInfId", 35),
    maybe("NbOfTxs", Value(Text::Digits(15))),
    maybe("TtlAmt", AMOUNT),
    maybe("CdtDbtInd", SIDE),
]);

const TRANSACTION: Content = Sequence(&[
    maybe("Refs", REFERENCES),
    maybe("Amt", AMOUNT),
    maybe("CdtDbtInd", SIDE),
    maybe("AmtDtls", AMOUNT_DETAILS),
    unread_any("Avlbty"),
    unread("BkTxCd"),
    unread("Chrgs"),
    unread("Intrst"),
    maybe("RltdPties", PARTIES),
    unread("RltdAgts"),
    unread("LclInstrm"),
    unread("Purp"),
    unread_up_to(10, "RltdRmtInf"),
    maybe("RmtInf", REMITTANCE),
    unread("RltdDts"),
    unread("RltdPric"),
    unread_any("RltdQties"),
    unread("FinInstrmId"),
    unread("Tax"),
    maybe("RtrInf", RETURN),
    unread("CorpActn"),
    unread("SfkpgAcct"),
    unread_any("CshDpst"),
    unread("CardTx"),
    unread("AddtlTxInf"),
    unread_any("SplmtryData"),
]);

const REFERENCES: Content = Sequence(&[
    maybe_text("MsgId", 35),
    maybe_text("AcctSvcrRef", 35),
    maybe_text("PmtInfId", 35),
    maybe_text("InstrId", 35),
    maybe_text("EndToEndId", 35),
    unread("UETR"),
    maybe_text("TxId", 35),
    unread("MndtId"),
    unread("ChqNb"),
    unread("ClrSysRef"),
    unread("AcctOwnrTxId"),
    unread("AcctSvcrTxId"),
    unread("MktInfrstrctrTxId"),
    unread("PrcgId"),
    unread_any("Prtry"),
]);

const AMOUNT_DETAILS: Content = Sequence(&[
    unread("InstdAmt"),
    maybe("TxAmt", Sequence(&[one("Amt", AMOUNT), unread("CcyXchg")])),
    unread("CntrValAmt"),
    unread("AnncdPstngAmt"),
    unread_any("PrtryAmt"),
]);

/// A party, or a bank that acts for itself.
const PARTY_OR_AGENT: Content = Choice(&[one("Pty", PARTY), one("Agt", AGENT)]);
const PARTIES: Content = Sequence(&[
    unread("InitgPty"),
    maybe("Dbtr", PARTY_OR_AGENT),
    maybe("DbtrAcct", ACCOUNT),
    unread("UltmtDbtr"),
    maybe("Cdtr", PARTY_OR_AGENT),
    maybe("CdtrAcct", ACCOUNT),
    unread("UltmtCdtr"),
    unread("TradgPty"),
    unread_any("Prtry"),
]);

const RETURN: Content = Sequence(&[
    unread("OrgnlBkTxCd"),
    unread("Orgtr"),
    maybe("Rsn", Choice(&[text("Cd", 4), text("Prtry", 35)])),
    any("AddtlInf", Value(Text::UpTo(105))),
]);

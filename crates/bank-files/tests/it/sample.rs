//! An order of the medical fund of Shanghai, and files as a bank writes them.

use huitong_bank_files::Fault;
use huitong_bank_files::pain001::{Initiation, Transfer};
use huitong_bank_files::party::{Account, Agent, Party};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};

pub const DAY: Date = Date::constant(2026, 12, 14);

pub fn now() -> Instant {
    Instant::parse("2026-12-11T16:30:00.250+08:00").expect("a moment")
}

pub fn fund(name: &str, account: &str) -> Party {
    Party {
        name: name.to_owned(),
        account: Account::Other(account.to_owned()),
        agent: Agent::Cnaps("102290000013".to_owned()),
    }
}

pub fn transfer(index: usize, fen: i64) -> Transfer {
    Transfer {
        instruction_id: format!("310000-2026-11-{index}"),
        end_to_end_id: format!("medical-2026-11-{index}"),
        amount: Fen(fen),
        creditor: fund("杭州市医疗保障局", "33050161982700000123"),
        remittance: Some(format!("异地就医清算 2026-11 #{index}")),
    }
}

pub fn order() -> Initiation {
    Initiation {
        message_id: "310000-medical-2026-11".to_owned(),
        created_at: now(),
        initiating_party: "上海市医疗保障局".to_owned(),
        debtor: fund("上海市医疗保障局", "31050161393600000987"),
        requested_execution_date: DAY,
        transfers: vec![transfer(1, 1_234_567), transfer(2, 1)],
    }
}

/// A file must be refused with this code at this place.
pub fn check<T: std::fmt::Debug>(read: Result<T, Fault>, code: &str, path: &str) {
    let fault = read.expect_err(code);
    assert_eq!((fault.code(), fault.path.as_str()), (code, path), "{fault}");
    assert!(!fault.english().contains("{value}") && !fault.chinese().contains("{value}"), "{fault:?}");
}

/// Replaces what stands once.
pub fn with(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "{old:?} stands once");
    text.replace(old, new)
}

/// A statement as a bank writes it: with a prefix for its namespace and much that nobody here needs.
pub const STATEMENT: &str = r#"<?xml version='1.0' encoding='utf-8' standalone="yes"?>
<!-- end of day -->
<s:Document xmlns:s="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08 camt.053.001.08.xsd"><s:BkToCstmrStmt>
  <s:GrpHdr><s:MsgId>STMT-20261214</s:MsgId><s:CreDtTm>2026-12-14T23:00:00</s:CreDtTm>
    <s:MsgRcpt><s:Nm>Medical fund</s:Nm></s:MsgRcpt></s:GrpHdr>
  <s:Stmt><s:Id>0001</s:Id><s:ElctrncSeqNb>348</s:ElctrncSeqNb><s:CreDtTm>2026-12-14T23:00:00Z</s:CreDtTm>
    <s:FrToDt><s:FrDtTm>2026-12-14T00:00:00</s:FrDtTm><s:ToDtTm>2026-12-14T23:00:00</s:ToDtTm></s:FrToDt>
    <s:Acct><s:Id><s:Othr><s:Id>31050161393600000987</s:Id></s:Othr></s:Id><s:Tp><s:Cd>CACC</s:Cd></s:Tp><s:Ccy>CNY</s:Ccy>
      <s:Svcr><s:FinInstnId><s:BICFI>ICBKCNBJSHI</s:BICFI></s:FinInstnId></s:Svcr></s:Acct>
    <s:Bal><s:Tp><s:CdOrPrtry><s:Cd>OPBD</s:Cd></s:CdOrPrtry></s:Tp><s:Amt Ccy="CNY">20000</s:Amt>
      <s:CdtDbtInd>CRDT</s:CdtDbtInd><s:Dt><s:Dt>2026-12-14</s:Dt></s:Dt></s:Bal>
    <s:Bal><s:Tp><s:CdOrPrtry><s:Cd>CLBD</s:Cd></s:CdOrPrtry></s:Tp><s:Amt Ccy="CNY"> 7654.5 </s:Amt>
      <s:CdtDbtInd>CRDT</s:CdtDbtInd><s:Dt><s:DtTm>2026-12-14T16:30:00Z</s:DtTm></s:Dt></s:Bal>
    <s:Bal><s:Tp><s:CdOrPrtry><s:Cd>CLAV</s:Cd></s:CdOrPrtry></s:Tp><s:Amt Ccy="CNY">1.00</s:Amt>
      <s:CdtDbtInd>DBIT</s:CdtDbtInd><s:Dt><s:Dt>2026-12-14</s:Dt></s:Dt></s:Bal>
    <s:TxsSummry><s:TtlNtries><s:NbOfNtries>2</s:NbOfNtries></s:TtlNtries></s:TxsSummry>
    <s:Ntry><s:NtryRef>1</s:NtryRef><s:Amt Ccy="CNY">12345.68</s:Amt><s:CdtDbtInd>DBIT</s:CdtDbtInd>
      <s:Sts><s:Cd>BOOK</s:Cd></s:Sts><s:BookgDt><s:Dt>2026-12-14</s:Dt></s:BookgDt><s:ValDt><s:Dt>2026-12-15</s:Dt></s:ValDt>
      <s:AcctSvcrRef>B77</s:AcctSvcrRef><s:BkTxCd/>
      <s:NtryDtls><s:Btch><s:NbOfTxs>2</s:NbOfTxs></s:Btch>
        <s:TxDtls><s:Refs><s:InstrId>i-1</s:InstrId><s:EndToEndId>e-1</s:EndToEndId></s:Refs>
          <s:AmtDtls><s:TxAmt><s:Amt Ccy="CNY">12345.67</s:Amt></s:TxAmt></s:AmtDtls>
          <s:RltdPties><s:Cdtr><s:Pty><s:Nm>A &amp; B <![CDATA[<C>]]></s:Nm>
            <s:PstlAdr><s:TwnNm>Hangzhou</s:TwnNm><s:Ctry>CN</s:Ctry></s:PstlAdr></s:Pty></s:Cdtr>
            <s:CdtrAcct><s:Id><s:IBAN>DE89370400440532013000</s:IBAN></s:Id></s:CdtrAcct></s:RltdPties>
          <s:RmtInf><s:Ustrd>first</s:Ustrd><s:Ustrd>second</s:Ustrd></s:RmtInf></s:TxDtls>
        <s:TxDtls><s:Refs><s:EndToEndId>e-2</s:EndToEndId></s:Refs><s:Amt Ccy="CNY">0.01</s:Amt></s:TxDtls></s:NtryDtls></s:Ntry>
    <s:Ntry><s:NtryRef>2</s:NtryRef><s:Amt Ccy="CNY">0.18</s:Amt><s:CdtDbtInd>CRDT</s:CdtDbtInd><s:RvslInd>1</s:RvslInd>
      <s:Sts><s:Cd>BOOK</s:Cd></s:Sts><s:BkTxCd><s:Prtry><s:Cd>X</s:Cd></s:Prtry></s:BkTxCd>
      <s:NtryDtls><s:TxDtls><s:Refs><s:EndToEndId>NOTPROVIDED</s:EndToEndId></s:Refs>
        <s:RtrInf><s:Rsn><s:Cd>AC04</s:Cd></s:Rsn><s:AddtlInf>account closed</s:AddtlInf></s:RtrInf></s:TxDtls></s:NtryDtls></s:Ntry>
    <s:Ntry><s:Amt Ccy="CNY">5</s:Amt><s:CdtDbtInd>CRDT</s:CdtDbtInd><s:Sts><s:Cd>PDNG</s:Cd></s:Sts><s:BkTxCd></s:BkTxCd>
      <s:AddtlNtryInf>may still not come</s:AddtlNtryInf></s:Ntry>
    <s:AddtlStmtInf>thank you</s:AddtlStmtInf></s:Stmt>
  <s:SplmtryData><s:Envlp><x:Any xmlns:x="urn:bank"><x:Thing a="b">1</x:Thing></x:Any></s:Envlp></s:SplmtryData>
</s:BkToCstmrStmt></s:Document>
"#;

/// The smallest notification: one entry.
pub const NOTIFICATION: &str = r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>N1</MsgId><CreDtTm>2026-12-14T10:00:00+08:00</CreDtTm></GrpHdr>
<Ntfctn><Id>1</Id><Acct><Id><Othr><Id>33050161982700000123</Id></Othr></Id></Acct>
<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BkTxCd/></Ntry></Ntfctn>
</BkToCstmrDbtCdtNtfctn></Document>"#;

//! Payment orders: what leaves, and what does not.

use huitong_bank_files::limits::TRANSFERS_MAX;
use huitong_bank_files::pain001::{self, Initiation};
use huitong_bank_files::party::{Account, Agent};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};

use crate::sample::{check, order, transfer, with};

const PAYMENT: &str = "Document/CstmrCdtTrfInitn/PmtInf[1]";

/// The order as it would be after this change must not leave.
fn refused(change: impl FnOnce(&mut Initiation), code: &str, path: &str) {
    let mut order = order();
    change(&mut order);
    check(pain001::write(&order), code, path);
}

/// The file as it would be after this change must not be taken for an order.
fn refused_file(old: &str, new: &str, code: &str, path: &str) {
    let text = pain001::write(&order()).expect("an order");
    check(pain001::read(with(&text, old, new).as_bytes()), code, path);
}

#[test]
fn an_order_is_written_with_number_and_sum_of_its_transfers_and_reads_back() {
    let text = pain001::write(&order()).expect("an order");
    assert_eq!(pain001::read(text.as_bytes()), Ok(order()));
    assert_eq!(text.matches("<NbOfTxs>2</NbOfTxs>").count(), 2, "in the header and in the group");
    assert_eq!(text.matches("<CtrlSum>12345.68</CtrlSum>").count(), 2);
    for part in [
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">",
        "<CreDtTm>2026-12-11T16:30:00.250+08:00</CreDtTm>",
        "<InstdAmt Ccy=\"CNY\">12345.67</InstdAmt>",
        "<InstdAmt Ccy=\"CNY\">0.01</InstdAmt>",
        "<Ustrd>异地就医清算 2026-11 #1</Ustrd>",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part}");
    }
}

#[test]
fn accounts_and_banks_abroad_are_written_by_iban_and_bic() {
    let mut order = order();
    order.debtor.account = Account::Iban("DE89370400440532013000".to_owned());
    order.debtor.agent = Agent::Bic("ICBKCNBJSHI".to_owned());
    let text = pain001::write(&order).expect("an order");
    assert!(text.contains("<IBAN>DE89370400440532013000</IBAN>") && text.contains("<BICFI>ICBKCNBJSHI</BICFI>"));
    assert_eq!(pain001::read(text.as_bytes()), Ok(order));
}

#[test]
fn names_that_look_like_markup_stay_names() {
    let mut order = order();
    order.debtor.name = "</Nm><Nm>&amp;\"'<![CDATA[ ]]>\r\n\t x ".to_owned();
    let text = pain001::write(&order).expect("an order");
    assert_eq!(pain001::read(text.as_bytes()), Ok(order));
}

#[test]
fn what_no_bank_could_take_does_not_leave() {
    let first = format!("{PAYMENT}/CdtTrfTxInf[1]");
    let second = format!("{PAYMENT}/CdtTrfTxInf[2]");
    refused(|order| order.message_id = "x".repeat(36), "BNK-2101", "Document/CstmrCdtTrfInitn/GrpHdr/MsgId");
    refused(|order| order.message_id.clear(), "BNK-2101", "Document/CstmrCdtTrfInitn/GrpHdr/MsgId");
    let created = "Document/CstmrCdtTrfInitn/GrpHdr/CreDtTm";
    refused(|order| order.created_at = Instant(i64::MAX), "BNK-2107", created);
    refused(|order| order.created_at = Instant(-90_000_000_000_000), "BNK-2107", created);
    refused(
        |order| order.requested_execution_date = Date::constant(-5, 1, 1),
        "BNK-2106",
        &format!("{PAYMENT}/ReqdExctnDt/Dt"),
    );
    refused(|order| order.debtor.name = "汇".repeat(141), "BNK-2101", &format!("{PAYMENT}/Dbtr/Nm"));
    refused(|order| order.debtor.name.push('\u{1}'), "BNK-1004", &format!("{PAYMENT}/Dbtr/Nm"));
    refused(
        |order| order.debtor.account = Account::Other("1".repeat(35)),
        "BNK-2101",
        &format!("{PAYMENT}/DbtrAcct/Id/Othr/Id"),
    );
    refused(
        |order| order.debtor.account = Account::Iban("DE98370400440532013000".to_owned()),
        "BNK-2111",
        &format!("{PAYMENT}/DbtrAcct/Id/IBAN"),
    );
    refused(
        |order| order.debtor.agent = Agent::Bic("ICBK".to_owned()),
        "BNK-2109",
        &format!("{PAYMENT}/DbtrAgt/FinInstnId/BICFI"),
    );
    for number in ["10229000001", "1022900000131", "10229000001A", "１０２２"] {
        refused(
            |order| order.transfers[1].creditor.agent = Agent::Cnaps(number.to_owned()),
            "BNK-3014",
            &format!("{second}/CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"),
        );
    }
    refused(|order| order.transfers[1].amount = Fen::ZERO, "BNK-3004", &format!("{second}/Amt/InstdAmt"));
    refused(
        |order| order.transfers[0].remittance = Some("x".repeat(141)),
        "BNK-2101",
        &format!("{first}/RmtInf/Ustrd[1]"),
    );
    refused(
        |order| order.transfers[1].instruction_id = order.transfers[0].instruction_id.clone(),
        "BNK-3007",
        &format!("{second}/PmtId/InstrId"),
    );
    refused(
        |order| order.transfers[1].end_to_end_id = order.transfers[0].end_to_end_id.clone(),
        "BNK-3007",
        &format!("{second}/PmtId/EndToEndId"),
    );
}

#[test]
fn amounts_stay_within_what_can_be_owed() {
    let amount = format!("{PAYMENT}/CdtTrfTxInf[2]/Amt/InstdAmt");
    refused(|order| order.transfers[1].amount = Fen(-1), "BNK-2104", &amount);
    refused(|order| order.transfers[1].amount = Fen(Fen::LIMIT.0 + 1), "BNK-3003", &amount);
    // Each is an amount, their sum is none.
    let sum = "Document/CstmrCdtTrfInitn/GrpHdr/CtrlSum";
    refused(|order| order.transfers.iter_mut().for_each(|transfer| transfer.amount = Fen::LIMIT), "BNK-3003", sum);
    refused(|order| order.transfers[1].amount = Fen(i64::MAX), "BNK-2105", sum);
}

#[test]
fn an_order_has_at_least_one_transfer_and_at_most_ten_thousand() {
    refused(|order| order.transfers.clear(), "BNK-2003", PAYMENT);
    let many = |count: usize| (0..count).map(|index| transfer(index, 1)).collect();
    refused(|order| order.transfers = many(TRANSFERS_MAX + 1), "BNK-3006", "");
    let most = Initiation { transfers: many(TRANSFERS_MAX), ..order() };
    let text = pain001::write(&most).expect("the largest order");
    assert_eq!(pain001::read(text.as_bytes()), Ok(most));
}

#[test]
fn an_order_whose_sums_were_changed_on_the_way_is_refused() {
    let header = "Document/CstmrCdtTrfInitn/GrpHdr";
    let sums = "<NbOfTxs>2</NbOfTxs>\n      <CtrlSum>12345.68</CtrlSum>\n      <InitgPty>";
    let changed = |number: &str, sum: &str| {
        format!("<NbOfTxs>{number}</NbOfTxs>\n      <CtrlSum>{sum}</CtrlSum>\n      <InitgPty>")
    };
    refused_file(sums, &changed("3", "12345.68"), "BNK-3011", &format!("{header}/NbOfTxs"));
    refused_file(sums, &changed("2", "12345.69"), "BNK-3012", &format!("{header}/CtrlSum"));
    refused_file(sums, &changed("2", "12345.680"), "BNK-3002", &format!("{header}/CtrlSum"));
    refused_file(sums, &changed("2", "-12345.68"), "BNK-2104", &format!("{header}/CtrlSum"));
    refused_file(">0.01<", ">0.02<", "BNK-3012", &format!("{header}/CtrlSum"));
}

#[test]
fn what_the_standard_allows_and_an_order_here_is_not_is_named() {
    refused_file("<PmtMtd>TRF<", "<PmtMtd>CHK<", "BNK-3013", &format!("{PAYMENT}/PmtMtd"));
    refused_file("<PmtMtd>TRF<", "<PmtMtd>TRX<", "BNK-2102", &format!("{PAYMENT}/PmtMtd"));
    let amount = format!("{PAYMENT}/CdtTrfTxInf[2]/Amt");
    let written = "<InstdAmt Ccy=\"CNY\">0.01</InstdAmt>";
    refused_file(written, "<EqvtAmt><Amt Ccy=\"USD\">1</Amt></EqvtAmt>", "BNK-3013", &format!("{amount}/EqvtAmt"));
    refused_file(written, "<InstdAmt Ccy=\"USD\">0.01</InstdAmt>", "BNK-3001", &format!("{amount}/InstdAmt"));
    refused_file(written, &format!("{written}<EqvtAmt/>"), "BNK-2005", &format!("{amount}/EqvtAmt"));
    let note = "<Ustrd>异地就医清算 2026-11 #2</Ustrd>";
    let place = format!("{PAYMENT}/CdtTrfTxInf[2]/RmtInf");
    refused_file(note, &format!("{note}<Ustrd>b</Ustrd>"), "BNK-3013", &format!("{place}/Ustrd[2]"));
    refused_file(note, "<Strd><CdtrRefInf/></Strd>", "BNK-3013", &format!("{place}/Strd[1]"));
}

#[test]
fn a_statement_is_no_order() {
    let text = pain001::write(&order()).expect("an order");
    let other = with(&text, "pain.001.001.09", "pain.001.001.03");
    check(pain001::read(other.as_bytes()), "BNK-1010", "");
    check(pain001::read(crate::sample::STATEMENT.as_bytes()), "BNK-1010", "");
}

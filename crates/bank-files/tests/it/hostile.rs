//! Files made to harm.

use std::time::{Duration, Instant};

use huitong_bank_files::camt;
use huitong_bank_files::limits::FILE_BYTES_MAX;

use crate::sample::{NOTIFICATION, STATEMENT, check, with};

const NTRY: &str = "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[1]";

#[test]
fn entities_are_never_expanded() {
    let mut laughs = String::from("<!DOCTYPE lolz [<!ENTITY lol \"lol\">");
    for level in 1..10 {
        let below = format!("&lol{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY lol{level} \"{below}\">"));
    }
    laughs.push_str("]>");
    let begun = Instant::now();
    check(camt::read(format!("{laughs}{NOTIFICATION}").as_bytes()), "BNK-1007", "");
    for document_type in [
        "<!DOCTYPE Document SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE Document PUBLIC \"x\" \"http://example.org/x.dtd\">",
        "<!DOCTYPE Document [<!ENTITY % a SYSTEM \"http://example.org/\"> %a;]>",
        "<!DOCTYPE Document [",
    ] {
        check(camt::read(format!("<?xml version=\"1.0\"?>{document_type}{NOTIFICATION}").as_bytes()), "BNK-1007", "");
    }
    for entity in ["&lol;", "&nbsp;", "&xxe;"] {
        let file = with(NOTIFICATION, "<Id>33050161982700000123<", &format!("<Id>1{entity}<"));
        let path = "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Acct/Id/Othr/Id";
        check(camt::read(file.as_bytes()), "BNK-1008", path);
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn deep_nesting_ends_at_a_named_depth() {
    let deep = |count: usize| {
        let envelope = format!("<Envlp>{}{}</Envlp>", "<a>".repeat(count), "</a>".repeat(count));
        let data = format!("<SplmtryData>{envelope}</SplmtryData></BkToCstmrDbtCdtNtfctn>");
        with(NOTIFICATION, "</BkToCstmrDbtCdtNtfctn>", &data)
    };
    assert!(camt::read(deep(28).as_bytes()).is_ok(), "Document, message, SplmtryData, Envlp and 28 are 32");
    for count in [29, 1_000_000] {
        let path = "Document/BkToCstmrDbtCdtNtfctn/SplmtryData[1]";
        check(camt::read(deep(count).as_bytes()), "BNK-1009", path);
    }
}

#[test]
fn a_file_cut_short_is_never_taken() {
    let end = STATEMENT.trim_end().len();
    for length in (0..end).filter(|length| STATEMENT.is_char_boundary(*length)) {
        let fault = camt::read(&STATEMENT.as_bytes()[..length]).expect_err("cut short");
        assert!(["BNK-1005", "BNK-1006"].contains(&fault.code()), "{length}: {fault}");
    }
    check(camt::read(b""), "BNK-1006", "");
    check(camt::read(&NOTIFICATION.as_bytes()[..NOTIFICATION.find("<CdtDbtInd").expect("stands")]), "BNK-1006", NTRY);
}

#[test]
fn only_utf8_is_read_with_or_without_its_mark() {
    assert!(camt::read(format!("\u{FEFF}{NOTIFICATION}").as_bytes()).is_ok());
    for order in [u16::to_be_bytes, u16::to_le_bytes] {
        let utf16: Vec<u8> = NOTIFICATION.encode_utf16().flat_map(order).collect();
        check(camt::read(&utf16), "BNK-1003", "");
        let marked: Vec<u8> = "\u{FEFF}".encode_utf16().flat_map(order).chain(utf16).collect();
        check(camt::read(&marked), "BNK-1003", "");
    }
    for encoding in ["GBK", "GB18030", "ISO-8859-1", "UTF-7", "utf-16"] {
        let file = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{NOTIFICATION}");
        check(camt::read(file.as_bytes()), "BNK-1003", "");
    }
    let mut gbk = NOTIFICATION.replace("<MsgId>N1", "<MsgId>~~").into_bytes();
    let place = gbk.iter().position(|byte| *byte == b'~').expect("stands");
    gbk[place..place + 2].copy_from_slice(&[0xBB, 0xE3]);
    check(camt::read(&gbk), "BNK-1002", "");
    check(camt::read(format!("<?xml version=\"1.1\"?>{NOTIFICATION}").as_bytes()), "BNK-1005", "");
}

#[test]
fn characters_that_xml_forbids_are_forbidden_by_number_too() {
    let path = "Document/BkToCstmrDbtCdtNtfctn/GrpHdr/MsgId";
    for strange in ["\u{0}", "\u{1b}", "\u{FFFF}", "&#27;", "&#xFFFE;"] {
        let file = with(NOTIFICATION, "<MsgId>N1", &format!("<MsgId>N1{strange}"));
        check(camt::read(file.as_bytes()), "BNK-1004", path);
    }
    for strange in ["&#0;", "&#xD800;", "&#99999999999;", "&#;", "&#x;"] {
        let file = with(NOTIFICATION, "<MsgId>N1", &format!("<MsgId>N1{strange}"));
        check(camt::read(file.as_bytes()), "BNK-1005", path);
    }
}

#[test]
fn what_is_not_xml_is_told_so() {
    let around = ["x", "&amp;", "<![CDATA[x]]>", NOTIFICATION, "</a>", "<?xml version=\"1.0\"?>"];
    for after in around {
        check(camt::read(format!("{NOTIFICATION}{after}").as_bytes()), "BNK-1005", "");
    }
    for before in ["x", " <?xml version=\"1.0\"?>", "</Document>"] {
        check(camt::read(format!("{before}{NOTIFICATION}").as_bytes()), "BNK-1005", "");
    }
    for (old, new) in [("</Sts>", "</Stz>"), ("<BkTxCd/>", "<BkTxCd/></Ntry></Ntry>"), ("Ccy=\"CNY\"", "Ccy=CNY")] {
        let fault = camt::read(with(NOTIFICATION, old, new).as_bytes()).expect_err("not well formed");
        assert_eq!(fault.code(), "BNK-1005", "{new}: {fault}");
    }
    let twice = with(NOTIFICATION, "Ccy=\"CNY\"", "Ccy=\"CNY\" Ccy=\"USD\"");
    check(camt::read(twice.as_bytes()), "BNK-1005", &format!("{NTRY}/Amt"));
    for file in ["{\"Document\":{}}", "PK\u{3}\u{4}", "MsgId;Amt\nN1;1.00"] {
        assert!(camt::read(file.as_bytes()).is_err());
    }
}

#[test]
fn a_comment_does_not_split_an_amount() {
    let file = with(NOTIFICATION, "1.00", "1<!-- 00 -->.0<?x y?>0");
    let report = camt::read(file.as_bytes()).expect("a notification");
    assert_eq!(report.accounts[0].entries[0].amount.0, 100);
}

#[test]
fn an_oversized_file_is_refused_before_it_is_parsed() {
    let mut file = NOTIFICATION.as_bytes().to_vec();
    file.resize(FILE_BYTES_MAX, b' ');
    assert!(camt::read(&file).is_ok());
    file.push(b' ');
    check(camt::read(&file), "BNK-1001", "");
}

#[test]
fn the_largest_files_are_read_or_refused_within_seconds() {
    let pad = |part: &str| part.repeat((FILE_BYTES_MAX - NOTIFICATION.len()) / part.len() - 1);
    let begun = Instant::now();
    let files = [
        with(NOTIFICATION, "<BkTxCd/>", &format!("<BkTxCd/>{}", pad("<NtryDtls/>"))),
        with(NOTIFICATION, "<MsgId>N1", &format!("<MsgId>{}", pad("N<!---->"))),
        with(NOTIFICATION, "<BkTxCd/>", &format!("<BkTxCd {}/>", pad("a=\"\" "))),
        with(NOTIFICATION, "<MsgId>N1", &format!("<MsgId>{}", pad("&amp;"))),
    ];
    for file in &files {
        let _ = camt::read(file.as_bytes());
    }
    let names: String = (0..600_000).map(|index| format!(" a{index}=\"\"")).collect();
    let _ = camt::read(with(NOTIFICATION, "<BkTxCd/>", &format!("<BkTxCd{names}/>")).as_bytes());
    let spaces: String = (0..300_000).map(|index| format!(" xmlns:a{index}=\"u\"")).collect();
    let _ = camt::read(with(NOTIFICATION, "<BkTxCd/>", &format!("<BkTxCd{spaces}/>")).as_bytes());
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

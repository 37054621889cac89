//! Receipts as PDF with Chinese text: the build feature `pdf`. A font is no part of the project; it is read from the system.

#[cfg(feature = "pdf")]
mod font;
#[cfg(feature = "pdf")]
mod sheet;

use std::path::Path;

use huitong_medical::http::receipt::slip::Slip;

/// Draws receipts in one font.
pub struct Printer {
    #[cfg(feature = "pdf")]
    font: font::ReceiptFont,
}

/// What a build that draws no PDF says.
#[cfg(any(test, not(feature = "pdf")))]
const NOT_BUILT: &str = "this program was built without PDF: build it with `cargo build --release --features pdf`, or print the HTML page. \
     本程序未启用 PDF：请用 --features pdf 重新编译，或打印 HTML 页面。";

#[cfg(not(feature = "pdf"))]
impl Printer {
    /// Refuses.
    pub fn open(_font: Option<&Path>, _index: u32) -> anyhow::Result<Printer> {
        anyhow::bail!(NOT_BUILT)
    }

    pub fn print(&self, _slip: &Slip) -> anyhow::Result<Vec<u8>> {
        anyhow::bail!(NOT_BUILT)
    }
}

#[cfg(feature = "pdf")]
impl Printer {
    /// The font at `font`, else the first known one that the system has.
    pub fn open(font: Option<&Path>, index: u32) -> anyhow::Result<Printer> {
        Ok(Printer { font: font::ReceiptFont::open(font, index)? })
    }

    /// The pages of a receipt, A4.
    pub fn print(&self, slip: &Slip) -> anyhow::Result<Vec<u8>> {
        sheet::print(&self.font, slip)
    }
}

#[cfg(test)]
#[test]
fn a_build_without_the_feature_says_how_to_get_it_in_both_languages() {
    assert!(NOT_BUILT.contains("--features pdf") && NOT_BUILT.contains("未启用"), "{NOT_BUILT}");
}

#[cfg(all(test, feature = "pdf"))]
mod tests {
    use huitong_kernel::money::Fen;
    use huitong_medical::http::receipt::slip::{AmountRow, Fact};
    use huitong_service_kit::http::Yuan;

    use super::*;

    fn slip() -> Slip {
        let fact = |zh: &str, value: &str| Fact { zh: zh.to_owned(), en: "Fact".to_owned(), value: value.to_owned() };
        let amount = AmountRow {
            key: "total".to_owned(),
            zh: "医疗费总额".to_owned(),
            en: "Total fee".to_owned(),
            amount: Yuan(Fen(24_900)),
        };
        Slip {
            settlement: "A3301002611240000042".to_owned(),
            state: "cancelled".to_owned(),
            contra_of: None,
            facts: vec![fact("定点医药机构", "测试医院 Test Hospital"); 40],
            amounts: vec![amount; 12],
            funds: Vec::new(),
            lines: Vec::new(),
            lines_left_out: 0,
            steps: Vec::new(),
            sources: vec![fact("单据哈希", &"0123456789abcdef".repeat(4))],
            token: "htr1:AQ".to_owned(),
            qr: format!("HTR1:{}", "ABC".repeat(600)),
        }
    }

    #[test]
    fn a_missing_or_foreign_font_is_named_in_both_languages() {
        for path in ["/no/such/font.ttf", "/etc/passwd"] {
            let fault = format!("{:#}", Printer::open(Some(Path::new(path)), 0).err().expect("refused"));
            assert!(fault.contains(path) && fault.contains("字体"), "{fault}");
        }
    }

    /// Fonts are too large to be part of the project: without one only a CI run fails.
    #[test]
    fn a_receipt_of_several_pages_is_drawn_with_chinese_text() {
        let printer = match Printer::open(None, 0) {
            Ok(printer) => printer,
            Err(fault) if std::env::var_os("CI").is_none() => {
                eprintln!("SKIPPED: {fault:#}");
                return;
            }
            Err(fault) => panic!("CI installs a font with Chinese characters (fonts-wqy-microhei): {fault:#}"),
        };
        let pdf = printer.print(&slip()).expect("drawn");
        let holds = |wanted: &[u8]| pdf.windows(wanted.len()).any(|window| window == wanted);
        assert!(pdf.starts_with(b"%PDF-") && holds(b"/Count 2") && holds(b"/ToUnicode"), "{} bytes", pdf.len());
        assert!(pdf.len() < 400_000, "only the characters that are used are embedded: {} bytes", pdf.len());
        let foreign = Slip { settlement: "\u{10FFFD}".to_owned(), ..slip() };
        let fault = printer.print(&foreign).expect_err("no font has this").to_string();
        assert!(fault.contains("字体"), "{fault}");
    }
}

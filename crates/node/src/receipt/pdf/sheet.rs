//! The pages of a receipt: first everything is placed, then drawn.

use anyhow::{Context, anyhow};
use huitong_medical::http::receipt::lines::LineRow;
use huitong_medical::http::receipt::qr;
use huitong_medical::http::receipt::slip::{AmountRow, Fact, Slip};
use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::text::TextDirection;

use super::font::{Measure, ReceiptFont};

/// A4 in points.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 40.0;
/// Where values start beside their names.
const VALUE_X: f32 = MARGIN + 190.0;
const SIZE: f32 = 9.0;
const SMALL: f32 = 7.5;
/// A line's height to its size.
const LEADING: f32 = 1.45;
/// 58 mm.
const QR_SIDE: f32 = 164.4;

const NOTE: &str = "此码含结算ID、金额、单据哈希、参保地节点对检查点的签名、就医地节点的回执及包含证明，不含姓名、证件号和诊疗内容。任何人凭区域清单即可离线核验；\
    请将核验显示的金额与本页核对。是否已撤销，请在节点的 /verify 页面查询。";
const NOTE_ENGLISH: &str = "The code proves the sums of this receipt to anybody who has the region's manifest, offline, and names nobody: compare \
    the sums shown with those on this page. Whether it was cancelled since, the page /verify of a node tells.";

enum Mark {
    Text { x: f32, y: f32, size: f32, text: String },
    Dark { x: f32, y: f32, width: f32, height: f32 },
}

struct Sheet<'a> {
    measure: Measure<'a>,
    pages: Vec<Vec<Mark>>,
    /// Top of what comes next.
    y: f32,
}

pub fn print(font: &ReceiptFont, slip: &Slip) -> anyhow::Result<Vec<u8>> {
    let mut sheet = Sheet { measure: font.measure()?, pages: vec![Vec::new()], y: MARGIN };
    sheet.place(slip)?;
    draw(font, &sheet.pages)
}

impl Sheet<'_> {
    fn place(&mut self, slip: &Slip) -> anyhow::Result<()> {
        let (zh, en) = match slip.contra_of {
            Some(_) => ("跨省异地就医直接结算凭证（冲销）", "Receipt of direct settlement: contra"),
            None => ("跨省异地就医直接结算凭证", "Receipt of direct settlement"),
        };
        self.centred(zh, 14.0)?;
        self.centred(&format!("{en}  {}", slip.settlement), 10.0)?;
        if slip.state == "cancelled" {
            self.centred("已撤销或已退费，不再有效 CANCELLED, no longer valid", 13.0)?;
        }
        self.facts(&slip.facts)?;
        self.heading("金额（元）Amounts, yuan")?;
        self.amounts(&slip.amounts, false)?;
        if !slip.funds.is_empty() {
            self.heading("基金支付 Paid by the funds")?;
            self.amounts(&slip.funds, true)?;
        }
        self.lines(slip)?;
        if !slip.steps.is_empty() {
            self.heading("每一元如何算出 How every yuan came about")?;
        }
        for (number, step) in (1..).zip(&slip.steps) {
            self.paragraph(MARGIN, SIZE, &format!("{number}. {}", step.text_zh))?;
            self.paragraph(MARGIN + 14.0, SMALL, &format!("{} {}", step.text, step.path))?;
        }
        self.heading("依据 Sources")?;
        self.facts(&slip.sources)?;
        self.proof(&slip.qr)
    }

    /// Goes to a new page when there is no room for this height.
    fn room(&mut self, height: f32) {
        if self.y + height > HEIGHT - MARGIN {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.pages.last_mut().expect("a sheet has a page").push(mark);
    }

    /// One line, its top at `y`.
    fn line(&mut self, x: f32, y: f32, size: f32, text: &str) -> anyhow::Result<()> {
        let text = self.measure.drawable(text)?;
        self.mark(Mark::Text { x, y: y + size, size, text });
        Ok(())
    }

    fn centred(&mut self, text: &str, size: f32) -> anyhow::Result<()> {
        let width = self.measure.width(text, size);
        self.line((WIDTH - width) / 2.0, self.y, size, text)?;
        self.y += size * LEADING + 2.0;
        Ok(())
    }

    fn heading(&mut self, text: &str) -> anyhow::Result<()> {
        self.room(10.0 * LEADING + 30.0);
        self.y += 8.0;
        self.line(MARGIN, self.y, 10.0, text)?;
        self.y += 10.0 * LEADING;
        Ok(())
    }

    fn paragraph(&mut self, x: f32, size: f32, text: &str) -> anyhow::Result<()> {
        for line in self.measure.wrapped(text, size, WIDTH - MARGIN - x) {
            self.room(size * LEADING);
            self.line(x, self.y, size, &line)?;
            self.y += size * LEADING;
        }
        Ok(())
    }

    fn rule(&mut self) {
        let y = self.y;
        self.mark(Mark::Dark { x: MARGIN, y, width: WIDTH - 2.0 * MARGIN, height: 0.4 });
        self.y += 1.6;
    }

    fn facts(&mut self, facts: &[Fact]) -> anyhow::Result<()> {
        for Fact { zh, en, value } in facts {
            let names = self.measure.wrapped(&format!("{zh} {en}"), SIZE, VALUE_X - MARGIN - 6.0);
            let values = self.measure.wrapped(value, SIZE, WIDTH - MARGIN - VALUE_X);
            let height = SIZE * LEADING * names.len().max(values.len()) as f32;
            self.room(height + 2.0);
            let top = self.y;
            for (x, lines) in [(MARGIN, names), (VALUE_X, values)] {
                for (row, line) in lines.iter().enumerate() {
                    self.line(x, top + SIZE * LEADING * row as f32, SIZE, line)?;
                }
            }
            self.y = top + height;
            self.rule();
        }
        Ok(())
    }

    fn amounts(&mut self, rows: &[AmountRow], with_key: bool) -> anyhow::Result<()> {
        for AmountRow { key, zh, en, amount } in rows {
            self.room(SIZE * LEADING + 2.0);
            let name = if with_key { format!("{zh} {en} {key}") } else { format!("{zh} {en}") };
            self.line(MARGIN, self.y, SIZE, &name)?;
            let amount = amount.0.yuan();
            let x = WIDTH - MARGIN - self.measure.width(&amount, SIZE);
            self.line(x, self.y, SIZE, &amount)?;
            self.y += SIZE * LEADING;
            self.rule();
        }
        Ok(())
    }

    fn lines(&mut self, slip: &Slip) -> anyhow::Result<()> {
        if !slip.lines.is_empty() {
            self.heading("费用明细（元）Lines, yuan")?;
        }
        for line in &slip.lines {
            let LineRow { name, code, class, price, quantity, .. } = line;
            self.paragraph(
                MARGIN,
                SMALL,
                &format!("{code} {name}（{class}）{price} × {quantity} = {}", line.total.0.yuan()),
            )?;
            let parts = [
                ("全自费 self-paid", line.own),
                ("超限价 over limit", line.over),
                ("先行自付 first self-pay", line.pre),
                ("范围内 eligible", line.eligible),
            ];
            let parts: Vec<String> = parts.iter().map(|(name, amount)| format!("{name} {}", amount.0.yuan())).collect();
            self.paragraph(MARGIN + 14.0, SMALL, &parts.join("  "))?;
        }
        if slip.lines_left_out > 0 {
            self.paragraph(MARGIN, SMALL, &format!("另有{0}条未列出。 {0} more are not listed.", slip.lines_left_out))?;
        }
        Ok(())
    }

    fn proof(&mut self, code: &str) -> anyhow::Result<()> {
        self.y += 8.0;
        self.room(QR_SIDE);
        let (top, modules) = (self.y, qr::modules(code));
        let module = QR_SIDE / modules.side.max(1) as f32;
        for (x, y, length) in modules.runs {
            let (x, y) = (MARGIN + x as f32 * module, top + y as f32 * module);
            self.mark(Mark::Dark { x, y, width: length as f32 * module, height: module });
        }
        for text in [NOTE, NOTE_ENGLISH, "huitong medical verify-receipt RECEIPT --manifest manifest.json"] {
            self.paragraph(MARGIN + QR_SIDE + 10.0, SMALL, text)?;
            self.y += 4.0;
        }
        self.y = self.y.max(top + QR_SIDE);
        Ok(())
    }
}

fn draw(font: &ReceiptFont, pages: &[Vec<Mark>]) -> anyhow::Result<Vec<u8>> {
    let mut document = Document::new();
    for marks in pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).context("A4 is a page")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        surface.set_fill(Some(Fill::default()));
        // All dark places are one path: a path for each would make the file ten times as large.
        let mut dark = PathBuilder::new();
        for mark in marks {
            match mark {
                Mark::Text { x, y, size, text } => {
                    surface.draw_text(Point::from_xy(*x, *y), font.font(), *size, text, false, TextDirection::Auto);
                }
                Mark::Dark { x, y, width, height } => {
                    dark.push_rect(Rect::from_xywh(*x, *y, *width, *height).context("a place has a size")?);
                }
            }
        }
        if let Some(path) = dark.finish() {
            surface.draw_path(&path);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| anyhow!("the PDF cannot be made: {error:?}"))
}

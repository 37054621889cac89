//! The receipt for print: one page in Chinese and English for A4 or A5, which loads nothing from elsewhere. Pure: data in, text out.

use std::fmt::Write;

use huitong_service_kit::http::escaped;

use super::qr;
use super::slip::{AmountRow, Fact, Slip};

const STYLE: &str = "@page{margin:10mm}body{font:9.5pt/1.4 'Noto Serif CJK SC','Songti SC',serif;color:#000;max-width:180mm;\
margin:1em auto}h1{font-size:14pt;text-align:center;margin:0 0 .4em}h1 small{display:block;font-size:10pt;font-weight:normal}\
h2{font-size:10pt;margin:.7em 0 .2em}table{border-collapse:collapse;width:100%}th,td{border:1px solid #000;padding:.1em .4em;\
text-align:left;vertical-align:top}th{font-weight:normal;background:#eee;width:34%}td.amount{text-align:right;white-space:nowrap;\
font-variant-numeric:tabular-nums}code{font:7.5pt monospace;word-break:break-all}ol{margin:0;padding-left:2em}ol small{display:block}\
.proof{margin-top:.8em;break-inside:avoid}.proof td{border:0}.proof .code{width:58mm;padding:0 4mm 0 0}.proof svg{display:block;\
width:58mm;height:58mm}\
.void{border:3px solid #000;text-align:center;font-size:14pt;padding:.2em}.note{font-size:8.5pt}tr,li{break-inside:avoid}\
.lines{font-size:8pt}.lines th{width:auto}.lines code{display:inline-block;white-space:nowrap}thead{display:table-header-group}";

/// Where the verifier finds the token in the page, and the sums beside it.
pub const TOKEN_META: &str = "<meta name=\"huitong-receipt\" content=\"";

pub fn page(slip: &Slip) -> String {
    let mut page = String::new();
    let title = if slip.contra_of.is_some() {
        "跨省异地就医直接结算凭证（冲销）<small>Receipt of direct settlement: contra</small>"
    } else {
        "跨省异地就医直接结算凭证<small>Receipt of direct settlement</small>"
    };
    let _ = write!(
        page,
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         {TOKEN_META}{}\"><title>结算凭证 {}</title><style>{STYLE}</style></head><body><h1>{title}</h1>",
        escaped(&slip.token),
        escaped(&slip.settlement)
    );
    if slip.state == "cancelled" {
        page.push_str("<p class=\"void\">已撤销或已退费，不再有效 CANCELLED, no longer valid</p>");
    }
    facts(&mut page, &slip.facts);
    page.push_str("<h2>金额（元）Amounts, yuan</h2>");
    amounts(&mut page, &slip.amounts, false);
    if !slip.funds.is_empty() {
        page.push_str("<h2>基金支付 Paid by the funds</h2>");
        amounts(&mut page, &slip.funds, true);
    }
    lines(&mut page, slip);
    steps(&mut page, slip);
    page.push_str("<h2>依据 Sources</h2>");
    facts(&mut page, &slip.sources);
    proof(&mut page, slip);
    page.push_str("</body></html>\n");
    page
}

fn facts(page: &mut String, facts: &[Fact]) {
    page.push_str("<table>");
    for Fact { zh, en, value } in facts {
        let value = escaped(value);
        let value = if value.len() > 60 && value.is_ascii() { format!("<code>{value}</code>") } else { value };
        let _ = write!(page, "<tr><th>{} {}</th><td>{value}</td></tr>", escaped(zh), escaped(en));
    }
    page.push_str("</table>");
}

fn amounts(page: &mut String, rows: &[AmountRow], with_key: bool) {
    page.push_str("<table>");
    for AmountRow { key, zh, en, amount } in rows {
        let key = escaped(key);
        let code = if with_key { format!(" <code>{key}</code>") } else { String::new() };
        let _ = write!(
            page,
            "<tr><th>{} {}{code}</th><td class=\"amount\" data-{}=\"{key}\">{}</td></tr>",
            escaped(zh),
            escaped(en),
            if with_key { "fund" } else { "sum" },
            amount.0.yuan()
        );
    }
    page.push_str("</table>");
}

fn lines(page: &mut String, slip: &Slip) {
    if slip.lines.is_empty() {
        return;
    }
    page.push_str(
        "<h2>费用明细（元）Lines, yuan</h2><table class=\"lines\"><thead><tr><th>项目 Item</th><th>类 Class</th><th>单价×数量 \
         Price × quantity</th><th>金额 Amount</th><th>全自费 Self-paid</th><th>超限价 Over limit</th><th>先行自付 First self-pay</th>\
         <th>范围内 Eligible</th></tr></thead>",
    );
    for line in &slip.lines {
        let _ = write!(
            page,
            "<tr><td>{} <code>{}</code></td><td>{}</td><td class=\"amount\">{} × {}</td>",
            escaped(&line.name),
            escaped(&line.code),
            escaped(&line.class),
            escaped(&line.price),
            escaped(&line.quantity)
        );
        for amount in [line.total, line.own, line.over, line.pre, line.eligible] {
            let _ = write!(page, "<td class=\"amount\">{}</td>", amount.0.yuan());
        }
        page.push_str("</tr>");
    }
    page.push_str("</table>");
    if slip.lines_left_out > 0 {
        let _ = write!(page, "<p class=\"note\">另有{0}条未列出。 {0} more are not listed.</p>", slip.lines_left_out);
    }
}

fn steps(page: &mut String, slip: &Slip) {
    if slip.steps.is_empty() {
        return;
    }
    page.push_str("<h2>每一元如何算出 How every yuan came about</h2><ol>");
    for step in &slip.steps {
        let _ = write!(page, "<li>{}<small>{}", escaped(&step.text_zh), escaped(&step.text));
        if !step.path.is_empty() {
            let _ = write!(page, " <code>{}</code>", escaped(&step.path));
        }
        page.push_str("</small></li>");
    }
    page.push_str("</ol>");
}

/// A table, which every printing engine of a hospital places beside each other.
fn proof(page: &mut String, slip: &Slip) {
    let _ = write!(
        page,
        "<table class=\"proof\"><tr><td class=\"code\">{}</td><td class=\"note\"><p>此码含结算ID、金额、单据哈希、参保地节点对检查点的签名、就医地节点的回执及包含证明，不含姓名、\
         证件号和诊疗内容。任何人凭区域清单即可离线核验；请将核验显示的金额与本页金额核对。离线核验只证明出具时有效；是否已撤销，请在节点的 \
         /verify 页面查询。</p><p>The code holds the settlement's number, its sums, the document's hash, the signature of the insured \
         place's node on a checkpoint, the receipt of the node of treatment, and the inclusion proof; no name, no certificate number, \
         nothing of the treatment. Anybody verifies it offline with the region's manifest: compare the sums shown with those on this \
         page. Offline it says what was valid when it was issued; whether it was cancelled since, the page /verify of a node tells.</p>\
         <p><code>huitong medical verify-receipt RECEIPT --manifest manifest.json</code></p></td></tr></table>",
        qr::svg(&slip.qr)
    );
}

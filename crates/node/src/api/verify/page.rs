//! The verifier's page, in Chinese and English: a form for the text of the QR code, and the answer to it.

use std::fmt::Write;

use huitong_service_kit::http::escaped;

use crate::receipt::{Answer, Proved, Verdict};

const STYLE: &str = "body{font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;max-width:44rem;margin:1.5rem auto;padding:0 1rem;\
color:#1b1f24}textarea{width:100%;height:9rem;font:13px/1.3 ui-monospace,monospace}button{font-size:1.1rem;padding:.4rem 1.2rem}\
.answer{border:4px solid #b42318;padding:.2rem 1rem;margin:1rem 0}.answer.valid{border-color:#1a7f37}table{border-collapse:collapse}\
th,td{border:1px solid #d0d7de;padding:.2rem .6rem;text-align:left}th{font-weight:normal;background:#f6f8fa}\
td.amount{text-align:right;font-variant-numeric:tabular-nums}code{word-break:break-all}.note{color:#57606a;font-size:.9em}";

pub fn page(answer: Option<&Answer>) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>核验结算凭证 Verify a receipt</title><style>{STYLE}</style></head><body>\
         <h1>核验结算凭证 Verify a receipt</h1>"
    );
    if let Some(answer) = answer {
        show(&mut page, answer);
    }
    page.push_str(
        "<form method=\"post\" action=\"/verify\"><p><label for=\"token\">扫描凭证上的二维码，将文字（以 HTR1: 开头）粘贴在此。\
         Scan the QR code of the receipt and paste its text, which starts with HTR1:</label></p>\
         <textarea id=\"token\" name=\"token\" maxlength=\"8192\" required autocomplete=\"off\" spellcheck=\"false\"></textarea>\
         <p><button>核验 Verify</button></p></form><p class=\"note\">不需要姓名、证件号或密码。本页不记录您的查询内容。\
         No name, no certificate number, no password is needed. What you ask is not kept.</p></body></html>\n",
    );
    page
}

fn show(page: &mut String, answer: &Answer) {
    let class = if answer.verdict == Verdict::Valid { "answer valid" } else { "answer" };
    let _ = write!(
        page,
        "<div class=\"{class}\"><p><b>{}</b></p><p><b>{}</b></p>",
        escaped(&answer.text_zh),
        escaped(&answer.text)
    );
    if let Some(detail) = &answer.detail {
        let _ = write!(page, "<p class=\"note\">{}</p>", escaped(detail));
    }
    if let Some(proved) = &answer.receipt {
        sums(page, proved);
    }
    page.push_str("</div>");
}

fn sums(page: &mut String, proved: &Proved) {
    page.push_str("<p>请与纸面金额核对。Compare with the sums on the paper.</p><table>");
    let mut row = |name: &str, class: &str, value: &str| {
        let _ = write!(page, "<tr><th>{name}</th><td class=\"{class}\">{}</td></tr>", escaped(value));
    };
    row("结算ID Settlement", "", &proved.settlement);
    if let Some(original) = &proved.contra_of {
        row("冲销的结算 Takes back", "", original);
    }
    row("结算时间 Settled at", "", &proved.settled_at);
    let amounts = [
        ("医疗费总额 Total fee", proved.total),
        ("基金支付总额 Fund total", proved.fund),
        ("个人负担总额 Person's total", proved.person),
        ("其中：账户 Of it: accounts", proved.account),
        ("其中：现金 Of it: cash", proved.cash),
        ("医院负担 Hospital's share", proved.hospital),
    ];
    for (name, amount) in amounts {
        row(name, "amount", &amount.0.yuan());
    }
    let _ = write!(
        page,
        "<tr><th>单据哈希 Document hash</th><td><code>{}</code></td></tr></table>",
        escaped(&proved.document)
    );
}

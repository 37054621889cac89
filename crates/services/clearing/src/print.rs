//! A statement for print (清算表): one HTML page for A4, in Chinese and English. Pure: rows in, text out.

use std::fmt::Write;

use huitong_kernel::clearing::Payment;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::http::escaped;

use crate::model::payment::BankAccount;
use crate::model::statement::{Confirmation, Difference, DifferenceClass, Place, State};
use crate::query::statements::StatementRow;

/// Documents held back or differing that a page lists; more are counted.
const LISTED_MAX: usize = 200;

const STYLE: &str = "@page{size:A4;margin:18mm}body{font:11pt/1.5 'Noto Serif CJK SC','Songti SC',serif;color:#000;\
max-width:174mm;margin:1em auto}h1{font-size:16pt;text-align:center;margin:0}h1 small{display:block;font-size:11pt;\
font-weight:normal}table{border-collapse:collapse;width:100%;margin:.6em 0}th,td{border:1px solid #000;padding:.2em .5em;\
text-align:left;vertical-align:top}th{font-weight:normal;background:#eee}td.amount,th.amount{text-align:right;\
font-variant-numeric:tabular-nums;white-space:nowrap}code{font:9pt monospace;word-break:break-all}\
.sign td{height:22mm;width:50%}.note{font-size:9pt}thead{display:table-header-group}tr{break-inside:avoid}";

pub fn statement(
    row: &StatementRow,
    differences: &[(Division, Difference)],
    accounts: &[BankAccount],
    printed_at: Instant,
) -> String {
    let mut page = String::new();
    head(&mut page, row, accounts);
    sums(&mut page, row);
    shares(&mut page, row);
    places(&mut page, "暂缓支付的单据", "Documents held back", held(row));
    places(&mut page, "本期恢复支付的单据", "Documents released in this period", released(row));
    differing(&mut page, differences);
    proof(&mut page, row);
    let _ = writeln!(
        page,
        "<table class=\"sign\"><tr><td>{}（签章）<br>For {} (seal)</td><td>{}（签章）<br>For {} (seal)</td></tr></table>\
         <p class=\"note\">打印时间 Printed {}。数字可由双方节点日志重新计算。 Every figure can be recomputed from the journals of both \
         nodes.</p></body></html>",
        row.own.author, row.own.author, row.peer, row.peer, printed_at
    );
    page
}

fn head(page: &mut String, row: &StatementRow, accounts: &[BankAccount]) {
    let name = |division: Division| {
        let account = accounts.iter().find(|account| account.division == division);
        account.map_or(division.to_string(), |account| format!("{} {division}", escaped(&account.name)))
    };
    let (service, period) = (escaped(&row.service), row.period);
    let payment = match row.rule.payment {
        Payment::Gross => "全额清算 gross",
        Payment::Bilateral => "双边轧差 bilateral netting",
        Payment::Multilateral => "多边轧差 multilateral netting",
    };
    let _ = write!(
        page,
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>清算表 {service} {period} {own}–{peer}</title>\
         <style>{STYLE}</style></head><body><h1>跨地区清算表<small>Statement of clearing</small></h1>\
         <table><tr><th>业务 Service</th><td>{service}</td><th>账期 Period</th><td>{period}</td></tr>\
         <tr><th>本方 This jurisdiction</th><td>{own_name}</td><th>对方 Other jurisdiction</th><td>{peer_name}</td></tr>\
         <tr><th>清算方式 Payment</th><td>{payment}</td><th>状态 State</th><td>{state}</td></tr>\
         <tr><th>出表时间 Stated</th><td colspan=\"3\">{stated_at}</td></tr></table>",
        own = row.own.author,
        peer = row.peer,
        own_name = name(row.own.author),
        peer_name = name(row.peer),
        state = state(row.state),
        stated_at = row.stated_at,
    );
}

fn state(state: State) -> &'static str {
    match state {
        State::Stated => "已出表 stated",
        State::Differs => "核对中，有差异 differs",
        State::Matched => "已核对 matched",
        State::Confirmed => "已确认 confirmed",
        State::Declared => "已申报轧差 declared",
        State::Batched => "待付款 batched",
        State::Closed => "已结清 closed",
    }
}

fn sums(page: &mut String, row: &StatementRow) {
    let own = row.own.author;
    let confirmed = |of: &Option<Confirmation>, part: fn(&Confirmation) -> Fen| {
        of.as_ref().map_or("—".to_owned(), |confirmation| part(confirmation).yuan())
    };
    let line = |page: &mut String, zh: &str, en: &str, owed: String, claimed: String| {
        let _ = write!(
            page,
            "<tr><th>{zh} {en}</th><td class=\"amount\">{owed}</td><td class=\"amount\">{claimed}</td></tr>"
        );
    };
    let _ = write!(
        page,
        "<table><thead><tr><th>单位：元 yuan；单据 {} 笔 documents</th><th class=\"amount\">本方应付 owed by {own}</th>\
         <th class=\"amount\">本方应收 owed by {}</th></tr></thead>",
        row.own.documents(),
        row.peer
    );
    let (ours, theirs) = (&row.own_confirmation, &row.their_confirmation);
    let all = (row.own.owed_by(own).yuan(), row.own.owed_by(row.peer).yuan());
    line(page, "全部单据", "All documents", all.0, all.1);
    let held = |of| confirmed(of, |confirmation| confirmation.held_fen);
    line(page, "减：争议暂缓", "Less: contested, held back", held(ours), held(theirs));
    let released = |of| confirmed(of, |confirmation| confirmation.released_fen);
    line(page, "加：前期恢复", "Plus: released of earlier periods", released(ours), released(theirs));
    let payable = |of| confirmed(of, |confirmation| confirmation.payable_fen);
    line(page, "已确认", "Confirmed", payable(ours), payable(theirs));
    page.push_str("</table>");
}

fn shares(page: &mut String, row: &StatementRow) {
    let all = || row.shares.own.iter().chain(&row.shares.theirs);
    if all().next().is_none() {
        return;
    }
    page.push_str(
        "<table><thead><tr><th>债务方 Debtor</th><th>债权方 Creditor</th><th>科目 Part</th>\
         <th class=\"amount\">金额（元）Amount</th></tr></thead>",
    );
    for share in all() {
        let part = if share.part.is_empty() { "—".to_owned() } else { escaped(&share.part) };
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{part}</td><td class=\"amount\">{}</td></tr>",
            share.debtor,
            share.creditor,
            share.amount_fen.yuan()
        );
    }
    page.push_str("</table>");
}

fn held(row: &StatementRow) -> Vec<Place> {
    let all = [&row.own_confirmation, &row.their_confirmation];
    all.into_iter().flatten().flat_map(|confirmation| confirmation.held.clone()).collect()
}

fn released(row: &StatementRow) -> Vec<Place> {
    let all = [&row.own_confirmation, &row.their_confirmation];
    all.into_iter().flatten().flat_map(|confirmation| confirmation.released.clone()).collect()
}

/// Documents by the feed and message that prove them.
fn places(page: &mut String, zh: &str, en: &str, places: Vec<Place>) {
    if places.is_empty() {
        return;
    }
    let _ = write!(page, "<p>{zh} {en}: {}</p><p><code>", places.len());
    let listed: Vec<String> =
        places.iter().take(LISTED_MAX).map(|Place(sender, number, line)| format!("{sender}:{number}.{line}")).collect();
    page.push_str(&listed.join(" "));
    page.push_str(if places.len() > LISTED_MAX { " …</code></p>" } else { "</code></p>" });
}

fn differing(page: &mut String, differences: &[(Division, Difference)]) {
    if differences.is_empty() {
        return;
    }
    let _ = write!(page, "<p>双方持有不一致的单据 Documents not held alike: {}</p><table>", differences.len());
    page.push_str(
        "<thead><tr><th>单据 Document</th><th>类别 Class</th><th class=\"amount\">发送方 Sender</th>\
         <th class=\"amount\">接收方 Receiver</th></tr></thead>",
    );
    for (sender, of) in differences.iter().take(LISTED_MAX) {
        let class = match of.class {
            DifferenceClass::OnlySender => "仅发送方有 only sender",
            DifferenceClass::OnlyReceiver => "仅接收方有 only receiver",
            DifferenceClass::ContentDiffers => "内容不同 content differs",
        };
        let amount = |of: Option<Fen>| of.map_or("—".to_owned(), Fen::yuan);
        let _ = write!(
            page,
            "<tr><td><code>{sender}:{}.{}</code></td><td>{class}</td><td class=\"amount\">{}</td><td class=\"amount\">{}</td></tr>",
            of.number,
            of.line,
            amount(of.sender_fen),
            amount(of.receiver_fen)
        );
    }
    page.push_str("</table>");
}

/// What each lane's sum rests on.
fn proof(page: &mut String, row: &StatementRow) {
    page.push_str(
        "<table><thead><tr><th>通道 Feed</th><th>报文 Messages</th><th>单据 Documents</th><th>根 Root (SHA-256)</th></tr></thead>",
    );
    for lane in &row.own.lanes {
        let receiver = if lane.sender == row.own.author { row.peer } else { row.own.author };
        let _ = write!(
            page,
            "<tr><td>{}→{receiver}</td><td>{}–{}</td><td>{}</td><td><code>{}</code></td></tr>",
            lane.sender,
            lane.after + 1,
            lane.up_to,
            lane.documents,
            lane.root
        );
    }
    page.push_str("</table>");
}

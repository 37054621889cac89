//! `huitong medical verify-receipt`

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use huitong_medical::http::receipt::html::TOKEN_META;
use serde_json::json;

use crate::cli::FAILED;
use crate::cli::transit::picture;
use crate::receipt::{Answer, Proved, Verdict, offline};
use crate::region::manage;

/// A file larger than this is no receipt.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(Args)]
pub struct VerifyReceiptArguments {
    /// A token, or a file: a token's text, the printed page (HTML), or a picture of its QR code (PNG)
    receipt: String,
    /// The region's manifest, for instance data/region/manifest.json
    #[arg(long)]
    manifest: PathBuf,
    /// Also ask this node whether the settlement was cancelled since; no key is needed
    #[arg(long)]
    node: Option<String>,
    #[arg(long)]
    json: bool,
}

/// What was handed over.
#[derive(Debug, Default, PartialEq, Eq)]
struct Given {
    token: String,
    /// The sums that the page shows, by name.
    shown: Vec<(&'static str, String)>,
    /// Why it cannot be said what the page shows.
    unclear: Option<String>,
}

/// Every page shows each of these once.
const ALWAYS_SHOWN: [&str; 4] = ["total", "fund", "person", "cash"];

pub async fn verify(arguments: VerifyReceiptArguments) -> anyhow::Result<i32> {
    let manifest = manage::read(&arguments.manifest)?.content()?;
    let given = given(&arguments.receipt)?;
    let (mut answer, verified) = offline(&given.token, &manifest);
    if let (Some(_), Some(node)) = (verified, &arguments.node) {
        // What it says is what was verified here; whether it stands is the node's word.
        answer = Answer { receipt: answer.receipt, ..online(node, &given.token).await? };
    }
    if let Some(proved) = &answer.receipt
        && let Some(fault) = given.unclear.or_else(|| differing(&given.shown, proved))
    {
        answer = answer.altered_paper(fault);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        show(&answer);
    }
    Ok(if answer.verdict == Verdict::Valid { 0 } else { FAILED })
}

async fn online(node: &str, token: &str) -> anyhow::Result<Answer> {
    let url = format!("{}/v1/medical/receipts/verification", node.trim_end_matches('/'));
    let client = crate::tls::http_client().timeout(std::time::Duration::from_secs(20)).build()?;
    let answer = client.post(&url).json(&json!({ "token": token })).send().await;
    let answer =
        answer.and_then(reqwest::Response::error_for_status).with_context(|| format!("{url} does not answer"))?;
    answer.json().await.context("the node's answer cannot be read")
}

fn given(receipt: &str) -> anyhow::Result<Given> {
    let path = Path::new(receipt);
    // A token is longer than any path.
    if receipt.len() > 1_024 || !path.is_file() {
        if !receipt.to_ascii_lowercase().trim_start().starts_with("htr1:") {
            bail!("this is neither a file nor a token (HTR1:…) 既不是文件，也不是凭证码");
        }
        return Ok(Given { token: receipt.to_owned(), ..Given::default() });
    }
    let context = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(context)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(context)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{} is too large for a receipt", path.display());
    }
    if picture::is_png(&bytes) {
        bytes = picture::read(bytes).with_context(context)?;
    }
    Ok(of_text(&String::from_utf8_lossy(&bytes)))
}

/// A token's text as it is; of a page its token and the sums that it shows.
fn of_text(text: &str) -> Given {
    let until = |start: &str, end: char| {
        let (_, rest) = text.split_once(start)?;
        Some(rest.split(end).next().unwrap_or_default().to_owned())
    };
    let Some(token) = until(TOKEN_META, '"') else { return Given { token: text.to_owned(), ..Given::default() } };
    let sum = |name: &'static str| until(&format!("data-sum=\"{name}\">"), '<').map(|shown| (name, shown));
    let shown = ALWAYS_SHOWN.into_iter().chain(["hospital"]).filter_map(sum).collect();
    Given { token, shown, unclear: unclear(text) }
}

/// A page that was made here marks each sum once; a mark that is gone or doubled may hide what the reader sees.
fn unclear(page: &str) -> Option<String> {
    let marks = |name: &str| page.matches(&format!("data-sum=\"{name}\">")).count();
    let is_faulty = |name: &str| match name {
        "hospital" => marks(name) > 1,
        _ => marks(name) != 1,
    };
    let name = ALWAYS_SHOWN.into_iter().chain(["hospital"]).find(|name| is_faulty(name))?;
    let count = marks(name);
    Some(format!("the page marks the sum {name} {count} times, not once 本页金额标记 {name} 出现{count}次，应为一次"))
}

/// The first sum that the page shows otherwise than the code.
fn differing(shown: &[(&'static str, String)], proved: &Proved) -> Option<String> {
    shown.iter().find_map(|(name, shown)| {
        let amount = match *name {
            "total" => proved.total,
            "fund" => proved.fund,
            "person" => proved.person,
            "cash" => proved.cash,
            _ => proved.hospital,
        };
        let signed = amount.0.yuan();
        (*shown != signed).then(|| format!("the page shows {name} {shown}, its code {signed}"))
    })
}

fn show(answer: &Answer) {
    println!("{}\n{}", answer.text, answer.text_zh);
    if let Some(detail) = &answer.detail {
        println!("  {detail}");
    }
    let Some(proved) = &answer.receipt else { return };
    println!("  settlement 结算ID        {}", proved.settlement);
    if let Some(original) = &proved.contra_of {
        println!("  takes back 冲销          {original}");
    }
    println!("  settled at 结算时间      {}", proved.settled_at);
    let amounts = [
        ("total 医疗费总额       ", proved.total),
        ("funds 基金支付总额     ", proved.fund),
        ("person 个人负担总额    ", proved.person),
        ("of it accounts 账户    ", proved.account),
        ("of it cash 现金        ", proved.cash),
        ("hospital 医院负担      ", proved.hospital),
    ];
    for (name, amount) in amounts {
        println!("  {name}  {:>14}", amount.0.yuan());
    }
    println!("  document 单据哈希        {}", proved.document);
    println!("  proved by 证明           {} No. {}", proved.feed, proved.number);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(sums: &[&str]) -> String {
        let cells: String = sums.iter().map(|name| format!("<td data-sum=\"{name}\">9.00</td>")).collect();
        format!("<html>{TOKEN_META}htr1:AQ\">{cells}")
    }

    #[test]
    fn a_page_gives_its_token_and_the_sums_it_shows_and_another_text_is_taken_as_it_is() {
        let given = of_text(&page(&ALWAYS_SHOWN));
        assert_eq!((given.token.as_str(), given.shown.len(), given.unclear), ("htr1:AQ", 4, None));
        assert_eq!(given.shown[0], ("total", "9.00".to_owned()));
        assert_eq!(of_text("HTR1:A B "), Given { token: "HTR1:A B ".to_owned(), ..Given::default() });
        assert_eq!(of_text(TOKEN_META).token, "");
    }

    #[test]
    fn a_page_says_each_sum_once() {
        for names in [&["total", "fund", "person"][..], &["total", "fund", "person", "cash", "total"], &[]] {
            assert!(of_text(&page(names)).unclear.is_some(), "{names:?}");
        }
        let hospital = ["total", "fund", "person", "cash", "hospital", "hospital"];
        assert_eq!(of_text(&page(&hospital[..5])).unclear, None);
        assert!(of_text(&page(&hospital)).unclear.is_some());
    }
}

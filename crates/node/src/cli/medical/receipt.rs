//! `huitong medical receipt`

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use huitong_medical::http::receipt::slip::Slip;

use crate::demo::client::ApiClient;
use crate::receipt::pdf;

#[derive(Args)]
pub struct ReceiptArguments {
    /// Base address of the API of the node of treatment
    #[arg(long)]
    node: String,
    /// API key of the cashier
    #[arg(long, env = "HUITONG_KEY")]
    key: String,
    /// The settlement, or a contra: A and 19 digits
    #[arg(long)]
    settlement: String,
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// Where to write it; without it, what is text goes to standard output
    #[arg(long)]
    out: Option<PathBuf>,
    /// Font with Chinese characters for the PDF, for instance of the package fonts-wqy-microhei
    #[arg(long, env = "HUITONG_FONT")]
    font: Option<PathBuf>,
    /// Which font of a collection (.ttc)
    #[arg(long, default_value_t = 0)]
    font_index: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page to print, with the QR code in it
    Html,
    /// The same as data
    Json,
    /// The token alone
    Token,
    /// The QR code alone, as SVG
    Qr,
    /// One or more pages to keep (builds with the feature `pdf`)
    Pdf,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Json | Format::Pdf => "json",
            Format::Token => "token",
            Format::Qr => "qr",
        }
    }
}

pub async fn receipt(arguments: ReceiptArguments) -> anyhow::Result<i32> {
    let client = ApiClient::new(&arguments.node, &arguments.key);
    let path = format!("/v1/medical/settlements/{}/receipt?format={}", arguments.settlement, arguments.format.name());
    // The font is looked at before the node is asked: what is wrong at the desk is told at once.
    let printer = match arguments.format {
        Format::Pdf => Some(pdf::Printer::open(arguments.font.as_deref(), arguments.font_index)?),
        _ => None,
    };
    let text = client.text(&path).await?;
    let bytes = match printer {
        Some(printer) => {
            let slip: Slip = serde_json::from_str(&text).context("the node's answer is no receipt")?;
            printer.print(&slip)?
        }
        None => text.into_bytes(),
    };
    match arguments.out {
        Some(path) => {
            std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            println!("Written 已写入 {}", path.display());
        }
        None if arguments.format == Format::Pdf => anyhow::bail!("name a file with --out 请用 --out 指定文件"),
        None => print!("{}", String::from_utf8_lossy(&bytes)),
    }
    Ok(0)
}

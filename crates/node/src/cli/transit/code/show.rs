//! `huitong transit code show`: fields 16 and 17, as a phone adds them without network; and the picture for the gate.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use huitong_transit_code::code::Code;
use huitong_transit_code::make::{self, Sign};

use super::super::{given, picture::Picture};
use super::test_keys;
use crate::gate::moment::{Moment, told};
use crate::transit_keys;

#[derive(Args)]
pub struct ShowArguments {
    /// The issuer's authorisation: hexadecimal, base64 or a file
    #[arg(long)]
    authorisation: String,
    /// The rider's private key file
    #[arg(long, required_unless_present = "test_keys")]
    key: Option<PathBuf>,
    /// The published test user's key instead
    #[arg(long, conflicts_with = "key")]
    test_keys: bool,
    /// Generation time, RFC 3339 or Unix seconds; now when absent
    #[arg(long)]
    at: Option<Moment>,
    /// The picture, PNG or SVG by the name's ending; on the terminal when neither this nor --hex is given
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the code's bytes in hexadecimal, nothing else
    #[arg(long)]
    hex: bool,
}

pub fn run(arguments: &ShowArguments) -> anyhow::Result<i32> {
    let authorisation = given::argument(&arguments.authorisation).context("the authorisation")?;
    let user = match &arguments.key {
        Some(path) => transit_keys::read(path)?,
        None => {
            test_keys::announce();
            test_keys::test_key("user")?
        }
    };
    let at = arguments.at.unwrap_or_else(Moment::now);
    let bytes = make::code(&authorisation, at.code_seconds()?, &user);
    let Ok(code) = Code::parse(&bytes) else {
        bail!("with time and signature the authorisation becomes no code; are these fields 1 to 15?");
    };
    if code.user_key() != user.key().compressed() {
        bail!("the authorisation names another user key; every gate would refuse the code (-104)");
    }
    if let Some(path) = &arguments.out {
        write_picture(path, &bytes)?;
    }
    if arguments.hex {
        println!("{}", hex::encode(&bytes));
        return Ok(0);
    }
    if arguments.out.is_none() {
        print!("{}", Picture::of(&bytes)?.terminal());
    }
    let (from, until) = (at.seconds(), at.seconds().saturating_add(i64::from(code.validity_s())));
    println!("{} bytes; generated 生成 {}, valid until 有效至 {}", bytes.len(), told(from), told(until));
    if until > code.authorisation_expiry() {
        println!("The authorisation ends before that 授权先到期: {}", told(code.authorisation_expiry()));
    }
    Ok(0)
}

fn write_picture(path: &Path, code: &[u8]) -> anyhow::Result<()> {
    let picture = Picture::of(code)?;
    let bytes = match path.extension().and_then(|ending| ending.to_str()) {
        Some("png") => picture.png()?,
        Some("svg") => picture.svg().into_bytes(),
        _ => bail!("{}: name it .png or .svg", path.display()),
    };
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

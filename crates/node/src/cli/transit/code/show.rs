//! `huitong transit code show`: fields 16 and 17, or level 2, as a phone adds them without network; and the picture for the
//! gate.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use huitong_transit_code::code::Code;
use huitong_transit_code::make::{self, Sign};
use huitong_transit_code::uic::is_uic;
use huitong_transit_code::uic::ride::RideCode;

use super::super::{given, output, picture::Picture};
use super::profile::MadeProfile;
use super::{test_keys, uic};
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
    /// The layout; when absent that of the authorisation, which cannot be of another
    #[arg(long, value_enum)]
    profile: Option<MadeProfile>,
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

/// A code, with what is told of it.
struct Shown {
    bytes: Vec<u8>,
    validity_s: u16,
    authorisation_expiry: i64,
}

pub fn run(arguments: &ShowArguments) -> anyhow::Result<i32> {
    let authorisation = given::argument(&arguments.authorisation).context("the authorisation")?;
    let made = if is_uic(&authorisation) { MadeProfile::Uic9189 } else { MadeProfile::Jtt1179 };
    if arguments.profile.is_some_and(|wanted| wanted != made) {
        bail!("the authorisation is of profile {}", made.profile().name());
    }
    let at = arguments.at.unwrap_or_else(Moment::now);
    let Shown { bytes, validity_s, authorisation_expiry } = match made {
        MadeProfile::Jtt1179 => jtt1179(arguments, &authorisation, at)?,
        MadeProfile::Uic9189 => uic_918_9(arguments, &authorisation, at)?,
    };
    if let Some(path) = &arguments.out {
        write_picture(path, &bytes)?;
    }
    if arguments.hex {
        output::line(hex::encode(&bytes))?;
        return Ok(0);
    }
    if arguments.out.is_none() {
        output::text(Picture::of(&bytes)?.terminal())?;
    }
    let (from, until) = (at.seconds(), at.seconds().saturating_add(i64::from(validity_s)));
    let (length, made, ends) = (bytes.len(), told(from), told(until));
    output::line(format_args!("{length} bytes; generated 生成 {made}, valid until 有效至 {ends}"))?;
    if until > authorisation_expiry {
        output::line(format_args!("The authorisation ends before that 授权先到期: {}", told(authorisation_expiry)))?;
    }
    Ok(0)
}

fn jtt1179(arguments: &ShowArguments, authorisation: &[u8], at: Moment) -> anyhow::Result<Shown> {
    let user = match &arguments.key {
        Some(path) => transit_keys::read(path)?,
        None => {
            test_keys::announce();
            test_keys::test_key("user")?
        }
    };
    let bytes = make::code(authorisation, at.code_seconds()?, &user);
    let Ok(code) = Code::parse(&bytes) else {
        bail!("with time and signature the authorisation becomes no code; are these fields 1 to 15?");
    };
    if code.user_key() != user.key().compressed() {
        bail!("the authorisation names another user key; every gate would refuse the code (-104)");
    }
    let (validity_s, authorisation_expiry) = (code.validity_s(), code.authorisation_expiry());
    Ok(Shown { validity_s, authorisation_expiry, bytes })
}

fn uic_918_9(arguments: &ShowArguments, authorisation: &[u8], at: Moment) -> anyhow::Result<Shown> {
    let phone = match &arguments.key {
        Some(path) => uic::private_key(path)?,
        None => {
            test_keys::announce();
            test_keys::uic_test_key("uic user")?
        }
    };
    let bytes = uic::code(authorisation, at, &phone)?;
    let Ok(code) = RideCode::parse(&bytes) else { bail!("the authorisation becomes no code") };
    let (validity_s, authorisation_expiry) = (code.validity_s, code.authorisation_expiry);
    Ok(Shown { validity_s, authorisation_expiry, bytes })
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

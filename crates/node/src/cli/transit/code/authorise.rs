//! `huitong transit code authorise`: what the server of an issuer gives to a phone; here fields 1 to 15 of JT/T 1179.

use std::path::PathBuf;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use huitong_transit_code::attack::Bench;
use huitong_transit_code::certificate::{CERTIFICATE_LENGTH, Certificate};
use huitong_transit_code::code::Account;
use huitong_transit_code::custom::METRO_LENGTH;
use huitong_transit_code::make::{self, AuthorisationFields, Sign, SigningKey};
use huitong_transit_code::signature::Key;

use super::super::{given, output};
use super::profile::{MadeProfile, check_platform};
use super::{test_keys, uic};
use crate::gate::moment::{Moment, told};
use crate::transit_keys;

/// Three days, the default of an authorisation's life (transit specification §5.3).
const LIFE_S: i64 = 3 * 86_400;

#[derive(Args)]
pub struct AuthoriseArguments {
    /// The layout of the codes
    #[arg(long, value_enum, default_value_t = MadeProfile::Jtt1179)]
    pub profile: MadeProfile,
    /// The published test issuer
    #[arg(long, conflicts_with_all = ["issuer_key", "certificate", "issuer"], required_unless_present = "issuer_key")]
    test_keys: bool,
    /// The issuer's private key file
    #[arg(long)]
    pub issuer_key: Option<PathBuf>,
    /// The issuer certificate, 117 bytes: hexadecimal, base64 or a file; with --issuer-key, of jtt1179
    #[arg(long)]
    certificate: Option<String>,
    /// Issuer 发卡机构, 8 digits; with --issuer-key, of uic-918-9 (a certificate names it)
    #[arg(long)]
    pub issuer: Option<String>,
    /// RICS code of the issuer, 1 to 32000; with --issuer-key, of uic-918-9
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=32_000))]
    pub provider: Option<u16>,
    /// Number of the issuer's key in the key set, up to 99999; with --issuer-key, of uic-918-9
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=99_999))]
    pub key_id: Option<u32>,
    /// The gates' key set, hexadecimal, base64 or a file: what it would refuse for its layout is not signed. That of
    /// test-tables with --test-keys; not checked when absent
    #[arg(long)]
    key_set: Option<String>,
    /// The rider's key: a private key file, or the public key of 33 or 65 bytes. The test user's when absent
    #[arg(long)]
    pub user: Option<String>,
    /// Account number 卡账户号, up to 20 digits
    #[arg(long)]
    account: Option<String>,
    /// Payment account 支付账户号, up to 16 characters; not in uic-918-9
    #[arg(long, default_value = "TEST0001")]
    pay_account: String,
    /// Code platform 发码平台, 8 hexadecimal digits; 00000031, or 00000032 of uic-918-9, when absent
    #[arg(long)]
    platform: Option<String>,
    #[arg(long, default_value_t = 1)]
    pub account_type: u8,
    /// Single-spend limit 单次消费上限, fen
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u32).range(..=0x00ff_ffff))]
    pub limit_fen: u32,
    /// When the authorisation ends; three days from now when absent
    #[arg(long)]
    expires: Option<Moment>,
    /// How long a displayed code is valid, seconds
    #[arg(long, default_value_t = 30)]
    pub validity_s: u16,
    /// Ticket number 票号: companions on one account need one each
    #[arg(long, default_value_t = 7)]
    pub ticket: u64,
    /// Where the authorisation is written, base64; to the screen when absent
    #[arg(long)]
    out: Option<PathBuf>,
}

/// An authorisation, and what is told of it.
pub struct Authorised {
    pub bytes: Vec<u8>,
    pub account: Account,
    pub expires: Moment,
}

impl AuthoriseArguments {
    pub fn account_number(&self) -> anyhow::Result<[u8; 10]> {
        account_number(self.account.as_deref().unwrap_or(match self.profile {
            MadeProfile::Jtt1179 => "00003100000000000018",
            MadeProfile::Uic9189 => "00003100000000000026",
        }))
    }

    pub fn expires(&self) -> Moment {
        self.expires.unwrap_or(Moment(Moment::now().0.saturating_add(LIFE_S * 1_000)))
    }

    /// One whose gates read this layout.
    fn platform(&self) -> anyhow::Result<[u8; 4]> {
        let platform = given::exactly(
            "platform",
            self.platform.as_deref().unwrap_or(match self.profile {
                MadeProfile::Jtt1179 => "00000031",
                MadeProfile::Uic9189 => "00000032",
            }),
        )?;
        if self.issuer_key.is_none() || self.key_set.is_some() {
            check_platform(self.key_set.as_deref(), platform, self.profile)?;
        }
        Ok(platform)
    }
}

pub fn run(arguments: &AuthoriseArguments) -> anyhow::Result<i32> {
    let platform = arguments.platform()?;
    let Authorised { bytes, account, expires } = match arguments.profile {
        MadeProfile::Jtt1179 => jtt1179(arguments, platform)?,
        MadeProfile::Uic9189 => uic::authorise(arguments, platform)?,
    };
    let text = STANDARD.encode(bytes);
    match &arguments.out {
        None => output::line(text)?,
        Some(path) => {
            crate::keys::write_public(path, format!("{text}\n").as_bytes())?;
            output::line(format_args!("Authorisation 授权: {}", path.display()))?;
            output::line(format_args!("  profile 布局    {}", arguments.profile.profile().name()))?;
            output::line(format_args!("  issuer 发卡机构 {}", hex::encode(account.issuer)))?;
            output::line(format_args!("  account 卡账户  {}", hex::encode(account.number)))?;
            output::line(format_args!("  limit 单次上限  {} fen", arguments.limit_fen))?;
            output::line(format_args!("  expires 授权到期 {}", told(expires.seconds())))?;
        }
    }
    Ok(0)
}

/// Fields 1 to 15.
fn jtt1179(arguments: &AuthoriseArguments, platform: [u8; 4]) -> anyhow::Result<Authorised> {
    let (issuer, certificate) = issuer(arguments)?;
    let expires = arguments.expires();
    let account = Account { issuer: Certificate(&certificate).issuer(), number: arguments.account_number()? };
    let fields = AuthorisationFields {
        pay_account: right_aligned("payment account", arguments.pay_account.as_bytes())?,
        account,
        certificate,
        platform,
        account_type: arguments.account_type,
        limit_fen: arguments.limit_fen,
        user_key: user_key(arguments)?.compressed(),
        expiry: expires.code_seconds()?,
        validity_s: arguments.validity_s,
        custom: metro_field(arguments.ticket),
    };
    Ok(Authorised { bytes: make::authorisation(&fields, &issuer), account, expires })
}

fn issuer(arguments: &AuthoriseArguments) -> anyhow::Result<(SigningKey, [u8; CERTIFICATE_LENGTH])> {
    let Some(path) = &arguments.issuer_key else {
        test_keys::announce();
        let bench = Bench::new();
        return Ok((test_keys::test_key("issuer")?, bench.certificate(bench.certificate_fields())));
    };
    let issuer = transit_keys::read(path)?;
    let certificate = arguments.certificate.as_ref().context("with --issuer-key give the --certificate")?;
    let certificate = given::exactly("certificate", certificate)?;
    let named = Certificate(&certificate).key().context("the certificate's key is not on the curve")?;
    if named.compressed() != issuer.key().compressed() {
        bail!("the certificate names another key than {}", path.display());
    }
    Ok((issuer, certificate))
}

fn user_key(arguments: &AuthoriseArguments) -> anyhow::Result<Key> {
    let Some(given) = &arguments.user else {
        test_keys::announce();
        return Ok(test_keys::test_key("user")?.key());
    };
    let bytes = given::argument(given).context("the user's key")?;
    let key = match *bytes.as_slice() {
        [2 | 3, ..] if bytes.len() == 33 => bytes.as_array().and_then(Key::from_compressed),
        [4, ref point @ ..] if point.len() == 64 => {
            point.first_chunk().zip(point.last_chunk()).and_then(|(x, y)| Key::from_coordinates(x, y))
        }
        _ => bytes.as_array().and_then(SigningKey::from_bytes).map(|key| key.key()),
    };
    key.context("the user's key: a private key file, or a public key of 33 or 65 bytes on the curve")
}

/// Digits as BCD, zeros before.
fn account_number(digits: &str) -> anyhow::Result<[u8; 10]> {
    if digits.len() > 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("an account number has up to 20 digits");
    }
    let number = hex::decode(format!("{digits:0>20}"))?;
    number.try_into().map_err(|_| anyhow::anyhow!("20 digits are ten bytes"))
}

/// Bytes with zeros before.
fn right_aligned<const LENGTH: usize>(name: &str, bytes: &[u8]) -> anyhow::Result<[u8; LENGTH]> {
    let mut field = [0; LENGTH];
    let at = LENGTH.checked_sub(bytes.len()).with_context(|| format!("the {name} has up to {LENGTH} bytes"))?;
    field[at..].copy_from_slice(bytes);
    Ok(field)
}

/// A stored-value ticket (decimal 92) that has not entered.
fn metro_field(ticket: u64) -> Vec<u8> {
    let mut field = vec![0; METRO_LENGTH];
    field[0] = 92;
    field[1..9].copy_from_slice(&ticket.to_be_bytes());
    field
}

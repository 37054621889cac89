//! Parts that several messages share.

use super::Content::{Amount, Choice, Sequence, Text as Value};
use super::{Content, Text, any, maybe, maybe_text, one, text, unread, unread_any};

/// A day, or a moment.
pub const DAY: Content = Choice(&[one("Dt", Value(Text::Date)), one("DtTm", Value(Text::DateTime))]);

const SCHEME: Content = Choice(&[text("Cd", 4), text("Prtry", 35)]);
pub const ACCOUNT_NUMBER: Content = Choice(&[
    one("IBAN", Value(Text::Iban)),
    one("Othr", Sequence(&[text("Id", 34), maybe("SchmeNm", SCHEME), maybe_text("Issr", 35)])),
]);
pub const ACCOUNT: Content = Sequence(&[
    one("Id", ACCOUNT_NUMBER),
    unread("Tp"),
    maybe("Ccy", Value(Text::Currency)),
    maybe_text("Nm", 70),
    unread("Prxy"),
]);

pub const PARTY: Content =
    Sequence(&[maybe_text("Nm", 140), unread("PstlAdr"), unread("Id"), unread("CtryOfRes"), unread("CtctDtls")]);

const CLEARING_MEMBER: Content =
    Sequence(&[maybe("ClrSysId", Choice(&[text("Cd", 5), text("Prtry", 35)])), text("MmbId", 35)]);
pub const AGENT: Content = Sequence(&[
    one(
        "FinInstnId",
        Sequence(&[
            maybe("BICFI", Value(Text::Bic)),
            maybe("ClrSysMmbId", CLEARING_MEMBER),
            unread("LEI"),
            maybe_text("Nm", 140),
            unread("PstlAdr"),
            unread("Othr"),
        ]),
    ),
    unread("BrnchId"),
]);

/// Free text in lines of 140 characters.
pub const REMITTANCE: Content = Sequence(&[any("Ustrd", Value(Text::UpTo(140))), unread_any("Strd")]);

pub const AMOUNT: Content = Amount;

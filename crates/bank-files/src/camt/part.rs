//! The smaller parts of a bank's file.

use super::{Batch, Counterpart, Page, Return, Side};
use crate::fault::{self, Fault};
use crate::party::Account;
use crate::xml::Place;

pub fn side(place: Place) -> Side {
    if place.text() == Side::Credit.code() { Side::Credit } else { Side::Debit }
}

pub fn page(place: Place) -> Result<Page, Fault> {
    let number = place.need(&["PgNb"])?;
    let digits = number.text().parse().map_err(|_| number.fault(fault::DIGITS).with(5))?;
    Ok(Page { number: digits, is_last: place.need(&["LastPgInd"])?.flag() })
}

/// The account that is reported on: one in yuan.
pub fn own_account(place: Place) -> Result<Account, Fault> {
    place.expect_yuan(&["Ccy"])?;
    account(place).ok_or_else(|| place.fault(fault::MISSING).with("Id"))
}

/// `Id` of an account: the description allows these two only.
pub fn account(place: Place) -> Option<Account> {
    let iban = place.string(&["Id", "IBAN"]).map(Account::Iban);
    iban.or_else(|| place.string(&["Id", "Othr", "Id"]).map(Account::Other))
}

/// A party's name, or that of the bank that acts for itself, and its account.
pub fn counterpart(parties: Option<Place>, party: &str, party_account: &str) -> Counterpart {
    let Some(parties) = parties else { return Counterpart::default() };
    let own_name = parties.string(&[party, "Pty", "Nm"]);
    Counterpart {
        name: own_name.or_else(|| parties.string(&[party, "Agt", "FinInstnId", "Nm"])),
        account: parties.find(&[party_account]).and_then(account),
    }
}

/// `NtryDtls` with a batch in it: when its transactions are told, they are as many as it says.
pub fn batch(details: Place) -> Result<Option<Batch>, Fault> {
    let Some(place) = details.find(&["Btch"]) else { return Ok(None) };
    let told = place.find(&["NbOfTxs"]);
    let transfers = told.map(|told| told.text().parse::<u64>().map_err(|_| told.fault(fault::DIGITS).with(15)));
    let transfers = transfers.transpose()?;
    let listed = details.all("TxDtls").count();
    match (told, transfers) {
        (Some(told), Some(number)) if listed > 0 && u64::try_from(listed) != Ok(number) => {
            Err(told.fault(fault::NUMBER_OF_TRANSFERS).with(listed))
        }
        _ => {
            Ok(Some(Batch { message_id: place.string(&["MsgId"]), payment_id: place.string(&["PmtInfId"]), transfers }))
        }
    }
}

pub fn returned(place: Place) -> Return {
    Return {
        code: place.string(&["Rsn", "Cd"]),
        reason: place.string(&["Rsn", "Prtry"]),
        information: place.all("AddtlInf").map(|line| line.text().to_owned()).collect(),
    }
}

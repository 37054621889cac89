//! A payment order's file as values: what the bank of the demonstration does, and what every order goes through before it leaves.

use std::collections::HashSet;

use huitong_kernel::money::Fen;

use super::{Initiation, Transfer};
use crate::camt::yuan;
use crate::fault::{self, Fault};
use crate::limits::TRANSFERS_MAX;
use crate::party::{Account, Agent, CNAPS, Party};
use crate::structure::INITIATION;
use crate::value::are_digits;
use crate::xml::{self, Place};

/// Reads a pain.001.001.09 of the kind that [`super::write`] writes: one debtor, one day, yuan.
pub fn read(bytes: &[u8]) -> Result<Initiation, Fault> {
    let tree = xml::read(bytes, &[&INITIATION])?;
    let message = tree.message_place();
    let payment = message.need(&["PmtInf"])?;
    if let Some(second) = message.all("PmtInf").nth(1) {
        return Err(second.fault(fault::NOT_TAKEN).with("PmtInf[2]"));
    }
    let method = payment.need(&["PmtMtd"])?;
    if method.text() != "TRF" {
        return Err(method.fault(fault::NOT_TAKEN).with(method.text()));
    }
    let transfers = transfers(payment)?;
    let header = message.need(&["GrpHdr"])?;
    for totals in [header, payment] {
        check_totals(totals, &transfers)?;
    }
    Ok(Initiation {
        message_id: header.need(&["MsgId"])?.text().to_owned(),
        created_at: header.need(&["CreDtTm"])?.instant()?,
        initiating_party: header.need(&["InitgPty", "Nm"])?.text().to_owned(),
        debtor: party(payment, ["Dbtr", "DbtrAcct", "DbtrAgt"])?,
        requested_execution_date: payment.need(&["ReqdExctnDt"])?.day()?,
        transfers,
    })
}

fn transfers(payment: Place) -> Result<Vec<Transfer>, Fault> {
    if payment.all("CdtTrfTxInf").count() > TRANSFERS_MAX {
        return Err(payment.fault(fault::TOO_MANY_TRANSFERS).with(TRANSFERS_MAX));
    }
    let mut instructions = HashSet::new();
    let mut ends = HashSet::new();
    let mut transfers = Vec::new();
    for place in payment.all("CdtTrfTxInf") {
        let instruction = place.need(&["PmtId", "InstrId"])?;
        let end_to_end = place.need(&["PmtId", "EndToEndId"])?;
        for (before, id) in [(&mut instructions, instruction), (&mut ends, end_to_end)] {
            if !before.insert(id.text()) {
                return Err(id.fault(fault::DUPLICATE));
            }
        }
        transfers.push(Transfer {
            instruction_id: instruction.text().to_owned(),
            end_to_end_id: end_to_end.text().to_owned(),
            amount: amount(place)?,
            creditor: party(place, ["Cdtr", "CdtrAcct", "CdtrAgt"])?,
            remittance: remittance(place)?,
        });
    }
    Ok(transfers)
}

fn amount(transfer: Place) -> Result<Fen, Fault> {
    if let Some(equivalent) = transfer.find(&["Amt", "EqvtAmt"]) {
        return Err(equivalent.fault(fault::NOT_TAKEN).with("EqvtAmt"));
    }
    let place = transfer.need(&["Amt", "InstdAmt"])?;
    match place.amount()? {
        Fen::ZERO => Err(place.fault(fault::AMOUNT_ZERO)),
        amount => Ok(amount),
    }
}

fn remittance(transfer: Place) -> Result<Option<String>, Fault> {
    let Some(place) = transfer.find(&["RmtInf"]) else { return Ok(None) };
    if let Some(structured) = place.find(&["Strd"]) {
        return Err(structured.fault(fault::NOT_TAKEN).with("Strd"));
    }
    let mut lines = place.all("Ustrd");
    let first = lines.next().map(|line| line.text().to_owned());
    match lines.next() {
        Some(second) => Err(second.fault(fault::NOT_TAKEN).with("Ustrd[2]")),
        None => Ok(first),
    }
}

/// Number and sum are what the transfers make; the group's may be left out.
fn check_totals(place: Place, transfers: &[Transfer]) -> Result<(), Fault> {
    let number = transfers.len();
    if let Some(told) = place.find(&["NbOfTxs"])
        && told.text().parse() != Ok(number)
    {
        return Err(told.fault(fault::NUMBER_OF_TRANSFERS).with(number));
    }
    let sum: i128 = transfers.iter().map(|transfer| i128::from(transfer.amount.0)).sum();
    if let Some(told) = place.find(&["CtrlSum"])
        && i128::from(told.yuan()?.0) != sum
    {
        return Err(told.fault(fault::CONTROL_SUM).with(yuan(sum)));
    }
    Ok(())
}

/// A party by the names of its three elements.
fn party(place: Place, [name, account, agent]: [&'static str; 3]) -> Result<Party, Fault> {
    let account = place.need(&[account])?;
    account.expect_yuan(&["Ccy"])?;
    let number = match account.find(&["Id", "IBAN"]) {
        Some(iban) => Account::Iban(iban.text().to_owned()),
        None => Account::Other(account.need(&["Id", "Othr", "Id"])?.text().to_owned()),
    };
    Ok(Party {
        name: place.need(&[name, "Nm"])?.text().to_owned(),
        account: number,
        agent: bank(place.need(&[agent, "FinInstnId"])?)?,
    })
}

fn bank(place: Place) -> Result<Agent, Fault> {
    if let Some(bic) = place.string(&["BICFI"]) {
        return Ok(Agent::Bic(bic));
    }
    let member = place.need(&["ClrSysMmbId"])?;
    let system = member.need(&["ClrSysId", "Cd"])?;
    if system.text() != CNAPS {
        return Err(system.fault(fault::NOT_TAKEN).with(system.text()));
    }
    let number = member.need(&["MmbId"])?;
    if number.text().len() != 12 || !are_digits(number.text()) {
        return Err(number.fault(fault::CNAPS));
    }
    Ok(Agent::Cnaps(number.text().to_owned()))
}

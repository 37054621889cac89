//! A payment order as a file.

use super::{Initiation, Transfer};
use crate::fault::{self, Fault};
use crate::limits::TRANSFERS_MAX;
use crate::party::{Account, Agent, CNAPS, Party};
use crate::structure::INITIATION;
use crate::value::written_instant;
use crate::xml::Writer;

/// The file, held against the standard and read back before it leaves: what cannot be an order is a fault with the path that it would
/// have had.
pub fn write(initiation: &Initiation) -> Result<String, Fault> {
    if initiation.transfers.len() > TRANSFERS_MAX {
        return Err(fault::TOO_MANY_TRANSFERS.at("").with(TRANSFERS_MAX));
    }
    let text = written(initiation);
    match super::read(text.as_bytes())? == *initiation {
        true => Ok(text),
        false => Err(fault::NOT_KEPT.at("")),
    }
}

fn written(initiation: &Initiation) -> String {
    let number = initiation.transfers.len().to_string();
    let sum: i128 = initiation.transfers.iter().map(|transfer| i128::from(transfer.amount.0)).sum();
    let sum = crate::camt::yuan(sum);
    let mut writer = Writer::document(INITIATION.namespace);
    writer.inside("CstmrCdtTrfInitn", |writer| {
        writer.inside("GrpHdr", |writer| {
            writer.text(&["MsgId"], &initiation.message_id);
            writer.text(&["CreDtTm"], &written_instant(initiation.created_at));
            writer.text(&["NbOfTxs"], &number);
            writer.text(&["CtrlSum"], &sum);
            writer.text(&["InitgPty", "Nm"], &initiation.initiating_party);
        });
        writer.inside("PmtInf", |writer| {
            writer.text(&["PmtInfId"], &initiation.message_id);
            writer.text(&["PmtMtd"], "TRF");
            writer.text(&["NbOfTxs"], &number);
            writer.text(&["CtrlSum"], &sum);
            writer.text(&["ReqdExctnDt", "Dt"], &initiation.requested_execution_date.to_string());
            debtor(writer, &initiation.debtor);
            for transfer in &initiation.transfers {
                writer.inside("CdtTrfTxInf", |writer| written_transfer(writer, transfer));
            }
        });
    });
    writer.finish()
}

fn debtor(writer: &mut Writer, debtor: &Party) {
    writer.text(&["Dbtr", "Nm"], &debtor.name);
    writer.inside("DbtrAcct", |writer| account(writer, &debtor.account));
    writer.inside("DbtrAgt", |writer| agent(writer, &debtor.agent));
}

fn written_transfer(writer: &mut Writer, transfer: &Transfer) {
    writer.inside("PmtId", |writer| {
        writer.text(&["InstrId"], &transfer.instruction_id);
        writer.text(&["EndToEndId"], &transfer.end_to_end_id);
    });
    writer.inside("Amt", |writer| writer.amount("InstdAmt", transfer.amount));
    writer.inside("CdtrAgt", |writer| agent(writer, &transfer.creditor.agent));
    writer.text(&["Cdtr", "Nm"], &transfer.creditor.name);
    writer.inside("CdtrAcct", |writer| account(writer, &transfer.creditor.account));
    writer.optional(&["RmtInf", "Ustrd"], transfer.remittance.as_deref());
}

pub(crate) fn account(writer: &mut Writer, account: &Account) {
    match account {
        Account::Iban(iban) => writer.text(&["Id", "IBAN"], iban),
        Account::Other(number) => writer.text(&["Id", "Othr", "Id"], number),
    }
}

fn agent(writer: &mut Writer, agent: &Agent) {
    writer.inside("FinInstnId", |writer| match agent {
        Agent::Bic(bic) => writer.text(&["BICFI"], bic),
        Agent::Cnaps(number) => writer.inside("ClrSysMmbId", |writer| {
            writer.text(&["ClrSysId", "Cd"], CNAPS);
            writer.text(&["MmbId"], number);
        }),
    });
}

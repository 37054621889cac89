//! The chart of accounts and the postings of clearing.
//!
//! A confirmed debt: Dr `service/S` Cr `payable/S/PEER`; a confirmed claim: Dr `receivable/S/PEER` Cr `service/S`. A batch moves both
//! to `netting/S`, and from there to `payment/S/PEER`: after it `netting/S` is zero. The bank, or the prepayment, settles
//! `payment/S/PEER`.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::{AccountCode, Transfer, TransferId};
use huitong_service_kit::Context;

fn of_peer(class: &str, service: &str, peer: Division) -> AccountCode {
    AccountCode::new(&[class, service, peer.as_str()])
}

/// What the peer has paid ahead to this node.
pub fn prepayment_received(service: &str, peer: Division) -> AccountCode {
    of_peer("prepayment_received", service, peer)
}

/// What this node has paid ahead to the peer.
pub fn prepayment_given(service: &str, peer: Division) -> AccountCode {
    of_peer("prepayment_given", service, peer)
}

/// Collects transfers; those of zero fen are left out, negative ones go the other way.
pub struct Postings<'c, 'x> {
    context: &'c mut Context<'x>,
    pub transfers: Vec<Transfer>,
}

impl<'c, 'x> Postings<'c, 'x> {
    pub fn new(context: &'c mut Context<'x>) -> Postings<'c, 'x> {
        Postings { context, transfers: Vec::new() }
    }

    fn push(&mut self, debit: AccountCode, credit: AccountCode, amount: Fen) {
        if amount != Fen::ZERO {
            let id = TransferId::new(self.context.now, self.context.random);
            self.transfers.extend(Transfer::either_way(id, debit, credit, amount));
        }
    }

    /// This node owes the peer so much for a service.
    pub fn owed(&mut self, service: &str, peer: Division, amount: Fen) {
        self.push(AccountCode::new(&["service", service]), of_peer("payable", service, peer), amount);
    }

    /// The peer owes this node so much.
    pub fn claimed(&mut self, service: &str, peer: Division, amount: Fen) {
        self.push(of_peer("receivable", service, peer), AccountCode::new(&["service", service]), amount);
    }

    /// A confirmed statement goes into a batch.
    pub fn netted(&mut self, service: &str, peer: Division, payable: Fen, receivable: Fen) {
        let netting = || AccountCode::new(&["netting", service]);
        self.push(of_peer("payable", service, peer), netting(), payable);
        self.push(netting(), of_peer("receivable", service, peer), receivable);
    }

    /// A batch makes this node pay the peer.
    pub fn to_pay(&mut self, service: &str, payee: Division, amount: Fen) {
        self.push(AccountCode::new(&["netting", service]), of_peer("payment", service, payee), amount);
    }

    /// A batch makes the peer pay this node.
    pub fn to_receive(&mut self, service: &str, payer: Division, amount: Fen) {
        self.push(of_peer("payment", service, payer), AccountCode::new(&["netting", service]), amount);
    }

    /// This node is to pay the peer ahead.
    pub fn prepay(&mut self, service: &str, payee: Division, amount: Fen) {
        self.push(prepayment_given(service, payee), of_peer("payment", service, payee), amount);
    }

    /// The peer pays this node ahead.
    pub fn prepaid(&mut self, service: &str, payer: Division, amount: Fen) {
        self.push(of_peer("payment", service, payer), prepayment_received(service, payer), amount);
    }

    /// The bank has paid out; a return is negative.
    pub fn bank_paid(&mut self, service: &str, payee: Division, amount: Fen) {
        self.push(of_peer("payment", service, payee), AccountCode::new(&["bank"]), amount);
    }

    pub fn bank_received(&mut self, service: &str, payer: Division, amount: Fen) {
        self.push(AccountCode::new(&["bank"]), of_peer("payment", service, payer), amount);
    }

    /// The bank has booked what is of no payment; what went out is negative.
    pub fn suspense(&mut self, amount: Fen) {
        self.push(AccountCode::new(&["bank"]), AccountCode::new(&["suspense"]), amount);
    }

    /// A payment is taken from what was paid ahead, at the payer.
    pub fn from_given(&mut self, service: &str, payee: Division, amount: Fen) {
        self.push(of_peer("payment", service, payee), prepayment_given(service, payee), amount);
    }

    /// The same at the payee.
    pub fn from_received(&mut self, service: &str, payer: Division, amount: Fen) {
        self.push(prepayment_received(service, payer), of_peer("payment", service, payer), amount);
    }
}

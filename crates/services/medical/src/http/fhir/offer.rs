//! A Claim with `use` = predetermination: an offer (预结算). A whole bill gets a visit of its own for it.

use axum::http::StatusCode;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Asked, Caller, Problem};
use uuid::Uuid;

use super::Resource;
use super::claims::Request;
use crate::command::{Command, Reply, VisitWish};
use crate::fhir::claim::Subject;
use crate::fhir::export::{Adjudicated, claim_response};
use crate::fhir::node::Node;
use crate::http::wire::problem;
use crate::model::lines::Line;
use crate::model::message::Quote;
use crate::query::visits;
use crate::refusal;

#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub interim: bool,
    pub account_wanted: bool,
    pub total: Option<Fen>,
}

/// Asks home, and tells its offer.
pub(super) async fn make(request: &Request<'_>, of: Subject, terms: Terms) -> Result<Resource, Problem> {
    match of {
        Subject::Batch(of) => {
            let (visit, batch) = request.batch_to_offer(&of).await?;
            request.offer(visit, batch, of.lines, terms).await
        }
        Subject::Bill(bill) => {
            let visit = request.open(bill.visit).await?;
            let offered = request.offer(visit, bill.batch, bill.lines, terms).await;
            if offered.is_err() {
                request.close(visit).await;
            }
            offered
        }
    }
}

impl Request<'_> {
    /// Under the caller's key, if there is one: a Claim that is sent again opens no second visit. Where there was no offer then (the person
    /// has filed since) its visit is taken back, and it is given another one.
    async fn open(&self, wish: VisitWish) -> Result<Uuid, Problem> {
        let visit = self.opened(wish.clone(), self.caller).await?;
        let known = self.edge.read(move |view| Ok(visits::visited_visit(view, visit)?)).await?;
        if known.is_some_and(|known| known.state == "cancelled") {
            return self.opened(wish, &self.caller.clone().without_key()).await;
        }
        Ok(visit)
    }

    async fn opened(&self, wish: VisitWish, caller: &Caller) -> Result<Uuid, Problem> {
        match self.edge.ask(Command::OpenVisit(wish), caller, self.digest).await? {
            Asked::Replied(Reply::Visit { visit, .. }) => Ok(visit),
            Asked::Replied(other) => unreachable!("a visit was opened: {other:?}"),
            Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
        }
    }

    /// Takes back the visit of a bill for which there is no offer. Where that fails it stays open, which costs nobody anything.
    async fn close(&self, visit: Uuid) {
        let caller = self.caller.clone().without_key();
        if let Err(problem) = self.edge.ask_here(Command::CancelVisit { visit }, &caller, self.digest).await {
            tracing::info!(%visit, code = problem.code, "a visit without an offer stays open");
        }
    }

    async fn offer(&self, visit: Uuid, batch: String, lines: Vec<Line>, terms: Terms) -> Result<Resource, Problem> {
        let caller = self.caller.clone().without_key();
        if !lines.is_empty() {
            let add = Command::AddLines { visit, batch: batch.clone(), replaces: true, lines };
            self.edge.ask_here(add, &caller, self.digest).await?;
        }
        let Terms { interim, account_wanted, total } = terms;
        let ask = Command::AskQuote { visit, batch, interim, account_wanted, total };
        match self.edge.ask(ask, &caller, self.digest).await? {
            Asked::Replied(Reply::Quoted(quote)) => Ok(Resource(StatusCode::OK, self.told(visit, *quote).await?)),
            Asked::Replied(other) => unreachable!("a quote was asked for: {other:?}"),
            Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
        }
    }

    async fn told(&self, visit: Uuid, quote: Quote) -> Result<Node, Problem> {
        let now = self.edge.clock.now();
        let read = self.edge.read(move |view| {
            let known = visits::visited_visit(view, visit)?.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse())?;
            let lines = visits::lines(view, visit, &quote.batch)?;
            let person = known.person.as_deref().unwrap_or_default();
            Ok(claim_response(&Adjudicated::quoted(&quote, &known.facts, person, &lines, now)))
        });
        read.await
    }
}

//! The trials of a pool's core system: each plays one rule of the contract, and leaves nothing booked behind.

use std::time::Duration;

use huitong_kernel::money::Fen;
use huitong_medical::pool::answer::Outcome;
use huitong_medical::pool::check;
use huitong_medical::pool::request::{EligibilityQuestion, Question, Why};

use super::asker::{Asker, Ended, Trial, asked, name, settlement};

huitong_service_kit::named! {
    /// What is tried, in this order.
    Rule {
        BooksNothing = "reading_books_nothing",
        AsOffered = "settles_as_offered",
        OtherOffer = "other_offer_is_stale",
        SameBytes = "same_bytes_again",
        AtOnce = "at_once_books_once",
        OriginalOnce = "original_settled_once",
        Found = "lost_answer_is_found",
        HungUp = "hung_up_has_an_end",
        Reversed = "reversed_for_good",
        Tombstone = "late_original_is_refused",
        WrongSums = "wrong_sums_not_settled",
        Stranger = "stranger_not_heard",
        Unknown = "unknown_fields_passed_over",
    }
}

impl Rule {
    /// In Chinese and English.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Rule::BooksNothing => ("待遇检查、预结算不入账", "eligibility and quote book nothing"),
            Rule::AsOffered => ("按预结算金额结算，合计平衡", "what was offered is settled, to the fen, and holds"),
            Rule::OtherOffer => {
                ("金额与现行计算不同时答stale，不入账", "an offer of other amounts is stale, and books nothing")
            }
            Rule::SameBytes => ("同一ask重发，应答逐字节相同", "the same ask again: the same bytes"),
            Rule::AtOnce => ("同一ask同时到达，只入账一次", "the same ask several times at one moment: booked once"),
            Rule::OriginalOnce => {
                ("同一原交易换ask再来，答原结算", "the same original under another ask: the settlement that is there")
            }
            Rule::Found => ("已入账而应答丢失，查询可见", "booked, and the answer lost: the query finds it"),
            Rule::HungUp => {
                ("对方中途断开：查询、冲正后有定论", "the node hung up: query and reverse bring it to an end")
            }
            Rule::Reversed => {
                ("冲正后可重答，原交易永不再受理", "reversed: said again when asked again, and never settled anew")
            }
            Rule::Tombstone => {
                ("先冲正、后到的原交易不受理", "a reverse before its original: the late original is refused")
            }
            Rule::WrongSums => ("合计不符的费用单不结算", "a bill whose sums do not add up is not settled"),
            Rule::Stranger => ("签名不符的请求不受理", "a request under another signature is not heard"),
            Rule::Unknown => ("未知字段忽略", "unknown fields are passed over"),
        }
    }

    pub async fn run(self, asker: &mut Asker) -> Trial<()> {
        match self {
            Rule::BooksNothing => books_nothing(asker).await,
            Rule::AsOffered => as_offered(asker).await,
            Rule::OtherOffer => other_offer(asker).await,
            Rule::SameBytes => same_bytes(asker).await,
            Rule::AtOnce => at_once(asker).await,
            Rule::OriginalOnce => original_once(asker).await,
            Rule::Found => found(asker).await,
            Rule::HungUp => hung_up(asker).await,
            Rule::Reversed => reversed(asker).await,
            Rule::Tombstone => tombstone(asker).await,
            Rule::WrongSums => wrong_sums(asker).await,
            Rule::Stranger => stranger(asker).await,
            Rule::Unknown => unknown_fields(asker).await,
        }
    }
}

fn must(holds: bool, broken: impl FnOnce() -> String) -> Trial<()> {
    if holds { Ok(()) } else { Err(Ended::Broken(broken())) }
}

/// An outcome that must be of one kind.
fn is(outcome: &Outcome, expected: &[&str], what: &str) -> Trial<()> {
    must(expected.contains(&name(outcome)), || {
        format!("{what}: {} where {} is due", name(outcome), expected.join(" / "))
    })
}

async fn books_nothing(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let question = EligibilityQuestion {
        person: bill.person.clone(),
        scheme: bill.scheme,
        facts: bill.facts,
        suspended_from: bill.suspended_from,
        care_type: bill.care_type,
        care_date: bill.care_date,
        visited_area: bill.visited_area,
        filing: bill.filing,
        accounts: bill.accounts,
        accumulators_wanted: true,
    };
    let eligibility = asker.asking(Question::Eligibility(question));
    is(&asker.ask(&eligibility).await?.0, &["eligible", "refused"], "eligibility")?;
    let quote = asker.asking(Question::Quote(Box::new(bill.clone())));
    match asker.ask(&quote).await?.0 {
        Outcome::Quoted(computed) => check::computed(&asked(&bill, None), &computed)
            .map_err(|rule| Ended::Broken(format!("the quote does not hold: {rule}")))?,
        other => is(&other, &["refused"], "quote")?,
    }
    is(&asker.query(&original).await?, &["not_found"], "the query after a quote")
}

async fn as_offered(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let quote = asker.asking(Question::Quote(Box::new(bill.clone())));
    let offered = match asker.ask(&quote).await?.0 {
        Outcome::Quoted(computed) => computed.computation.amounts,
        other => return Err(Ended::Untried(format!("no quote 未报价: {}", name(&other)))),
    };
    let commit = asker.commit(&original, &bill, Some(offered.clone()));
    let settled = asker.settled(&commit, &bill, Some(&offered)).await?;
    asker.undo(&original, &settled).await
}

async fn other_offer(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let quote = asker.asking(Question::Quote(Box::new(bill.clone())));
    let mut offered = match asker.ask(&quote).await?.0 {
        Outcome::Quoted(computed) => computed.computation.amounts,
        other => return Err(Ended::Untried(format!("no quote 未报价: {}", name(&other)))),
    };
    offered.deductible_fen += Fen(1);
    let commit = asker.commit(&original, &bill, Some(offered));
    let outcome = asker.ask(&commit).await?.0;
    is(&outcome, &["stale"], "a commit of amounts that were never offered")?;
    is(&asker.query(&original).await?, &["not_found"], "the query after stale")
}

async fn same_bytes(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let commit = asker.commit(&original, &bill, None);
    let (first, text) = asker.ask(&commit).await?;
    let settled = settlement(first, &bill, None)?;
    let again = asker.ask(&commit).await?.1;
    must(again == text, || "the commit was answered with other bytes the second time".to_owned())?;
    let reversal = asker.reversal(&original, Some((&settled, Why::Refund)));
    let (first, text) = asker.ask(&reversal).await?;
    is(&first, &["reversed"], "a reverse of what was settled")?;
    let again = asker.ask(&reversal).await?.1;
    must(again == text, || "the reverse was answered with other bytes the second time".to_owned())
}

async fn at_once(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let commit = asker.commit(&original, &bill, None);
    let answers = asker.ask_at_once(&commit).await?;
    let mut texts: Vec<&String> = answers.iter().map(|(_, text)| text).collect();
    texts.dedup();
    must(texts.len() == 1, || format!("{} different answers to one ask at one moment", texts.len()))?;
    let Some((outcome, _)) = answers.into_iter().next() else { return Ok(()) };
    let settled = settlement(outcome, &bill, None)?;
    asker.undo(&original, &settled).await
}

async fn original_once(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let commit = asker.commit(&original, &bill, None);
    let settled = asker.settled(&commit, &bill, None).await?;
    let other = asker.commit(&original, &bill, None);
    let again = asker.settled(&other, &bill, None).await?;
    must(again == settled, || format!("settled as {} and as {}", settled.reference, again.reference))?;
    asker.undo(&original, &settled).await
}

async fn found(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let commit = asker.commit(&original, &bill, None);
    let settled = asker.settled(&commit, &bill, None).await?;
    let known = match asker.query(&original).await? {
        outcome @ Outcome::Settled(_) => settlement(outcome, &bill, None)?,
        other => return is(&other, &["settled"], "the query after a commit that was answered"),
    };
    must(known == settled, || "the query tells another settlement than the commit".to_owned())?;
    asker.undo(&original, &settled).await
}

/// At several moments of the post, from before it is sent until it is answered.
async fn hung_up(asker: &mut Asker) -> Trial<()> {
    for after in [0, 2, 10, 50] {
        let (original, bill) = asker.bill();
        let commit = asker.commit(&original, &bill, None);
        asker.hang_up(&commit, Duration::from_millis(after)).await;
        let known = asker.query(&original).await?;
        is(&known, &["settled", "not_found", "refused"], "the query after hanging up")?;
        let reversal = asker.reversal(&original, None);
        let outcome = asker.ask(&reversal).await?.0;
        let due: &[&str] = match known {
            Outcome::Settled(_) => &["reversed"],
            // The commit may still have been under way when the query came.
            _ => &["reversed", "nothing_booked", "tombstone"],
        };
        is(&outcome, due, "the reverse after hanging up")?;
        is(&asker.query(&original).await?, &["tombstone"], "the query after the reverse")?;
        let late = asker.commit(&original, &bill, None);
        is(&asker.ask(&late).await?.0, &["tombstone"], "a commit after the reverse")?;
    }
    Ok(())
}

async fn reversed(asker: &mut Asker) -> Trial<()> {
    for why in [Why::Reversal, Why::Cancel, Why::Refund] {
        let (original, bill) = asker.bill();
        let commit = asker.commit(&original, &bill, None);
        let settled = asker.settled(&commit, &bill, None).await?;
        for _ in 0..2 {
            let reversal = asker.reversal(&original, Some((&settled, why)));
            is(&asker.ask(&reversal).await?.0, &["reversed"], "a reverse of what was settled")?;
        }
        is(&asker.query(&original).await?, &["tombstone"], "the query after the reverse")?;
        let anew = asker.commit(&original, &bill, None);
        is(&asker.ask(&anew).await?.0, &["tombstone"], "a commit after the reverse")?;
    }
    Ok(())
}

async fn tombstone(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    is(&asker.query(&original).await?, &["not_found"], "the query of what never came")?;
    let reversal = asker.reversal(&original, None);
    is(&asker.ask(&reversal).await?.0, &["nothing_booked"], "a reverse of what never came")?;
    let late = asker.commit(&original, &bill, None);
    is(&asker.ask(&late).await?.0, &["tombstone"], "the late original")?;
    is(&asker.query(&original).await?, &["tombstone"], "the query after it")
}

async fn wrong_sums(asker: &mut Asker) -> Trial<()> {
    let (original, mut bill) = asker.bill();
    bill.sums.total_fen += Fen(1);
    let commit = asker.commit(&original, &bill, None);
    match asker.ask(&commit).await {
        Ok((outcome, _)) => is(&outcome, &["refused"], "a bill whose parts do not make its total")?,
        // Not even an answer: nothing was settled, as the query must say.
        Err(Ended::Untried(_)) => {}
        Err(broken) => return Err(broken),
    }
    is(&asker.query(&original).await?, &["not_found", "refused"], "the query after it")
}

async fn stranger(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let commit = asker.commit(&original, &bill, None);
    let is_settled = asker.ask_as_a_stranger(&commit).await;
    must(!is_settled, || "a commit that was not signed by the node was settled".to_owned())?;
    is(&asker.query(&original).await?, &["not_found"], "the query after it")
}

async fn unknown_fields(asker: &mut Asker) -> Trial<()> {
    let (original, bill) = asker.bill();
    let mut commit = asker.commit(&original, &bill, None);
    let more = r#"{"later_version":{"of":"the contract"},"#;
    commit.body = commit.body.replacen('{', more, 1).replacen(r#""bill":{"#, &format!(r#""bill":{more}"#), 1);
    let settled = asker.settled(&commit, &bill, None).await?;
    asker.undo(&original, &settled).await
}

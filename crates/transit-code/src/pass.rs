//! What a pass uses up: the code in its direction, and the ticket.

use crate::chain::Checked;
use crate::code::{Account, Code};
use crate::custom;
use crate::gate::Direction;
use crate::key_set::KeySet;
use crate::reason::Reason;
use crate::signature::sm3;
use crate::uic::ride::RideCode;
use crate::uic::{self, clock};

/// How far ahead of a gate's clock a code is believed to have been made, when a neighbour says that it passed.
const AHEAD_MAX_S: i64 = 86_400;

/// A code that passed, here or elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    replay_key: [u8; 32],
    /// Issuer, account and ticket number: what may not enter twice.
    pub ticket: [u8; 32],
    generation_time: i64,
}

impl Pass {
    pub fn of_checked(checked: &Checked) -> Pass {
        Pass {
            replay_key: checked.replay_key,
            ticket: ticket(&checked.account, &checked.ticket_number),
            generation_time: checked.generation_time,
        }
    }

    /// Reads the code and verifies nothing.
    pub fn of_code(bytes: &[u8], key_set: Option<&KeySet<'_>>, now: i64) -> Result<Pass, Reason> {
        let offset_of = |platform| key_set.and_then(|set| set.platform(platform)).map_or(0, |(_, offset_s)| offset_s);
        if !uic::is_uic(bytes) {
            let code = Code::parse(bytes)?;
            return Ok(Pass {
                replay_key: code.replay_key(),
                ticket: ticket(&code.account(), &custom::ticket_number(code.custom())),
                generation_time: i64::from(code.generation_time()).saturating_add(offset_of(code.platform())),
            });
        }
        let code = RideCode::parse(bytes)?;
        let offset_s = offset_of(code.token.platform);
        let stamp = code.generated.ok_or(Reason::Format)?;
        Ok(Pass {
            replay_key: code.header.replay_key()?,
            ticket: ticket(&code.token.account, &code.token.ticket_number),
            generation_time: clock::nearest(stamp.day, stamp.second, now.saturating_sub(offset_s))
                .saturating_add(offset_s),
        })
    }

    /// A code passes once per direction.
    pub fn directed(&self, direction: Direction) -> [u8; 32] {
        let mut key = self.replay_key;
        key[31] ^= direction as u8;
        key
    }

    /// When the code was made, as far as that can be believed.
    pub fn generated(&self, now: i64) -> i64 {
        self.generation_time.min(now.saturating_add(AHEAD_MAX_S))
    }
}

fn ticket(account: &Account, number: &[u8; 8]) -> [u8; 32] {
    sm3(&[&account.issuer, &account.number, number])
}

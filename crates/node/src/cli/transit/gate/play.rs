//! Plays a script, or what comes on standard input, one line after the other.

use std::io::{BufRead, Read};
use std::path::Path;

use anyhow::Context;
use huitong_transit_code::gate::Direction;
use serde_json::json;

use super::super::given;
use super::answer::Screen;
use super::script::{Step, Tap, direction_word, step};
use crate::demo::client::ApiClient;
use crate::gate::device::Device;
use crate::gate::held::TableKind;
use crate::gate::{fetch, upload};

/// A line longer than this holds no code; the rest counts as the next line.
const LINE_BYTES_MAX: u64 = 1 << 16;

/// `None` at the end. Bytes that are no text become signs that no step begins with.
fn next_line(lines: &mut impl BufRead) -> anyhow::Result<Option<String>> {
    let mut line = Vec::new();
    let count = lines.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).context("the script cannot be read")?;
    Ok((count > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
}

pub struct Player {
    pub device: Device,
    pub client: Option<ApiClient>,
    pub is_online: bool,
    pub screen: Screen,
    /// Lines that could not be played.
    pub faults: u64,
}

impl Player {
    /// To the last line. A line that cannot be played is told and passed over: a scanner's noise must not stop a gate.
    pub async fn play(&mut self, mut lines: impl BufRead) -> anyhow::Result<()> {
        let mut number = 0;
        while let Some(line) = next_line(&mut lines)? {
            number += 1;
            let played = match step(&line) {
                Ok(None) => Ok(()),
                Ok(Some(step)) => self.step(step).await?,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = played {
                self.faults += 1;
                self.screen.fault(&format!("line {number}"), &fault);
            }
        }
        Ok(())
    }

    /// `Err` outside: the gate cannot go on. `Err` inside: this step cannot be played.
    async fn step(&mut self, step: Step) -> anyhow::Result<Result<(), String>> {
        match step {
            Step::Code(tap) => return self.tap(&tap.shown, tap.direction, tap.amount_fen),
            Step::Image(tap) => {
                return match given::picture(&tap.shown) {
                    Ok(code) => self.tap(&code, tap.direction, tap.amount_fen),
                    Err(error) => Ok(Err(format!("{error:#}"))),
                };
            }
            Step::Passed(tap) => return Ok(self.passed(&tap)),
            Step::At(moment) => self.device.clock.set(moment),
            Step::Wait(seconds) => self.device.clock.pass(seconds),
            Step::Drift { drift_ms, uncertainty_ms } => self.device.estimate_clock(drift_ms, uncertainty_ms)?,
            Step::Clock(trust) => self.device.clock.trust = trust,
            Step::Online(is_online) => self.is_online = is_online,
            Step::Upload => self.upload().await?,
            Step::Fetch => self.fetch().await?,
            Step::Table(kind, file) => return self.table(kind, &file),
            Step::Epoch => {
                let epoch = self.device.new_epoch()?;
                self.screen.stepped("epoch", Ok(epoch.to_string()));
            }
            Step::ReplayTable(places) => {
                let made = u32::try_from(places).map_err(anyhow::Error::from);
                return Ok(match made.and_then(|places| self.device.replay_table(places)) {
                    Ok(remembered) => {
                        self.screen.stepped("replay-table", Ok(format!("{places} places, {remembered} in use")));
                        Ok(())
                    }
                    Err(error) => Err(error.to_string()),
                });
            }
        }
        Ok(Ok(()))
    }

    fn tap(
        &mut self,
        code: &[u8],
        direction: Option<Direction>,
        amount_fen: Option<i32>,
    ) -> anyhow::Result<Result<(), String>> {
        let direction = match self.device.direction(direction) {
            Ok(direction) => direction,
            Err(fault) => return Ok(Err(fault)),
        };
        let (answer, kept) = self.device.tap(code, direction, amount_fen)?;
        self.screen.tapped(&answer, &kept, direction);
        Ok(Ok(()))
    }

    fn passed(&mut self, tap: &Tap<Vec<u8>>) -> Result<(), String> {
        let direction = self.device.direction(tap.direction)?;
        let noted = self.device.note_neighbour(&tap.shown, direction);
        self.screen.stepped("passed", noted.map(|()| direction_word(direction).to_owned()));
        Ok(())
    }

    fn table(&mut self, kind: TableKind, file: &Path) -> anyhow::Result<Result<(), String>> {
        match given::file(file) {
            Ok(table) => {
                let taken = self.device.take_table(kind, table);
                self.device.keep_tables()?;
                self.screen.stepped(kind.word(), taken);
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(format!("{error:#}"))),
        }
    }

    /// The node, if there is one and it can be reached.
    fn node(&self, step: &str) -> Option<ApiClient> {
        match &self.client {
            Some(client) if self.is_online => Some(client.clone()),
            Some(_) => {
                self.screen.fault(step, "offline 离线: later");
                None
            }
            None => {
                self.screen.fault(step, "no node is named; start with --node and --key");
                None
            }
        }
    }

    pub async fn fetch(&mut self) -> anyhow::Result<()> {
        let Some(client) = self.node("tables") else { return Ok(()) };
        match fetch::fetch(&mut self.device, &client).await? {
            Err(fault) => self.screen.fault("tables", &fault),
            Ok(taken) => {
                taken.into_iter().for_each(|(word, outcome)| self.screen.stepped(word, outcome));
                let time = self.device.clock.read();
                let is_known = time.error_s.is_some();
                let trust = if is_known { "" } else { "; clock not trusted 时钟不可信" };
                let text = format!("tables: drift 时钟偏差 {} ± {} ms{trust}", time.drift_ms, time.uncertainty_ms);
                let document = json!({
                    "step": "tables", "drift_ms": time.drift_ms, "uncertainty_ms": time.uncertainty_ms,
                    "clock_trusted": is_known,
                });
                self.screen.tell(&text, &document);
            }
        }
        Ok(())
    }

    pub async fn upload(&mut self) -> anyhow::Result<()> {
        let Some(client) = self.node("upload") else { return Ok(()) };
        let uploaded = upload::upload(&mut self.device, &client).await?;
        let fault = uploaded.fault.as_deref().map(|fault| format!("; {fault}")).unwrap_or_default();
        let text = format!(
            "upload 上传: {} batches: {} accepted, {} duplicate, {} impossible, {} refused; {} waiting{fault}",
            uploaded.batches,
            uploaded.accepted,
            uploaded.duplicate,
            uploaded.impossible,
            uploaded.refused,
            uploaded.waiting
        );
        let mut document = serde_json::to_value(&uploaded)?;
        document["step"] = json!("upload");
        self.screen.tell(&text, &document);
        Ok(())
    }
}

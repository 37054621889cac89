//! Playing the day: codes before readers, and records on their way to the nodes, hour by hour; what gates and nodes said.

use std::collections::BTreeMap;

use huitong_kernel::time::DurationMs;

use super::audit::settled;
use super::day::{Attack, Day, Scan};
use super::fleet::Noted;
use crate::demo::Region;
use crate::gate::upload::Uploaded;

/// Gates with network hand over their records so often.
const UPLOAD_EVERY: DurationMs = DurationMs::minutes(60);

/// An attack that opened a gate: the node must find it.
#[derive(Clone, Debug)]
pub struct Opened {
    pub attack: Attack,
    pub record: Noted,
}

/// What the day brought, as told by gates and nodes.
#[derive(Debug, Default)]
pub struct Told {
    pub riders: usize,
    pub cities: usize,
    pub gates: usize,
    pub gates_offline: usize,
    /// Scans by the gates' answers: opened, refused by reason.
    pub opened: u64,
    pub refused: BTreeMap<String, u64>,
    /// Attacks: tried, refused by the gate.
    pub attacks: BTreeMap<Attack, (u64, u64)>,
    pub attacks_opened: Vec<Opened>,
    pub records: u64,
    pub duplicate: u64,
    pub uploads: u64,
    /// Records that came when the trips of the others were final.
    pub late: Vec<Noted>,
    /// Records that their nodes have acknowledged, with their hashes.
    pub acknowledged: Vec<(Noted, [u8; 32])>,
}

impl Told {
    fn count(&mut self, uploaded: &Uploaded) {
        self.uploads += u64::from(uploaded.batches > 0);
        self.duplicate += uploaded.duplicate;
    }
}

impl Day {
    /// Plays all scans. Gates with network upload every hour of the day; when the trips of these are final, the others.
    pub async fn play(&mut self, region: &Region) -> anyhow::Result<Told> {
        let scans = self.scans();
        let mut told = Told {
            riders: self.riders(),
            cities: self.cities(),
            gates: self.gates.len(),
            gates_offline: self.gates.iter().filter(|gate| gate.is_offline).count(),
            ..Told::default()
        };
        let mut next_upload = scans.first().map(|scan| scan.at + UPLOAD_EVERY);
        for scan in &scans {
            if next_upload.is_some_and(|next| scan.at >= next) {
                self.upload(false, &mut told).await?;
                next_upload = Some(scan.at + UPLOAD_EVERY);
            }
            self.show(scan, &mut told)?;
        }
        self.upload(false, &mut told).await?;
        settled(region).await?;
        self.upload(true, &mut told).await?;
        for gate in self.gates.iter_mut().filter(|gate| gate.is_doubling) {
            told.count(&gate.upload_again().await?);
        }
        for gate in &self.gates {
            told.acknowledged.extend(gate.acknowledged()?);
        }
        Ok(told)
    }

    fn show(&mut self, scan: &Scan, told: &mut Told) -> anyhow::Result<()> {
        let (answer, record) = self.gates[scan.gate].tap(&scan.code, scan.direction, scan.at)?;
        let opened = answer.accepts();
        told.records += 1;
        told.opened += u64::from(opened);
        if !opened {
            *told.refused.entry(answer.reason.name().to_owned()).or_default() += 1;
        }
        if let Some(attack) = scan.attack {
            let (tried, refused) = told.attacks.entry(attack).or_default();
            *tried += 1;
            *refused += u64::from(!opened);
            if opened {
                told.attacks_opened.push(Opened { attack, record });
            }
        }
        Ok(())
    }

    /// Gates with network, or those without, when it is back.
    async fn upload(&mut self, offline: bool, told: &mut Told) -> anyhow::Result<()> {
        for gate in self.gates.iter_mut().filter(|gate| gate.is_offline == offline) {
            if offline {
                told.late.extend(gate.waiting());
            }
            told.count(&gate.upload().await?);
        }
        Ok(())
    }
}

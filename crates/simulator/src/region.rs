//! Who takes part: four jurisdictions, their keys, and the manifests one after the other.

use std::rc::Rc;
use std::sync::Arc;

use huitong_kernel::clearing::{ClearingRule, Confirmation, Payment, PeriodKind};
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::manifest::{Jurisdiction, Manifest, NodeKey, NodeRecord, SignedManifest};
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::Directory;

use crate::process::SERVICES;

pub const DIVISIONS: [&str; 4] = ["310000", "320000", "330000", "340000"];
const NAMES: [&str; 4] = ["shanghai", "jiangsu", "zhejiang", "anhui"];
/// Members of each node: Jiangsu has outgrown one machine.
pub const MEMBERS: [usize; 4] = [1, 2, 1, 1];
/// While a key replaces another, both speak for this long.
const OVERLAP: DurationMs = DurationMs::minutes(10);

/// The region's office: it holds all root keys, and every manifest there was.
pub struct Office {
    roots: Vec<SoftwareKey>,
    manifests: Vec<SignedManifest>,
}

/// The provinces answer for themselves, in every manifest.
pub struct Provinces;

impl Directory for Provinces {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        self.jurisdictions().into_iter().find(|province| province.contains(division))
    }

    fn jurisdictions(&self) -> Vec<Division> {
        (0..DIVISIONS.len()).map(division).collect()
    }

    fn clearing_rules(&self) -> Vec<ClearingRule> {
        clearing_rules()
    }
}

/// Days, so that a run reaches several periods; the shortest terms, so that it reaches their ends. Medical is paid gross and
/// confirmed by clerks until it is netted with everybody, from the month on in which long runs end.
pub fn clearing_rules() -> Vec<ClearingRule> {
    let rule = |service: &str, valid_from, payment, confirmation| ClearingRule {
        service: service.to_owned(),
        valid_from,
        period: PeriodKind::Day,
        payment,
        confirmation,
        cut_minutes: 0,
        statement_days: 1,
        confirm_days: 1,
        payment_days: 1,
        contest_days: 1,
        answer_days: 1,
        tribunal_days: 1,
        agent: None,
        source: "simulated".to_owned(),
    };
    let (november, december) = (Date::constant(2026, 11, 1), Date::constant(2026, 12, 1));
    vec![
        rule("medical", november, Payment::Gross, Confirmation::Clerk),
        rule("medical", december, Payment::Multilateral, Confirmation::Automatic),
        rule("transit", november, Payment::Multilateral, Confirmation::Automatic),
    ]
}

pub fn division(node: usize) -> Division {
    DIVISIONS[node].parse().expect("a code")
}

pub fn name(node: usize) -> &'static str {
    NAMES[node]
}

pub fn directory() -> Arc<dyn Directory> {
    Arc::new(Provinces)
}

/// The node that answers for a division.
pub fn node_of(division: Division) -> usize {
    (0..DIVISIONS.len()).find(|node| self::division(*node).contains(division)).expect("a province of the region")
}

impl Office {
    /// Makes all keys and the first manifest; gives the nodes' keys, too.
    pub fn found(now: Instant, random: &mut RandomSource) -> (Office, Vec<Rc<SoftwareKey>>) {
        let roots: Vec<SoftwareKey> = DIVISIONS.iter().map(|_| new_key(random)).collect();
        let keys: Vec<Rc<SoftwareKey>> = DIVISIONS.iter().map(|_| Rc::new(new_key(random))).collect();
        let (valid_from, valid_to) = (Instant(now.0 - DurationMs::days(1).0), now + DurationMs::days(365));
        let jurisdictions = (0..DIVISIONS.len()).map(|node| Jurisdiction {
            division: division(node),
            name_zh: NAMES[node].to_owned(),
            name_en: NAMES[node].to_owned(),
            root_key: roots[node].public_key().clone(),
            node: NAMES[node].to_owned(),
        });
        let nodes = (0..DIVISIONS.len()).map(|node| NodeRecord {
            name: NAMES[node].to_owned(),
            api_url: format!("http://{}.invalid", NAMES[node]),
            exchange_address: vec![format!("{}.invalid:1", NAMES[node]); MEMBERS[node]].join(","),
            tls_certificates: vec![Digest([node as u8; 32])],
            services: SERVICES.iter().map(|service| (*service).to_owned()).collect(),
            keys: vec![NodeKey { key: keys[node].public_key().clone(), valid_from, valid_to, revoked_at: None }],
        });
        let manifest = Manifest {
            region: "simulated".to_owned(),
            version: 1,
            previous: None,
            suite: Suite::Ed25519Sha256,
            threshold: 3,
            valid_from,
            valid_to,
            jurisdictions: jurisdictions.collect(),
            nodes: nodes.collect(),
            calendars: Vec::new(),
            clearing: clearing_rules(),
        };
        let mut office = Office { roots, manifests: Vec::new() };
        let signed = office.sign(&manifest);
        office.manifests.push(signed);
        (office, keys)
    }

    fn sign(&self, manifest: &Manifest) -> SignedManifest {
        let mut signed = SignedManifest::draft(manifest);
        for (node, root) in self.roots.iter().enumerate().take(manifest.threshold) {
            signed.sign(division(node), root).expect("software signs");
        }
        signed
    }

    /// A new key for a node, in a new manifest.
    pub fn rotate(&mut self, node: usize, now: Instant, random: &mut RandomSource) -> Rc<SoftwareKey> {
        let key = Rc::new(new_key(random));
        let current = self.newest().clone();
        let manifest = current.content().expect("the office signs what it reads");
        // Clocks that are behind must find the new key valid.
        let from = Instant(now.0 - DurationMs::days(1).0);
        let next = manifest.with_rotated_key(&current, NAMES[node], key.public_key().clone(), from, now + OVERLAP);
        let signed = self.sign(&next.expect("the node is listed"));
        self.manifests.push(signed);
        key
    }

    pub fn newest(&self) -> &SignedManifest {
        self.manifests.last().expect("there is always one")
    }

    /// The manifest of a version.
    pub fn version(&self, version: u64) -> Option<&SignedManifest> {
        self.manifests.get(version.checked_sub(1)? as usize)
    }
}

fn new_key(random: &mut RandomSource) -> SoftwareKey {
    SoftwareKey::generate(Suite::Ed25519Sha256, random)
}

//! Clients and streams: calls arrive, writers commit, clients are told.

use huitong_kernel::feed::Address;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::DurationMs;
use huitong_store::journal;
use huitong_store::member::Role;

use crate::client::{Clients, PATIENCE};
use crate::region;
use crate::stream::{Ran, Told};
use crate::vfs;
use crate::workload::Views;
use crate::world::{Event, World};

/// What comes within this time is committed together.
const GROUP_TIME: DurationMs = DurationMs(3);
const FLUSH: u8 = 0;

impl World {
    /// A client of a workload does something.
    pub fn act(&mut self, number: usize, seed: u64) {
        let (mut random, now) = (RandomSource::from_number(seed), self.wall());
        // A workload looks at the world that it is part of.
        let mut workloads = std::mem::take(&mut self.workloads);
        let wishes = {
            let views = |address: &Address| self.journal(address);
            workloads[number].work(now, &Views(&views), &mut random)
        };
        self.workloads = workloads;
        for wish in wishes {
            let client = self.clients.add(wish, number, &mut random);
            self.after(DurationMs(0), Event::Ask(client));
            if random.below(4) == 0 {
                // A second click, or a proxy that repeats.
                self.after(DurationMs(random.below(3_000) as i64), Event::Ask(client));
            }
        }
    }

    /// Systems beside a node go about their work.
    fn errands(&mut self, node: usize) {
        let (mut random, now) = (RandomSource::from_number(self.random.next_u64()), self.wall());
        let mut workloads = std::mem::take(&mut self.workloads);
        for (number, workload) in workloads.iter_mut().enumerate() {
            let wishes = {
                let views = |address: &Address| self.journal(address);
                workload.errands(node, now, &Views(&views), &mut random)
            };
            for wish in wishes {
                let client = self.clients.add(wish, number, &mut random);
                self.after(DurationMs(random.below(300) as i64), Event::Ask(client));
            }
        }
        self.workloads = workloads;
    }

    /// A client calls its node: the member that leads, or any when none does.
    pub fn ask(&mut self, number: usize) {
        let (node, service) = (self.clients.0[number].wish.node, self.clients.0[number].wish.service);
        if self.clients.0[number].told.is_some() && !std::mem::take(&mut self.clients.0[number].again) {
            return;
        }
        let call = self.clients.call(number, self.now);
        if self.clients.0[number].told.is_none() {
            self.after(PATIENCE, Event::Ask(number));
        }
        // Two may believe to lead: a client may meet either.
        let leading = self.all_leading(node, service);
        if leading.is_empty() {
            return;
        }
        let (place, stream) = *self.random.pick(&leading);
        let now = self.now;
        let Some(process) = &mut self.places[place].process else { return };
        if process.is_on_hold() {
            return;
        }
        let clock = process.clock(now);
        process.streams.0[stream].queue_call(call, clock);
        self.flush_soon(place, stream);
    }

    /// The place and stream that lead a service at a node; of several that believe so, the one that knows most.
    pub fn leading(&self, node: usize, service: &str) -> Option<(usize, usize)> {
        self.all_leading(node, service).into_iter().max_by_key(|(place, stream)| {
            let process = self.places[*place].process.as_ref();
            process.and_then(|process| journal::head(process.streams.0[*stream].connection()).ok()).map(|head| head.0)
        })
    }

    /// All places that believe to lead a service at a node.
    fn all_leading(&self, node: usize, service: &str) -> Vec<(usize, usize)> {
        let places = self.places.iter().enumerate().filter(|(_, place)| place.node == node);
        let leading = places.filter_map(|(index, place)| {
            let process = place.process.as_ref()?;
            let stream = process.streams.0.iter().position(|stream| stream.home().service == service)?;
            (process.streams.0[stream].role() == Role::Leading).then_some((index, stream))
        });
        leading.collect()
    }

    pub fn flush_soon(&mut self, place: usize, stream: usize) {
        if self.due.insert((FLUSH, place, stream)) {
            self.after(GROUP_TIME, Event::Flush { place, stream });
        }
    }

    /// The writer takes what is queued, as one group. Gives whether all of it is durable.
    pub fn flush(&mut self, place: usize, stream: usize) {
        self.due.remove(&(FLUSH, place, stream));
        self.commit(place, stream);
    }

    pub fn commit(&mut self, place: usize, stream: usize) -> bool {
        let now = self.now;
        let Some(process) = &mut self.places[place].process else { return false };
        let uptime = process.uptime(now);
        let role = process.streams.0[stream].role();
        let ran = process.streams.0[stream].run(uptime);
        let changed = process.streams.0[stream].role() != role;
        if changed {
            process.links.values_mut().for_each(|link| link.reset());
            self.coverage.effect("leaders changed", 1);
        }
        if vfs::with_disk(&process.disk, |disk| disk.is_dead()) {
            // The power failed under the writer: nobody is told anything.
            self.power_failed(place);
            return false;
        }
        if let Some(fault) = &ran.fault {
            self.say(&format!("{} stream {stream}: {fault}", self.disk(place)));
        }
        let durable = ran.durable;
        self.tell(place, ran);
        durable
    }

    fn tell(&mut self, place: usize, ran: Ran) {
        for feed in ran.sent {
            let peer = region::node_of(feed.to.jurisdiction);
            if peer == self.places[place].node {
                // Feeds within the node are carried at the next tick; ring it at once.
                self.carry_within(place);
            } else {
                self.ring(place, peer, DurationMs(1));
            }
        }
        for (ticket, told) in ran.told {
            if self.clients.listens(ticket, self.now) {
                self.told(Clients::of(ticket), told);
            }
        }
    }

    fn told(&mut self, number: usize, told: Told) {
        let first = self.clients.0[number].told.is_none();
        match &told {
            Told::Refused(refusal) => self.coverage.refusal(&refusal.code),
            Told::Replied(_) => self.coverage.calls_answered += 1,
            Told::Failed(_) => {}
        }
        let failed = matches!(told, Told::Failed(_));
        if let Err(fault) = self.clients.take(number, told.clone()) {
            self.checker.remember(fault);
        }
        if failed {
            return;
        }
        if first && let Told::Replied(reply) = &told {
            let workload = self.clients.0[number].workload;
            let next = self.workloads[workload].answered(&self.clients.0[number].wish, reply, &mut self.random);
            for wish in next {
                let client = self.clients.add(wish, workload, &mut self.random);
                let soon = DurationMs(self.random.below(500) as i64);
                self.after(soon, Event::Ask(client));
            }
        }
        if self.clients.0[number].curious {
            self.clients.0[number].curious = false;
            self.clients.0[number].again = true;
            let later = DurationMs(self.random.below(30_000) as i64);
            self.after(later, Event::Ask(number));
        }
    }

    /// Timers, feeds within the node, the shared journal, confirmation after a restore, and what changed on disk.
    pub fn tick(&mut self, place: usize) {
        self.tick_after(place);
        let now = self.now;
        let Some(process) = &mut self.places[place].process else { return };
        let clock = process.clock(now);
        let held = process.is_on_hold();
        let shared = region::MEMBERS[process.node] > 1;
        for stream in 0..process.streams.0.len() {
            let Some(process) = &mut self.places[place].process else { return };
            let hosted = &mut process.streams.0[stream];
            let leading = hosted.role() == Role::Leading;
            if leading && !held {
                hosted.queue_tick(clock);
            }
            if shared || leading {
                self.commit(place, stream);
            }
        }
        self.confirm_restored(place);
        self.carry_within(place);
        self.errands(self.places[place].node);
        for peer in 0..region::DIVISIONS.len() {
            self.ring(place, peer, DurationMs(800));
        }
    }

    fn confirm_restored(&mut self, place: usize) {
        let Some(process) = &mut self.places[place].process else { return };
        let confirmed = {
            let (streams, manifest) = (&process.streams, &process.manifest);
            process.links.values().all(|link| link.has_heard(manifest) && link.lost(streams).is_empty())
        };
        if !confirmed {
            return;
        }
        let mut failed = None;
        for stream in process.streams.0.iter_mut().filter(|stream| stream.is_unconfirmed()) {
            failed = failed.or(stream.confirm().err());
        }
        if vfs::with_disk(&process.disk, |disk| disk.is_dead()) {
            self.power_failed(place);
        } else if let Some(error) = failed {
            self.checker.remember(format!("a restored stream cannot be confirmed: {error}"));
        }
    }
}

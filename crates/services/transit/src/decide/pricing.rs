//! Prices of a network by the packs in force, for matching and for trips.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use huitong_kernel::calendar::Calendar;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Directory, StoreError, View};

use crate::Transit;
use crate::model::fare::Pack;
use crate::model::fare::charge::{exit_only, fare_of, lowest};
use crate::model::fare::ride::{EarlierTrip, Fare, Ride};
use crate::model::matching::Prices;
use crate::model::network::{Network, StationId};
use crate::model::order::ServiceOrder;
use crate::model::parameters::Parameters;
use crate::model::tap::{Direction, Tap};
use crate::model::trip::PackReference;
use crate::query::dated;

/// The packs and maps of one network, looked up once per decision and business day.
pub struct NetworkPrices<'p> {
    transit: &'p Transit,
    view: View<'p>,
    directory: &'p dyn Directory,
    pub network: Division,
    /// The newest map: its parameters are in force.
    pub current: Arc<Network>,
    days: RefCell<HashMap<Date, Option<Tariff>>>,
    failed: RefCell<Option<StoreError>>,
    orders: OnceCell<Vec<ServiceOrder>>,
}

/// A pack with the map whose metres count.
#[derive(Clone)]
pub struct Tariff {
    pub pack: Arc<Pack>,
    pub map: Arc<Network>,
    /// Working days as known on the day.
    pub calendar: Arc<Calendar>,
    pub max_fare: Fen,
}

impl Tariff {
    pub fn reference(&self) -> PackReference {
        PackReference {
            pack: self.pack.pack.clone(),
            version: self.pack.version,
            network_version: self.pack.network_version,
        }
    }

    /// The fare of a ride, stays and reductions included; `None` if the pack does not price it.
    pub fn fare(&self, ride: &Ride, earlier: &[EarlierTrip]) -> Option<Fare> {
        fare_of(&self.pack, &self.map, &self.calendar, ride, earlier)
    }

    /// What an exit without entry costs, when nothing better is known.
    pub fn exit_only(&self, at: StationId, exit: Instant) -> Option<Fare> {
        exit_only(&self.pack, &self.map, &self.calendar, at, exit, self.max_fare)
    }

    /// The lowest fare from where a ride begins.
    pub fn lowest(&self, ride: &Ride) -> Option<Fare> {
        lowest(&self.pack, &self.map, &self.calendar, ride)
    }

    /// Whether a rider's other trips matter to a fare.
    pub fn looks_back(&self) -> bool {
        !self.pack.rebates.is_empty() || !self.pack.caps.is_empty()
    }
}

impl<'p> NetworkPrices<'p> {
    /// `None` if the network has no map.
    pub fn of(
        transit: &'p Transit,
        view: View<'p>,
        directory: &'p dyn Directory,
        network: Division,
    ) -> Result<Option<NetworkPrices<'p>>, StoreError> {
        let Some(current) = dated::current_map(transit, view, network)? else { return Ok(None) };
        let (days, failed, orders) = (RefCell::default(), RefCell::default(), OnceCell::new());
        Ok(Some(NetworkPrices { transit, view, directory, network, current, days, failed, orders }))
    }

    pub fn parameters(&self) -> &Parameters {
        &self.current.map.parameters
    }

    /// The network's orders, read once.
    pub fn orders(&self) -> Result<&[ServiceOrder], StoreError> {
        if let Some(orders) = self.orders.get() {
            return Ok(orders);
        }
        let orders = dated::all_orders(self.view, self.network)?;
        Ok(self.orders.get_or_init(|| orders))
    }

    /// With an order that this decision gives: the views do not have it yet.
    pub fn with_order(self, order: &ServiceOrder) -> Result<NetworkPrices<'p>, StoreError> {
        let mut orders = self.orders()?.to_vec();
        orders.push(order.clone());
        Ok(NetworkPrices { orders: OnceCell::from(orders), ..self })
    }

    /// What prices trips that began at this moment.
    pub fn tariff(&self, entry: Instant) -> Result<Option<Tariff>, StoreError> {
        let day = self.parameters().business_day(entry);
        if let Some(known) = self.days.borrow().get(&day) {
            return Ok(known.clone());
        }
        let tariff = self.read(day)?;
        self.days.borrow_mut().insert(day, tariff.clone());
        Ok(tariff)
    }

    /// The tariff that a trip of this day names: old versions stay for ever (J3).
    pub fn named(&self, reference: &PackReference, day: Date) -> Result<Option<Tariff>, StoreError> {
        let (name, version) = (&reference.pack, reference.version);
        let Some(pack) = dated::pack(self.transit, self.view, self.network, name, version)? else { return Ok(None) };
        let map = dated::map(self.transit, self.view, self.network, pack.network_version)?;
        let max_fare = dated::max_fare_of(self.view, self.network, name, version)?;
        Ok(map.map(|map| Tariff { pack, map, calendar: self.calendar(day), max_fare }))
    }

    fn read(&self, day: Date) -> Result<Option<Tariff>, StoreError> {
        let Some(pack) = dated::pack_on(self.transit, self.view, self.network, day)? else { return Ok(None) };
        let Some(map) = dated::map(self.transit, self.view, self.network, pack.network_version)? else {
            return Ok(None);
        };
        let max_fare = dated::max_fare_of(self.view, self.network, &pack.pack, pack.version)?;
        Ok(Some(Tariff { pack, map, calendar: self.calendar(day), max_fare }))
    }

    fn calendar(&self, day: Date) -> Arc<Calendar> {
        Arc::new(self.directory.calendar(self.network, Instant::start_of(day)))
    }

    /// The storage error that matching met, if any: matching itself cannot fail.
    pub fn check(&self) -> Result<(), StoreError> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// What a pair costs without what depends on the rider's other trips.
    pub fn charge(&self, entry: &Tap, exit: &Tap) -> Option<Fen> {
        let fare = self.tariff_or_note(entry.at)?.fare(&ride(entry, exit.station, exit.at), &[])?;
        Some(fare.charge_fen)
    }

    fn tariff_or_note(&self, entry: Instant) -> Option<Tariff> {
        match self.tariff(entry) {
            Ok(tariff) => tariff,
            Err(error) => {
                self.failed.borrow_mut().get_or_insert(error);
                None
            }
        }
    }
}

impl Prices for NetworkPrices<'_> {
    fn explains(&self, entry: &Tap, exit: &Tap, shown: Option<Fen>) -> Option<bool> {
        let tariff = self.tariff_or_note(entry.at)?;
        let fare = tariff.fare(&ride(entry, exit.station, exit.at), &[])?;
        let is_explained = |shown| {
            shown == fare.nominal_fen
                || shown == fare.charge_fen
                || tariff.pack.may_leave(fare.fare_fen(), shown - fare.overstay_fen)
        };
        Some(shown.is_none_or(is_explained))
    }

    fn min_travel(&self, entry: &Tap, exit: &Tap) -> DurationMs {
        let tariff = self.tariff_or_note(entry.at);
        tariff.map_or(DurationMs(0), |tariff| tariff.map.min_travel(entry.station, exit.station))
    }
}

/// A ride from an entry to a station.
pub fn ride(entry: &Tap, to: StationId, exit: Instant) -> Ride {
    let line = (entry.direction == Direction::Boarding).then_some(entry.line);
    Ride { from: entry.station, to, line, entry: entry.at, exit, account_type: entry.account_type }
}

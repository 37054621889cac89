//! A service whose stream is split by key range: one running stream a part, and the part for a key.

use std::sync::Arc;

use huitong_kernel::split::Split;
use huitong_kernel::time::Instant;
use huitong_store::{StoreError, View};

use super::handle::{CallFailure, ServiceStream, StreamSettings};
use super::logic::Work;
use crate::service::Service;

/// All parts of a service on this node.
pub struct SplitStream<S: Service> {
    parts: Vec<Arc<ServiceStream<S>>>,
}

impl<S: Service> SplitStream<S> {
    /// Opens every part, of which a service that is not [`Service::SPLITTABLE`] has one; `settings` gives a part's file and surroundings, with the part's address as `home`. A journal that
    /// was begun under another split is refused: its keys lie elsewhere.
    pub fn start(
        service: &Arc<S>,
        of: u8,
        now: Instant,
        mut settings: impl FnMut(Split) -> Result<StreamSettings, StoreError>,
    ) -> Result<SplitStream<S>, StoreError> {
        let mut parts = Vec::with_capacity(usize::from(of));
        for part in 0..of {
            let split = Split { part, of };
            assert!(split.is_valid(), "{split}: a stream has 1 to 64 parts");
            let stream = Arc::new(ServiceStream::start(Arc::clone(service), settings(split)?)?);
            begin(&stream, split, now)?;
            parts.push(stream);
        }
        Ok(SplitStream { parts })
    }

    /// The part that holds a key.
    pub fn part(&self, key: &str) -> &Arc<ServiceStream<S>> {
        let of = u8::try_from(self.parts.len()).unwrap_or(u8::MAX);
        &self.parts[usize::from(Split::part_of(key, of))]
    }

    /// All parts, in the order of their ranges.
    pub fn parts(&self) -> &[Arc<ServiceStream<S>>] {
        &self.parts
    }
}

/// Writes the split into a new journal, or compares it with that of an old one.
fn begin<S: Service>(stream: &ServiceStream<S>, split: Split, now: Instant) -> Result<(), StoreError> {
    let recorded = stream.readers().view(recorded)?;
    if let Some(recorded) = recorded {
        return if recorded == split {
            Ok(())
        } else {
            Err(StoreError::Damaged(format!("{} is {recorded}, but is opened as {split}", stream.home())))
        };
    }
    if stream.readers().snapshot(huitong_store::journal::head)?.0 > 0 {
        return Err(StoreError::Damaged(format!("{} was begun as a whole and cannot be split", stream.home())));
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let begun = stream.submit(Work::Split { split, now }, move |end| drop(sender.send(end.map(|_| ()))));
    let begun = begun.and_then(|()| receiver.recv().unwrap_or(Err(CallFailure::Closed)));
    begun.map_err(|failure| StoreError::Refused(failure.to_string()))
}

/// The split that a journal records.
pub fn recorded(view: View<'_>) -> Result<Option<Split>, StoreError> {
    view.one("SELECT part, of FROM stream_split", [], |row| Ok(Split { part: row.get(0)?, of: row.get(1)? }))
}

//! A document that is made of the documents of other sources, in layers.
//!
//! Each part is the last good document of its source. When a part has changed, the document is made again, in slices; meanwhile
//! the one before stays in use. It can't be used while a part has no usable document, unless that part is optional.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::source::{Document, Hash, LayerMerge, NoMap};
use crate::time::Timestamp;

use super::view::ViewBuilder;

/// What is known of a part now.
#[derive(Debug)]
pub(in crate::engine) struct PartState {
    /// Its document, if it may be used.
    pub(in crate::engine) document: Option<Arc<Document>>,
    /// When its source last confirmed it; `None` for a document in the policy.
    pub(in crate::engine) confirmed: Option<Timestamp>,
    pub(in crate::engine) is_optional: bool,
    /// Whether it may still come: its source has never failed to give one.
    pub(in crate::engine) is_awaited: bool,
}

/// The documents that a merged document is made of, without those that are absent.
type Parts = Box<[Option<Hash>]>;

/// A document that is made of others, in one VM.
#[derive(Debug, Default)]
pub(in crate::engine) struct Merged {
    last: Option<Made>,
    /// The parts that no usable document could be made of.
    refused: Option<Parts>,
    work: Option<(Parts, Work)>,
    /// Whether each part has a usable document, or is optional.
    is_complete: bool,
    /// When a part changed that the last good document does not have yet.
    outdated: Option<Timestamp>,
}

/// The last good document.
#[derive(Debug)]
struct Made {
    parts: Parts,
    hash: Hash,
    /// When all sources of its parts had last confirmed them.
    confirmed: Timestamp,
}

/// A document that is being made.
#[derive(Debug)]
pub(in crate::engine) enum Work {
    /// The parts become one value.
    Merging(LayerMerge),
    /// The value becomes a view.
    Reading(Box<ViewBuilder>),
}

impl Work {
    /// The values that are made so far, for an incremental drop.
    pub(in crate::engine) fn into_values(self) -> Vec<Value> {
        match self {
            Self::Merging(merging) => merging.into_values(),
            Self::Reading(reading) => reading.into_values(),
        }
    }
}

impl Merged {
    pub(in crate::engine) fn last_good(&self) -> Option<(Hash, Timestamp)> {
        let made = self.last.as_ref()?;
        Some((made.hash, made.confirmed))
    }

    /// Whether the last good document may be used. Where a newer one can't be made of the parts, it may be used for `stale_for`.
    pub(in crate::engine) fn is_usable(&self, stale_for: Duration, now: Timestamp) -> bool {
        let is_recent = |outdated: Timestamp| now.since(outdated) <= stale_for;
        self.last.is_some() && self.is_complete && self.outdated.is_none_or(is_recent)
    }

    /// Whether a document is being made.
    pub(in crate::engine) const fn is_at_work(&self) -> bool {
        self.work.is_some()
    }

    /// Compares the parts with those of the last good document, and begins to make a new one where they differ. A document that is
    /// being made is finished first: otherwise parts that change often would never let it end.
    ///
    /// # Errors
    /// The part that is no map. It is told once.
    pub(in crate::engine) fn observe(
        &mut self,
        parts: &[PartState],
        now: Timestamp,
    ) -> Result<(), NoMap> {
        let is_there = |part: &PartState| part.document.is_some();
        self.is_complete = parts.iter().all(|part| is_there(part) || part.is_optional)
            && parts.iter().any(is_there);
        let is_awaited = |part: &PartState| part.document.is_none() && part.is_awaited;
        // At the beginning, an optional part gets the time to come.
        let is_early = self.last.is_none() && parts.iter().any(is_awaited);
        if !self.is_complete || is_early || self.work.is_some() {
            return Ok(());
        }
        let hash = |part: &PartState| part.document.as_ref().map(|document| document.hash());
        let news: Parts = parts.iter().map(hash).collect();
        if let Some(made) = self.last.as_mut().filter(|made| made.parts == news) {
            let confirmed = parts.iter().filter(|part| part.document.is_some());
            let confirmed = confirmed.filter_map(|part| part.confirmed).min();
            made.confirmed = confirmed.unwrap_or(now);
            self.outdated = None;
            self.refused = None;
            return Ok(());
        }
        // The clock may have been put back.
        self.outdated = Some(self.outdated.map_or(now, |outdated| outdated.min(now)));
        if self.refused.as_ref() == Some(&news) {
            return Ok(());
        }
        let layers = parts.iter().filter_map(|part| part.document.clone());
        match LayerMerge::new(layers.collect(), hash_of(&news)) {
            Ok(merging) => {
                self.work = Some((news, Work::Merging(merging)));
                Ok(())
            }
            Err(NoMap(at)) => {
                self.refused = Some(news);
                let mut there = parts.iter().enumerate();
                let there = there.by_ref().filter(|(_, part)| part.document.is_some());
                Err(NoMap(there.map(|(index, _)| index).nth(at).unwrap_or(at)))
            }
        }
    }

    /// Takes the document that is being made, to continue. Give it back with [`keep`](Self::keep), [`accept`](Self::accept) or
    /// [`refuse`](Self::refuse).
    pub(in crate::engine) fn take_work(&mut self) -> Option<(Parts, Work)> {
        self.work.take()
    }

    pub(in crate::engine) fn keep(&mut self, parts: Parts, work: Work) {
        self.work = Some((parts, work));
    }

    /// The document that was made of `parts` is the last good one now.
    pub(in crate::engine) fn accept(&mut self, parts: Parts, now: Timestamp) {
        self.last = Some(Made {
            hash: hash_of(&parts),
            parts,
            confirmed: now,
        });
        self.outdated = None;
    }

    /// No usable document could be made of `parts`.
    pub(in crate::engine) fn refuse(&mut self, parts: Parts) {
        self.refused = Some(parts);
    }
}

/// The hash of the document that is made of these parts.
fn hash_of(parts: &[Option<Hash>]) -> Hash {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.push(u8::from(part.is_some()));
        bytes.extend(part.iter().flat_map(|part| part.0));
    }
    Hash::of(&bytes)
}

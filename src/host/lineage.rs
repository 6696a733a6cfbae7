//! Which root a stream is of.
//!
//! The host tells it when a stream begins, and only then. To note it for every request would be two changes of a table a
//! request, where a VM mostly has one policy; so what is noted is since when streams are of which root, and the streams
//! that are of another.

use super::id::{ContextId, Table};

/// From this stream on, streams are of this root unless it was noted otherwise.
#[derive(Clone, Copy, Debug)]
struct Era {
    first: ContextId,
    /// None for a root that is gone: were the host to ask for a stream of it all the same, it is no other root's.
    root: Option<ContextId>,
}

/// The root of each stream that the host has told of.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    /// In the order of their first streams: after a push the old root's and the new one's, not one for each stream.
    eras: Vec<Era>,
    /// Streams whose root isn't the one of their era.
    strays: Table<ContextId, ContextId>,
    /// The highest stream so far: Envoy counts up.
    newest: ContextId,
}

impl Lineage {
    /// A stream of `root` begins.
    pub(super) fn born(&mut self, stream: ContextId, root: ContextId) {
        let is_next = stream > self.newest;
        if is_next && self.eras.last().is_some_and(|era| era.root == Some(root)) {
            self.newest = stream;
        } else {
            self.note(stream, root);
        }
    }

    /// Notes a stream that doesn't simply go on with the last era.
    #[inline(never)]
    fn note(&mut self, stream: ContextId, root: ContextId) {
        let is_next = stream > self.newest;
        self.newest = self.newest.max(stream);
        let is_known = self.eras.iter().any(|era| era.root == Some(root));
        let is_next = is_next || self.begin_anew();
        if is_next && !is_known {
            self.newest = stream;
            self.eras.push(Era {
                first: stream,
                root: Some(root),
            });
        } else {
            // Another listener's policy, the old one after a push, or the host has counted once around.
            self.strays.insert(stream, root);
        }
    }

    /// Once the host has counted around, eras can begin again when every root of before is gone.
    fn begin_anew(&mut self) -> bool {
        let is_over = self.eras.iter().all(|era| era.root.is_none());
        if is_over {
            self.eras.clear();
        }
        is_over
    }

    /// The root of a stream; `None` for one that the host never told of.
    pub(super) fn root_of(&self, stream: ContextId) -> Option<ContextId> {
        if self.has_strays() {
            if let Some(root) = self.stray(stream) {
                return Some(root);
            }
        }
        if stream > self.newest {
            return None;
        }
        match self.eras.last() {
            Some(last) if last.first <= stream => last.root,
            Some(_) | None => self.root_before(stream),
        }
    }

    /// The root of a stream that began in an era before the last.
    #[inline(never)]
    fn root_before(&self, stream: ContextId) -> Option<ContextId> {
        let mut eras = self.eras.iter().rev();
        eras.find(|era| era.first <= stream)?.root
    }

    #[inline(never)]
    fn stray(&self, stream: ContextId) -> Option<ContextId> {
        self.strays.get(&stream).copied()
    }

    /// Whether any stream's root isn't its era's.
    pub(super) fn has_strays(&self) -> bool {
        !self.strays.is_empty()
    }

    /// A stream is gone. A root, which goes after its last stream, is none.
    pub(super) fn gone(&mut self, stream: ContextId) {
        self.strays.remove(&stream);
    }

    /// A root is gone, after the last of its streams.
    pub(super) fn extinct(&mut self, root: ContextId) {
        for era in &mut self.eras {
            era.root = era.root.filter(|known| *known != root);
        }
        // One says for all of a row that they are gone: there are never more than one beside each root.
        self.eras.dedup_by_key(|era| era.root);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use std::collections::BTreeMap;

    const A: ContextId = ContextId(1);
    const B: ContextId = ContextId(2);

    #[test]
    fn one_root_needs_no_table() {
        let mut lineage = Lineage::default();
        for number in 10..1000 {
            lineage.born(ContextId(number), A);
        }
        assert_eq!(lineage.root_of(ContextId(500)), Some(A));
        assert_eq!(lineage.root_of(ContextId(9)), None);
        assert_eq!(lineage.root_of(ContextId(1000)), None);
        assert!(lineage.strays.is_empty());
        assert_eq!(lineage.eras.len(), 1);
    }

    #[test]
    fn after_a_push_the_new_roots_streams_need_none() {
        let mut lineage = Lineage::default();
        lineage.born(ContextId(10), A);
        lineage.born(ContextId(11), B);
        lineage.born(ContextId(12), A);
        lineage.born(ContextId(13), B);
        let roots = [10, 11, 12, 13].map(|number| lineage.root_of(ContextId(number)));
        assert_eq!(roots, [Some(A), Some(B), Some(A), Some(B)]);
        assert_eq!(lineage.strays.len(), 1);
        lineage.gone(ContextId(12));
        lineage.extinct(A);
        assert!(lineage.strays.is_empty());
        assert_eq!(lineage.root_of(ContextId(13)), Some(B));
    }

    #[test]
    fn a_stream_of_a_root_that_is_gone_is_no_other_roots() {
        let mut lineage = Lineage::default();
        lineage.born(ContextId(10), A);
        lineage.born(ContextId(11), B);
        lineage.extinct(B);
        assert_eq!(lineage.root_of(ContextId(10)), Some(A));
        assert_eq!(lineage.root_of(ContextId(11)), None);
        for number in (20..40).step_by(2) {
            let root = ContextId(number + 1000);
            lineage.born(ContextId(number), root);
            lineage.extinct(root);
        }
        assert_eq!(lineage.eras.len(), 2);
        lineage.extinct(A);
        lineage.born(ContextId(50), A);
        assert_eq!(lineage.root_of(ContextId(50)), Some(A));
    }

    /// What happens in a VM: roots and streams come and go, ids count up and once around.
    #[derive(Clone, Debug)]
    enum Happening {
        Root,
        Stream(usize),
        StreamGone(usize),
        RootGone(usize),
    }

    fn happenings() -> impl Strategy<Value = Vec<Happening>> {
        let one = prop_oneof![
            1 => Just(Happening::Root),
            8 => (0..8_usize).prop_map(Happening::Stream),
            6 => (0..64_usize).prop_map(Happening::StreamGone),
            1 => (0..8_usize).prop_map(Happening::RootGone),
        ];
        prop::collection::vec(one, 0..200)
    }

    /// One of them, whatever the number.
    fn pick(all: &[ContextId], number: usize) -> Option<&ContextId> {
        all.get(number.checked_rem(all.len())?)
    }

    proptest! {
        #[test]
        fn it_knows_what_a_table_of_all_streams_knows(
            happenings in happenings(),
            start in prop_oneof![Just(1_u32), u32::MAX.saturating_sub(200)..u32::MAX],
        ) {
            let mut lineage = Lineage::default();
            let mut next = start;
            let mut roots: Vec<ContextId> = Vec::new();
            let mut streams: BTreeMap<ContextId, ContextId> = BTreeMap::new();
            let mut draw = |streams: &BTreeMap<ContextId, ContextId>, roots: &[ContextId]| loop {
                let id = ContextId(next);
                next = next.checked_add(1).unwrap_or(1);
                if !streams.contains_key(&id) && !roots.contains(&id) {
                    break id;
                }
            };
            for happening in happenings {
                match happening {
                    Happening::Root => {
                        let root = draw(&streams, &roots);
                        roots.push(root);
                    }
                    Happening::Stream(of) => {
                        let Some(&root) = pick(&roots, of) else { continue };
                        let stream = draw(&streams, &roots);
                        streams.insert(stream, root);
                        lineage.born(stream, root);
                    }
                    Happening::StreamGone(which) => {
                        let alive: Vec<ContextId> = streams.keys().copied().collect();
                        let Some(&stream) = pick(&alive, which) else { continue };
                        streams.remove(&stream);
                        lineage.gone(stream);
                    }
                    Happening::RootGone(which) => {
                        let Some(&root) = pick(&roots, which) else { continue };
                        if !streams.values().any(|of| *of == root) {
                            roots.retain(|other| *other != root);
                            lineage.extinct(root);
                        }
                    }
                }
                for (stream, root) in &streams {
                    prop_assert_eq!(lineage.root_of(*stream), Some(*root));
                }
            }
        }
    }
}

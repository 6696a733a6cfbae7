//! Names and keys that several lists of consumers claim.
//!
//! A request itself decides what a conflict means for it, by a few look-ups (`owner.rs`). Here conflicts are counted
//! and reported after a document has changed, in slices: there may be a hundred thousand names to compare.

use std::rc::Rc;

use crate::arena::TableCursor;
use crate::auth::IdentifierForm;
use crate::policy::{Consumer, Credential, CredentialCursor, Directory, Policy, SourceId};
use crate::source::Budget;

use super::view::ViewInputs;
use crate::engine::event::{Event, Observer};

/// The cost of one look-up in one directory.
const COST_OF_LOOKUP: usize = 32;

/// The cost of a look-up for which a key is hashed.
const COST_OF_HASHED_LOOKUP: usize = 256;

/// Compares all lists of consumers that one policy has; keeps the result of the last comparison.
#[derive(Debug, Default)]
pub(in crate::engine) struct ConflictCheck {
    /// The sources with documents that came or went after the last comparison began and before this one did.
    news: Vec<SourceId>,
    /// The sources with documents that came or went while this comparison runs. The next comparison is for them: if
    /// this one began again each time, documents that change often would never let it end.
    later: Vec<SourceId>,
    walk: Option<Walk>,
    /// How many consumers of each source are ignored because another list has their names.
    contested: CountsBySource,
}

/// The position of the comparison. It holds no part of a document.
#[derive(Debug, Default)]
struct Walk {
    stage: Stage,
    contested: CountsBySource,
}

impl Walk {
    const fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::Names(ListId::FIRST, TableCursor::START))
    }
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Names of this list.
    Names(ListId, TableCursor),
    /// Keys of this list.
    Keys(ListId, CredentialCursor),
}

impl Default for Stage {
    fn default() -> Self {
        Self::Names(ListId::FIRST, TableCursor::START)
    }
}

/// One of the lists that are compared, by its index among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListId(usize);

impl ListId {
    const FIRST: Self = Self(0);

    const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A list of consumers, and its source; `None` for the policy's own list.
pub(in crate::engine) type List<'r> = (Option<SourceId>, &'r Directory);

/// The lists that are compared, and the observer of conflicts.
struct Round<'r> {
    lists: Rc<[List<'r>]>,
    news: &'r [SourceId],
    policy: &'r Policy,
    observer: &'r mut dyn Observer,
}

impl ConflictCheck {
    /// The document of this source has changed or is gone: compares all lists again.
    pub(in crate::engine) fn begin(&mut self, id: SourceId) {
        let has_begun = self.walk.as_ref().is_some_and(Walk::has_begun);
        let news = if has_begun {
            &mut self.later
        } else {
            self.walk = Some(Walk::default());
            &mut self.news
        };
        if !news.contains(&id) {
            news.push(id);
        }
    }

    /// Whether there is more to compare.
    pub(in crate::engine) const fn is_pending(&self) -> bool {
        self.walk.is_some()
    }

    /// How many consumers of this source are ignored because another list has their names.
    pub(in crate::engine) fn contested(&self, id: SourceId) -> usize {
        self.contested.of(id)
    }

    /// Continues to compare. `lists` are all lists.
    pub(in crate::engine) fn advance(
        &mut self,
        lists: Vec<List<'_>>,
        policy: &Policy,
        observer: &mut dyn Observer,
        budget: &mut Budget,
    ) {
        let Some(mut walk) = self.walk.take() else {
            return;
        };
        let mut round = Round {
            lists: lists.into(),
            news: &self.news,
            policy,
            observer,
        };
        while !budget.is_spent() {
            match round.step(walk.stage, &mut walk.contested, budget) {
                Some(next) => walk.stage = next,
                None => {
                    self.contested = walk.contested;
                    round.observer.event(&Event::ListsCompared);
                    self.news = std::mem::take(&mut self.later);
                    self.walk = (!self.news.is_empty()).then(Walk::default);
                    return;
                }
            }
        }
        self.walk = Some(walk);
    }
}

impl<'r> Round<'r> {
    /// Compares one name or key. `None` after the last one.
    fn step(
        &mut self,
        stage: Stage,
        contested: &mut CountsBySource,
        budget: &mut Budget,
    ) -> Option<Stage> {
        match stage {
            Stage::Names(own, mut cursor) => {
                let Some(&(id, list)) = self.lists.get(own.0) else {
                    return Some(Stage::Keys(ListId::FIRST, CredentialCursor::default()));
                };
                let next = id.and_then(|id| Some((id, list.next_consumer(&mut cursor)?)));
                let Some((id, consumer)) = next.filter(|_| self.lists.len() > 2) else {
                    return Some(Stage::Names(own.next(), TableCursor::START));
                };
                budget.spend(self.lists.len().saturating_mul(COST_OF_LOOKUP));
                if self.is_contested(id, own, consumer) {
                    contested.add_one(id);
                }
                Some(Stage::Names(own, cursor))
            }
            Stage::Keys(own, mut cursor) => {
                let &(id, list) = self.lists.get(own.0)?;
                let Some(key) = list.next_key(&mut cursor) else {
                    return Some(Stage::Keys(own.next(), CredentialCursor::default()));
                };
                // The policy's own list has precedence: a key in it belongs to no other list.
                let mut is_the_policys = false;
                for (rival_id, rivals) in self.rivals(own) {
                    let is_costly = rivals.has_keys(IdentifierForm::Sha256);
                    budget.spend(if is_costly {
                        COST_OF_HASHED_LOOKUP
                    } else {
                        COST_OF_LOOKUP
                    });
                    let alike = rivals.knows(&key);
                    let Some(held) = alike.or_else(|| rivals.knows_digest(&key)) else {
                        continue;
                    };
                    let (held_here, held_there) = ((id, key.credential), (rival_id, held));
                    if !is_the_policys {
                        self.tell_key(held_here, held_there);
                        if alike.is_none() {
                            // The other list has only the digest, and so does not find this key itself.
                            self.tell_key(held_there, held_here);
                        }
                    }
                    is_the_policys |= rival_id.is_none();
                }
                Some(Stage::Keys(own, cursor))
            }
        }
    }

    /// All lists except `own`.
    fn rivals(&self, own: ListId) -> impl Iterator<Item = List<'r>> + use<'r> {
        let lists = Rc::clone(&self.lists);
        (0..lists.len())
            .filter(move |other| *other != own.0)
            .filter_map(move |other| lists.get(other).copied())
    }

    /// Whether a consumer of the list `own` is ignored because another document has a consumer of that name. A
    /// consumer with a name of the policy's own list is ignored for that reason, and was reported.
    fn is_contested(&mut self, id: SourceId, own: ListId, consumer: Consumer<'r>) -> bool {
        let name = consumer.name().bytes();
        let mut found = None;
        for (rival, list) in self.rivals(own) {
            if list.named(name).is_some() {
                let Some(rival) = rival else { return false };
                // A changed document is named rather than an unchanged one.
                let is_news = self.news.contains(&rival);
                found = found.filter(|_| !is_news).or(Some(rival));
            }
        }
        let Some(rival) = found else { return false };
        if self.news.contains(&id) || self.news.contains(&rival) {
            let source = self.policy.sources.name(rival);
            let reason = format!(
                "name: `{source}` has a consumer of that name too, so the consumer is ignored in both"
            );
            self.tell(id, consumer, &reason);
        }
        true
    }

    /// Reports a key that two consumers have. Two consumers with one name are reported by the name.
    fn tell_key(
        &mut self,
        own: (Option<SourceId>, Credential<'_>),
        rival: (Option<SourceId>, Credential<'_>),
    ) {
        let (consumer, other) = (own.1.owner(), rival.1.owner());
        let Some(id) = own.0 else { return };
        let is_news = |id: &SourceId| self.news.contains(id);
        if *consumer.name().bytes() == *other.name().bytes()
            || !(is_news(&id) || rival.0.as_ref().is_some_and(is_news))
        {
            return;
        }
        let (source, result) = match rival.0 {
            Some(rival) => (self.policy.sources.name(rival), "it belongs to neither"),
            None => ("the policy", "it belongs to that consumer"),
        };
        let other = String::from_utf8_lossy(other.name().bytes());
        let reason = format!("credentials: `{other}` of {source} has this key too, so {result}");
        self.tell(id, consumer, &reason);
    }

    fn tell(&mut self, id: SourceId, consumer: Consumer<'_>, reason: &str) {
        let mut inputs = ViewInputs {
            policy: self.policy,
            id,
            last: None,
            observer: self.observer,
        };
        inputs.left_out(&String::from_utf8_lossy(consumer.name().bytes()), reason);
    }
}

/// A count for each source of a policy.
#[derive(Debug, Default)]
struct CountsBySource(Vec<usize>);

impl CountsBySource {
    fn of(&self, id: SourceId) -> usize {
        self.0.get(id.index()).copied().unwrap_or_default()
    }

    fn add_one(&mut self, id: SourceId) {
        if self.0.len() <= id.index() {
            self.0.resize(id.index().saturating_add(1), 0);
        }
        if let Some(count) = self.0.get_mut(id.index()) {
            *count = count.saturating_add(1);
        }
    }
}

//! Names and keys that several lists of consumers claim.
//!
//! What that means for a request is decided when it comes (`owner.rs`), by a few look-ups. Here it is counted and told, after
//! a document has changed, in slices: there may be a hundred thousand names to be compared.

use std::rc::Rc;

use crate::auth::KeyForm;
use crate::policy::{Consumer, Credential, Directory, KeyPlace, KnownKey, Policy};
use crate::source::Budget;

use super::event::Observer;
use super::reader::Reader;

/// What one look-up in one directory costs.
const LOOK: usize = 32;

/// What it costs where a key is hashed for it.
const DIGEST: usize = 256;

/// A comparison of all lists of consumers that one policy has, and what came of the last one.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// The sources whose documents came or went since the last one that was finished.
    news: Vec<usize>,
    walk: Option<Walk>,
    /// How many consumers of each source are nobody because of their names.
    contested: Vec<usize>,
}

/// How far it has come. It holds nothing of a document.
#[derive(Debug)]
struct Walk {
    stage: Stage,
    contested: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Names of the list of this number, from a place on.
    Names(usize, usize),
    /// Keys of the policy itself.
    OwnKeys(KeyPlace),
    /// Keys of the list of this number.
    Keys(usize, KeyPlace),
}

/// What is compared, and who is told.
struct Round<'r> {
    lists: Rc<[(usize, &'r Directory)]>,
    news: &'r [usize],
    policy: &'r Policy,
    observer: &'r mut dyn Observer,
}

impl Census {
    /// The document of the source at `place` is another one, or gone: all is compared anew.
    pub(super) fn begin(&mut self, place: usize) {
        if !self.news.contains(&place) {
            self.news.push(place);
        }
        self.walk = Some(Walk {
            stage: Stage::Names(0, 0),
            contested: Vec::new(),
        });
    }

    /// Whether there is more to be compared.
    pub(super) const fn is_pending(&self) -> bool {
        self.walk.is_some()
    }

    /// How many consumers of the source at `place` are nobody because of their names.
    pub(super) fn contested(&self, place: usize) -> usize {
        self.contested.get(place).copied().unwrap_or_default()
    }

    /// Goes on. `lists` are all of them, each with its source's place.
    pub(super) fn advance(
        &mut self,
        lists: Vec<(usize, &Directory)>,
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
                    self.news.clear();
                    return;
                }
            }
        }
        self.walk = Some(walk);
    }
}

impl<'r> Round<'r> {
    /// Compares one name or key; `None` where that was the last.
    fn step(
        &mut self,
        stage: Stage,
        contested: &mut Vec<usize>,
        budget: &mut Budget,
    ) -> Option<Stage> {
        let own = &self.policy.consumers;
        let is_alone = self.lists.len() < 2;
        match stage {
            Stage::Names(number, mut slot) => {
                let list = self.lists.get(number).filter(|_| !is_alone);
                let Some(&(place, directory)) = list else {
                    return Some(Stage::OwnKeys(KeyPlace::default()));
                };
                let Some(consumer) = directory.next_consumer(&mut slot) else {
                    return Some(Stage::Names(number.saturating_add(1), 0));
                };
                budget.spend(self.lists.len().saturating_mul(LOOK));
                // One that has the name of a consumer of the policy's own is nobody for that, and told.
                if own.named(consumer.name().bytes()).is_none() && self.name(number, consumer) {
                    count(contested, place);
                }
                Some(Stage::Names(number, slot))
            }
            Stage::OwnKeys(mut at) => {
                let Some(key) = own.next_key(&mut at) else {
                    return Some(Stage::Keys(0, KeyPlace::default()));
                };
                for (place, directory) in Rc::clone(&self.lists).iter().copied() {
                    budget.spend(cost(directory));
                    if let Some(claimant) = directory.claimant(&key) {
                        self.key_of_the_policy(place, claimant, key.credential);
                    }
                }
                Some(Stage::OwnKeys(at))
            }
            Stage::Keys(number, mut at) => {
                let &(place, directory) = self.lists.get(number)?;
                let hashed = own.has_keys(KeyForm::Sha256) && directory.has_keys(KeyForm::Plain);
                let next = Some(Stage::Keys(number.saturating_add(1), KeyPlace::default()));
                if is_alone && !hashed {
                    return next;
                }
                let Some(key) = directory.next_key(&mut at) else {
                    return next;
                };
                budget.spend(LOOK);
                if hashed && key.form == KeyForm::Plain {
                    budget.spend(DIGEST);
                    // The policy's key itself was looked for when that one's turn was.
                    if let Some(owner) = own.knows_digest(&key) {
                        self.key_of_the_policy(place, key.credential, owner);
                    }
                }
                self.key_elsewhere(number, (place, &key), budget);
                Some(Stage::Keys(number, at))
            }
        }
    }

    /// Tells who else claims a key of the list of this number, unless it is the policy's anyway.
    fn key_elsewhere(
        &mut self,
        number: usize,
        (place, key): (usize, &KnownKey<'_>),
        budget: &mut Budget,
    ) {
        let own = &self.policy.consumers;
        for (other, (rival_place, rivals)) in Rc::clone(&self.lists).iter().copied().enumerate() {
            if other == number {
                continue;
            }
            budget.spend(cost(rivals));
            let (rival, is_known_alike) = match rivals.knows(key) {
                Some(rival) => (Some(rival), true),
                None => (rivals.knows_digest(key), false),
            };
            let Some(rival) = rival.filter(|_| own.claimant(key).is_none()) else {
                continue;
            };
            self.key((place, key.credential), (rival_place, rival));
            if !is_known_alike {
                // From its digest alone the other one can't be told.
                self.key((rival_place, rival), (place, key.credential));
            }
        }
    }

    /// Whether a consumer of the list of this number is nobody because another list has its name.
    fn name(&mut self, number: usize, consumer: Consumer<'r>) -> bool {
        let name = consumer.name().bytes();
        let Some(&(place, _)) = self.lists.get(number) else {
            return false;
        };
        let mut lists = self.lists.iter().enumerate();
        let mut rivals = lists
            .by_ref()
            .filter(|(other, (_, list))| *other != number && list.named(name).is_some())
            .map(|(_, (rival, _))| *rival);
        let Some(rival) = rivals.next() else {
            return false;
        };
        if self.is_news(place) || self.is_news(rival) || rivals.any(|rival| self.is_news(rival)) {
            let source = self.policy.sources.name(rival);
            let reason = format!(
                "name: `{source}` has a consumer of that name too, so it is nobody's in both"
            );
            self.tell(place, consumer, &reason);
        }
        true
    }

    fn key_of_the_policy(&mut self, place: usize, claimant: Credential<'_>, owner: Credential<'_>) {
        if self.is_news(place) && !is_of_one_name(claimant, owner) {
            let owner = shown(owner.owner());
            let reason = format!(
                "credentials: a key of it is `{owner}`'s in the policy too, so it is that one's"
            );
            self.tell(place, claimant.owner(), &reason);
        }
    }

    fn key(&mut self, own: (usize, Credential<'_>), rival: (usize, Credential<'_>)) {
        let is_news = self.is_news(own.0) || self.is_news(rival.0);
        if is_news && !is_of_one_name(own.1, rival.1) {
            let name = shown(rival.1.owner());
            let source = self.policy.sources.name(rival.0);
            let reason = format!(
                "credentials: a key of it is `{name}`'s of `{source}` too, so it is neither's"
            );
            self.tell(own.0, own.1.owner(), &reason);
        }
    }

    fn is_news(&self, place: usize) -> bool {
        self.news.contains(&place)
    }

    fn tell(&mut self, place: usize, consumer: Consumer<'_>, reason: &str) {
        let mut reader = Reader {
            policy: self.policy,
            place,
            last: None,
            observer: self.observer,
        };
        reader.left_out(&String::from_utf8_lossy(consumer.name().bytes()), reason);
    }
}

fn cost(directory: &Directory) -> usize {
    if directory.has_keys(KeyForm::Sha256) {
        DIGEST
    } else {
        LOOK
    }
}

/// Then it is the name that is told.
fn is_of_one_name(one: Credential<'_>, other: Credential<'_>) -> bool {
    *one.owner().name().bytes() == *other.owner().name().bytes()
}

fn shown(consumer: Consumer<'_>) -> String {
    consumer.name().bytes().escape_ascii().to_string()
}

fn count(contested: &mut Vec<usize>, place: usize) {
    if contested.len() <= place {
        contested.resize(place.saturating_add(1), 0);
    }
    if let Some(count) = contested.get_mut(place) {
        *count = count.saturating_add(1);
    }
}

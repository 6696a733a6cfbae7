//! Who there is: consumers, found by their credentials.

use std::fmt;

use crate::arena::{At, Draft, Handle as _, Id, Piece, Pool, Slots};
use crate::auth::{KeyForm, KeyTable, Taken};
use crate::config::{ApiKeyRef, ConfigErrors, ConsumerRef, KeyRef, Path};
use crate::hash::Seeded;
use crate::secret::Secret;

use super::environment::{Environment, variable};
use super::provider::{ProviderId, Providers};

/// Somebody who may call: an entry of name, groups and labels.
#[derive(Clone, Copy)]
pub(crate) struct Consumer<'d> {
    pub(super) pool: &'d Pool,
    pub(super) at: At,
}

impl fmt::Debug for Consumer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().bytes().escape_ascii().to_string();
        f.debug_tuple("Consumer").field(&name).finish()
    }
}

impl<'d> Consumer<'d> {
    /// Where it stands in its directory.
    pub(crate) const fn place(self) -> At {
        self.at
    }

    /// Its name.
    pub(crate) fn name(self) -> Piece<'d> {
        self.pool.read(self.at).text()
    }

    /// Its groups, in the order of writing.
    pub(crate) fn groups(self) -> impl Iterator<Item = &'d [u8]> {
        let mut entry = self.pool.read(self.at);
        entry.text();
        let count = entry.number();
        std::iter::repeat_with(move || entry.text().bytes()).take(count)
    }

    /// The value of a label.
    pub(crate) fn label(self, name: &str) -> Option<Piece<'d>> {
        let mut entry = self.pool.read(self.at);
        entry.text();
        for _ in 0..entry.number() {
            entry.text();
        }
        for _ in 0..entry.number() {
            let is_it = *entry.text().bytes() == *name.as_bytes();
            let value = entry.text();
            if is_it {
                return Some(value);
            }
        }
        None
    }
}

/// One credential: an entry of its key or that one's digest, whose it is, and its public name.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'d> {
    pool: &'d Pool,
    at: At,
    owner: At,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credential").field(&self.owner()).finish()
    }
}

impl<'d> Credential<'d> {
    pub(super) fn read(pool: &'d Pool, at: At) -> Self {
        let mut entry = pool.read(at);
        entry.text();
        let owner = entry.at();
        Self { pool, at, owner }
    }

    /// Whose it is.
    pub(crate) const fn owner(self) -> Consumer<'d> {
        Consumer {
            pool: self.pool,
            at: self.owner,
        }
    }

    /// Its public name, where it has one.
    pub(crate) fn id(self) -> Option<Piece<'d>> {
        let mut entry = self.pool.read(self.at);
        entry.text();
        entry.at();
        let id = entry.text();
        (!id.bytes().is_empty()).then_some(id)
    }
}

/// Consumers, found by their credentials. The policy has one of its own, each document of consumers another.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(super) pool: Pool,
    /// By the provider's index.
    pub(super) keys: Vec<KeyTable>,
    seed: Seeded,
    /// The consumers, by the hash of their names.
    pub(super) names: Slots,
}

impl Directory {
    /// Whose `key` is, among those that `provider` knows.
    pub(crate) fn find(&self, provider: ProviderId, key: &[u8]) -> Option<Credential<'_>> {
        let pool = &self.pool;
        let (at, mut entry) = self.keys.get(provider.index())?.owner(key, pool)?;
        let owner = entry.at();
        Some(Credential { pool, at, owner })
    }

    /// Whether several claim `key` at `provider`.
    pub(crate) fn is_contested(&self, provider: ProviderId, key: &[u8]) -> bool {
        let table = self.keys.get(provider.index());
        table.is_some_and(|table| table.is_contested(key, &self.pool))
    }

    /// The consumer of this name.
    #[inline(never)]
    pub(crate) fn named(&self, name: &[u8]) -> Option<Consumer<'_>> {
        let pool = &self.pool;
        let is = |at: At| *pool.read(at).text().bytes() == *name;
        let at = self.names.find(self.seed.of_bytes(name), is)?;
        Some(Consumer { pool, at })
    }

    /// All consumers, in no order.
    pub(crate) fn consumers(&self) -> impl Iterator<Item = Consumer<'_>> {
        let pool = &self.pool;
        self.names.iter().map(move |at| Consumer { pool, at })
    }

    /// How many consumers there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

/// What a consumer's credentials refer to.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) providers: &'a Providers,
    /// Resolves `{env:}`; a document's records have none.
    pub(crate) environment: Option<&'a dyn Environment>,
}

/// Builds a [`Directory`], consumer by consumer.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    directory: Directory,
    draft: Draft,
}

/// A key ready to be handed out.
struct Ready<'r> {
    provider: ProviderId,
    key: Known<'r>,
    id: Option<&'r str>,
}

/// What is known of a key.
enum Known<'r> {
    Digest([u8; 32]),
    Key(&'r [u8]),
    Variable(Secret),
}

/// The keys of one consumer, each by its provider and its digest: whichever form it is written in.
#[derive(Default)]
struct OwnKeys {
    keys: Vec<(ProviderId, [u8; 32], usize)>,
    found: Slots<Id>,
}

impl OwnKeys {
    /// Notes the key of the credential at this place: the place of the one that has it already.
    fn note(&mut self, key: &Ready<'_>, at: usize) -> Option<usize> {
        let digest = match key.key {
            Known::Digest(digest) => digest,
            Known::Key(_) | Known::Variable(_) => KeyTable::digest(key.key.bytes()),
        };
        let hash = digest
            .first_chunk()
            .map_or(0, |head| u64::from_le_bytes(*head));
        let keys = &self.keys;
        let before = self.found.find_map(hash, |id| {
            let (provider, known, place) = keys.get(usize::try_from(id.to_number()).ok()?)?;
            (*provider == key.provider && *known == digest).then_some(*place)
        });
        if before.is_none() {
            self.found.insert(hash, Id::of(keys.len()));
            self.keys.push((key.provider, digest, at));
        }
        before
    }
}

impl Known<'_> {
    const fn form(&self) -> KeyForm {
        match self {
            Self::Digest(_) => KeyForm::Sha256,
            Self::Key(_) | Self::Variable(_) => KeyForm::Plain,
        }
    }

    const fn bytes(&self) -> &[u8] {
        match self {
            Self::Digest(digest) => digest,
            Self::Key(key) => key,
            Self::Variable(secret) => secret.expose(),
        }
    }
}

impl Builder {
    /// Adds a consumer with those of its credentials that are good; nothing of it where none of several is. A credential
    /// that somebody else has already becomes nobody's, and that is an error too. All consumers of a directory have the same
    /// surroundings.
    pub(crate) fn add(
        &mut self,
        written: &ConsumerRef<'_>,
        around: Surroundings<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        let name = written.name.as_bytes();
        if self.directory.named(name).is_some() {
            let reason = format!("there is another consumer `{}`", written.name);
            return errors.push(&path.field("name"), reason);
        }
        let credentials = path.field("credentials");
        // Looked at before it has a name here. No list is made, as there may be a hundred thousand.
        let mut good = 0_usize;
        for (at, credential) in written.credentials.iter().enumerate() {
            if prepare(credential, around, &credentials.index(at), errors).is_some() {
                good = good.saturating_add(1);
            }
        }
        if good == 0 && !written.credentials.is_empty() {
            return;
        }
        let Some(owner) = self.introduce(written) else {
            return errors.push(path, "there is no room for it");
        };
        let tables = &mut self.directory.keys;
        tables.resize_with(around.providers.len().max(tables.len()), KeyTable::default);
        // What was wrong with one, and noticed of it, is told by now.
        let mut told = ConfigErrors::default();
        let mut own = OwnKeys::default();
        for (at, credential) in written.credentials.iter().enumerate() {
            let path = credentials.index(at);
            let Some(key) = prepare(credential, around, &path, &mut told) else {
                continue;
            };
            let before = (good > 1).then(|| own.note(&key, at)).flatten();
            if let Some(before) = before {
                let first = credentials.index(before);
                let reason = format!("the same key as `{first}`: it is one key, as that one says");
                errors.notice("repeated-key", &path, reason, "leave one of them out");
            } else if let Err(reason) = self.give(&key, owner) {
                errors.push(&path, reason);
            }
        }
    }

    /// Adds a consumer without its credentials.
    fn introduce(&mut self, written: &ConsumerRef<'_>) -> Option<At> {
        let draft = self.draft.clear().text(written.name.as_bytes());
        draft.number(written.groups.len());
        for group in &written.groups {
            draft.text(group.as_bytes());
        }
        draft.number(written.labels.len());
        for (name, value) in &written.labels {
            draft.text(name.as_bytes()).text(value.as_bytes());
        }
        let Directory {
            pool, seed, names, ..
        } = &mut self.directory;
        let at = pool.add(draft)?;
        names.insert(seed.of_bytes(written.name.as_bytes()), at);
        Some(at)
    }

    /// Gives a key to a consumer; says why not.
    fn give(&mut self, ready: &Ready<'_>, owner: At) -> Result<(), String> {
        let draft = self.draft.clear().text(ready.key.bytes()).at(owner);
        draft.text(ready.id.unwrap_or_default().as_bytes());
        let Directory { pool, keys, .. } = &mut self.directory;
        let place = keys.get_mut(ready.provider.index()).zip(pool.add(draft));
        let (table, at) = place.ok_or_else(|| "there is no room for it".to_owned())?;
        table
            .insert(ready.key.form(), at, pool)
            .map_err(|Taken(first)| {
                let first = first.map(|at| Credential::read(pool, at).owner().name());
                let whose = first.map_or_else(
                    || "others".into(),
                    |name| name.bytes().escape_ascii().to_string(),
                );
                format!("the credential is `{whose}`'s too, so it is refused for both")
            })
    }

    /// How many consumers there are by now.
    pub(crate) fn len(&self) -> usize {
        self.directory.len()
    }

    /// The directory.
    pub(crate) fn finish(mut self) -> Directory {
        self.directory.pool.seal();
        self.directory
    }
}

fn prepare<'r>(
    written: &ApiKeyRef<'r>,
    around: Surroundings<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Ready<'r>> {
    let path = path.field("apiKey");
    let provider = around
        .providers
        .for_credential(written.provider, &path, errors)?;
    let key = match written.key {
        KeyRef::Sha256(digest) => Known::Digest(digest),
        KeyRef::Value(key) => Known::Key(key),
        KeyRef::Env(name) => {
            let path = path.field("env");
            Known::Variable(variable(around.environment, name, &path, errors)?)
        }
    };
    Some(Ready {
        provider,
        key,
        id: written.id,
    })
}

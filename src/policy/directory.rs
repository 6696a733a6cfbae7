//! Who there is: consumers, found by their credentials.

use std::rc::Rc;

use crate::auth::{KeyMaterial, KeyTable, Taken};
use crate::config::{self, ConfigErrors, Path};
use crate::hash::Set;
use crate::http::Text;
use crate::secret::Secret;

use super::Environment;
use super::provider::Providers;

/// Somebody who may call.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) name: Text,
    pub(crate) groups: Box<[Box<str>]>,
    pub(crate) labels: Box<[(Box<str>, Text)]>,
}

impl Consumer {
    /// The value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&Text> {
        self.labels
            .iter()
            .find(|(label, _)| **label == *name)
            .map(|(_, value)| value)
    }
}

/// One credential: whose it is, and its public name.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) owner: Rc<Consumer>,
    pub(crate) id: Option<Text>,
}

/// Consumers, found by their credentials. The policy has one of its own, each document of consumers another.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// By the provider's place in the policy.
    keys: Vec<KeyTable<Credential>>,
    consumers: usize,
}

impl Directory {
    /// Whose `key` is, among those that `provider` knows.
    pub(crate) fn find(&self, provider: usize, key: &[u8]) -> Option<&Credential> {
        self.keys.get(provider)?.owner(key)
    }

    /// How many consumers there are.
    pub(crate) const fn len(&self) -> usize {
        self.consumers
    }
}

/// Builds a [`Directory`], consumer by consumer.
pub(crate) struct Builder<'a> {
    directory: Directory,
    names: Set<Text>,
    providers: &'a Providers,
    environment: Option<&'a dyn Environment>,
}

/// A key ready to be handed out: its provider, what is known of it, its public name.
type Ready = (usize, KeyMaterial, Option<Text>);

impl<'a> Builder<'a> {
    /// `environment` resolves `{env:}`; a document's records have none.
    pub(crate) fn new(providers: &'a Providers, environment: Option<&'a dyn Environment>) -> Self {
        let mut directory = Directory::default();
        directory
            .keys
            .resize_with(providers.len(), KeyTable::default);
        Self {
            directory,
            names: Set::default(),
            providers,
            environment,
        }
    }

    /// Adds a consumer with all its credentials, or nothing of it. A credential that somebody has already becomes
    /// nobody's, and that is an error too.
    pub(crate) fn add(
        &mut self,
        written: &config::Consumer,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        let name = Text::shared(written.name.as_bytes());
        if self.names.contains(&name) {
            errors.push(
                &path.field("name"),
                format!("there is another consumer `{}`", written.name),
            );
            return;
        }
        let credentials = path.field("credentials");
        let mut ready: Vec<Ready> = Vec::with_capacity(written.credentials.len());
        for (at, credential) in written.credentials.iter().enumerate() {
            match self.prepare(credential, &credentials.index(at), errors) {
                Some(key) => ready.push(key),
                None => return,
            }
        }
        self.names.insert(name.clone());
        self.directory.consumers = self.directory.consumers.saturating_add(1);
        let owner = Rc::new(consumer(written, name));
        for (at, (provider, key, id)) in ready.into_iter().enumerate() {
            let Some(table) = self.directory.keys.get_mut(provider) else {
                continue;
            };
            if let Err(Taken(first)) = table.insert(
                &key,
                Credential {
                    owner: Rc::clone(&owner),
                    id,
                },
            ) {
                let whose = first.map_or_else(
                    || "others".into(),
                    |first| first.owner.name.escape_ascii().to_string(),
                );
                let reason =
                    format!("the credential is `{whose}`'s too, so it is refused for both");
                errors.push(&credentials.index(at), reason);
            }
        }
    }

    /// The directory, and the names in it.
    pub(crate) fn finish(self) -> (Directory, Set<Text>) {
        (self.directory, self.names)
    }

    fn prepare(
        &self,
        written: &config::Credential,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Ready> {
        let config::Credential::ApiKey(written) = written;
        let path = path.field("apiKey");
        let provider = self
            .providers
            .for_credential(written.provider.as_deref(), &path, errors)?;
        let key = match &written.key {
            config::KeyMaterial::Sha256(digest) => KeyMaterial::Sha256(*digest),
            config::KeyMaterial::Value(secret) => KeyMaterial::Plain(secret.clone()),
            config::KeyMaterial::Env(name) => KeyMaterial::Plain(variable(
                self.environment,
                name,
                &path.field("env"),
                errors,
            )?),
        };
        Some((
            provider,
            key,
            written.id.as_ref().map(|id| Text::shared(id.as_bytes())),
        ))
    }
}

fn consumer(written: &config::Consumer, name: Text) -> Consumer {
    let label = |label: &config::Named<String>| {
        (
            label.name.as_str().into(),
            Text::shared(label.value.as_bytes()),
        )
    };
    Consumer {
        name,
        groups: written
            .groups
            .iter()
            .map(|group| group.as_str().into())
            .collect(),
        labels: written.labels.iter().map(label).collect(),
    }
}

/// The value of an environment variable; unset or empty is an error.
pub(super) fn variable(
    environment: Option<&dyn Environment>,
    name: &str,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Secret> {
    match environment
        .and_then(|environment| environment.variable(name))
        .filter(|value| !value.is_empty())
    {
        Some(value) => Some(Secret::new(value.into_bytes())),
        None => {
            let reason = format!("the environment variable `{name}` is not set");
            errors.suggest(path, reason, "pass it to the VM (`environment_variables`)");
            None
        }
    }
}

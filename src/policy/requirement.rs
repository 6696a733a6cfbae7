//! The credentials that a route requires, as a tree of named providers.

use crate::config::{self, ConfigErrors, Path};

use super::provider::{ProviderId, Providers};

/// What a route requires of a request's credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// Credentials are not read.
    None,
    /// This provider accepts.
    Provider(ProviderId),
    /// One of them is met; the first in order counts.
    Any(Vec<Self>),
    /// Each is met; the first in order identifies the sender.
    All(Vec<Self>),
    /// It is met, or no credential of it was sent.
    Optional(Box<Self>),
}

impl Requirement {
    pub(super) fn compile(
        written: &config::Requirement,
        providers: &Providers,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let many = |list: &[config::Requirement], name: &'static str, errors: &mut ConfigErrors| {
            let path = path.field(name);
            let compiled: Vec<_> = list
                .iter()
                .enumerate()
                .map(|(at, one)| Self::compile(one, providers, &path.index(at), errors))
                .collect();
            compiled.into_iter().collect::<Option<Vec<Self>>>()
        };
        Some(match written {
            config::Requirement::None => Self::None,
            config::Requirement::Provider(name) => {
                Self::Provider(providers.named(name, path, errors)?)
            }
            config::Requirement::Any(list) => Self::Any(many(list, "any", errors)?),
            config::Requirement::All(list) => Self::All(many(list, "all", errors)?),
            config::Requirement::Optional(list) => {
                Self::Optional(Box::new(Self::Any(many(list, "optional", errors)?)))
            }
        })
    }

    /// The providers that it names, each once, in order.
    pub(super) fn providers(&self) -> Box<[ProviderId]> {
        let mut named = Vec::new();
        self.collect(&mut named);
        named.into()
    }

    fn collect(&self, named: &mut Vec<ProviderId>) {
        match self {
            Self::None => {}
            Self::Provider(provider) => {
                if !named.contains(provider) {
                    named.push(*provider);
                }
            }
            Self::Any(list) | Self::All(list) => list.iter().for_each(|one| one.collect(named)),
            Self::Optional(inner) => inner.collect(named),
        }
    }
}

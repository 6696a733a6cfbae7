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

    /// Whether an `all` in it needs both providers, by two of its members.
    pub(crate) fn needs_both(&self, one: ProviderId, other: ProviderId) -> bool {
        match self {
            Self::None | Self::Provider(_) => false,
            Self::Any(list) => list.iter().any(|inner| inner.needs_both(one, other)),
            Self::All(list) => {
                let is_of = |id| list.iter().filter(move |inner| inner.names(id));
                let apart = is_of(one).any(|a| is_of(other).any(|b| !std::ptr::eq(a, b)));
                apart || list.iter().any(|inner| inner.needs_both(one, other))
            }
            Self::Optional(inner) => inner.needs_both(one, other),
        }
    }

    fn names(&self, id: ProviderId) -> bool {
        match self {
            Self::None => false,
            Self::Provider(provider) => *provider == id,
            Self::Any(list) | Self::All(list) => list.iter().any(|inner| inner.names(id)),
            Self::Optional(inner) => inner.names(id),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The requirement with the providers `a`, `b` and `c`.
    fn requirement(json: &str) -> Requirement {
        let policy = format!(
            r#"{{"providers": {{"a": {{"apiKey": {{"from": [{{"query": "a"}}]}}}}, "b": {{"apiKey": {{"from": [{{"query": "b"}}]}}}},
            "c": {{"apiKey": {{"from": [{{"query": "c"}}]}}}}}}, "routes": [{{"name": "r", "require": {json}}}]}}"#
        );
        let config = config::Config::parse(policy.as_bytes()).unwrap();
        let mut errors = ConfigErrors::default();
        let mut sources = crate::policy::source::Sources::default();
        let none = |_: &str| None;
        let providers = Providers::compile(&config.providers, &mut sources, &none, &mut errors);
        let written = &config.routes[0].require;
        Requirement::compile(written, &providers, &Path::Root, &mut errors).unwrap()
    }

    #[test]
    fn knows_which_providers_it_needs_together() {
        let (a, b) = (ProviderId::FIRST, ProviderId::FIRST.next());
        for (json, needs) in [
            (r#""a""#, false),
            (r#"{"any": ["a", "b"]}"#, false),
            (r#"{"all": ["a", "b"]}"#, true),
            (r#"{"all": ["b", "c", "a"]}"#, true),
            (r#"{"all": ["a", "c"]}"#, false),
            (r#"{"optional": {"all": ["a", "b"]}}"#, true),
            (r#"{"any": ["c", {"all": ["a", "b"]}]}"#, true),
            (r#"{"all": [{"any": ["a", "b"]}, "c"]}"#, false),
            (r#"{"all": [{"any": ["a", "c"]}, {"optional": "b"}]}"#, true),
            (
                r#"{"any": [{"all": ["a", "c"]}, {"all": ["b", "c"]}]}"#,
                false,
            ),
        ] {
            let requirement = requirement(json);
            assert_eq!(requirement.needs_both(a, b), needs, "{json}");
            assert_eq!(requirement.needs_both(b, a), needs, "{json}");
        }
    }
}

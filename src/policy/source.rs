//! Named config centres.

mod acm;
mod answer_headers;
mod apollo;
mod clients_credentials;
mod consul;
mod etcd;
mod eureka;
mod fetched;
mod format;
mod http;
mod id;
mod index_by;
mod kubernetes;
mod lists;
mod lookup_mode;
mod merge;
mod nacos;
mod names;
pub(in crate::policy) mod request;
mod request_key;
mod spring_cloud_alibaba;
mod spring_cloud_config;
mod spring_cloud_consul;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, ConfigErrors, Named, Path};
use crate::source::{
    DefinitionHash, Document, Format, Limits, PropertyNames, Protocol, RequestTemplate, Schedule,
};

use super::definition::Definition;
use super::environment::Environment;

use fetched::{KEY_BYTES, fetched, on_demand};
pub use id::SourceId;
pub(crate) use index_by::IndexBy;
pub(in crate::policy) use lists::NotedLists;
pub(crate) use lists::{DocumentListId, Lists};
pub(super) use lookup_mode::LookupMode;
pub(crate) use merge::MergedPart;
use names::{names, own_names};
use request::RequestTexts;

/// One source of documents.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Box<str>,
    pub(crate) kind: SourceKind,
    pub(crate) index: Option<IndexBy>,
    /// Whether the value of its documents is needed, and not only the consumers in them. True for a source that nothing
    /// reads.
    pub(crate) is_looked_into: bool,
    /// Whether its documents are sets of keys.
    pub(crate) holds_keys: bool,
    /// The requests of a source on demand, where the values of an exchange make them.
    pub(in crate::policy) request: Option<Box<RequestTexts>>,
    /// What the names in JSONPaths for its documents stand for.
    pub(in crate::policy) names: PropertyNames,
}

/// Where documents come from.
#[derive(Debug)]
pub(crate) enum SourceKind {
    /// The document is in the policy.
    Inline(Arc<Document>),
    /// One document that is kept fresh.
    Watched {
        protocol: Arc<Protocol>,
        /// How its documents are read.
        format: Format,
        schedule: Schedule,
        definition: DefinitionHash,
    },
    /// One document that is made of others.
    Merged {
        /// The lowest first.
        parts: Box<[MergedPart]>,
        /// How long it is used where a newer one can't be made: as long as each of the parts.
        stale_for: Duration,
        definition: DefinitionHash,
    },
    /// One document for each key.
    OnDemand {
        template: Arc<RequestTemplate>,
        limits: Limits,
        definition: DefinitionHash,
    },
}

impl SourceKind {
    /// The hash of its definition.
    const fn definition(&mut self) -> Option<&mut DefinitionHash> {
        match self {
            Self::Watched { definition, .. }
            | Self::Merged { definition, .. }
            | Self::OnDemand { definition, .. } => Some(definition),
            Self::Inline(_) => None,
        }
    }

    /// A source that sends this request for each key. `definition` says which answers are meant.
    pub(super) fn on_demand(
        template: RequestTemplate,
        limits: Limits,
        mut definition: Definition,
    ) -> Self {
        // All policies that share the answers share the template too, so its timeout is a part of the definition.
        let timeout = template.longest_callout();
        let shared = format!("on demand {} {timeout:?}", limits.max_entries);
        definition.add(shared.as_bytes());
        Self::OnDemand {
            template: Arc::new(template),
            limits,
            definition: definition.hash(),
        }
    }
}

/// All sources of a policy, each found by its [`SourceId`]: those that are written as `sources`, and behind them those that
/// providers add for themselves.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Source>,
    /// How many of them are written as `sources`. The policy can't name the others.
    written: usize,
    /// The lists of documents that conditions ask.
    pub(crate) lists: Lists,
}

impl Sources {
    pub(super) fn compile(
        config: &config::Config,
        environment: &dyn Environment,
        errors: &mut ConfigErrors,
    ) -> Self {
        let path = Path::Root;
        let path = path.field("sources");
        let compile = |source: &Named<config::Source>| {
            let at = path.field(&source.name);
            let mut readers = config.consumers_from.iter();
            let holds_consumers = readers.any(|from| from.source == source.name);
            let readers = Definition::of_readers(source, config);
            // A stand-in, so that references to the source are no further errors. The policy is refused anyway.
            let all = &config.sources;
            let compiled = Source::compile(source, all, readers, environment, &at, errors);
            let compiled = compiled.map(|compiled| Source {
                is_looked_into: compiled.index.is_some() || !holds_consumers,
                ..compiled
            });
            compiled.unwrap_or_else(|| Source {
                name: source.name.as_str().into(),
                kind: SourceKind::Inline(Document::inline(serde_json::Value::Null)),
                index: None,
                is_looked_into: true,
                holds_keys: false,
                request: None,
                names: PropertyNames::Exact,
            })
        };
        let list: Vec<_> = config.sources.iter().map(compile).collect();
        Self {
            written: list.len(),
            list,
            lists: Lists::default(),
        }
    }

    /// Makes the documents of a source sets of keys.
    #[cfg(test)]
    pub(crate) fn hold_keys(&mut self, id: SourceId) {
        if let Some(source) = self.list.get_mut(id.index()) {
            source.holds_keys = true;
        }
    }

    /// Adds a source that a provider reads itself.
    pub(super) fn add(&mut self, source: Source) -> SourceId {
        let id = SourceId::new(self.list.len());
        self.list.push(source);
        id
    }

    /// Notes that a route's lookup reads the source. Call it for every lookup: routes are compiled after sources, and
    /// may be read one by one.
    pub(super) fn look_into(&mut self, id: SourceId) {
        let source = self.list.get_mut(id.index());
        let Some(source) = source.filter(|source| !source.is_looked_into) else {
            return;
        };
        source.is_looked_into = true;
        if let Some(definition) = source.kind.definition() {
            *definition = Definition::with_values(*definition);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        SourceId::all().zip(&self.list)
    }

    pub(crate) fn at(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.index())
    }

    /// How long documents of a watched source are used after the source last confirmed them.
    pub(crate) fn stale_for(&self, id: SourceId) -> Option<Duration> {
        match self.list.get(id.index())?.kind {
            SourceKind::Watched { schedule, .. } => Some(schedule.stale_for),
            SourceKind::Merged { stale_for, .. } => Some(stale_for),
            SourceKind::Inline(_) | SourceKind::OnDemand { .. } => None,
        }
    }

    /// The requests of a source on demand, where the values of an exchange make them.
    pub(super) fn request(&self, id: SourceId) -> Option<&RequestTexts> {
        self.list.get(id.index())?.request.as_deref()
    }

    /// The same by the name of the source.
    pub(super) fn request_of(&self, name: &str) -> Option<&RequestTexts> {
        let mut list = self.iter().take(self.written);
        self.request(list.find(|(_, source)| *source.name == *name)?.0)
    }

    /// How documents of a watched source are read.
    pub(crate) fn format(&self, id: SourceId) -> Option<Format> {
        match self.list.get(id.index())?.kind {
            SourceKind::Watched { format, .. } => Some(format),
            SourceKind::Inline(_) | SourceKind::Merged { .. } | SourceKind::OnDemand { .. } => None,
        }
    }

    /// The limits of a source on demand.
    pub(crate) fn limits(&self, id: SourceId) -> Option<Limits> {
        match self.list.get(id.index())?.kind {
            SourceKind::OnDemand { limits, .. } => Some(limits),
            SourceKind::Inline(_) | SourceKind::Watched { .. } | SourceKind::Merged { .. } => None,
        }
    }

    /// What the names in JSONPaths for this source's documents stand for.
    pub(super) fn names(&self, id: Option<SourceId>) -> PropertyNames {
        let source = id.and_then(|id| self.list.get(id.index()));
        source.map_or(PropertyNames::Exact, |source| source.names)
    }

    /// What the policy calls this source.
    pub(crate) fn name(&self, id: SourceId) -> &str {
        self.list.get(id.index()).map_or("", |source| &source.name)
    }

    pub(super) fn named(
        &self,
        name: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<SourceId> {
        let written = self.list.iter().take(self.written);
        let found = written.clone().position(|source| *source.name == *name);
        if found.is_none() {
            let names: Vec<_> = written.map(|source| format!("`{}`", source.name)).collect();
            let known = if names.is_empty() {
                "`sources` is empty".into()
            } else {
                format!("there are {}", names.join(", "))
            };
            errors.suggest(path, format!("there is no source `{name}`"), known);
        }
        found.map(SourceId::new)
    }
}

impl Source {
    fn compile(
        written: &Named<config::Source>,
        all: &[Named<config::Source>],
        readers: Definition,
        environment: &dyn Environment,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let source = &written.value;
        let at = path.field(source.kind.name());
        let mut request = None;
        let kind = match &source.kind {
            config::SourceKind::Inline(value) => {
                SourceKind::Inline(Document::inline(value.clone()))
            }
            config::SourceKind::Merge(parts) => merge::compile(parts, all, &at, errors)?,
            config::SourceKind::Http(written) => {
                let (kind, texts) =
                    http::compile(source, written, readers, environment, &at, errors)?;
                request = texts;
                kind
            }
            config::SourceKind::SpringCloudConfig(_)
            | config::SourceKind::Etcd(_)
            | config::SourceKind::Consul(_)
            | config::SourceKind::Nacos(_)
            | config::SourceKind::SpringCloudAlibaba(_)
            | config::SourceKind::Kubernetes(_)
            | config::SourceKind::SpringCloudConsul(_)
            | config::SourceKind::Eureka(_)
            | config::SourceKind::Acm(_)
            | config::SourceKind::Apollo(_) => {
                of_centre(source, readers, environment, &at, errors)?
            }
        };
        let names = names(source, all);
        let index = match &source.index {
            Some(index) => Some(IndexBy::compile(
                index,
                names,
                &path.field("index"),
                errors,
            )?),
            None => None,
        };
        if let (SourceKind::Inline(document), Some(index)) = (&kind, &index) {
            index.check(document, &path.field("index"), errors);
        }
        Some(Self {
            name: written.name.as_str().into(),
            kind,
            index,
            is_looked_into: true,
            holds_keys: false,
            request,
            names,
        })
    }
}

/// Compiles a source of a kind of config centre.
fn of_centre(
    source: &config::Source,
    readers: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    match &source.kind {
        config::SourceKind::Inline(_)
        | config::SourceKind::Merge(_)
        | config::SourceKind::Http(_) => None,
        config::SourceKind::SpringCloudConfig(written) => {
            spring_cloud_config::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Etcd(written) => {
            etcd::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Consul(written) => {
            consul::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Nacos(written) => {
            nacos::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::SpringCloudAlibaba(written) => {
            spring_cloud_alibaba::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Kubernetes(written) => {
            kubernetes::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Eureka(written) => {
            eureka::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::SpringCloudConsul(written) => {
            spring_cloud_consul::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Acm(written) => {
            acm::compile(source, written, readers, environment, at, errors)
        }
        config::SourceKind::Apollo(written) => {
            apollo::compile(source, written, readers, environment, at, errors)
        }
    }
}

//! Documents in layers.

use std::time::Duration;

use crate::config::{self, ConfigErrors, Named, Path};
use crate::source::{DefinitionHash, PropertyNames};

use super::{Definition, SourceId, SourceKind, Sources, own_names};

/// A part of a merged document: the document of another source of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MergedPart {
    pub(crate) source: SourceId,
    /// Whether the other parts are used where it has no document.
    pub(crate) is_optional: bool,
}

/// The parts that a merged source is made of.
pub(super) fn compile(
    parts: &[config::MergePart],
    sources: &[Named<config::Source>],
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    let mut compiled = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let at = path.index(index);
        let Some((id, source)) = find(&part.source, sources) else {
            let names: Vec<_> = sources.iter().map(|source| &*source.name).collect();
            let known = format!("there are `{}`", names.join("`, `"));
            let reason = format!("there is no source `{}`", part.source);
            errors.suggest(&at, reason, known);
            continue;
        };
        let name = &part.source;
        let inline = if let config::SourceKind::Inline(value) = &source.kind {
            Some(value)
        } else {
            None
        };
        let mut before = parts.iter().take(index);
        if before.any(|other| other.source == *name) {
            errors.push(&at, format!("`{name}` is a part already"));
        } else if matches!(source.kind, config::SourceKind::Merge(_)) {
            let reason = format!("`{name}` is a `merge` itself");
            errors.suggest(&at, reason, "name its parts here");
        } else if source.on_demand.is_some() {
            let reason = format!("`{name}` is read on demand: it has a document for each key");
            errors.push(&at, reason);
        } else if inline.is_some_and(|value| !value.is_object()) {
            errors.push(&at, format!("the document of `{name}` is no map"));
        } else {
            compiled.push(MergedPart {
                source: id,
                is_optional: part.optional,
            });
        }
    }
    (compiled.len() == parts.len()).then(|| SourceKind::Merged {
        parts: compiled.into(),
        stale_for: Duration::ZERO,
        definition: DefinitionHash([0; 32]),
    })
}

/// Spellings are common to a merged document only where they are to all of its parts.
pub(super) fn names(
    parts: &[config::MergePart],
    sources: &[Named<config::Source>],
) -> PropertyNames {
    let is_relaxed = |part: &config::MergePart| {
        let source = find(&part.source, sources);
        source.is_some_and(|(_, source)| own_names(source) == PropertyNames::Relaxed)
    };
    if parts.iter().all(is_relaxed) {
        PropertyNames::Relaxed
    } else {
        PropertyNames::Exact
    }
}

fn find<'c>(
    name: &str,
    sources: &'c [Named<config::Source>],
) -> Option<(SourceId, &'c config::Source)> {
    let mut all = SourceId::all().zip(sources);
    let (id, source) = all.find(|(_, source)| source.name == name)?;
    Some((id, &source.value))
}

impl Sources {
    /// Completes the definitions of the merged sources, once those of all others are complete. `config` is what they are written in.
    pub(in crate::policy) fn merge(&mut self, config: &config::Config) {
        for (id, written) in SourceId::all().zip(&config.sources) {
            let Some(parts) = self.parts(id).map(Box::<[MergedPart]>::from) else {
                continue;
            };
            let mut readers = Definition::of_readers(written, config);
            readers.add(b"merge");
            let mut shortest = Duration::MAX;
            for part in &parts {
                // Values of it are needed.
                self.look_into(part.source);
                readers.add(if part.is_optional { b"optional" } else { b"" });
                match self
                    .list
                    .get(part.source.index())
                    .map(|source| &source.kind)
                {
                    Some(SourceKind::Watched {
                        schedule,
                        definition,
                        ..
                    }) => {
                        // All engines that share the merged document have the same parts at the same time.
                        readers.add(&definition.0);
                        readers.add(format!("{:?}", schedule.stale_for).as_bytes());
                        shortest = shortest.min(schedule.stale_for);
                    }
                    Some(SourceKind::Inline(document)) => readers.add(&document.hash().0),
                    Some(SourceKind::OnDemand { .. } | SourceKind::Merged { .. }) | None => {}
                }
            }
            let merged = self.list.get_mut(id.index()).map(|source| &mut source.kind);
            if let Some(SourceKind::Merged {
                stale_for,
                definition,
                ..
            }) = merged
            {
                // What is read of the document itself.
                readers.add(&definition.0);
                (*stale_for, *definition) = (shortest, readers.hash());
            }
        }
    }

    /// The parts of a merged source, the lowest first.
    pub(crate) fn parts(&self, id: SourceId) -> Option<&[MergedPart]> {
        match &self.list.get(id.index())?.kind {
            SourceKind::Merged { parts, .. } => Some(parts),
            SourceKind::Inline(_) | SourceKind::Watched { .. } | SourceKind::OnDemand { .. } => {
                None
            }
        }
    }
}

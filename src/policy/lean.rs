//! What the lean module can't do.
//!
//! It is called for a request's headers, and for nothing else of a stream: neither when a response comes, nor when the stream
//! ends. So it can't edit the one, and nothing can wait, because who waits might be gone.

use crate::config::{ConfigErrors, Path};

use super::kind::Action;
use super::lookup::Lookup;
use super::rewrite::HeaderEdits;
use super::route::Route;
use super::source::SourceKind;
use super::{Policy, Sources};

const INSTEAD: &str = "use postern.wasm in place of postern-lean.wasm";

impl Policy {
    /// Whether the lean module can run it: each request is decided at once, and no response of an upstream is edited.
    ///
    /// # Errors
    /// Each part of a route that it can't.
    pub fn suits_lean(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let path = Path::Root;
        let path = path.field("routes");
        for (at, route) in self.routes.all().enumerate() {
            check(route, &self.sources, &path.index(at), &mut errors);
        }
        errors.or(())
    }
}

fn check(route: &Route, sources: &Sources, path: &Path<'_>, errors: &mut ConfigErrors) {
    if let Action::Forward(Some(edits)) = route.kind.action() {
        let response = edits.others.as_ref().map(|others| &others.response);
        if response.is_some_and(|response| *response != HeaderEdits::default()) {
            let reason = "the lean module edits no responses of upstreams".to_owned();
            errors.suggest(&path.field("response"), reason, INSTEAD);
        }
    }
    let path = path.field("lookup");
    for lookup in route.kind.lookups() {
        if waits(lookup, sources) {
            let reason =
                "a request would wait for it, and with the lean module none can".to_owned();
            errors.suggest(&path.field(&lookup.name), reason, INSTEAD);
        }
    }
}

fn waits(lookup: &Lookup, sources: &Sources) -> bool {
    let source = sources.at(lookup.source).map(|source| &source.kind);
    match source {
        Some(SourceKind::OnDemand { .. }) => true,
        Some(SourceKind::Watched { .. }) => !lookup.hold.is_zero(),
        Some(SourceKind::Inline(_)) | None => false,
    }
}

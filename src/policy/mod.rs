//! The compiled policy. A policy is compiled once from its config.

mod body_text;
mod compile;
mod condition;
mod consumer;
mod definition;
mod denial;
mod directory;
mod directory_walk;
mod endpoint;
mod environment;
mod fingerprint;
mod flag;
mod identity;
mod json_path;
mod names;
mod owned_headers;
mod parsed_template;
mod provider;
mod requirement;
mod rewrite;
mod route;
mod source;
mod template;

use std::sync::Arc;

use crate::config;
use crate::route::{PathRules, Router};
use crate::source::JsonPath;

pub use crate::route::{MatchIndex, RouteId};
pub(crate) use condition::{Condition, Listed, Operand, Subject, ValueTest};
pub(crate) use consumer::{Consumer, Credential};
pub use denial::{Audience, Denial, Reason};
pub(crate) use directory::{Builder, Directory};
pub(crate) use directory_walk::CredentialCursor;
pub use environment::Environment;
pub use fingerprint::Fingerprint;
pub(crate) use flag::Flag;
pub(crate) use identity::{IdentityHeaders, Routing};
pub(crate) use names::HeaderNameSet;
#[cfg(test)]
pub(crate) use provider::Double;
pub use provider::ProviderId;
pub(crate) use provider::{
    Claims, CredentialInputs, CredentialLookup, Identity, Introspection, LocationId, Provider,
    ProviderInputs, Providers, PublishedKeys, Verdict, Verified, VerifiedToken,
};
pub(crate) use requirement::Requirement;
pub(crate) use rewrite::path::{PathGroup, PathPiece, PathRewrite, RegexRewrite};
pub(crate) use rewrite::response::ResponseEdits;
pub(crate) use rewrite::upstream::{
    Split, Upstream, UpstreamCase, UpstreamChoice, UpstreamEdits, Weights,
};
pub(crate) use rewrite::{
    CookieEdits, HeaderEdits, HeaderMove, OtherEdits, QueryEdits, RarerHeaderEdits, RouteEdits,
};
pub(crate) use route::direct_response::Redirect;
pub(crate) use route::lookup::{Fallback, KeyKind, Lookup, LookupKey, LookupValue, ValueFrom};
pub(crate) use route::request::{LookupRequest, RequestPiece};
pub(crate) use route::respond::{Body, BodyPiece, Respond};
pub(crate) use route::spec::{DirectResponse, RouteAction};
pub(crate) use route::{Route, Routes};
pub use source::SourceId;
pub(crate) use source::{DocumentListId, IndexBy, MergedPart, SourceKind, Sources};
pub(crate) use template::{
    Applied, LookedUp, LookupId, LookupValueId, NeededFacts, ValuePiece, ValueTemplate, Variable,
};

/// A compiled policy. It is immutable; a push replaces it.
#[derive(Debug)]
pub struct Policy {
    pub(crate) paths: PathRules,
    /// The headers that the policy owns. They are removed from every request first.
    pub(crate) owned_headers: HeaderNameSet,
    pub(crate) identity: IdentityHeaders,
    pub(crate) routing: Option<Routing>,
    pub(crate) providers: Providers,
    /// The policy's own consumers. A consumer of a document can't have the name of one of them.
    pub(crate) consumers: Directory,
    pub(crate) consumers_from: Vec<ConsumersFrom>,
    pub(crate) sources: Sources,
    /// The flags, in the order of the policy.
    pub(crate) flags: Vec<Arc<Flag>>,
    pub(crate) router: Router,
    pub(crate) routes: Routes,
    pub(crate) unmatched: Unmatched,
    pub(crate) notices: Vec<config::Notice>,
    /// The properties that are set for the access log.
    pub(crate) log_properties: Box<[config::Property]>,
}

impl Policy {
    /// Warnings about a valid policy.
    #[must_use]
    pub fn notices(&self) -> &[config::Notice] {
        &self.notices
    }
}

/// A source of consumers.
#[derive(Debug)]
pub(crate) struct ConsumersFrom {
    pub(crate) source: SourceId,
    pub(crate) items: JsonPath,
    /// The minimum share of the consumers, in percent, that a new document must still have.
    pub(crate) keep_percent: u8,
}

/// The treatment of a request that matches no route.
#[derive(Debug)]
pub(crate) enum Unmatched {
    /// The filter answers. The response needs these facts.
    Respond(Respond, NeededFacts),
    /// The request continues, sanitised and with a canonical path.
    Pass,
}

#[cfg(test)]
mod tests {
    use super::Policy;

    /// A driver with several threads compiles a policy once and shares it.
    #[test]
    fn is_shared_between_threads() {
        const fn shared<T: Send + Sync>() {}
        const { shared::<Policy>() };
    }
}

//! What runs: a policy, compiled once from its config.

mod compile;
mod consumer;
mod definition;
mod denial;
mod directory;
mod directory_walk;
mod endpoint;
mod environment;
mod fingerprint;
mod identity;
mod json_path;
mod names;
mod provider;
mod requirement;
mod rewrite;
mod route;
mod source;
mod template;
mod written;

use crate::config;
use crate::route::{PathRules, Router};
use crate::source::JsonPath;

pub(crate) use consumer::{Consumer, Credential};
pub use denial::{Audience, Denial, Reason};
pub(crate) use directory::{Builder, Directory};
pub(crate) use directory_walk::{ConsumerCursor, CredentialCursor};
pub use environment::Environment;
pub use fingerprint::Fingerprint;
pub(crate) use identity::{IdentityHeaders, Routing};
pub(crate) use names::HeaderNameSet;
#[cfg(test)]
pub(crate) use provider::Double;
pub use provider::ProviderId;
pub(crate) use provider::{
    CredentialInputs, CredentialLookup, Identity, Provider, ProviderInputs, Providers, Verdict,
    Verified,
};
pub(crate) use requirement::Requirement;
pub(crate) use rewrite::path::{PathPiece, PathRewrite};
pub(crate) use rewrite::{Edits, HeaderEdits, OtherEdits, QueryEdits};
pub(crate) use route::condition::{Condition, Operand, ValueTest};
pub(crate) use route::direct_response::{Redirect, Respond};
pub(crate) use route::lookup::{Fallback, KeyKind, Lookup, LookupKey};
pub(crate) use route::spec::{Action, DirectResponse};
pub(crate) use route::{Route, Routes};
pub use source::SourceId;
pub(crate) use source::{IndexBy, SourceKind, Sources};
pub(crate) use template::{LookedUp, Piece, ValueTemplate, Variable};

/// A compiled policy. It is never changed; a new one takes its place.
#[derive(Debug)]
pub struct Policy {
    pub(crate) paths: PathRules,
    /// The headers that are the gate's: removed from every request first.
    pub(crate) written: HeaderNameSet,
    pub(crate) identity: IdentityHeaders,
    pub(crate) routing: Option<Routing>,
    pub(crate) providers: Providers,
    /// The policy's own consumers, whose names no document may take.
    pub(crate) consumers: Directory,
    pub(crate) consumers_from: Vec<ConsumersFrom>,
    pub(crate) sources: Sources,
    pub(crate) router: Router,
    pub(crate) routes: Routes,
    pub(crate) unmatched: Unmatched,
    pub(crate) notices: Vec<config::Notice>,
    /// What is said of each exchange for the access log.
    pub(crate) log_properties: Box<[config::Property]>,
}

impl Policy {
    /// What is taken otherwise than it was written: the policy is good, and its author should know.
    #[must_use]
    pub fn notices(&self) -> &[config::Notice] {
        &self.notices
    }
}

/// A document that holds consumers.
#[derive(Debug)]
pub(crate) struct ConsumersFrom {
    pub(crate) source: SourceId,
    pub(crate) items: JsonPath,
    /// The smallest part of the consumers, in percent, that a new document must still have.
    pub(crate) keep_percent: u8,
}

/// What is done with a request that no route is for.
#[derive(Debug)]
pub(crate) enum Unmatched {
    /// The policy answers.
    Respond(Respond),
    /// It goes on, sanitised and canonical.
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

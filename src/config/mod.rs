//! What the operator wrote: read whole, with every error at once. It knows nothing of what runs: paths, templates and
//! JSONPaths stay text here, and what they refer to is checked where a policy is compiled.

#[macro_use]
mod macros;

mod access_log;
mod condition;
mod consumer;
mod decode;
mod error;
mod identity;
mod lookup;
mod measure;
mod names;
mod nearest;
mod node;
mod path;
mod plain;
mod provider;
mod record;
mod requirement;
mod respond;
mod rewrite;
mod route;
mod scalar;
mod shape;
mod source;
mod text;
mod version;

pub use access_log::{AccessLog, Property};
pub use condition::{Condition, LookupTest, Names};
pub use consumer::{ApiKeyCredential, Consumer, ConsumersFrom, Credential, KeyMaterial, TextOrEnv};
pub(crate) use consumer::{ApiKeyRef, ConsumerRef, KeyRef};
pub use decode::Named;
pub use error::{ConfigError, ConfigErrors};
pub use identity::{Backslash, DuplicateSlash, EscapedSlash, Identity, Parameters, Paths, Routing};
pub use lookup::{Fallback, Lookup};
pub use path::Path;
pub use provider::{ApiKeyProvider, Place, Provider};
pub use record::{Choice, Field, Presence, Record, Rule, Word};
pub use requirement::Requirement;
pub use respond::{Pass, Respond, Unmatched};
pub use rewrite::{HeaderEdits, PathRewrite, QueryEdits, Redirect, ResponseEdits, Rewrite, Scheme};
pub use route::{FieldMatch, FieldTest, Match, PathMatch, Route};
pub use scalar::Percent;
pub use shape::{FRAMING, METHODS, RESERVED_LOOKUPS, Shape};
pub use source::{HttpSource, Index, OnDemand, Source, SourceKind};
pub use version::Version;

use decode::{Decode, distinct};
use node::Node;
use provider::providers as named_providers;
use version::least;

record! {
    /// A policy as it was written.
    pub struct Config {
        /// Who may be let in.
        "consumers" consumers: Vec<Consumer> as distinct = [];
        /// Sources that hold further consumers.
        "consumersFrom" consumers_from: Vec<ConsumersFrom> = [];
        /// The header fields that tell the upstream who sent a request.
        "identity" identity: Identity = {};
        /// What is done with ambiguous paths.
        "paths" paths: Paths = {};
        /// How routes choose their upstream. Needed where one does.
        "routing" routing: Option<Routing> = optional;
        /// Ways to authenticate, by name.
        "providers" providers: Vec<Named<Provider>> as named_providers = {};
        /// Config centres, by name.
        "sources" sources: Vec<Named<Source>> = {};
        /// Which requests, and what is done with them.
        "routes" routes: Vec<Route> as distinct = [];
        /// What is done with requests that no route is for.
        "unmatched" unmatched: Unmatched = {"respond": {"status": 404}};
        /// What the access log can show of a decision.
        "accessLog" access_log: AccessLog = {};
        /// The least version of the module that the policy is for: an older one refuses it.
        "minVersion" min_version: Option<Version> as least = optional;
    }
}

impl Config {
    /// Reads JSON text.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the document, each with its path.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        match Node::parse(text) {
            Ok(node) => {
                let read = Self::decode(&node, &Path::Root, &mut errors);
                errors.decoded(read)
            }
            Err(error) => {
                errors.push("", format!("not JSON: {error}"));
                Err(errors)
            }
        }
    }
}

//! What the operator wrote: read whole, with every error at once. It knows nothing of what runs: paths, templates and
//! JSONPaths stay text here, and what they refer to is checked where a policy is compiled.

#[macro_use]
mod decode;

mod access_log;
mod condition;
mod consumer;
mod credential;
mod error;
mod identity;
mod lookup;
mod path;
mod provider;
mod requirement;
mod respond;
mod rewrite;
mod route;
mod schema;
mod source;
mod streaming;
mod values;

pub use access_log::{AccessLog, Property};
pub use condition::{Condition, LookupTest, Names};
pub use consumer::{Consumer, ConsumersFrom};
pub(crate) use consumer::{ConsumerRef, MOST_OF_RECORD};
pub use credential::Credential;
pub(crate) use credential::CredentialRef;
pub use decode::Named;
pub use decode::record::{Choice, Field, Keyword, Presence, Record, Rule};
pub use error::{ConfigError, ConfigErrors, Notice};
pub use identity::{
    Backslash, DuplicateSlash, EscapedPercent, EscapedSlash, Identity, Parameters, Paths, Routing,
};
pub use lookup::{Fallback, Lookup, LookupKey};
pub use path::Path;
pub use provider::*;
pub use requirement::Requirement;
pub use respond::{Pass, Respond, Unmatched};
pub use rewrite::{
    HeaderEdits, Occasion, PathRewrite, QueryEdits, Redirect, ResponseEdits, Rewrite, Scheme,
};
pub use route::{FieldMatch, FieldTest, Match, PathMatch, Route};
pub use schema::{CLIENTS_OWN, FRAMING, METHODS, RESERVED_LOOKUPS, TypeSchema};
pub use source::*;
pub use streaming::Chunks;
pub use streaming::{ConfigLists, Decoded, RecordSink, StreamingConfig};
pub use values::scalar::Percent;
pub(crate) use values::text::unfit;
pub use values::text_or_env::TextOrEnv;
pub use values::version::Version;

use decode::distinct;
use provider::providers as named_providers;
use values::names::own_headers;
use values::version::least;

record! {
    /// A policy as it was written.
    pub struct Config {
        /// Who may be let in.
        "consumers" consumers: Vec<Consumer> as distinct = [];
        /// Sources that hold further consumers.
        "consumersFrom" consumers_from: Vec<ConsumersFrom> = [];
        /// Header fields that some routes set and that stay the client's on the others. Never one that tells identity.
        "clientHeaders" client_headers: Vec<String> as own_headers = [];
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
        Self::read(&text, text.len())
    }

    /// Reads JSON text that is handed over in pieces, `most` bytes at once where no single part needs more.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or why the text can't be read.
    pub fn read(text: &dyn Chunks, most: usize) -> Result<Self, ConfigErrors> {
        let (mut draft, config) = StreamingConfig::open_through(text, most)?;
        let Some(mut config) = config else {
            return Err(draft.refuse());
        };
        draft.consumers(&mut |_, consumer| config.consumers.push(consumer.record().clone()))?;
        draft.routes(&mut |_, route| config.routes.push(route.record().clone()))?;
        draft.verdict()?;
        Ok(config)
    }
}

//! The config as the operator wrote it. It is read completely, and all errors are reported together. Paths, templates and
//! JSONPaths stay text here. The policy's compilation checks them and all references.

#[macro_use]
mod decode;

mod access_log;
mod condition;
mod consumer;
mod credential;
mod error;
mod flag;
mod identity;
mod lookup;
mod path;
mod provider;
mod requirement;
mod respond;
mod response;
mod rewrite;
mod route;
mod schema;
mod service;
mod source;
mod streaming;
mod upstream;
mod values;

pub use access_log::{AccessLog, Property};
pub use condition::{Condition, ConditionTest, ListedValue, Names};
pub use consumer::{Consumer, ConsumersFrom};
pub(crate) use consumer::{ConsumerRef, MOST_OF_RECORD};
pub use credential::Credential;
pub(crate) use credential::CredentialRef;
pub use decode::Named;
pub(crate) use decode::nearest::{listed, nearest};
pub use decode::record::{Choice, Field, FieldRule, Keyword, Presence, Record};
pub use error::{ConfigError, ConfigErrors, Notice};
pub use flag::{Flag, ListRef};
pub use identity::{
    Backslash, DuplicateSlash, EscapedPercent, EscapedSlash, IdentityHeaders, Parameters, Paths,
    Routing,
};
pub use lookup::{Fallback, Lookup, LookupKey, LookupValue};
pub use path::Path;
pub use provider::*;
pub use requirement::Requirement;
pub use respond::{Pass, Respond, ResponseBody, Unmatched};
pub use response::{
    Occasion, ResponseBlocks, ResponseEdits, ResponseMatch, SameSite, SetCookieEdits,
};
pub use rewrite::{
    CookieEdits, HeaderEdits, PathRewrite, QueryEdits, Redirect, RedirectQuery, Rewrite, Scheme,
};
pub use route::{FieldMatch, FieldTest, GrpcMatch, Match, PathMatch, Route};
pub use schema::{CLIENTS_OWN, FRAMING, METHODS, RESERVED_LOOKUPS, TypeSchema};
pub use service::{Endpoint, Service};
pub use source::*;
pub use streaming::Chunks;
pub use streaming::{ConfigLists, Decoded, RecordSink, StreamingConfig};
pub use upstream::{DrawBy, Split, Upstream, UpstreamCase, UpstreamChoice, UpstreamEdits, Weights};
pub use values::scalar::Percent;
pub(crate) use values::text::unfit;
pub use values::text_or_env::TextOrEnv;
pub use values::version::ModuleVersion;

use decode::distinct;
use provider::providers as named_providers;
use values::names::own_headers;
use values::version::least;

record! {
    /// The config of a policy.
    pub struct Config {
        /// Consumers: the clients that the policy knows.
        "consumers" consumers: Vec<Consumer> as distinct = [];
        /// Sources with further consumers.
        "consumersFrom" consumers_from: Vec<ConsumersFrom> = [];
        /// Header fields that some routes set and that clients may send on the other routes. Identity headers are refused.
        "clientHeaders" client_headers: Vec<String> as own_headers = [];
        /// The header fields that carry the consumer's identity to the upstream.
        "identity" identity: IdentityHeaders = {};
        /// The treatment of ambiguous paths.
        "paths" paths: Paths = {};
        /// How routes choose their upstream. Required if a route has `rewrite.upstream`.
        "routing" routing: Option<Routing> = optional;
        /// Ways to authenticate, by name.
        "providers" providers: Vec<Named<Provider>> as named_providers = {};
        /// Config centres, by name.
        "sources" sources: Vec<Named<Source>> = {};
        /// Flags, by name: on, off, or on for a share of the requests.
        "flags" flags: Vec<Named<Flag>> = {};
        /// The routes: which requests they match, and what happens to these.
        "routes" routes: Vec<Route> as distinct = [];
        /// The treatment of requests that match no route.
        "unmatched" unmatched: Unmatched = {"respond": {"status": 404}};
        /// What the access log can show about a decision.
        "accessLog" access_log: AccessLog = {};
        /// The minimum version of the module. An older module refuses the policy.
        "minVersion" min_version: Option<ModuleVersion> as least = optional;
    }
}

impl Config {
    /// Reads JSON text.
    ///
    /// # Errors
    /// All errors in the order of the document, each with its path.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigErrors> {
        Self::read(&text, text.len())
    }

    /// Reads JSON text in chunks of `most` bytes, or more where a single value needs more.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or the reason why the text can't be read.
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

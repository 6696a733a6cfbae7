//! Postern: an API gateway filter for Envoy and Istio, in one module.
//!
//! A proxy-wasm HTTP filter that authenticates and authorises requests, rewrites and routes them. It reads values from a
//! config centre at request time, for conditions and rewrites.
//!
//! # The map
//! Imports only go down. `tests/architecture.rs` enforces it.
//!
//! | floor | rooms | what they are for |
//! |---|---|---|
//! | drivers | `host` (in Envoy, and on a fake host for tests), the tool in `src/bin/postern/` | callbacks in, host calls out; the only room with `unsafe` |
//! | engine | [`engine`] | the stages of one request; documents, callouts, waiting exchanges |
//! | policy | [`policy`] | the compiled config; denials and their mapping to HTTP responses |
//! | mechanisms | [`config`], `route`, `rewrite`, `auth`, `crypto`, `source`, `template`, `cache`, `draw` | each does one thing; they don't import each other, but for two exceptions |
//! | vocabulary | [`http`], [`time`], `secret`, `hash`, `number`, `random`, `regex`, `sort`, `strict_json`, `arena` | requests as borrowed bytes, edits, secrets that never print, JSON that is read strictly, random numbers, regular expressions, a small sort, memory for very many small items |
//!
//! # The life of a request
//! The driver passes a [`http::Request`] to [`engine::Engine::start`] and performs the returned [`engine::Step`]: continue
//! with these edits, send this response, or wait. The core uses no clock, no socket and no proxy-wasm: time is an
//! argument, callouts are values, and an [`engine::Observer`] receives the events.
//!
//! ```
//! use std::sync::Arc;
//! use postern::{config::Config, engine::{Engine, Event, HostVerifier, Inputs, Observer, Step, Store}, http::{Edits, HeaderMap, Request},
//!     policy::{Environment, Policy}, time::Timestamp};
//!
//! struct Nothing;
//! impl Environment for Nothing { fn variable(&self, _: &str) -> Option<String> { None } }
//! impl HostVerifier for Nothing {}
//! impl Inputs for Nothing { fn now(&mut self) -> Timestamp { Timestamp::default() } fn random(&mut self) -> u64 { 0 } }
//! impl Observer for Nothing { fn event(&mut self, _: &Event<'_>) {} }
//!
//! let config = Config::parse(br#"{"routes": [{"name": "health", "match": [{"path": {"exact": "/health"}}],
//!     "require": "none", "respond": {"body": "ok"}}]}"#)?;
//! let policy = Arc::new(Policy::compile(&config, &Nothing)?);
//! let mut engine = Engine::new(policy, &Store::new(1), &mut Nothing);
//! let headers = HeaderMap::from_pairs(&[(":method", "GET"), (":path", "/./health"), (":authority", "localhost")]);
//! let step = engine.start(&Request::new(headers.view()), &mut Edits::default(), &mut Nothing, &mut Nothing);
//! assert!(matches!(step, Step::Respond(response) if response.status == 200));
//! # Ok::<(), postern::config::ConfigErrors>(())
//! ```

pub mod config;
pub mod engine;
#[cfg(any(target_arch = "wasm32", feature = "fake-host"))]
pub mod host;
pub mod http;
pub mod policy;
pub mod time;

mod arena;
mod auth;
mod cache;
mod crypto;
mod draw;
mod hash;
mod number;
mod random;
mod regex;
mod rewrite;
mod route;
mod secret;
mod sort;
mod source;
mod strict_json;
mod template;

/// Parts of the core that a driver doesn't need. They are reachable because this project's fuzz targets, property tests and
/// tool use single mechanisms without an engine. They change without notice.
#[doc(hidden)]
pub mod internals {
    pub mod auth {
        pub use crate::auth::{Location, Prefix, jwt};
    }
    pub mod crypto {
        #[cfg(not(target_arch = "wasm32"))]
        pub use crate::crypto::NativeVerifier;
        pub use crate::crypto::{
            Algorithm, Curve, HashFunction, HostKey, HostVerifier, KeyError, SignatureCheck,
            Unsupported, VerifyingKey,
        };
    }
    pub mod regex {
        pub use crate::regex::{LONGEST_TEXT, MatchGroups, Pattern, PatternError, TextTooLong};
    }
    pub mod hash {
        pub use crate::hash::seed;
    }
    pub mod random {
        pub use crate::random::Random;
    }
    pub mod rewrite {
        pub use crate::rewrite::{
            BodyText, CookieField, Origin, PathBuilder, PathEnd, PathFault, PathLiteral,
            PathLiteralError, PathValueError, QueryEdit, RequestPlace, RequestValueError,
            check_segments, edit_query, is_cookie_value, put_segments, replace_prefix, strip_query,
        };
    }
    pub mod route {
        pub use crate::route::{
            CanonicalPath, Capture, CaptureKind, Captures, CookiePredicate, DuplicateSlash,
            EscapedPercent, HeaderPredicate, HostError, HostPattern, HostPatternError, MatchIndex,
            MatchInput, MatchNotes, Method, OtherPredicates, Parameters, PathPattern,
            PathPatternError, PathRules, PatternRef, PredicateError, Priority, QueryPredicate,
            RequestPathError, RouteId, RouteMatch, Router, RouterBuilder, Rule, SlashChoice,
            Unclear, ValueMatch, canonical_host, canonicalise,
        };
    }
    pub mod secret {
        pub use crate::secret::Secret;
    }
    pub mod source {
        pub use crate::source::{
            AlibabaProtocol, AnswerHeaders, ApolloNamespace, ApolloProtocol, ApolloReader,
            Arguments, Budget, Candidate, ClientAuthentication, ConsulKeys, ConsulProtocol,
            ContentError, ContentFormat, ContentReader, DefinitionHash, Document, DocumentStatus,
            EntryAnswer, EntryState, EtcdKeys, EtcdProtocol, EurekaProtocol, FetchOutcome, Format,
            FormatReader, Hash, HttpAnswers, HttpContent, HttpProtocol, Index, Item, Items,
            JsonPath, JsonPathError, JsonReader, JwksProtocol, KubernetesObject,
            KubernetesProtocol, KubernetesReader, Lifetime, Limits, LocalData, NacosApi,
            NacosProtocol, NacosReader, NacosServer, Next, OAuth2Client, OnDemand, PairsReader,
            PartFormat, PartsReader, PathError, Progress, PropertiesReader, PropertyNames,
            Protocol, ReadRefusal, ReadResult, RequestTemplate, Schedule, Selection, SharedData,
            SourceError, SpringConsulForm, SpringConsulProtocol, SpringEntryReader,
            SpringEnvironmentReader, SpringKey, SpringMergedReader, SpringProtocol, TextReader,
            TextSet, Tick, Version, Watched, YamlReader, read_item, weight,
        };
    }
    pub mod template {
        pub use crate::template::{Function, Piece, Template, TemplateError};
    }
}

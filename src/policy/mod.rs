//! What runs: a policy, compiled once from its config.

mod answer;
mod condition;
mod definition;
mod denial;
mod directory;
mod fingerprint;
mod identity;
mod json_path;
mod lookup;
mod names;
mod provider;
mod requirement;
mod rewrite;
mod route;
mod rules;
mod source;
mod variable;
mod written;

use crate::config::{self, Config, ConfigErrors, Path};
use crate::route::{DuplicateSlash, Parameters, PathRules, Router, SlashChoice};
use crate::source::JsonPath;

pub(crate) use answer::{Redirect, Respond};
pub(crate) use condition::{Condition, Operand, Test};
pub use denial::{Audience, Denial, Reason};
pub(crate) use directory::{Builder, Consumer, Credential, Directory, Surroundings};
pub use fingerprint::Fingerprint;
pub(crate) use identity::{Identity, Routing};
pub(crate) use lookup::{Fallback, Lookup};
pub(crate) use names::Names;
pub(crate) use provider::{Afterwards, Provider, Providers};
pub(crate) use requirement::Requirement;
pub(crate) use rewrite::{HeaderEdits, PathPiece, PathRewrite, QueryEdits, Rewrite};
pub(crate) use route::{Action, Route};
pub(crate) use source::{Source, SourceKind, Sources};
pub(crate) use variable::{LookedUp, Piece, ValueTemplate, Variable};

/// The environment of the VM, for `{env: NAME}`.
pub trait Environment {
    /// The variable's value, where it is set.
    fn variable(&self, name: &str) -> Option<String>;
}

/// A compiled policy. It is never changed; a new one takes its place.
#[derive(Debug)]
pub struct Policy {
    pub(crate) paths: PathRules,
    /// The headers that are the gate's: removed from every request first.
    pub(crate) written: Names,
    pub(crate) identity: Identity,
    pub(crate) routing: Option<Routing>,
    pub(crate) providers: Providers,
    /// The policy's own consumers, whose names no document may take.
    pub(crate) consumers: Directory,
    pub(crate) consumers_from: Vec<ConsumersFrom>,
    pub(crate) sources: Sources,
    pub(crate) router: Router,
    pub(crate) routes: Vec<Route>,
    pub(crate) unmatched: Unmatched,
    /// What is said of each exchange for the access log.
    pub(crate) log_properties: Box<[config::Property]>,
}

/// A document that holds consumers.
#[derive(Debug)]
pub(crate) struct ConsumersFrom {
    pub(crate) source: usize,
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

impl Policy {
    /// Compiles the whole config, or nothing of it.
    ///
    /// # Errors
    /// Every error, each with its path.
    pub fn compile(config: &Config, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let providers = Providers::compile(&config.providers);
        let sources = Sources::compile(config, environment, &mut errors);
        let routing = config.routing.as_ref().map(Routing::compile);
        let written = written::written(config, &providers);
        identity::check_headers(config, &providers, &mut errors);
        let consumers = own_consumers(config, &providers, environment, &mut errors);
        let consumers_from = consumers_from(&config.consumers_from, &sources, &mut errors);
        let around = route::Surroundings {
            providers: &providers,
            sources: &sources,
            routing: routing.as_ref(),
            written: &written,
        };
        let (routes, rules) = route::compile(config, &around, &mut errors);
        let router = if errors.is_empty() {
            Router::build(rules)
        } else {
            Router::build(Vec::new())
        };
        errors.or(())?;
        Ok(Self {
            paths: path_rules(&config.paths),
            written,
            identity: Identity::compile(&config.identity),
            routing,
            providers,
            consumers,
            consumers_from,
            sources,
            router,
            routes,
            log_properties: config.access_log.properties.as_slice().into(),
            unmatched: match &config.unmatched {
                config::Unmatched::Respond(respond) => {
                    Unmatched::Respond(Respond::compile(respond, "postern_no_route"))
                }
                config::Unmatched::Pass(_) => Unmatched::Pass,
            },
        })
    }
}

fn own_consumers(
    config: &Config,
    providers: &Providers,
    environment: &dyn Environment,
    errors: &mut ConfigErrors,
) -> Directory {
    let path = Path::Root;
    let path = path.field("consumers");
    let around = Surroundings {
        providers,
        environment: Some(environment),
    };
    let mut builder = Builder::default();
    for (at, consumer) in config.consumers.iter().enumerate() {
        builder.add(&consumer.as_ref(), around, &path.index(at), errors);
    }
    builder.finish()
}

fn consumers_from(
    written: &[config::ConsumersFrom],
    sources: &Sources,
    errors: &mut ConfigErrors,
) -> Vec<ConsumersFrom> {
    let path = Path::Root;
    let path = path.field("consumersFrom");
    let mut compiled = Vec::new();
    for (at, from) in written.iter().enumerate() {
        let path = path.index(at);
        let source = sources.named(&from.source, &path.field("source"), errors);
        let items = json_path::json_path(&from.items, &path.field("items"), errors);
        let by_key =
            source.is_some_and(|source| sources.reading(source) == source::Reading::OnDemand);
        if by_key {
            let reason = "consumers can't be read on demand: whose a key is isn't known before";
            errors.push(&path.field("source"), reason);
        }
        let keep_percent = from
            .max_shrink
            .map_or(0, |percent| 100_u8.saturating_sub(percent.hundredths()));
        if let (Some(source), Some(items)) = (source, items) {
            compiled.push(ConsumersFrom {
                source,
                items,
                keep_percent,
            });
        }
    }
    compiled
}

fn path_rules(written: &config::Paths) -> PathRules {
    PathRules {
        escaped_slash: match written.escaped_slash {
            config::EscapedSlash::Reject => SlashChoice::Reject,
            config::EscapedSlash::Decode => SlashChoice::Decode,
            config::EscapedSlash::Keep => SlashChoice::Keep,
        },
        backslash: match written.backslash {
            config::Backslash::Reject => SlashChoice::Reject,
            config::Backslash::Decode => SlashChoice::Decode,
            config::Backslash::Keep => SlashChoice::Keep,
        },
        duplicate_slash: match written.duplicate_slash {
            config::DuplicateSlash::Reject => DuplicateSlash::Reject,
            config::DuplicateSlash::Merge => DuplicateSlash::Merge,
            config::DuplicateSlash::Keep => DuplicateSlash::Keep,
        },
        parameters: match written.parameters {
            config::Parameters::Reject => Parameters::Reject,
            config::Parameters::Keep => Parameters::Keep,
        },
    }
}

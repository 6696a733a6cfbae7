//! Compiles a config to a policy, list by list. A list never has to be completely in memory.

use crate::config::{
    self, Chunks, Config, ConfigErrors, ConfigLists, Decoded, Path, StreamingConfig,
};
use crate::route::{DuplicateSlash, EscapedPercent, Parameters, PathRules, SlashChoice};

use crate::policy::directory::{Builder, Directory};
use crate::policy::flag::Flags;
use crate::policy::identity::{self, IdentityHeaders, Routing};
use crate::policy::json_path;
use crate::policy::owned_headers::OwnedHeaders;
use crate::policy::provider::{CredentialInputs, Providers};
use crate::policy::route;
use crate::policy::source::{Lists, LookupMode, Sources};
use crate::policy::{ConsumersFrom, Environment, Policy, Routes, Unmatched};

impl Policy {
    /// Compiles the config.
    ///
    /// # Errors
    /// All errors, each with its path.
    pub fn compile(config: &Config, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        Self::assemble(config, &mut &*config, environment)
    }

    /// Reads JSON text and compiles it, route by route and consumer by consumer. Neither the whole text nor its whole config
    /// is ever in memory.
    ///
    /// # Errors
    /// The errors of [`Config::parse`], and the errors of [`compile`](Self::compile) that don't follow from those; or the
    /// reason why the text can't be read.
    pub fn read(text: &dyn Chunks, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        match StreamingConfig::open(text)? {
            (mut draft, Some(config)) => Self::assemble(&config, &mut draft, environment),
            (draft, None) => Err(draft.refuse()),
        }
    }

    /// Compiles `config` with the consumers and routes of `lists` instead of its own.
    fn assemble(
        config: &Config,
        lists: &mut dyn ConfigLists,
        environment: &dyn Environment,
    ) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        // Providers add sources, but their errors come first, as in the config.
        let mut of_sources = ConfigErrors::default();
        let mut sources = Sources::compile(config, environment, &mut of_sources);
        let providers =
            Providers::compile(&config.providers, &mut sources, environment, &mut errors);
        errors.append(of_sources);
        let flags = Flags::compile(&config.flags, &sources, &mut errors);
        let routing = config.routing.as_ref().map(Routing::compile);
        identity::check_headers(config, &providers, &mut errors);
        let consumers = own_consumers(lists, &providers, environment, &mut errors)?;
        let consumers_from = consumers_from(&config.consumers_from, &sources, &mut errors);
        let mut owned = OwnedHeaders::of(config);
        let (routes, router, of_routes, unmatched, asked) = loop {
            let around = route::CompileInputs {
                providers: &providers,
                sources: &sources,
                flags: &flags,
                routing: routing.as_ref(),
                owned: &owned,
                parts: route::SharedParts::default(),
            };
            let (routes, router, mut of_routes) = route::compile(lists, &around)?;
            let unmatched = match &config.unmatched {
                config::Unmatched::Respond(respond) => around.unmatched(respond, &mut of_routes),
                config::Unmatched::Pass(_) => Some(Unmatched::Pass),
            };
            match owned.settle(config, &providers) {
                Ok(()) => break (routes, router, of_routes, unmatched, around.parts.lists()),
                // A route reads a header that a later route sets. It was compiled as if the client could send the header.
                Err(known) => owned = *known,
            }
        };
        errors.append(of_routes);
        owned.check_client_headers(config, &mut errors);
        if let Err(mut written) = lists.verdict() {
            // The errors of decoding come first.
            written.append_beside(errors);
            return Err(written);
        }
        let notices = errors.take_notices();
        // Without errors there is one. It is never a pass that nobody wrote.
        let Some(unmatched) = unmatched else {
            return Err(errors);
        };
        errors.or(())?;
        read(&mut sources, &routes, &flags, asked);
        sources.merge(config);
        Ok(Self {
            paths: path_rules(&config.paths),
            owned_headers: owned.all(config, &providers),
            identity: IdentityHeaders::compile(&config.identity),
            routing,
            providers,
            consumers,
            consumers_from,
            sources,
            flags: flags.into_list(),
            router,
            routes,
            log_properties: config.access_log.properties.as_slice().into(),
            notices,
            unmatched,
        })
    }
}

/// Notes what is read of the sources' documents and of the headers of answers: by lookups, by flags, and by conditions on lists.
fn read(sources: &mut Sources, routes: &Routes, flags: &Flags, lists: Lists) {
    for lookup in routes.lookups() {
        sources.look_into(lookup.source);
        let headers = lookup.headers();
        headers.for_each(|name| sources.keep_header(lookup.source, name));
        if lookup.sends_credential {
            sources.send_credentials(lookup.source);
        }
    }
    flags.sources().for_each(|id| sources.look_into(id));
    sources.read_lists(lists);
}

fn own_consumers(
    lists: &mut dyn ConfigLists,
    providers: &Providers,
    environment: &dyn Environment,
    errors: &mut ConfigErrors,
) -> Result<Directory, ConfigErrors> {
    let path = Path::Root;
    let path = path.field("consumers");
    let inputs = CredentialInputs {
        providers,
        environment: Some(environment),
    };
    let mut builder = Builder::default();
    lists.consumers(&mut |at, consumer| {
        if let Decoded::Whole(consumer) = consumer {
            builder.add(&consumer.as_ref(), inputs, &path.index(at), errors);
        }
    })?;
    Ok(builder.finish())
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
        let names = sources.names(source);
        let items = json_path::json_path_with(&from.items, names, &path.field("items"), errors);
        let by_key =
            source.is_some_and(|source| sources.lookup_mode(source) == LookupMode::OnDemand);
        if by_key {
            let reason =
                "consumers can't be read on demand: the consumer of a key isn't known before";
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
        escaped_percent: match written.escaped_percent {
            config::EscapedPercent::Reject => EscapedPercent::Reject,
            config::EscapedPercent::Keep => EscapedPercent::Keep,
        },
    }
}

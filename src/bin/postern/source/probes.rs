//! The lookups of a policy, each as a route of its own: without the authentication and the other lookups of its own route.

use postern::config::{Config, Fallback, Lookup, LookupKey, LookupValue, Named, Route, SourceKind};
use postern::http::HeaderMap;
use postern::policy::Policy;

use crate::environment::Variables;
use crate::exit::Failure;

/// The host of the routes that the tool adds. No client asks for it.
const HOST: &str = "postern-source.invalid";

/// The header field with the key of the entry.
const KEY: &str = "x-postern-source-key";

/// A lookup of the policy. Routes may have the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) source: String,
    pub(super) lookup: String,
    /// The template of the key.
    pub(super) key: Option<String>,
    pub(super) routes: Vec<String>,
    /// Whether the policy has such a lookup. If not, what it finds is not shown.
    pub(super) is_written: bool,
    /// Whether a request of a client says what is asked for. Then the template is that of the request, and nothing is tried.
    pub(super) is_by_template: bool,
    index: usize,
}

impl Probe {
    /// The request that performs it, if there is a key where one is needed.
    pub(super) fn request(&self, key: Option<&str>) -> Option<HeaderMap> {
        if self.is_by_template {
            return None;
        }
        let path = format!("/{}", self.index);
        let mut pairs = vec![
            (":authority", HOST),
            (":path", &*path),
            (":method", "GET"),
            (":scheme", "http"),
        ];
        if self.key.is_some() {
            pairs.push((KEY, key?));
        }
        Some(HeaderMap::from_pairs(&pairs))
    }
}

/// The policy with a route for each of its lookups, and for each source on demand that none reads.
pub(super) fn add(
    config: &Config,
    environment: &Variables,
) -> Result<(Policy, Vec<Probe>), Failure> {
    let mut probes: Vec<Probe> = Vec::new();
    let mut known: Vec<(String, Lookup)> = Vec::new();
    for route in &config.routes {
        for lookup in &route.lookup {
            if is_by_template(config, &lookup.value.source) {
                continue;
            }
            let probe = Probe {
                source: lookup.value.source.clone(),
                lookup: lookup.name.clone(),
                key: lookup
                    .value
                    .key
                    .as_ref()
                    .map(|key| key.template().to_owned()),
                routes: vec![route.name.clone()],
                is_written: true,
                is_by_template: false,
                index: known.len(),
            };
            let plain = plain(&lookup.value);
            let mut all = known.iter().zip(&mut probes);
            match all.find(|((name, own), probe)| {
                *name == lookup.name
                    && is_same(own, &plain)
                    && probe.key == known_key(&lookup.value)
            }) {
                Some((_, probe)) => probe.routes.push(route.name.clone()),
                None => {
                    known.push((lookup.name.clone(), plain));
                    probes.push(probe);
                }
            }
        }
    }
    add_unread(config, &mut known, &mut probes)?;
    let mut config = config.clone();
    for (index, (name, value)) in known.into_iter().enumerate() {
        let mut route = empty_route(index)?;
        route.lookup.push(Named { name, value });
        config.routes.push(route);
    }
    let policy = Policy::compile(&config, environment).map_err(|errors| {
        let lines: String = errors.iter().map(|error| format!("\n  {error}")).collect();
        Failure(format!("the lookups can't be tried:{lines}"))
    })?;
    add_by_template(&config, &mut probes);
    Ok((policy, probes))
}

/// Adds the sources on demand that no lookup reads.
fn add_unread(
    config: &Config,
    known: &mut Vec<(String, Lookup)>,
    probes: &mut Vec<Probe>,
) -> Result<(), Failure> {
    for source in &config.sources {
        let is_read = probes.iter().any(|probe| probe.source == source.name);
        let is_keyed = source.value.on_demand.is_some() && !source.value.is_by_template();
        if is_keyed && !is_read {
            probes.push(Probe {
                source: source.name.clone(),
                lookup: String::new(),
                key: Some("${key}".to_owned()),
                routes: Vec::new(),
                is_written: false,
                is_by_template: false,
                index: known.len(),
            });
            known.push(("entry".to_owned(), unread(&source.name)?));
        }
    }
    Ok(())
}

fn is_by_template(config: &Config, source: &str) -> bool {
    request_of(config, source).is_some()
}

/// The method and the path of a source whose requests are built from those of clients.
fn request_of(config: &Config, source: &str) -> Option<String> {
    let mut sources = config.sources.iter();
    let written = sources.find(|own| own.name == source)?;
    let SourceKind::Http(http) = &written.value.kind else {
        return None;
    };
    let is_by_template = written.value.is_by_template();
    is_by_template.then(|| format!("{} {}", http.method.name(), http.path))
}

/// Adds the lookups for which a client's request says what is asked for. They aren't tried without one.
fn add_by_template(config: &Config, probes: &mut Vec<Probe>) {
    for route in &config.routes {
        for lookup in &route.lookup {
            let source = &lookup.value.source;
            let Some(request) = request_of(config, source) else {
                continue;
            };
            let is_same = |probe: &&mut Probe| {
                probe.is_by_template && probe.source == *source && probe.lookup == lookup.name
            };
            if let Some(probe) = probes.iter_mut().find(is_same) {
                probe.routes.push(route.name.clone());
                continue;
            }
            probes.push(Probe {
                source: source.clone(),
                lookup: lookup.name.clone(),
                key: Some(request),
                routes: vec![route.name.clone()],
                is_written: true,
                is_by_template: true,
                index: 0,
            });
        }
    }
}

fn known_key(lookup: &Lookup) -> Option<String> {
    lookup.key.as_ref().map(|key| key.template().to_owned())
}

/// The lookup with a key from the tool's own header field, and without values for an entry that isn't found.
fn plain(lookup: &Lookup) -> Lookup {
    let template = format!("${{header.{KEY}}}");
    let key = lookup.key.as_ref().map(|key| match key {
        LookupKey::Text(_) => LookupKey::Text(template),
        LookupKey::Path(_) => LookupKey::Path(template),
    });
    Lookup {
        key,
        on_missing: Fallback::Deny(404),
        on_failure: Fallback::Deny(503),
        hold: std::time::Duration::ZERO,
        ..lookup.clone()
    }
}

fn is_same(left: &Lookup, right: &Lookup) -> bool {
    let kind = |lookup: &Lookup| lookup.key.as_ref().map(std::mem::discriminant);
    let is_same = |(left, right): (&Named<LookupValue>, &Named<LookupValue>)| {
        left.name == right.name && left.value == right.value
    };
    let all = |lookup: &Lookup| lookup.values.len();
    left.source == right.source
        && kind(left) == kind(right)
        && all(left) == all(right)
        && left.values.iter().zip(&right.values).all(is_same)
}

/// A route that the tool adds.
fn empty_route(index: usize) -> Result<Route, Failure> {
    let path = format!("/{index}");
    route(&serde_json::json!({
        "name": format!("{HOST}{path}"),
        "hosts": [HOST],
        "match": [{"path": {"exact": path}}],
        "require": "none",
        "respond": {"status": 204},
    }))
}

/// A lookup of a source that the policy doesn't read.
fn unread(source: &str) -> Result<Lookup, Failure> {
    let read = route(&serde_json::json!({
        "name": "unread",
        "require": "none",
        "lookup": {"entry": {"source": source, "key": "${path.key}", "values": {"entry": "$"}}},
    }))?;
    let lookup = read.lookup.first().map(|lookup| plain(&lookup.value));
    lookup.ok_or_else(|| Failure(format!("the source `{source}` can't be read")))
}

fn route(written: &serde_json::Value) -> Result<Route, Failure> {
    let text = serde_json::json!({"routes": [written]}).to_string();
    let config = Config::parse(text.as_bytes());
    let config = config.map_err(|errors| Failure(errors.to_string()))?;
    let first = config.routes.into_iter().next();
    first.ok_or_else(|| Failure("a route is missing".to_owned()))
}

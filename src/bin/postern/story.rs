//! What was told of one exchange, kept.

use postern::engine::{Detail, Event, Known, Observer, Origin, Outcome, Said};
use postern::internals::auth::Location;
use serde::Serialize;
use serde_json::Value;

/// Everything that was told, stage by stage.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Story {
    /// What happened to sources on the way.
    pub(crate) sources: Vec<String>,
    /// The client's header fields that were removed.
    pub(crate) sanitised: Vec<String>,
    /// Why host or path have no one spelling.
    pub(crate) malformed: Option<String>,
    pub(crate) canonical: Option<Canonical>,
    pub(crate) matched: Option<Matched>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) conditions: Vec<Condition>,
    #[serde(skip)]
    pub(crate) decided: Option<(Outcome, Option<&'static str>)>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Canonical {
    pub(crate) host: String,
    pub(crate) path: String,
    #[serde(skip)]
    pub(crate) matching: Vec<u8>,
    #[serde(skip)]
    pub(crate) query: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Matched {
    pub(crate) route: String,
    /// Its place in the policy.
    pub(crate) place: usize,
    #[serde(rename = "match")]
    pub(crate) matching: u32,
    pub(crate) captures: Vec<(String, String)>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) verdict: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) places: Vec<String>,
    pub(crate) consumer: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) credential: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Lookup {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) key: Option<String>,
    pub(crate) origin: &'static str,
    pub(crate) entry: &'static str,
    /// By name; none where the request was denied for it.
    pub(crate) values: Option<Vec<(String, Option<Value>)>>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Condition {
    pub(crate) depth: usize,
    pub(crate) condition: String,
    /// Unknown where a lookup would have to tell.
    pub(crate) holds: Option<bool>,
}

/// Bytes of a client's, as far as they are text.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

impl Story {
    /// An exchange that has waited begins anew, and tells everything again.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self {
            sources: std::mem::take(&mut self.sources),
            ..Self::default()
        };
    }

    /// Notes what happened to a source, once.
    pub(crate) fn note(&mut self, line: String) {
        if !self.sources.contains(&line) {
            self.sources.push(line);
        }
    }

    /// Who it was.
    pub(crate) fn consumer(&self) -> Option<&str> {
        self.providers
            .iter()
            .find_map(|provider| provider.consumer.as_deref())
    }
}

fn place(place: &Location) -> String {
    match place {
        Location::Header { name, .. } => format!("header {}", shown(name)),
        Location::Member { name, .. } => format!("a member of header {}", shown(name)),
        Location::Query(name) => format!("query parameter {}", shown(name)),
        Location::Cookie(name) => format!("cookie {}", shown(name)),
    }
}

fn provider(name: &str, said: Said<'_>, places: &[&Location]) -> Provider {
    let mut provider = Provider {
        name: name.to_owned(),
        verdict: "absent",
        reason: None,
        places: places.iter().map(|at| place(at)).collect(),
        consumer: None,
        groups: Vec::new(),
        credential: None,
    };
    match said {
        Said::Absent => {}
        Said::Accepted {
            consumer,
            groups,
            credential,
        } => {
            provider.verdict = "accepted";
            provider.consumer = consumer.map(shown);
            provider.groups = groups.iter().map(|group| shown(group)).collect();
            provider.credential = credential.map(shown);
        }
        Said::Rejected(reason) => {
            provider.verdict = "rejected";
            provider.reason = Some(reason);
        }
        Said::Unavailable => provider.verdict = "unavailable",
    }
    provider
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Inline => "inline",
        Origin::Document => "document",
        Origin::Callout => "callout",
        Origin::Memory => "memory",
    }
}

const fn known(known: Known) -> &'static str {
    match known {
        Known::Found => "found",
        Known::Missing => "missing",
        Known::Failed => "failed",
    }
}

fn lookup(detail: &Detail<'_>) -> Option<Lookup> {
    let Detail::LookedUp {
        lookup,
        source,
        key,
        origin: from,
        entry,
        values,
    } = *detail
    else {
        return None;
    };
    let value = |(name, value): &(&str, Option<&Value>)| ((*name).to_owned(), value.cloned());
    Some(Lookup {
        name: lookup.to_owned(),
        source: source.to_owned(),
        key: key.map(shown),
        origin: origin(from),
        entry: known(entry),
        values: values.map(|values| values.iter().map(value).collect()),
    })
}

impl Observer for Story {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events are for metrics and logs, and those to come as well"
    )]
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Decided {
                outcome, reason, ..
            } => self.decided = Some((*outcome, *reason)),
            Event::SourceLoaded { source, bytes } => {
                self.note(format!("`{source}` is loaded: {bytes} bytes"));
            }
            Event::SourceFailed { source, error, .. } => {
                // Why it has no answer was told already.
                let silent = format!("`{source}` is silent");
                if !self.sources.iter().any(|line| line.starts_with(&silent)) {
                    self.note(format!("`{source}` failed: {error}"));
                }
            }
            Event::RecordLeftOut {
                source,
                record,
                reason,
                ..
            } => self.note(if *record == "-" {
                format!("`{source}`: {reason}")
            } else {
                format!("`{source}`: record {record} is left out: {reason}")
            }),
            _ => {}
        }
    }

    fn wants_detail(&self) -> bool {
        true
    }

    fn detail(&mut self, detail: &Detail<'_>) {
        match *detail {
            Detail::Sanitised { name } => self.sanitised.push(shown(name)),
            Detail::Malformed { error } => self.malformed = Some(error.to_owned()),
            Detail::Canonical {
                host,
                path,
                matching,
                query,
            } => {
                self.canonical = Some(Canonical {
                    host: shown(host),
                    path: shown(path),
                    matching: matching.to_vec(),
                    query: query.map(<[u8]>::to_vec),
                });
            }
            Detail::Matched {
                route,
                place,
                matching,
            } => {
                self.matched = Some(Matched {
                    route: route.to_owned(),
                    place,
                    matching,
                    captures: Vec::new(),
                });
            }
            Detail::Captured { name, text } => {
                if let Some(matched) = &mut self.matched {
                    matched.captures.push((name.to_owned(), shown(text)));
                }
            }
            Detail::Authenticated {
                provider: name,
                said,
                places,
            } => self.providers.push(provider(name, said, places)),
            Detail::LookedUp { .. } => self.lookups.extend(lookup(detail)),
            Detail::Checked {
                depth,
                condition,
                holds,
            } => self.conditions.push(Condition {
                depth,
                condition: condition.to_owned(),
                holds,
            }),
            _ => {}
        }
    }
}

//! What the engine reports of one exchange.

use postern::engine::{Detail, EntryOrigin, EntryStatus, Event, Observer, Outcome, VerdictDetail};
use postern::internals::auth::Location;
use postern::policy::Reason;
use serde::Serialize;
use serde_json::Value;

use super::upstream::UpstreamTrace;
use crate::terminal::printable;

/// The events and details of an exchange, stage by stage. As JSON it is `stages` of an explanation.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Trace {
    /// What happened to sources, as messages.
    pub(super) sources: Vec<String>,
    /// The names of the client's headers that were removed.
    pub(super) sanitised: Vec<String>,
    /// Why host or path has no canonical form.
    pub(super) malformed: Option<String>,
    pub(super) canonical: Option<Canonical>,
    pub(super) matched: Option<Matched>,
    /// The `when` of each route of the match that was considered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) considered: Vec<ConsideredTrace>,
    pub(crate) providers: Vec<ProviderTrace>,
    pub(crate) lookups: Vec<LookupTrace>,
    pub(super) conditions: Vec<ConditionTrace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<UpstreamTrace>,
    /// The edits of the route.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) edits: Vec<EditTrace>,
    #[serde(skip)]
    pub(super) decided: Option<(Outcome, Option<&'static str>)>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Canonical {
    pub(super) host: String,
    pub(super) path: String,
    #[serde(skip)]
    pub(super) matching: Vec<u8>,
    #[serde(skip)]
    pub(super) query: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Matched {
    pub(super) route: String,
    /// The index of the route in the policy.
    #[serde(rename = "place")]
    pub(super) index: usize,
    #[serde(rename = "match")]
    pub(super) matching: u32,
    pub(super) captures: Vec<(String, String)>,
    /// What the match asks besides host and path. All of it holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) predicates: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProviderTrace {
    pub(crate) name: String,
    pub(crate) verdict: &'static str,
    pub(crate) reason: Option<&'static str>,
    /// What is wrong with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    #[serde(rename = "places")]
    pub(crate) locations: Vec<String>,
    pub(crate) consumer: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) credential: Option<String>,
    /// The claims of the verified token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Value>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct LookupTrace {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(super) key: Option<String>,
    pub(super) origin: &'static str,
    pub(crate) entry: &'static str,
    /// By name. None if the request was denied because of this lookup.
    pub(crate) values: Option<Vec<(String, Option<Value>)>>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ConditionTrace {
    pub(super) depth: usize,
    pub(super) condition: String,
    /// None if that depends on a lookup that wasn't made.
    pub(super) holds: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct EditTrace {
    pub(super) edit: String,
    /// How many values it found. None if it writes a value of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ConsideredTrace {
    pub(super) route: String,
    #[serde(flatten)]
    pub(super) condition: ConditionTrace,
}

impl Trace {
    /// Forgets what was reported of the stages: a resumed exchange reports everything again.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            sources: std::mem::take(&mut self.sources),
            ..Self::default()
        };
    }

    /// Adds a message about a source, once.
    pub(super) fn note(&mut self, line: String) {
        if !self.sources.contains(&line) {
            self.sources.push(line);
        }
    }

    fn consider(&mut self, detail: &Detail<'_>) {
        let Detail::Considered {
            route,
            depth,
            condition,
            holds,
        } = *detail
        else {
            return;
        };
        if depth == 0 && holds != Some(true) {
            self.matched = None;
        }
        self.considered.push(ConsideredTrace {
            route: route.to_owned(),
            condition: ConditionTrace {
                depth,
                condition: condition.to_owned(),
                holds,
            },
        });
    }

    /// The name of the consumer.
    pub(super) fn consumer(&self) -> Option<&str> {
        self.providers
            .iter()
            .find_map(|provider| provider.consumer.as_deref())
    }
}

fn location(location: &Location) -> String {
    match location {
        Location::Header { name, .. } => format!("header {}", printable(name)),
        Location::Member { name, .. } => format!("a member of header {}", printable(name)),
        Location::Query(name) => format!("query parameter {}", printable(name)),
        Location::Cookie(name) => format!("cookie {}", printable(name)),
    }
}

fn provider(name: &str, verdict: VerdictDetail<'_>, locations: &[&Location]) -> ProviderTrace {
    let mut provider = ProviderTrace {
        name: name.to_owned(),
        verdict: "absent",
        reason: None,
        detail: None,
        locations: locations.iter().map(|at| location(at)).collect(),
        consumer: None,
        groups: Vec::new(),
        credential: None,
        claims: None,
    };
    match verdict {
        VerdictDetail::Absent => {}
        VerdictDetail::Foreign => provider.reason = Some(Reason::WrongIssuer.name()),
        VerdictDetail::Accepted {
            consumer,
            groups,
            credential,
            claims,
        } => {
            provider.claims = claims.cloned();
            provider.verdict = "accepted";
            provider.consumer = consumer.map(printable);
            provider.groups = groups.iter().map(|group| printable(group)).collect();
            provider.credential = credential.map(printable);
        }
        VerdictDetail::Rejected(reason) => {
            provider.verdict = "rejected";
            provider.reason = Some(reason.name());
            provider.detail = reason.token_error();
        }
        VerdictDetail::Unavailable(reason) => {
            provider.verdict = "unavailable";
            provider.reason = Some(reason.name());
        }
    }
    provider
}

const fn origin(origin: EntryOrigin) -> &'static str {
    match origin {
        EntryOrigin::Inline => "inline",
        EntryOrigin::Document => "document",
        EntryOrigin::Callout => "callout",
        EntryOrigin::Memory => "memory",
    }
}

const fn known(known: EntryStatus) -> &'static str {
    match known {
        EntryStatus::Found => "found",
        EntryStatus::Missing => "missing",
        EntryStatus::Failed => "failed",
    }
}

fn lookup(detail: &Detail<'_>) -> Option<LookupTrace> {
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
    Some(LookupTrace {
        name: lookup.to_owned(),
        source: source.to_owned(),
        key: key.map(printable),
        origin: origin(from),
        entry: known(entry),
        values: values.map(|values| values.iter().map(value).collect()),
    })
}

impl Observer for Trace {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events are for metrics and logs"
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
                // The driver has noted a source that doesn't reply.
                let silent = format!("`{source}` doesn't reply");
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
            Detail::Sanitised { name } => self.sanitised.push(printable(name)),
            Detail::Malformed { error } => self.malformed = Some(error.to_owned()),
            Detail::Canonical {
                host,
                path,
                matching,
                query,
            } => {
                self.canonical = Some(Canonical {
                    host: printable(host),
                    path: printable(path),
                    matching: matching.to_vec(),
                    query: query.map(<[u8]>::to_vec),
                });
            }
            Detail::Matched {
                route,
                id,
                match_index,
            } => {
                self.matched = Some(Matched {
                    route: route.to_owned(),
                    index: id.index(),
                    matching: match_index.0,
                    ..Matched::default()
                });
            }
            Detail::Captured { name, text } => {
                if let Some(matched) = &mut self.matched {
                    matched.captures.push((name.to_owned(), printable(text)));
                }
            }
            Detail::Authenticated {
                provider: name,
                verdict,
                locations,
            } => self.providers.push(provider(name, verdict, locations)),
            Detail::UpstreamChosen {
                upstream,
                case,
                draw,
            } => self.upstream = Some(UpstreamTrace::new(upstream, case, draw)),
            Detail::Edited { edit, found } => self.edits.push(EditTrace {
                edit: printable(edit.as_bytes()),
                found,
            }),
            Detail::LookedUp { .. } => self.lookups.extend(lookup(detail)),
            Detail::Considered { .. } => self.consider(detail),
            Detail::Checked {
                depth,
                condition,
                holds,
            } => self.conditions.push(ConditionTrace {
                depth,
                condition: condition.to_owned(),
                holds,
            }),
            _ => {}
        }
    }
}

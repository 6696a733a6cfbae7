//! The config language as tables, for JSON Schema and the reference.

use crate::config::decode::record::{Choice, Field, FieldRule, Keyword, Record};

/// The schema of a type of the config.
#[derive(Clone, Copy, Debug)]
pub enum TypeSchema {
    /// A map with these fields and rules.
    Record(&'static [Field], &'static [FieldRule]),
    /// One of these words.
    Choice(&'static [Keyword]),
}

/// Reserved names: no lookup may have them.
pub const RESERVED_LOOKUPS: &[&str] = &crate::config::lookup::RESERVED;

/// Methods in upper case.
pub const METHODS: &[&str] = &crate::config::values::names::METHODS;

/// Header fields that a policy can't write, in lower case and with `-` for `_`.
pub const FRAMING: &[&str] = &crate::http::FRAMING;

/// Standard HTTP header fields, in lower case. Clients may send them on the routes that don't write them.
pub const CLIENTS_OWN: &[&str] = &crate::config::values::names::CLIENTS_OWN;

const fn record<T: Record>() -> TypeSchema {
    TypeSchema::Record(T::FIELDS, T::RULES)
}

const fn choice<T: Choice>() -> TypeSchema {
    TypeSchema::Choice(T::WORDS)
}

impl TypeSchema {
    /// The schema of a type by its name in [`Field::kind`]. Types with a decoder of their own have none, unless they are
    /// written as a record.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "Config" => record::<crate::config::Config>(),
            "AccessLog" => record::<crate::config::access_log::AccessLog>(),
            "Property" => choice::<crate::config::access_log::Property>(),
            "Consumer" => record::<crate::config::Consumer>(),
            "Credential" => record::<crate::config::Credential>(),
            "ConsumersFrom" => record::<crate::config::ConsumersFrom>(),
            "IdentityHeaders" => record::<crate::config::IdentityHeaders>(),
            "Paths" => record::<crate::config::Paths>(),
            "EscapedSlash" => choice::<crate::config::EscapedSlash>(),
            "Backslash" => choice::<crate::config::Backslash>(),
            "DuplicateSlash" => choice::<crate::config::DuplicateSlash>(),
            "EscapedPercent" => choice::<crate::config::EscapedPercent>(),
            "Parameters" => choice::<crate::config::Parameters>(),
            "Routing" => record::<crate::config::Routing>(),
            "Provider" => record::<crate::config::Provider>(),
            "Source" => record::<crate::config::source::WrittenSource>(),
            "Index" => record::<crate::config::Index>(),
            "OnDemand" => record::<crate::config::OnDemand>(),
            "Rewrite" => record::<crate::config::Rewrite>(),
            "WrittenUpstream" => record::<crate::config::upstream::WrittenUpstream>(),
            "Split" => record::<crate::config::Split>(),
            "WrittenDrawBy" => record::<crate::config::upstream::WrittenDrawBy>(),
            "UpstreamCase" => record::<crate::config::UpstreamCase>(),
            "UpstreamEdits" => record::<crate::config::UpstreamEdits>(),
            "WrittenPathRewrite" => record::<crate::config::rewrite::WrittenPathRewrite>(),
            "HeaderEdits" => record::<crate::config::HeaderEdits>(),
            "QueryEdits" => record::<crate::config::QueryEdits>(),
            "CookieEdits" => record::<crate::config::CookieEdits>(),
            "ResponseEdits" => record::<crate::config::ResponseEdits>(),
            "ResponseMatch" => record::<crate::config::ResponseMatch>(),
            "SetCookieEdits" => record::<crate::config::SetCookieEdits>(),
            "SameSite" => choice::<crate::config::SameSite>(),
            "Occasion" => choice::<crate::config::Occasion>(),
            "Redirect" => record::<crate::config::Redirect>(),
            "Scheme" => choice::<crate::config::Scheme>(),
            "HttpSourceMethod" => choice::<crate::config::HttpSourceMethod>(),
            "ClientSecretBy" => choice::<crate::config::ClientSecretBy>(),
            "NacosApiVersion" => choice::<crate::config::NacosApiVersion>(),
            "SpringConsulFormat" => choice::<crate::config::SpringConsulFormat>(),
            "AlibabaExtension" => choice::<crate::config::AlibabaExtension>(),
            "ContentFormat" => choice::<crate::config::ContentFormat>(),
            "ResponseBody" => record::<crate::config::ResponseBody>(),
            "Respond" => record::<crate::config::Respond>(),
            "Unmatched" => record::<crate::config::Unmatched>(),
            _ => {
                if let Some(words) = crate::config::provider::choice(name) {
                    return Some(Self::Choice(words));
                }
                if let Some(schema) = of_route(name) {
                    return Some(schema);
                }
                let (fields, rules) = crate::config::provider::record(name)
                    .or_else(|| crate::config::source::record(name))?;
                Self::Record(fields, rules)
            }
        })
    }
}

/// The schema of a type that says for which requests a route is.
fn of_route(name: &str) -> Option<TypeSchema> {
    Some(match name {
        "Route" => record::<crate::config::Route>(),
        "Match" => record::<crate::config::Match>(),
        "GrpcMatch" => record::<crate::config::GrpcMatch>(),
        "PathMatch" => record::<crate::config::PathMatch>(),
        "FieldMatch" => record::<crate::config::route::WrittenFieldMatch>(),
        "Combination" => record::<crate::config::requirement::Combination>(),
        "Lookup" => record::<crate::config::Lookup>(),
        "WrittenKeyPath" => record::<crate::config::lookup::WrittenKeyPath>(),
        "WrittenLookupValue" => record::<crate::config::lookup::WrittenLookupValue>(),
        "Fallback" => record::<crate::config::Fallback>(),
        "Condition" => record::<crate::config::condition::WrittenCondition>(),
        "Flag" => record::<crate::config::Flag>(),
        "ListRef" => record::<crate::config::ListRef>(),
        "Names" => record::<crate::config::Names>(),
        "AnyConsumer" => record::<crate::config::condition::AnyConsumer>(),
        _ => return None,
    })
}

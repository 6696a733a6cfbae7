//! The whole language as tables, for whoever describes it: a schema, a reference.

use super::record::{Choice, Field, Keyword, Record, Rule};

/// How a type of the language is written.
#[derive(Clone, Copy, Debug)]
pub enum TypeSchema {
    /// A map with these fields, among which these rules hold.
    Record(&'static [Field], &'static [Rule]),
    /// One of these words.
    Choice(&'static [Keyword]),
}

/// Names that no lookup may have.
pub const RESERVED_LOOKUPS: &[&str] = &super::lookup::RESERVED;

/// Methods that are written in capitals.
pub const METHODS: &[&str] = &super::names::METHODS;

/// Header fields that no policy may write, in lower case; `_` in a name is `-`.
pub const FRAMING: &[&str] = &super::names::FRAMING;

/// Header fields of HTTP's own that stay the client's on the routes that don't write them, in lower case.
pub const CLIENTS_OWN: &[&str] = &super::names::CLIENTS_OWN;

const fn record<T: Record>() -> TypeSchema {
    TypeSchema::Record(T::FIELDS, T::RULES)
}

const fn choice<T: Choice>() -> TypeSchema {
    TypeSchema::Choice(T::WORDS)
}

impl TypeSchema {
    /// The shape of a type by its name in [`Field::kind`]. Types that read themselves have none, but for those that are
    /// written as a record: these have that one's.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "Config" => record::<super::Config>(),
            "AccessLog" => record::<super::access_log::AccessLog>(),
            "Property" => choice::<super::access_log::Property>(),
            "Consumer" => record::<super::Consumer>(),
            "Credential" => record::<super::Credential>(),
            "ApiKeyCredential" => record::<super::provider::api_key::WrittenApiKey>(),
            "ConsumersFrom" => record::<super::ConsumersFrom>(),
            "Identity" => record::<super::Identity>(),
            "Paths" => record::<super::Paths>(),
            "EscapedSlash" => choice::<super::EscapedSlash>(),
            "Backslash" => choice::<super::Backslash>(),
            "DuplicateSlash" => choice::<super::DuplicateSlash>(),
            "EscapedPercent" => choice::<super::EscapedPercent>(),
            "Parameters" => choice::<super::Parameters>(),
            "Routing" => record::<super::Routing>(),
            "Provider" => record::<super::Provider>(),
            "ApiKeyProvider" => record::<super::ApiKeyProvider>(),
            "Location" => record::<super::provider::location::WrittenLocation>(),
            "Source" => record::<super::source::WrittenSource>(),
            "HttpSource" => record::<super::HttpSource>(),
            "Index" => record::<super::Index>(),
            "OnDemand" => record::<super::OnDemand>(),
            "Route" => record::<super::Route>(),
            "Match" => record::<super::Match>(),
            "PathMatch" => record::<super::PathMatch>(),
            "FieldMatch" => record::<super::route::WrittenFieldMatch>(),
            "Combination" => record::<super::requirement::Combination>(),
            "Lookup" => record::<super::Lookup>(),
            "WrittenKeyPath" => record::<super::lookup::WrittenKeyPath>(),
            "Fallback" => record::<super::Fallback>(),
            "Condition" => record::<super::condition::WrittenCondition>(),
            "Names" => record::<super::Names>(),
            "AnyConsumer" => record::<super::condition::AnyConsumer>(),
            "Rewrite" => record::<super::Rewrite>(),
            "WrittenPrefix" => record::<super::rewrite::WrittenPrefix>(),
            "HeaderEdits" => record::<super::HeaderEdits>(),
            "QueryEdits" => record::<super::QueryEdits>(),
            "ResponseEdits" => record::<super::ResponseEdits>(),
            "Occasion" => choice::<super::Occasion>(),
            "Redirect" => record::<super::Redirect>(),
            "Scheme" => choice::<super::Scheme>(),
            "Respond" => record::<super::Respond>(),
            "Unmatched" => record::<super::Unmatched>(),
            _ => return None,
        })
    }
}

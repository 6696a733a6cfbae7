//! The whole language as tables, for whoever describes it: a schema, a reference.

use crate::config::decode::record::{Choice, Field, Keyword, Record, Rule};

/// How a type of the language is written.
#[derive(Clone, Copy, Debug)]
pub enum TypeSchema {
    /// A map with these fields, among which these rules hold.
    Record(&'static [Field], &'static [Rule]),
    /// One of these words.
    Choice(&'static [Keyword]),
}

/// Names that no lookup may have.
pub const RESERVED_LOOKUPS: &[&str] = &crate::config::lookup::RESERVED;

/// Methods that are written in capitals.
pub const METHODS: &[&str] = &crate::config::values::names::METHODS;

/// Header fields that no policy may write, in lower case; `_` in a name is `-`.
pub const FRAMING: &[&str] = &crate::config::values::names::FRAMING;

/// Header fields of HTTP's own that stay the client's on the routes that don't write them, in lower case.
pub const CLIENTS_OWN: &[&str] = &crate::config::values::names::CLIENTS_OWN;

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
            "Config" => record::<crate::config::Config>(),
            "AccessLog" => record::<crate::config::access_log::AccessLog>(),
            "Property" => choice::<crate::config::access_log::Property>(),
            "Consumer" => record::<crate::config::Consumer>(),
            "Credential" => record::<crate::config::Credential>(),
            "ConsumersFrom" => record::<crate::config::ConsumersFrom>(),
            "Identity" => record::<crate::config::Identity>(),
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
            "Route" => record::<crate::config::Route>(),
            "Match" => record::<crate::config::Match>(),
            "PathMatch" => record::<crate::config::PathMatch>(),
            "FieldMatch" => record::<crate::config::route::WrittenFieldMatch>(),
            "Combination" => record::<crate::config::requirement::Combination>(),
            "Lookup" => record::<crate::config::Lookup>(),
            "WrittenKeyPath" => record::<crate::config::lookup::WrittenKeyPath>(),
            "Fallback" => record::<crate::config::Fallback>(),
            "Condition" => record::<crate::config::condition::WrittenCondition>(),
            "Names" => record::<crate::config::Names>(),
            "AnyConsumer" => record::<crate::config::condition::AnyConsumer>(),
            "Rewrite" => record::<crate::config::Rewrite>(),
            "WrittenPrefix" => record::<crate::config::rewrite::WrittenPrefix>(),
            "HeaderEdits" => record::<crate::config::HeaderEdits>(),
            "QueryEdits" => record::<crate::config::QueryEdits>(),
            "ResponseEdits" => record::<crate::config::ResponseEdits>(),
            "Occasion" => choice::<crate::config::Occasion>(),
            "Redirect" => record::<crate::config::Redirect>(),
            "Scheme" => choice::<crate::config::Scheme>(),
            "Respond" => record::<crate::config::Respond>(),
            "Unmatched" => record::<crate::config::Unmatched>(),
            _ => {
                let (fields, rules) = crate::config::provider::record(name)
                    .or_else(|| crate::config::source::record(name))?;
                Self::Record(fields, rules)
            }
        })
    }
}

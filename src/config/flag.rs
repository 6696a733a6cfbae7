//! Flags, and lists of documents.

use std::time::Duration;

use crate::config::values::text::{json_path, line};
use crate::config::values::units::duration;

record! {
    /// A flag whose state stands in a document.
    pub struct Flag {
        /// The name of the source.
        "source" source: String as line = required;
        /// A JSONPath to the state, with names and indices only: a boolean, a percentage, or `{enabled, percentage}`.
        "value" value: String as json_path = required;
        /// The state where no document says a usable one. Without it, a request that needs the flag is answered with 503.
        "default" default: Option<serde_json::Value> = optional;
        /// The maximum time that a request waits for the first document. At most a minute.
        "hold" hold: Duration as duration::<0, 60_000> = "0s";
    }
}

record! {
    /// A list of a document.
    pub struct ListRef {
        /// The name of the source.
        "source" source: String as line = required;
        /// A JSONPath: each text and each number that it finds is an entry.
        "list" list: String as json_path = required;
        /// Whether the value counts as listed where there is no usable document. Without it, a request that needs the list is
        /// answered with 503.
        "default" default: Option<bool> = optional;
        /// The maximum time that a request waits for the first document. At most a minute.
        "hold" hold: Duration as duration::<0, 60_000> = "0s";
    }
}

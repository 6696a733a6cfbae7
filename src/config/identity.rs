//! What the upstream is told, how paths are read, and how an upstream is chosen.

use crate::config::decode::Named;
use crate::config::values::names::{headers_by_name, own_header};
use crate::config::values::text::some_lines;

record! {
    /// The header fields that tell the upstream who sent a request. The client's own are removed, always.
    pub struct Identity {
        /// The header for the consumer's name.
        "consumer" consumer: String as own_header = "x-consumer-name";
        /// The header for its groups, joined by commas. Without it they are not sent.
        "groups" groups: Option<String> as own_header = optional;
        /// The header for the `id` of the credential. Without it, it is not sent.
        "credential" credential: Option<String> as own_header = optional;
        /// Headers for labels: the label's name and the header's.
        "labels" labels: Vec<Named<String>> as headers_by_name = {};
    }
}

record! {
    /// What is done with spellings of a path that upstreams read in different ways.
    pub struct Paths {
        /// `%2F` in a path.
        "escapedSlash" escaped_slash: EscapedSlash = "reject";
        /// `\` and `%5C` in a path.
        "backslash" backslash: Backslash = "reject";
        /// `//` in a path.
        "duplicateSlash" duplicate_slash: DuplicateSlash = "merge";
        /// `;` or `%3B` and what follows it in a segment, as in `/a;v=1`.
        "parameters" parameters: Parameters = "reject";
        /// `%25` before two hexadecimal digits, as in `/a%252Fb`: what is escaped twice.
        "escapedPercent" escaped_percent: EscapedPercent = "reject";
    }
}

choice! {
    /// What is done with `%2F` in a path.
    pub enum EscapedSlash {
        /// The request is answered with 400.
        "reject" Reject;
        /// It becomes `/` and divides segments.
        "decode" Decode;
        /// It stays as it is, part of a segment.
        "keep" Keep;
    }
}

choice! {
    /// What is done with `\` and `%5C` in a path.
    pub enum Backslash {
        /// The request is answered with 400.
        "reject" Reject;
        /// It becomes `/` and divides segments.
        "decode" Decode;
        /// It stays as it is, part of a segment.
        "keep" Keep;
    }
}

choice! {
    /// What is done with `//` in a path.
    pub enum DuplicateSlash {
        /// The request is answered with 400.
        "reject" Reject;
        /// It becomes one `/`.
        "merge" Merge;
        /// It stays: an empty segment.
        "keep" Keep;
    }
}

choice! {
    /// What is done with `;` and `%3B` in a path.
    pub enum Parameters {
        /// The request is answered with 400.
        "reject" Reject;
        /// It stays as it is, part of a segment.
        "keep" Keep;
    }
}

choice! {
    /// What is done with what is escaped twice in a path.
    pub enum EscapedPercent {
        /// The request is answered with 400.
        "reject" Reject;
        /// It stays as it is, part of a segment.
        "keep" Keep;
    }
}

record! {
    /// How a route chooses its upstream: by a header that Envoy's routes match.
    pub struct Routing {
        /// The header that `rewrite.upstream` is written into. The client's own is removed, always.
        "header" header: String as own_header = required;
        /// The values that may be written. Another one is answered with 503.
        "allow" allow: Vec<String> as some_lines = required;
    }
}

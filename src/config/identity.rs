//! Identity headers, the treatment of ambiguous paths, and the choice of the upstream.

use crate::config::decode::Named;
use crate::config::values::names::{headers_by_name, own_header};
use crate::config::values::text::some_lines;

record! {
    /// The header fields that carry the consumer's identity to the upstream. They are always removed from the client's request.
    pub struct IdentityHeaders {
        /// The header for the consumer's name.
        "consumer" consumer: String as own_header = "x-consumer-name";
        /// The header for its groups, joined by commas. Without it, groups are not sent.
        "groups" groups: Option<String> as own_header = optional;
        /// The header for the `id` of the credential. Without it, it is not sent.
        "credential" credential: Option<String> as own_header = optional;
        /// Headers for labels: from the label's name to the header's name.
        "labels" labels: Vec<Named<String>> as headers_by_name = {};
    }
}

record! {
    /// The treatment of paths that upstreams read in different ways.
    pub struct Paths {
        /// `%2F` in a path.
        "escapedSlash" escaped_slash: EscapedSlash = "reject";
        /// `\` and `%5C` in a path.
        "backslash" backslash: Backslash = "reject";
        /// `//` in a path.
        "duplicateSlash" duplicate_slash: DuplicateSlash = "merge";
        /// `;` or `%3B` and the text after it in a segment, as in `/a;v=1`.
        "parameters" parameters: Parameters = "reject";
        /// `%25` before two hexadecimal digits, as in `/a%252Fb`: a double escape.
        "escapedPercent" escaped_percent: EscapedPercent = "reject";
    }
}

choice! {
    /// The treatment of `%2F` in a path.
    pub enum EscapedSlash {
        /// The request is answered with 400.
        "reject" Reject;
        /// It becomes `/` and separates segments.
        "decode" Decode;
        /// It stays unchanged, as a part of its segment.
        "keep" Keep;
    }
}

choice! {
    /// The treatment of `\` and `%5C` in a path.
    pub enum Backslash {
        /// The request is answered with 400.
        "reject" Reject;
        /// It becomes `/` and separates segments.
        "decode" Decode;
        /// It stays unchanged, as a part of its segment.
        "keep" Keep;
    }
}

choice! {
    /// The treatment of `//` in a path.
    pub enum DuplicateSlash {
        /// The request is answered with 400.
        "reject" Reject;
        /// It becomes one `/`.
        "merge" Merge;
        /// It stays, as an empty segment.
        "keep" Keep;
    }
}

choice! {
    /// The treatment of `;` and `%3B` in a path.
    pub enum Parameters {
        /// The request is answered with 400.
        "reject" Reject;
        /// It stays unchanged, as a part of its segment.
        "keep" Keep;
    }
}

choice! {
    /// The treatment of double escapes in a path.
    pub enum EscapedPercent {
        /// The request is answered with 400.
        "reject" Reject;
        /// It stays unchanged, as a part of its segment.
        "keep" Keep;
    }
}

record! {
    /// The choice of the upstream by a header that Envoy's routes match.
    pub struct Routing {
        /// The header for `rewrite.upstream`. It is always removed from the client's request.
        "header" header: String as own_header = required;
        /// The allowed values. A request with another value is answered with 503.
        "allow" allow: Vec<String> as some_lines = required;
    }
}

//! Shared words, as they are written: the provider, and a consumer's credential.

use super::location::Location;
use crate::config::decode::non_empty;
use crate::config::values::names::own_headers;
use crate::config::values::text::line;

record! {
    /// Words that consumers say.
    pub struct WordProvider {
        /// The locations to read a word from. A request may use one of them only.
        "from" from: Vec<Location> as non_empty = required;
        /// A word for guests, which are no consumers.
        "guest" guest: Option<String> as line = optional;
        /// Header fields that the provider keeps for itself.
        "headers" headers: Vec<String> as own_headers = [];
    }
}

impl WordProvider {
    /// The kind's field.
    pub(crate) const KIND: &'static str = "word";
}

record! {
    /// A consumer's word.
    pub struct WordCredential {
        /// The provider that it belongs to. It may be left out where the policy has only one `word` provider.
        "provider" provider: Option<String> as line = optional;
        /// The word.
        "word" word: String as line = required;
    }
}

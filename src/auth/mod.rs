//! Ways to authenticate: where a credential stands in a request, and whose it is.

mod key;
mod location;
mod prefix;

pub use key::{KeyForm, KeyTable, Taken};
pub use location::{Extracted, Location, Occurrence, begins, extract};
pub use prefix::Prefix;

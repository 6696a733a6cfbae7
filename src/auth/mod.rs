//! Ways to authenticate: where a credential stands in a request, and whose it is.

mod key;
mod place;
mod prefix;

pub use key::{KeyForm, KeyTable, Taken};
pub use place::{At, Found, Place, begins, read};
pub use prefix::Prefix;

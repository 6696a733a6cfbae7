//! Ways to authenticate: where a credential stands in a request, and the tables that credentials are found in.

mod location;
mod prefix;
mod table;

pub use location::{Extracted, Location, Occurrence, begins, extract};
pub use prefix::Prefix;
pub use table::{CredentialTable, IdentifierForm, Taken};

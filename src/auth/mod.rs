//! Mechanisms of authentication: the locations of credentials in a request, and the tables of credentials.

pub mod jwt;
mod location;
mod prefix;
mod table;

pub use location::Location;
pub(crate) use location::{Extracted, Occurrence, begins, extract};
pub use prefix::Prefix;
pub(crate) use table::{CredentialTable, IdentifierForm, Taken};

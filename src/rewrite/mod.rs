//! New paths, queries and header values, into which no value can put more than itself.

mod header;
mod literal;
mod path;
mod prefix;
mod query;

pub use header::{HeaderValueError, check_header_value};
pub use literal::{PathLiteral, PathLiteralError};
pub use path::{Origin, PathBuilder, PathFault, PathValueError};
pub use prefix::replace_prefix;
pub use query::{QueryEdit, edit_query, strip_query};

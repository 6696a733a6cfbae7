//! New paths, queries and header values, into which no value can put more than itself.

mod header;
mod path;
mod query;

pub use header::{HeaderValueError, check_header_value};
pub use path::{
    Origin, PathBuilder, PathFault, PathLiteral, PathLiteralError, PathValueError, replace_prefix,
};
pub use query::{QueryEdit, edit_query, strip_query};

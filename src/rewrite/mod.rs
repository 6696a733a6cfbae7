//! New paths, queries, cookies and header values. A value can't add a segment, a parameter, a cookie or a header.

mod cookie;
mod escape;
mod header;
mod literal;
mod path;
mod prefix;
mod query;
mod request;

pub use cookie::{CookieField, is_cookie_value};
pub use escape::BodyText;
pub(crate) use header::check_header_value;
pub use literal::{PathLiteral, PathLiteralError};
pub use path::{Origin, PathBuilder, PathFault, PathValueError};
pub use prefix::replace_prefix;
pub use query::{QueryEdit, edit_query, strip_query};
pub use request::{PathEnd, RequestPlace, RequestValueError, check_segments, put_segments};

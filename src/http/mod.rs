//! The HTTP vocabulary: requests as borrowed bytes, edits, responses, callouts. Values are bytes, because HTTP doesn't
//! guarantee UTF-8.

mod accept;
mod base64;
mod callout;
mod cookie;
mod dots;
mod edit;
mod endpoint;
mod framing;
mod headers;
mod late_edits;
mod list;
mod name;
mod name_filter;
mod new_path;
mod percent;
mod query;
mod request;
mod scheme;
mod set_cookie;
mod text;
mod token;
mod url;

pub use accept::quality;
pub use base64::base64;
pub use callout::{Callout, CalloutError, Reply};
pub use cookie::cookies;
pub use dots::{escapes_to_dots, reads_as_dots};
pub use edit::{Edit, Edits, Response};
pub use endpoint::Endpoint;
pub use framing::{FRAMING, belongs_to_connection};
pub use headers::{HeaderLookup, HeaderMap, Headers, Iter, MalformedMap, same_name};
pub use late_edits::{LateEdit, LateEdits, StatusSet};
pub use list::members;
pub use name::{HeaderName, KnownName};
pub use name_filter::{LengthSet, NameFilter};
pub use new_path::NewPath;
pub use percent::{encode_form_value, escape, is_unreserved, percent_decode, percent_encode_into};
pub use query::{Pair, query_pairs};
pub use request::{Request, is_grpc};
pub use scheme::Scheme;
pub use set_cookie::CookieAttributes;
pub use text::Text;
pub use token::{is_token, is_token_byte};
pub use url::{Authority, HttpUrl, UrlError};

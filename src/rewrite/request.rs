//! Values in requests of the filter's own. A value can't become anything but the part that it stands for.

use crate::http::{
    encode_form_value, escapes_to_dots, is_unreserved, percent_decode, percent_encode_into,
    reads_as_dots,
};

use super::escape::BodyText;
use super::header::check_header_value;

/// The value can't stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value can't stand in its place in the request")]
pub struct RequestValueError;

/// The place of a value in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPlace {
    /// The method: one that the filter sends.
    Method,
    /// One segment of the path, or a part of one.
    Segment,
    /// A value in the query, or a part of one.
    Query,
    /// The whole value of a header field.
    Header,
    /// A part of the value of a header field.
    HeaderPart,
    /// A value in a form, or a part of one.
    Form,
    /// A content.
    Body(BodyText),
}

/// The methods that the filter sends.
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl RequestPlace {
    /// Writes a value (decoded text). It is encoded for the place where that is possible.
    ///
    /// # Errors
    /// The value can't stand there: it holds a byte that would end its part, or that another server could take for the end of it.
    pub fn put(self, out: &mut Vec<u8>, value: &[u8]) -> Result<(), RequestValueError> {
        let body = match self {
            Self::Method => {
                let is_method = METHODS.iter().any(|method| method.as_bytes() == value);
                return raw(out, value, is_method);
            }
            Self::Segment => return segment(out, value),
            Self::Query => {
                has_no_control(value)?;
                percent_encode_into(out, value, is_unreserved);
                return Ok(());
            }
            Self::Header => return raw(out, value, check_header_value(value).is_ok()),
            Self::HeaderPart => {
                let is_apart = !value.iter().any(|byte| b",;\"\\".contains(byte));
                return raw(out, value, is_apart && check_header_value(value).is_ok());
            }
            Self::Form => {
                encode_form_value(out, value);
                return Ok(());
            }
            Self::Body(body) => body,
        };
        body.put(out, value).map_err(|_| RequestValueError)
    }
}

/// Writes a part of a canonical path: each `/` in it separates two segments.
///
/// # Errors
/// A segment holds an escaped byte that a server could take for another thing.
pub fn put_segments(out: &mut Vec<u8>, path: &[u8]) -> Result<(), RequestValueError> {
    for (at, part) in path.split(|byte| *byte == b'/').enumerate() {
        if at > 0 {
            out.push(b'/');
        }
        segment(out, &percent_decode(part))?;
    }
    Ok(())
}

/// Checks a path without its query: no segment is empty, except the last one where the path `may_end_with_slash`, and none may be
/// read as a dot segment.
///
/// # Errors
/// It holds such a segment.
pub fn check_segments(path: &[u8], end: PathEnd) -> Result<(), RequestValueError> {
    let path = match (path, end) {
        (b"/", _) => return Ok(()),
        (path, PathEnd::Slash) => path.strip_suffix(b"/").unwrap_or(path),
        (path, PathEnd::Segment) => path,
    };
    let is_unfit = |segment: &[u8]| {
        let twice = escapes_to_dots(&percent_decode(segment));
        segment.is_empty() || reads_as_dots(segment) || twice
    };
    let rest = path.strip_prefix(b"/").ok_or(RequestValueError)?;
    if rest.split(|byte| *byte == b'/').any(is_unfit) {
        return Err(RequestValueError);
    }
    Ok(())
}

/// How a path may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEnd {
    /// With a segment.
    Segment,
    /// With a segment or a slash.
    Slash,
}

fn raw(out: &mut Vec<u8>, value: &[u8], is_fit: bool) -> Result<(), RequestValueError> {
    if !is_fit {
        return Err(RequestValueError);
    }
    out.extend_from_slice(value);
    Ok(())
}

/// A proxy before the service could unescape one of these bytes, so a value with one is refused.
fn segment(out: &mut Vec<u8>, value: &[u8]) -> Result<(), RequestValueError> {
    has_no_control(value)?;
    if value.iter().any(|byte| b"/\\?#%".contains(byte)) {
        return Err(RequestValueError);
    }
    percent_encode_into(out, value, is_unreserved);
    Ok(())
}

fn has_no_control(value: &[u8]) -> Result<(), RequestValueError> {
    if value.iter().any(u8::is_ascii_control) {
        return Err(RequestValueError);
    }
    Ok(())
}

//! The request that a source on demand sends for one entry.

use crate::http::{Callout, Endpoint};
use crate::source::path::{PathError, PathTemplate, has_reserved_byte};
use crate::source::{Format, Version, centre};

use super::ReadRefusal;

/// A request by template: `GET`, and a path with the variable `${key}`. Two requests with one [cache
/// key](Arguments::cache_key) are the same request, and share its answer.
#[derive(Debug)]
pub struct RequestTemplate {
    endpoint: Endpoint,
    path: PathTemplate,
    format: Format,
}

/// The values of the variables of a [`RequestTemplate`] in one request.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    key: &'a [u8],
    may_divide: bool,
}

impl<'a> Arguments<'a> {
    /// The key becomes one segment of the path.
    #[must_use]
    pub const fn segment(key: &'a [u8]) -> Self {
        Self {
            key,
            may_divide: false,
        }
    }

    /// The key may become several segments of the path, separated by `/`.
    #[must_use]
    pub const fn path(key: &'a [u8]) -> Self {
        Self {
            key,
            may_divide: true,
        }
    }

    /// The key under which the answer is remembered.
    #[must_use]
    pub const fn cache_key(&self) -> &'a [u8] {
        self.key
    }
}

impl RequestTemplate {
    /// A `GET` of `path`, which holds `${key}` once; the answers are in this format.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(endpoint: Endpoint, path: &str, format: Format) -> Result<Self, PathError> {
        let path = PathTemplate::compile(path)?;
        Ok(Self {
            endpoint,
            path,
            format,
        })
    }

    /// The endpoint of the request.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The format of its answers.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Refuses a key that has to be one segment and holds one of `/ \ ? # %`. No entry has such a key, because a proxy
    /// before the source might unescape it.
    pub(super) fn check(&self, arguments: &Arguments<'_>) -> Result<(), ReadRefusal> {
        let is_segment = !arguments.may_divide && self.path.has_key_in_segments();
        if is_segment && has_reserved_byte(arguments.key) {
            return Err(ReadRefusal::ReservedByte);
        }
        Ok(())
    }

    /// The request, conditional where `known` is not empty. The key is percent-encoded.
    ///
    /// # Errors
    /// [`ReadRefusal::UnfitKey`].
    pub fn fill(
        &self,
        arguments: &Arguments<'_>,
        cached: &Version,
    ) -> Result<Callout, ReadRefusal> {
        let path = self.path.fill(arguments.key).ok_or(ReadRefusal::UnfitKey)?;
        let mut callout = self.endpoint.request("GET", path);
        centre::conditional(&mut callout, self.format, cached);
        Ok(callout)
    }
}

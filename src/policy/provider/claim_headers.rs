//! The headers that tell the upstream what a token says.

use crate::config::{ConfigErrors, Named, Path};
use crate::http::KnownName;
use crate::policy::json_path::json_path;
use crate::source::JsonPath;

/// The headers that a provider writes for the tokens that it verified. No client may send them.
#[derive(Debug)]
pub(crate) struct ClaimHeaders {
    /// Each header, and the path of its claim.
    pub(crate) claims: Box<[(KnownName, JsonPath)]>,
    /// The header of the whole payload.
    pub(crate) payload: Option<KnownName>,
}

impl ClaimHeaders {
    /// Compiles `claimHeaders`, a map from headers to JSONPaths, and `payloadHeader` of the provider at `path`. `None` if one of
    /// the paths is refused; the inner `None` stands for a provider that writes no headers.
    pub(super) fn compile(
        claims: &[Named<String>],
        payload: Option<&str>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Option<Box<Self>>> {
        let path = path.field("claimHeaders");
        let mut compile = |claim: &Named<String>| {
            let value = json_path(&claim.value, &path.field(&claim.name), errors)?;
            Some((claim.name.as_str().into(), value))
        };
        let compiled: Vec<_> = claims.iter().map(&mut compile).collect();
        let headers = Self {
            claims: compiled.into_iter().collect::<Option<_>>()?,
            payload: payload.map(KnownName::from),
        };
        let writes = !headers.claims.is_empty() || headers.payload.is_some();
        Some(writes.then(|| Box::new(headers)))
    }
}

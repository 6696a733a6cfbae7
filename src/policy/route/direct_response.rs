//! Redirects.

use crate::config::{self, ConfigErrors, Path};
use crate::http::Text;

use crate::policy::rewrite::path::{Matches, PathRewrite};
use crate::policy::rewrite::{QueryEdits, response};
use crate::policy::template::{Scope, ValueTemplate};

fn fields(written: &[config::Named<String>]) -> Vec<(Text, Text)> {
    let shared = |text: &str| Text::shared(text.as_bytes());
    let fields = written.iter();
    fields
        .map(|field| (shared(&field.name), shared(&field.value)))
        .collect()
}

/// A redirect.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) scheme: Option<&'static str>,
    pub(crate) host: Option<ValueTemplate>,
    pub(crate) port: Option<u16>,
    pub(crate) path: Option<PathRewrite>,
    pub(crate) query: QueryEdits,
    pub(crate) status: u16,
    /// Header fields besides `location`.
    pub(crate) headers: Vec<(Text, Text)>,
}

impl Redirect {
    pub(in crate::policy) fn compile(
        written: &config::Redirect,
        scope: &Scope<'_>,
        matches: Matches,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let new_path = match &written.path {
            Some(new) => Some(PathRewrite::compile(
                new,
                scope,
                matches,
                &path.field("path"),
                errors,
            )?),
            None => None,
        };
        let host = match &written.host {
            Some(host) => Some(scope.template(host, &path.field("host"), errors)?),
            None => None,
        };
        let query = QueryEdits::of_redirect(&written.query, scope, &path.field("query"), errors)?;
        response::check_values(&written.headers, true, &path.field("headers"), errors);
        let scheme = written.scheme.as_ref().map(|scheme| match scheme {
            config::Scheme::Http => "http",
            config::Scheme::Https => "https",
        });
        Some(Self {
            scheme,
            host,
            port: written.port,
            path: new_path,
            query,
            status: written.status,
            headers: fields(&written.headers),
        })
    }
}

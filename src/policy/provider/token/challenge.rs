//! What a client is told in `WWW-Authenticate` (RFC 6750 §3).

use crate::http::Text;
use crate::policy::denial::Reason;

/// The challenges of a provider.
#[derive(Debug)]
pub(in crate::policy::provider) struct Challenge {
    /// The scheme with the realm.
    start: Box<str>,
    /// Where the resource is described (RFC 9728 §5.1).
    metadata: Option<Box<str>>,
}

impl Challenge {
    /// Challenges that name this realm, and the URL of the protected resource's metadata.
    pub(in crate::policy::provider) fn new(realm: &str, metadata: Option<&str>) -> Self {
        Self {
            start: format!("Bearer realm={}", quoted(realm)).into(),
            metadata: metadata.map(|url| quoted(url).into()),
        }
    }

    /// The challenge for this reason. A client that sent no token is told of no error (RFC 6750 §3.1). `scopes` are those that
    /// a token needs, if it hasn't all of them.
    pub(in crate::policy::provider) fn of(&self, reason: Reason, scopes: &[&str]) -> Text {
        let mut text = self.start.to_string();
        if !scopes.is_empty() {
            let scope = scopes.join(" ");
            text.push_str(&format!(
                ", error=\"insufficient_scope\", scope={}",
                quoted(&scope)
            ));
        } else if let Some(description) = reason.token_error() {
            let description = quoted(&description);
            text.push_str(&format!(
                ", error=\"invalid_token\", error_description={description}"
            ));
        }
        if let Some(metadata) = &self.metadata {
            text.push_str(", resource_metadata=");
            text.push_str(metadata);
        }
        Text::shared(text.as_bytes())
    }
}

/// A quoted string (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

//! Which providers of a policy accept a token, and why the others don't.

use std::path::Path;
use std::time::SystemTime;

use postern::config::{Config, Location, Provider};
use postern::http::HeaderMap;
use postern::policy::{Policy, Reason};
use serde_json::json;

use super::Token;
use crate::clock;
use crate::environment::Variables;
use crate::exit::Failure;
use crate::explain::{Driver, ProviderTrace, SourceReplies, add_replies};
use crate::policy_file;

impl Token {
    /// What each provider of the kind `jwt` says about the token. Each is asked by a request of its own to a route that
    /// requires it, so the whole filter decides, as in a gateway.
    pub(super) fn verdicts(
        &self,
        file: &Path,
        token: &str,
        time: SystemTime,
    ) -> Result<Vec<ProviderTrace>, Failure> {
        let variables = Variables::new(&self.env);
        let (mut config, _) = policy_file::load(file, &variables)?;
        let asked: Vec<Asked> = config
            .providers
            .iter()
            .enumerate()
            .filter(|(_, provider)| provider.value.kind() == "jwt")
            .map(|(at, provider)| Asked::new(at, &provider.name, &provider.value, token))
            .collect();
        if asked.is_empty() {
            let reason = "the policy has no provider of the kind `jwt`";
            return Err(Failure(format!("{}: {reason}", file.display())));
        }
        let mut routes = Vec::new();
        for one in &asked {
            routes.append(&mut one.route()?);
        }
        config.routes.splice(0..0, routes);
        let policy = Policy::compile(&config, &variables)
            .map_err(|errors| Failure(format!("{}: {errors}", file.display())))?;
        let mut replies = SourceReplies::default();
        add_replies(&mut replies, Path::new(""), &self.documents, &[])?;
        let mut driver = Driver::new(&config, policy, replies, clock::timestamp(time));
        asked.iter().map(|one| one.verdict(&mut driver)).collect()
    }
}

/// A provider, and the request with the token for it.
struct Asked {
    name: String,
    path: String,
    query: String,
    header: Option<(String, String)>,
}

impl Asked {
    /// The token stands at the first header of the provider's locations, or else at the first location.
    fn new(index: usize, name: &str, provider: &Provider, token: &str) -> Self {
        let locations = provider.locations();
        let is_header = |location: &&Location| matches!(location, Location::Header { .. });
        let location = locations.iter().find(is_header).or(locations.first());
        let (query, header) = match location {
            Some(Location::Header { name, prefix }) => {
                let prefix = prefix.as_deref().unwrap_or_default().trim_end();
                let value = format!("{prefix} {token}");
                ("", Some((name.clone(), value.trim_start().to_owned())))
            }
            Some(Location::Member { name, prefix }) => {
                ("", Some((name.clone(), format!("{prefix}{token}"))))
            }
            Some(Location::Cookie(name)) => {
                ("", Some(("cookie".to_owned(), format!("{name}={token}"))))
            }
            Some(Location::Query(name)) => (name.as_str(), None),
            None => ("", None),
        };
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}={}", escaped(query), escaped(token))
        };
        Self {
            name: name.to_owned(),
            path: format!("/.well-known/postern-token/{index}"),
            query,
            header,
        }
    }

    /// The route that requires this provider alone. Its name must not be one of the policy's.
    fn route(&self) -> Result<Vec<postern::config::Route>, Failure> {
        let written = json!({"routes": [{
            "name": self.path,
            "match": [{"path": {"exact": self.path}}],
            "require": self.name,
            "respond": {"status": 204},
        }]});
        Config::parse(written.to_string().as_bytes())
            .map(|config| config.routes)
            .map_err(|errors| Failure(errors.to_string()))
    }

    fn verdict(&self, driver: &mut Driver) -> Result<ProviderTrace, Failure> {
        let path = format!("{}{}", self.path, self.query);
        let mut pairs = vec![
            (":authority", "localhost"),
            (":path", path.as_str()),
            (":method", "GET"),
            (":scheme", "https"),
        ];
        if let Some((name, value)) = &self.header {
            pairs.push((name.as_str(), value.as_str()));
        }
        let (_, trace) = driver
            .exchange(&HeaderMap::from_pairs(&pairs))
            .map_err(Failure)?;
        let mut providers = trace.providers.into_iter();
        let found = providers.find(|provider| provider.name == self.name);
        let mut found =
            found.ok_or_else(|| Failure(format!("the provider `{}` can't be asked", self.name)))?;
        if found.reason == Some(Reason::KeysUnavailable.name()) {
            let option = format!("--document providers.{}.keys=FILE", self.name);
            found.detail = Some(format!("give its keys by {option}"));
        }
        Ok(found)
    }
}

/// The text for a query: every byte but letters, digits and `-._~` is escaped.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

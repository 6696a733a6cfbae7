//! New tokens.

use std::path::Path;
use std::time::Duration;

use postern_signing::{SigningKey, compact};
use serde_json::Value;

use super::Token;
use super::members::Members;
use crate::clock;
use crate::exit::Failure;
use crate::input;

/// How long a token is valid, unless the command line or the claims say it.
const VALID: Duration = Duration::from_secs(3600);

impl Token {
    /// The token that the command line describes.
    pub(super) fn made(&self) -> Result<String, Failure> {
        // clap refuses a command line without them.
        let (Some(file), Some(claims)) = (&self.key, &self.claims) else {
            return Err(Failure("--sign needs --key and --claims".to_owned()));
        };
        let key = KeyFile::read(file)?;
        let algorithm = self.alg.as_ref().or(key.algorithm.as_ref());
        let algorithm = algorithm.map_or(key.key.default_algorithm(), String::as_str);
        let mut header = Members::default();
        header.set("alg", algorithm.into());
        header.set("typ", "JWT".into());
        if let Some(kid) = self.kid.as_ref().or(key.kid.as_ref()) {
            header.set("kid", kid.as_str().into());
        }
        if let Some(more) = &self.header {
            for (name, value) in object("--header", more)?.0 {
                header.set(&name, value);
            }
        }
        let mut claims = match claims.strip_prefix('@') {
            Some(file) => object(file, &input::read_text(Path::new(file))?)?,
            None => object("--claims", claims)?,
        };
        if !self.no_times {
            self.add_times(&mut claims)?;
        }
        let (header, claims) = (header.to_text(), claims.to_text());
        compact(header.as_bytes(), claims.as_bytes(), &key.key, algorithm)
            .map_err(|error| Failure(format!("{}: {error}", file.display())))
    }

    fn add_times(&self, claims: &mut Members) -> Result<(), Failure> {
        let now = clock::now();
        if !claims.has("iat") {
            claims.set("iat", clock::seconds(now).into());
        }
        // A time that the clock can't hold is refused by `date`.
        if !claims.has("exp") {
            let end = now.checked_add(self.expires_in.unwrap_or(VALID));
            let end = end.map(clock::seconds).filter(|end| *end <= clock::LATEST);
            let end = end.ok_or_else(|| Failure("--expires-in is too long".to_owned()))?;
            claims.set("exp", end.into());
        }
        Ok(())
    }
}

fn object(place: &str, text: &str) -> Result<Members, Failure> {
    let members = Members::parse(text.as_bytes());
    members.map_err(|error| Failure(format!("{place} isn't a JSON object: {error}")))
}

/// A key, and what its JWK says of its use.
#[derive(Debug)]
struct KeyFile {
    key: SigningKey,
    algorithm: Option<String>,
    kid: Option<String>,
}

impl KeyFile {
    fn read(path: &Path) -> Result<Self, Failure> {
        let failure = |reason: String| Failure(format!("{}: {reason}", path.display()));
        let text = input::read_text(path)?;
        if !text.trim_start().starts_with('{') {
            let key = SigningKey::from_pem(&text);
            return Ok(Self {
                key: key.map_err(|error| failure(error.to_string()))?,
                algorithm: None,
                kid: None,
            });
        }
        // The reason that serde_json gives doesn't quote the text, which is a secret.
        let jwk: Value = serde_json::from_str(&text)
            .map_err(|error| failure(format!("it isn't JSON: {error}")))?;
        if jwk.get("keys").is_some() {
            let reason = "it is a set of keys (expected one key)";
            return Err(failure(reason.to_owned()));
        }
        let member = |name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = SigningKey::from_jwk(&jwk);
        Ok(Self {
            key: key.map_err(|error| failure(error.to_string()))?,
            algorithm: member("alg"),
            kid: member("kid"),
        })
    }
}

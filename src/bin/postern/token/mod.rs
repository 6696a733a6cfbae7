//! `postern token`: what is in a signed token, and new tokens.

mod content;
mod members;
mod policy;
mod sign;
mod text;
mod times;

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;

use crate::clock;
use crate::environment::parse_variable;
use crate::exit::{ExitStatus, Failure};
use crate::explain::{ProviderTrace, document};
use crate::output::print_line;
use crate::terminal::Colours;
use content::Content;

const EXAMPLES: &str = "\
Examples:
  postern token eyJhbGciOi…
  pbpaste | postern token -
  postern token eyJhbGciOi… --policy policy.yaml
  postern token --sign --key key.pem --kid 2027-01 --expires-in 8h \\
      --claims '{\"iss\": \"https://id.example\", \"sub\": \"alice\", \"aud\": \"api\"}'
  curl -H \"authorization: Bearer $(postern token --sign --key key.pem \\
      --claims @claims.json)\" https://api.example.com/

Exit status: 0, 1 if the token is damaged or no provider of the policy
accepts it, 2 if it isn't a token or a file can't be used.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Token {
    /// The token, with or without `Bearer ` before it. `-` is standard input.
    #[arg(required_unless_present = "sign", conflicts_with = "sign")]
    token: Option<String>,
    /// The policy, or a file that holds it. Its providers of the kind `jwt` are asked whether they accept the token.
    #[arg(long, conflicts_with = "sign")]
    policy: Option<PathBuf>,
    /// The time at which the token is verified, in UTC, such as `2027-01-15T08:00:00Z`. The default is now.
    #[arg(long, value_name = "TIME", conflicts_with = "sign", value_parser = clock::parse_time)]
    at: Option<SystemTime>,
    /// The document of a watched source of the policy, for consumers. The keys of an issuer are the source
    /// `providers.NAME.keys`.
    #[arg(long = "document", value_name = "SOURCE=FILE", requires = "policy", value_parser = document)]
    documents: Vec<(String, String)>,
    /// A variable of the VM's environment. All other variables are assumed to be set.
    #[arg(long, value_name = "NAME=VALUE", requires = "policy", value_parser = parse_variable)]
    env: Vec<(String, String)>,
    /// Print JSON.
    #[arg(long, conflicts_with = "sign")]
    json: bool,
    /// Make a token and print it.
    #[arg(long, requires_all = ["key", "claims"])]
    sign: bool,
    /// The file of the private key: PEM, or a JWK. A secret of HMAC is a JWK with `"kty": "oct"`.
    #[arg(long, value_name = "FILE", requires = "sign")]
    key: Option<PathBuf>,
    /// The claims: a JSON object, or `@` and a file that holds one. `@-` is standard input.
    #[arg(long, value_name = "JSON|@FILE", requires = "sign")]
    claims: Option<String>,
    /// The algorithm. The default is the JWK's `alg`, or RS256, ES256, ES384, ES512, EdDSA, or the longest hash of HMAC for the
    /// key's length.
    #[arg(long, value_name = "NAME", requires = "sign")]
    alg: Option<String>,
    /// The header's `kid`. The default is the JWK's `kid`, or none.
    #[arg(long, requires = "sign")]
    kid: Option<String>,
    /// More members of the header, as a JSON object. They replace those of the same name.
    #[arg(long, value_name = "JSON", requires = "sign")]
    header: Option<String>,
    /// How long the token is valid, such as `90s`, `8h` or `30days`. The default is 1h. `exp` in the claims takes precedence.
    #[arg(long, value_name = "DURATION", requires = "sign", value_parser = clock::parse_duration)]
    expires_in: Option<Duration>,
    /// Don't add `iat` and `exp` to the claims.
    #[arg(long, requires = "sign", conflicts_with = "expires_in")]
    no_times: bool,
}

impl Token {
    pub(crate) fn run(&self) -> Result<ExitStatus, Failure> {
        let Some(token) = &self.token else {
            print_line(&self.made()?)?;
            return Ok(ExitStatus::Success);
        };
        let token = if token == "-" {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| Failure(format!("standard input: {error}")))?;
            text
        } else {
            token.clone()
        };
        let token = without_scheme(token.trim());
        let content = Content::read(token)?;
        let time = self.at.unwrap_or_else(clock::now);
        let verdicts = match &self.policy {
            Some(file) => Some(self.verdicts(file, token, time)?),
            None => None,
        };
        if self.json {
            print_line(&format!("{:#}", content.to_json(verdicts.as_deref())))?;
        } else {
            let text = text::render(&content, verdicts.as_deref(), time, Colours::of_output());
            print_line(text.trim_end())?;
        }
        let accepted = |all: Vec<ProviderTrace>| all.iter().any(|one| one.verdict == "accepted");
        Ok(
            if content.error.is_none() && verdicts.is_none_or(accepted) {
                ExitStatus::Success
            } else {
                ExitStatus::Failed
            },
        )
    }
}

/// The token of an `authorization` field.
fn without_scheme(text: &str) -> &str {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_value_of_a_header_field() {
        for text in ["a.b.c", "Bearer a.b.c", "bearer  a.b.c"] {
            assert_eq!(without_scheme(text), "a.b.c");
        }
        assert_eq!(without_scheme("Basic a.b.c"), "Basic a.b.c");
    }
}

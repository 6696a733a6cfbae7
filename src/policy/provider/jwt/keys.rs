//! The keys that verify a provider's tokens.

use serde_json::Value;

use crate::auth::jwt::{Jwk, KeySet, KeySetError, KeyWarning};
use crate::config::{self, ConfigErrors, JwtKeys, Path};
use crate::crypto::VerifyingKey;
use crate::policy::environment::{Environment, variable};
use crate::policy::json_path::json_path;
use crate::policy::provider::CompileInputs;
use crate::source::JsonPath;

use super::published_by::{self, PublishedBy};

/// The keys that verify a provider's tokens.
#[derive(Debug)]
pub(super) enum Keys {
    /// These.
    Set(KeySet),
    /// Those of the consumers: the claim names the consumer's credential.
    OfConsumers(JsonPath),
    /// Those that the issuer publishes.
    Published(PublishedBy),
}

impl Keys {
    pub(super) const fn are_of_consumers(&self) -> bool {
        matches!(self, Self::OfConsumers(_))
    }
}

/// Compiles the keys of the provider `name`, which is written at `path`.
pub(super) fn compile(
    name: &str,
    provider: &config::JwtProvider,
    inputs: &mut CompileInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Keys> {
    let of_provider = path;
    let path = path.field("keys");
    match &provider.keys {
        JwtKeys::Remote(written) => {
            let path = path.field("remote");
            published_by::remote(name, written, inputs, &path, errors).map(Keys::Published)
        }
        JwtKeys::Discovery(written) => {
            let issuer = provider.issuer.as_ref();
            published_by::discovered(name, written, issuer, inputs, of_provider, errors)
                .map(Keys::Published)
        }
        JwtKeys::Inline(keys) => {
            let path = path.field("inline");
            let keys = resolved(keys.expose(), inputs.environment, &path, errors)?;
            of_set(&keys, &path, errors).map(Keys::Set)
        }
        JwtKeys::Pem(pem) => match VerifyingKey::from_pem(pem) {
            Ok(key) => Some(Keys::Set(KeySet::of(Jwk::unnamed(key)))),
            Err(error) => {
                errors.push(&path.field("pem"), error.to_string());
                None
            }
        },
        JwtKeys::Consumers(config::ConsumerKeys { claim }) => {
            let path = path.field("consumers");
            let path = path.field("claim");
            let compiled = json_path(claim, &path, errors)?;
            // It is read before the signature is verified: a filter over what a client wrote would be too much work.
            if !compiled.is_singular() {
                let reason = "more than one value could name the key";
                errors.suggest(&path, reason, "write names and indices only");
                return None;
            }
            Some(Keys::OfConsumers(compiled))
        }
    }
}

/// Reads a JWK Set. A key that can't be used is a notice; a set without any usable key is an error.
fn of_set(keys: &Value, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<KeySet> {
    let list = path.field("keys");
    let reason = |warning: &KeyWarning| format!("the key is not used: {}", warning.error);
    match KeySet::read(keys) {
        Ok((set, warnings)) => {
            for warning in warnings {
                let path = list.index(warning.at);
                errors.notice(
                    "unusable-key",
                    &path,
                    reason(&warning),
                    "mend it, or leave it out",
                );
            }
            Some(set)
        }
        Err(KeySetError::NoneUsable(warnings)) if !warnings.is_empty() => {
            for warning in warnings {
                errors.push(&list.index(warning.at), reason(&warning));
            }
            None
        }
        Err(error) => {
            errors.push(path, error.to_string());
            None
        }
    }
}

/// The set with `{env: NAME}` in the place of a symmetric key's `k` replaced by the variable's value.
fn resolved(
    keys: &Value,
    environment: &dyn Environment,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Value> {
    let mut keys = keys.clone();
    let list = keys.get_mut("keys").and_then(Value::as_array_mut);
    let path = path.field("keys");
    let mut is_whole = true;
    for (at, key) in list.into_iter().flatten().enumerate() {
        let Some(secret) = key.get_mut("k") else {
            continue;
        };
        let Some(name) = secret.get("env") else {
            continue;
        };
        let path = path.index(at);
        let path = path.field("k");
        let name = name.as_str().unwrap_or_default().to_owned();
        match variable(Some(environment), &name, &path.field("env"), errors) {
            Some(value) => {
                *secret = Value::String(String::from_utf8_lossy(value.expose()).into_owned());
            }
            None => is_whole = false,
        }
    }
    is_whole.then_some(keys)
}

//! A set of keys (RFC 7517 §5), and which of them a token needs.

use serde_json::Value;

use crate::crypto::Algorithm;

use super::header::JoseHeader;
use super::jwk::{Jwk, JwkError, key_id};

/// Keys that verify signatures. No two of them have the same `kid`.
#[derive(Clone, Debug)]
pub struct KeySet(Box<[Jwk]>);

/// A key of a set that is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key {at}{}: {error}", .kid.as_ref().map_or_else(String::new, |kid| format!(" (`{}`)", kid.escape_debug())))]
pub struct KeyWarning {
    /// Its place in the set, from zero.
    pub at: usize,
    /// Its `kid`, if that is text.
    pub kid: Option<Box<str>>,
    /// Why it is passed over.
    pub error: JwkError,
}

/// Why a JSON value is no set of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is no object with a list `keys`.
    #[error("expected an object with a list `keys`")]
    NoKeys,
    /// It has more than [`KeySet::MAX_KEYS`].
    #[error("{0} keys, the limit is {limit}", limit = KeySet::MAX_KEYS)]
    TooMany(usize),
    /// None of the keys can be used. Holds why; empty where the list is.
    #[error("no usable key")]
    NoneUsable(Vec<KeyWarning>),
}

/// Why no key verifies a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyChoiceError {
    /// The provider doesn't allow the token's algorithm.
    #[error("the algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// No key has the token's `kid`.
    #[error("no key has this `kid`")]
    UnknownKeyId,
    /// No consumer has a key for the token.
    #[error("no key is known for this token")]
    UnknownSigner,
    /// The key with the token's `kid`, or every key, is for other algorithms.
    #[error("no key is for the token's algorithm")]
    NoneFits,
    /// The token has no `kid`, and several keys are for its algorithm.
    #[error("the token has no `kid`, and more than one key fits")]
    Ambiguous,
}

impl KeySet {
    /// The most keys of a set.
    pub const MAX_KEYS: usize = 100;

    /// A set of one key.
    #[must_use]
    pub fn of(key: Jwk) -> Self {
        Self([key].into())
    }

    /// Reads a JWKS. Keys that can't be used are passed over, with a warning. A `kid` that two usable keys have is nobody's.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn read(set: &Value) -> Result<(Self, Vec<KeyWarning>), KeySetError> {
        Self::read_by(set, Jwk::read)
    }

    /// Reads a JWKS that an issuer publishes: the same, without symmetric keys.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn read_published(set: &Value) -> Result<(Self, Vec<KeyWarning>), KeySetError> {
        Self::read_by(set, Jwk::read_published)
    }

    fn read_by(
        set: &Value,
        read: fn(&Value) -> Result<Jwk, JwkError>,
    ) -> Result<(Self, Vec<KeyWarning>), KeySetError> {
        let written = set.get("keys").and_then(Value::as_array);
        let written = written.ok_or(KeySetError::NoKeys)?;
        if written.len() > Self::MAX_KEYS {
            return Err(KeySetError::TooMany(written.len()));
        }
        let mut keys: Vec<_> = written.iter().map(read).collect();
        for at in repeated(&keys) {
            if let Some(key) = keys.get_mut(at) {
                *key = Err(JwkError::RepeatedKeyId);
            }
        }
        let mut usable = Vec::new();
        let mut warnings = Vec::new();
        for (at, (key, value)) in keys.into_iter().zip(written).enumerate() {
            match key {
                Ok(key) => usable.push(key),
                Err(error) => warnings.push(KeyWarning {
                    at,
                    kid: key_id(value).ok().flatten().map(Into::into),
                    error,
                }),
            }
        }
        if usable.is_empty() {
            return Err(KeySetError::NoneUsable(warnings));
        }
        Ok((Self(usable.into()), warnings))
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub const fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// The key that verifies a token with this header. `allowed` are the algorithms that the provider allows; without any,
    /// those that the keys are for.
    ///
    /// With a `kid`, the token needs the key that has it. Only a set of one key without a `kid` is for every token. Without a
    /// `kid`, exactly one key may be for the token's algorithm.
    ///
    /// # Errors
    /// [`KeyChoiceError`].
    pub fn select(
        &self,
        header: &JoseHeader,
        allowed: &[Algorithm],
    ) -> Result<&Jwk, KeyChoiceError> {
        self.find(header.kid.as_deref(), header.algorithm, allowed)
    }

    /// The same, by the header's `kid` and algorithm.
    ///
    /// # Errors
    /// [`KeyChoiceError`].
    pub fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        allowed: &[Algorithm],
    ) -> Result<&Jwk, KeyChoiceError> {
        if !allowed.is_empty() && !allowed.contains(&algorithm) {
            return Err(KeyChoiceError::AlgorithmNotAllowed);
        }
        let fits = |key: &&Jwk| key.allows(algorithm);
        if let Some(kid) = kid {
            let named = self.0.iter().find(|key| key.kid() == Some(kid));
            let named = named.or(match &*self.0 {
                [only] if only.kid().is_none() => Some(only),
                _ => None,
            });
            let named = named.ok_or(KeyChoiceError::UnknownKeyId)?;
            return Some(named).filter(fits).ok_or(KeyChoiceError::NoneFits);
        }
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(KeyChoiceError::Ambiguous),
            (None, _) => Err(KeyChoiceError::NoneFits),
        }
    }
}

/// The places of usable keys that have the `kid` of another one.
fn repeated(keys: &[Result<Jwk, JwkError>]) -> Vec<usize> {
    let named = || {
        let all = keys.iter().enumerate();
        all.filter_map(|(at, key)| Some((at, key.as_ref().ok()?.kid()?)))
    };
    let is_repeated = |at, kid| named().any(|(other, its)| other != at && its == kid);
    let repeated = named().filter(|(at, kid)| is_repeated(*at, *kid));
    repeated.map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;

//! The credentials of consumers that send tokens: the value of a claim, and the consumer's own key where it has one.

use crate::auth::jwt::decode_base64url;
use crate::config::{self, ConfigErrors, JwtRef, Path, SecretEncoding, TokenKeyRef};
use crate::policy::environment::variable;
use crate::policy::provider::credential::{CredentialInputs, Identifier, Prepared};
use crate::policy::provider::{ProviderId, ProviderKind, Providers};
use crate::secret::Secret;

use super::consumer_key::{ConsumerKey, KeyForm};
use super::{Jwt, algorithm};

/// Compiles a consumer's credential. It is found by the value of the provider's claim.
pub(in crate::policy::provider) fn prepare<'r>(
    written: &JwtRef<'r>,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Prepared<'r>> {
    let kind = config::JwtProvider::KIND;
    let path = path.field(kind);
    let provider = inputs
        .providers
        .for_credential(written.provider, kind, &path, errors)?;
    let jwt = of(inputs.providers, provider)?;
    if !jwt.finds_credentials() {
        let reason = "the provider finds no consumer by a credential";
        let suggestion = "give it `consumer: {claim: …}` or `keys: {consumers: {claim: …}}`";
        errors.suggest(&path, reason, suggestion);
        return None;
    }
    Some(Prepared {
        provider,
        identifier: Identifier::Plain(written.claim.as_bytes()),
        id: written.id,
        material: material(written, jwt, inputs, &path, errors)?,
    })
}

fn of(providers: &Providers, id: ProviderId) -> Option<&Jwt> {
    let ProviderKind::Jwt(jwt) = &providers.at(id)?.kind else {
        return None;
    };
    Some(jwt)
}

/// The key, as a directory holds it. The outer `None` stands for errors.
fn material(
    written: &JwtRef<'_>,
    jwt: &Jwt,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Option<Secret>> {
    match (written.key, jwt.keys.are_of_consumers()) {
        (Some(key), true) => of_consumer(key, written, inputs, path, errors).map(Some),
        (None, false) if written.algorithm.is_none() => Some(None),
        (None, false) => {
            let path = path.field("algorithm");
            errors.suggest(&path, "there is no key here that it is for", "remove it");
            None
        }
        (None, true) => {
            let reason = "the keys of this provider are the consumers', and this one has none";
            errors.suggest(path, reason, "add `secret` or `publicKey`");
            None
        }
        (Some(_), false) => {
            let reason = "this provider has keys of its own, so a consumer's key is never used";
            errors.suggest(path, reason, "remove `secret` and `publicKey`");
            None
        }
    }
}

fn of_consumer(
    key: TokenKeyRef<'_>,
    written: &JwtRef<'_>,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Secret> {
    let variable_value;
    let (field, form, bytes) = match key {
        TokenKeyRef::Secret(secret) => ("secret", KeyForm::Secret, secret),
        TokenKeyRef::Public(pem) => ("publicKey", KeyForm::Pem, pem.as_bytes()),
        TokenKeyRef::Env(name) => {
            let path = path.field("secret");
            variable_value = variable(inputs.environment, name, &path.field("env"), errors)?;
            ("secret", KeyForm::Secret, variable_value.expose())
        }
    };
    let algorithm = match written.algorithm {
        Some(name) => Some(algorithm(name, &path.field("algorithm"), errors)?),
        None => None,
    };
    let decoded;
    let bytes = match written.secret_encoding {
        SecretEncoding::Base64 if form == KeyForm::Secret => {
            decoded = of_base64(bytes);
            let Some(decoded) = &decoded else {
                errors.push(&path.field("secret"), "is not base64");
                return None;
            };
            decoded.expose()
        }
        SecretEncoding::Text | SecretEncoding::Base64 => bytes,
    };
    let key = ConsumerKey::new(form, bytes, algorithm);
    match key.read() {
        Ok(read) if algorithm.is_none_or(|own| read.allows(own)) => Some(key.to_material()),
        Ok(_) => {
            let reason = "the key is for another algorithm, or too short for it";
            errors.push(&path.field("algorithm"), reason);
            None
        }
        Err(error) => {
            errors.push(&path.field(field), error.to_string());
            None
        }
    }
}

/// Reads base64 or base64url, with or without padding.
fn of_base64(text: &[u8]) -> Option<Secret> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len().saturating_sub(padding))?;
    let of_url = |byte: &u8| match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => *other,
    };
    let digits: Vec<u8> = digits.iter().map(of_url).collect();
    decode_base64url(&digits).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_base64() {
        for (text, bytes) in [
            ("-_8=", Some(&[0xfb, 0xff][..])),
            ("+/8=", Some(&[0xfb, 0xff])),
            ("+/8", Some(&[0xfb, 0xff])),
            ("", Some(&[])),
            ("+/9=", None),
            ("a b", None),
            ("a", None),
        ] {
            let read = of_base64(text.as_bytes());
            assert_eq!(read.as_ref().map(Secret::expose), bytes, "{text}");
        }
    }
}

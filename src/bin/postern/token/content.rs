//! What is in a token. Nothing is verified here, so nothing of it is proven.

use postern_signing::decode;
use serde_json::{Map, Value, json};

use super::members::Members;
use super::times;
use crate::exit::Failure;
use crate::explain::ProviderTrace;

/// The parts of a token.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) header: Option<Members>,
    pub(super) claims: Option<Members>,
    /// The length of the signature in bytes. The signature itself is never printed: a token without it is worthless.
    pub(super) signature: Option<usize>,
    /// Why a part can't be read.
    pub(super) error: Option<String>,
}

impl Content {
    /// Reads a text of three parts.
    pub(super) fn read(token: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(Failure(match parts.len() {
                5 => "the token is encrypted (JWE), so only its reader's key opens it".to_owned(),
                count => format!(
                    "a signed token has three parts with dots between them, and this text has {count}"
                ),
            }));
        };
        let mut errors = Vec::new();
        let mut object = |name: &str, part: &str| {
            let members = members(part);
            let members = members.map_err(|error| errors.push(format!("the {name} {error}")));
            members.ok()
        };
        let (header, claims) = (object("header", header), object("payload", claims));
        let signature = decode(signature).map(|bytes| bytes.len());
        if signature.is_none() {
            errors.push(format!("the signature {NOT_BASE64URL}"));
        }
        Ok(Self {
            header,
            claims,
            signature,
            error: (!errors.is_empty()).then(|| errors.join("; ")),
        })
    }

    /// As JSON, with what the providers of a policy say.
    pub(super) fn to_json(&self, verdicts: Option<&[ProviderTrace]>) -> Value {
        let object = |members: &Option<Members>| members.as_ref().map(Members::to_value);
        let claims = self.claims.iter().flat_map(|claims| &claims.0);
        let dates: Map<String, Value> = claims
            .filter(|(name, _)| times::CLAIMS.contains(&name.as_str()))
            .filter_map(|(name, value)| Some((name.clone(), times::time(value)?.1.into())))
            .collect();
        json!({
            "header": object(&self.header),
            "claims": object(&self.claims),
            "times": dates,
            "signatureBytes": self.signature,
            "error": self.error,
            "providers": verdicts.map(|all| all.iter().map(verdict).collect::<Vec<_>>()),
        })
    }
}

fn verdict(of: &ProviderTrace) -> Value {
    json!({
        "name": of.name,
        "verdict": of.verdict,
        "reason": of.reason,
        "detail": of.detail,
        "consumer": of.consumer,
        "groups": of.groups,
        "credential": of.credential,
    })
}

const NOT_BASE64URL: &str = "isn't base64url without padding";

fn members(part: &str) -> Result<Members, String> {
    let json = decode(part).ok_or_else(|| NOT_BASE64URL.to_owned())?;
    Members::parse(&json).map_err(|error| format!("isn't a JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_parts_that_can_be_read() {
        let content = Content::read("e30.W10.YQ").unwrap();
        assert_eq!(content.header, Some(Members::default()));
        assert_eq!((content.claims, content.signature), (None, Some(1)));
        let error = content.error.unwrap();
        assert!(
            error.starts_with("the payload isn't a JSON object:"),
            "{error}"
        );
        let content = Content::read("e30=.e30.+").unwrap();
        assert_eq!(
            content.error.as_deref(),
            Some(
                "the header isn't base64url without padding; the signature isn't base64url without padding"
            )
        );
        assert!(Content::read("..").unwrap().error.is_some());
    }

    #[test]
    fn refuses_a_text_that_is_no_signed_token() {
        for (text, says) in [("", "has 1"), ("a.b", "has 2"), ("a.b.c.d.e", "JWE")] {
            let Failure(reason) = Content::read(text).unwrap_err();
            assert!(reason.contains(says), "{text}: {reason}");
        }
    }
}

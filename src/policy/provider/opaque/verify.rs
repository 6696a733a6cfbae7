//! Verifies one token: what is remembered first, then what needs no question, then the question.

use std::rc::Rc;

use crate::auth::jwt::{ClaimsSet, CompactJws, TokenError};
use crate::config::IntrospectedTokens;
use crate::policy::denial::Reason;
use crate::policy::provider::ProviderId;
use crate::policy::provider::claims::Claims;
use crate::policy::provider::token::reason_of;
use crate::policy::provider::verdict::{
    Identity, Introspection, ProviderInputs, Verification, VerifiedToken,
};
use crate::source::EntryAnswer;
use crate::time::Timestamp;

use super::Opaque;

/// Verifies a text that stands alone where the provider looks.
pub(in crate::policy::provider) fn verify<'p, I: ProviderInputs<'p>>(
    opaque: &'p Opaque,
    provider: ProviderId,
    text: &[u8],
    inputs: &mut I,
) -> Result<Verification<'p>, I::Stop> {
    let now = inputs.now();
    let known = inputs.verified_token(provider, text, now);
    // An end further away was noted before the clock was put back.
    let latest = now.after(opaque.ttl);
    let token = match known.filter(|known| known.expires.is_some_and(|end| end <= latest)) {
        Some(known) => known,
        None => match opaque.introspected(provider, text, now, inputs)? {
            Ok(token) => token,
            Err(refused) => return Ok(refused),
        },
    };
    match &opaque.consumer {
        Some(rule) => rule.identify(provider, token, inputs),
        None => Ok(Verification::Accepted(Identity::of_token(None, token))),
    }
}

impl Opaque {
    /// The token, if its server says that it is active, and the claims are good. It is remembered then. Otherwise the result.
    #[inline(never)]
    fn introspected<'p, I: ProviderInputs<'p>>(
        &self,
        provider: ProviderId,
        text: &[u8],
        now: Timestamp,
        inputs: &mut I,
    ) -> Result<Result<Rc<VerifiedToken>, Verification<'p>>, I::Stop> {
        // Most likely it is a JWT, which is another provider's business.
        if self.tokens == IntrospectedTokens::Opaque && has_three_parts(text) {
            return Ok(Err(Verification::Absent));
        }
        if let Some(error) = malformed(text) {
            return Ok(Err(Verification::Rejected(Reason::MalformedToken(error))));
        }
        Ok(match inputs.introspect(self.source, text, now)? {
            Introspection::Active(answer, until) => match self.accepted(&answer, until, now) {
                Ok(token) => {
                    let token = Rc::new(token);
                    inputs.remember_token(provider, text, &token);
                    Ok(token)
                }
                Err(reason) => Err(Verification::Rejected(reason)),
            },
            Introspection::Inactive => Err(Verification::Rejected(Reason::InactiveToken)),
            Introspection::Unavailable => {
                Err(Verification::Unavailable(Reason::IntrospectionUnavailable))
            }
        })
    }

    /// Checks the claims of an active token.
    fn accepted(
        &self,
        answer: &EntryAnswer,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<VerifiedToken, Reason> {
        let claims = ClaimsSet::of(answer.value().clone()).ok_or(Reason::InvalidClaims)?;
        let ends = self.rules.check(&claims, now).map_err(reason_of)?;
        if !self.required.hold(claims.value()) {
            return Err(Reason::InvalidClaims);
        }
        Ok(VerifiedToken {
            claims: Some(Claims::new(claims.into_value(), None)),
            expires: Some(ends.map_or(until, |ends| ends.min(until))),
            signer: None,
        })
    }
}

/// Whether the text has the form of a JSON Web Token.
fn has_three_parts(text: &[u8]) -> bool {
    text.iter().filter(|byte| **byte == b'.').count() == 2
}

/// Why a text is never sent: it is too long, or no access token is so written (RFC 6749 A.12). Those of some servers aren't a
/// `b64token` (RFC 6750 §2.1). What separates the members of a list, and quotes, is in no token that a header can carry alone.
fn malformed(text: &[u8]) -> Option<TokenError> {
    if text.len() > CompactJws::MAX_BYTES {
        return Some(TokenError::TooLong);
    }
    let is_usual =
        |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b';' | b'"' | b'\\');
    let is_good = !text.is_empty() && text.iter().all(is_usual);
    (!is_good).then_some(TokenError::Characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_form_of_a_token() {
        for (text, is_jwt) in [
            ("a.b.c", true),
            ("..", true),
            ("a.b", false),
            ("a.b.c.d.e", false),
            ("abc", false),
        ] {
            assert_eq!(has_three_parts(text.as_bytes()), is_jwt, "{text}");
        }
    }

    #[test]
    fn sends_no_text_that_is_no_access_token() {
        let longest = "x".repeat(CompactJws::MAX_BYTES);
        for text in [
            "a",
            "aZ09-._~+/==",
            "a.b.c",
            "00D!AQ",
            "a&token=b",
            "a%20",
            &longest,
        ] {
            assert_eq!(malformed(text.as_bytes()), None, "{text:.20}");
        }
        assert_eq!(
            malformed(format!("{longest}x").as_bytes()),
            Some(TokenError::TooLong)
        );
        for text in [
            "", "a b", " a", "a,b", "a;b", "a\"", "a\\b", "é", "a\n", "a\0",
        ] {
            assert_eq!(
                malformed(text.as_bytes()),
                Some(TokenError::Characters),
                "{text:?}"
            );
        }
    }
}

//! Headers that tell the upstream the claims of verified tokens.

use serde_json::Value;

use crate::http::{KnownName, Text, same_name};
use crate::policy::{Denial, Policy, Reason};
use crate::rewrite::check_header_value;

use super::authenticated::Authenticated;
use super::lookup_result::{ResultValue, ValueRef, value};
use super::plan::Plan;
use super::values::claim_as_text;

/// Sets the headers of the providers whose tokens met the requirement. If two providers write one header, that of the first
/// counts, also if its token has no such claim: a header never tells the claim of another sender.
#[inline(never)]
pub(super) fn tell_claims<'p>(
    plan: &mut Plan<'_>,
    authenticated: &Authenticated<'_>,
    policy: &'p Policy,
) -> Result<(), Denial> {
    let mut told: Vec<&KnownName> = Vec::new();
    for verified in authenticated.all() {
        let provider = policy.providers.at(verified.provider);
        let headers = provider.and_then(|provider| provider.claim_headers.as_deref());
        let (Some(headers), Some(claims)) = (headers, verified.identity.claims()) else {
            continue;
        };
        let mut is_new = |name: &'p KnownName| {
            let is_new = !told.iter().any(|other| same_name(other, name));
            told.push(name);
            is_new
        };
        for (name, path) in &headers.claims {
            if is_new(name) {
                let claim = value(path.select(claims.value()));
                if let Some(text) = told_as(claim.as_ref().map(ResultValue::as_value))? {
                    plan.set(name, text);
                }
            }
        }
        if let Some(name) = headers.payload.as_ref().filter(|name| is_new(name)) {
            if let Some(payload) = claims.payload() {
                plan.set(name, payload.to_vec().into());
            }
        }
    }
    Ok(())
}

/// A claim as the value of a header: one text, or those of a list with commas between them. `None` if it is absent, `null` or an
/// empty list.
fn told_as(claim: Option<ValueRef<'_>>) -> Result<Option<Text>, Reason> {
    let text = match claim {
        None | Some(ValueRef::Other(Value::Null)) => return Ok(None),
        Some(ValueRef::Other(Value::Array(list))) => {
            let mut text: Vec<u8> = Vec::new();
            for (at, item) in list.iter().enumerate() {
                let item = claim_as_text(item.into()).filter(|item| is_item(item));
                if at > 0 {
                    text.push(b',');
                }
                text.extend_from_slice(&item.ok_or(Reason::InvalidClaims)?);
            }
            if list.is_empty() {
                return Ok(None);
            }
            text
        }
        Some(one) => claim_as_text(one)
            .ok_or(Reason::InvalidClaims)?
            .into_owned(),
    };
    check_header_value(&text).map_err(|_| Reason::InvalidClaims)?;
    Ok(Some(text.into()))
}

/// Whether a text is one item of a list in a header, and the same one for who reads the list: blanks around an item don't count
/// there (RFC 9110 §5.6.1).
fn is_item(text: &[u8]) -> bool {
    !text.contains(&b',') && text.trim_ascii() == text
}

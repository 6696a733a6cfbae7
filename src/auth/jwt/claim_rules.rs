//! The rules for the registered claims (RFC 7519 §4.1).

use std::time::Duration;

use crate::time::Timestamp;

use super::claims_set::ClaimsSet;
use super::numeric_date::numeric_date;

/// Which texts are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Every one, and none at all.
    Any,
    /// These, compared byte by byte. Without any, none is accepted.
    OneOf(Box<[Box<str>]>),
}

impl Accepts {
    fn has(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(texts) => texts.iter().any(|own| **own == *text),
        }
    }
}

/// Whether a token has to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// A token without `exp` is refused.
    #[default]
    Required,
    /// A token without `exp` doesn't end.
    Optional,
}

/// What a provider demands of the registered claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRules {
    /// Accepted values of `iss`.
    pub issuers: Accepts,
    /// Accepted audiences: `aud` has to name one of them.
    pub audiences: Accepts,
    /// Whether `exp` has to be there.
    pub expiry: Expiry,
    /// How far the clocks of issuer and gate may differ.
    pub leeway: Duration,
    /// How long after `iat` a token is good; `None` for no limit.
    pub max_age: Option<Duration>,
}

/// Why claims are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// `iss` is missing or another one.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// `aud` names none of the accepted audiences.
    #[error("the token is for another audience")]
    WrongAudience,
    /// It has ended, or is too old.
    #[error("the token has expired")]
    Expired,
    /// It isn't good yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim that is needed is missing.
    #[error("the token has no `{0}`")]
    Missing(&'static str),
    /// A claim has a type that it can't have, or a time is out of range.
    #[error("the token's `{0}` is invalid")]
    Invalid(&'static str),
}

impl ClaimRules {
    /// Checks the claims at the time `now`, and tells when they cease to be good; `None` if they don't.
    ///
    /// The issuer comes first: [`ClaimsError::WrongIssuer`] means that nothing else has been looked at. `iat` alone
    /// refuses a token only where there is a maximal age.
    ///
    /// # Errors
    /// [`ClaimsError`].
    pub fn check(
        &self,
        claims: &ClaimsSet,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ClaimsError> {
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        let expires = time(claims, "exp")?;
        let begins = time(claims, "nbf")?;
        let issued = time(claims, "iat")?;
        if expires.is_none() && self.expiry == Expiry::Required {
            return Err(ClaimsError::Missing("exp"));
        }
        let youngest = match (self.max_age, issued) {
            (Some(_), None) => return Err(ClaimsError::Missing("iat")),
            (Some(age), Some(issued)) => Some((issued, issued.after(age))),
            (None, _) => None,
        };
        let latest = now.after(self.leeway);
        let (issued, too_old) = youngest.unzip();
        if [begins, issued]
            .into_iter()
            .flatten()
            .any(|from| from > latest)
        {
            return Err(ClaimsError::NotYetValid);
        }
        let ends = [expires, too_old].into_iter().flatten().min();
        let ends = ends.map(|end| end.after(self.leeway));
        match ends {
            Some(end) if now >= end => Err(ClaimsError::Expired),
            ends => Ok(ends),
        }
    }

    fn check_issuer(&self, claims: &ClaimsSet) -> Result<(), ClaimsError> {
        match claims.issuer() {
            Some(issuer) if self.issuers.has(issuer) => Ok(()),
            None if self.issuers == Accepts::Any => match claims.get("iss") {
                Some(_) => Err(ClaimsError::Invalid("iss")),
                None => Ok(()),
            },
            Some(_) | None => Err(ClaimsError::WrongIssuer),
        }
    }

    fn check_audience(&self, claims: &ClaimsSet) -> Result<(), ClaimsError> {
        let audiences = claims.audiences().ok_or(ClaimsError::Invalid("aud"))?;
        let mut audiences = audiences.iter();
        let is_accepted =
            self.audiences == Accepts::Any || audiences.any(|one| self.audiences.has(one));
        is_accepted.then_some(()).ok_or(ClaimsError::WrongAudience)
    }
}

fn time(claims: &ClaimsSet, name: &'static str) -> Result<Option<Timestamp>, ClaimsError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    numeric_date(value)
        .map(Some)
        .ok_or(ClaimsError::Invalid(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn rules() -> ClaimRules {
        ClaimRules {
            issuers: Accepts::OneOf(["https://id.example".into(), "b".into()].into()),
            audiences: Accepts::OneOf(["api".into(), "web".into()].into()),
            expiry: Expiry::Required,
            leeway: Duration::from_secs(30),
            max_age: None,
        }
    }

    fn seconds(seconds: u64) -> Timestamp {
        Timestamp::default().after(Duration::from_secs(seconds))
    }

    fn check(rules: &ClaimRules, claims: &str) -> Result<Option<u64>, ClaimsError> {
        let claims = ClaimsSet::parse(claims.as_bytes()).unwrap();
        let ends = rules.check(&claims, seconds(NOW))?;
        Ok(ends.map(|end| end.as_nanos() / 1_000_000_000))
    }

    /// With good claims beside these.
    fn besides(rules: &ClaimRules, claims: &str) -> Result<Option<u64>, ClaimsError> {
        check(rules, &format!(r#"{{"iss": "b", "aud": "api"{claims}}}"#))
    }

    #[test]
    fn accepts_good_claims() {
        for claims in [
            r#"{"iss": "https://id.example", "aud": "api", "exp": 1000100}"#,
            r#"{"iss": "b", "aud": ["other", "web"], "exp": 1000100, "nbf": 1000030, "iat": 9999999}"#,
            r#"{"iss": "b", "aud": ["web", "web"], "exp": 1000100.5, "nbf": 0}"#,
        ] {
            assert_eq!(check(&rules(), claims), Ok(Some(1_000_130)), "{claims}");
        }
    }

    #[test]
    fn refuses_other_issuers_first() {
        for claims in [
            "{}",
            r#"{"iss": "https://id.example/", "aud": "api", "exp": 1}"#,
            r#"{"iss": "HTTPS://id.example", "aud": 1}"#,
            r#"{"iss": "", "aud": "api"}"#,
            r#"{"iss": ["b"], "aud": "api"}"#,
            r#"{"iss": null}"#,
            r#"{"Iss": "b"}"#,
        ] {
            assert_eq!(
                check(&rules(), claims),
                Err(ClaimsError::WrongIssuer),
                "{claims}"
            );
        }
        let any = ClaimRules {
            issuers: Accepts::Any,
            ..rules()
        };
        assert!(check(&any, r#"{"aud": "api", "exp": 1000100}"#).is_ok());
        assert!(check(&any, r#"{"iss": "x", "aud": "api", "exp": 1000100}"#).is_ok());
        assert_eq!(
            check(&any, r#"{"iss": 1, "aud": "api"}"#),
            Err(ClaimsError::Invalid("iss"))
        );
        let none = ClaimRules {
            issuers: Accepts::OneOf([].into()),
            ..rules()
        };
        assert_eq!(
            check(&none, r#"{"iss": "b", "aud": "api"}"#),
            Err(ClaimsError::WrongIssuer)
        );
    }

    #[test]
    fn refuses_other_audiences() {
        for (aud, error) in [
            ("", ClaimsError::WrongAudience),
            (r#", "aud": "API""#, ClaimsError::WrongAudience),
            (r#", "aud": "api web""#, ClaimsError::WrongAudience),
            (r#", "aud": []"#, ClaimsError::WrongAudience),
            (r#", "aud": ["other"]"#, ClaimsError::WrongAudience),
            (r#", "aud": null"#, ClaimsError::Invalid("aud")),
            (r#", "aud": ["api", 1]"#, ClaimsError::Invalid("aud")),
            (r#", "aud": {"api": "api"}"#, ClaimsError::Invalid("aud")),
        ] {
            let claims = format!(r#"{{"iss": "b", "exp": 1000100{aud}}}"#);
            assert_eq!(check(&rules(), &claims), Err(error), "{aud}");
        }
        let any = ClaimRules {
            audiences: Accepts::Any,
            ..rules()
        };
        assert!(check(&any, r#"{"iss": "b", "exp": 1000100}"#).is_ok());
        assert!(check(&any, r#"{"iss": "b", "aud": "x", "exp": 1000100}"#).is_ok());
        assert_eq!(
            check(&any, r#"{"iss": "b", "aud": 1, "exp": 1000100}"#),
            Err(ClaimsError::Invalid("aud"))
        );
    }

    #[test]
    fn refuses_tokens_out_of_their_time() {
        for (claims, result) in [
            ("", Err(ClaimsError::Missing("exp"))),
            (r#", "exp": null"#, Err(ClaimsError::Invalid("exp"))),
            (r#", "exp": "1000100""#, Err(ClaimsError::Invalid("exp"))),
            (r#", "exp": -1"#, Err(ClaimsError::Invalid("exp"))),
            (
                r#", "exp": 1000100000000"#,
                Err(ClaimsError::Invalid("exp")),
            ),
            (r#", "exp": 0"#, Err(ClaimsError::Expired)),
            (r#", "exp": 999970"#, Err(ClaimsError::Expired)),
            (r#", "exp": 999970.001"#, Ok(Some(1_000_000))),
            (r#", "exp": 999971"#, Ok(Some(1_000_001))),
            (r#", "exp": 1000100, "nbf": 1000030"#, Ok(Some(1_000_130))),
            (
                r#", "exp": 1000100, "nbf": 1000030.001"#,
                Err(ClaimsError::NotYetValid),
            ),
            (
                r#", "exp": 1000100, "nbf": 99999999999"#,
                Err(ClaimsError::NotYetValid),
            ),
            (
                r#", "exp": 1, "nbf": 2000000"#,
                Err(ClaimsError::NotYetValid),
            ),
            (
                r#", "exp": 1000100, "nbf": "0""#,
                Err(ClaimsError::Invalid("nbf")),
            ),
            (
                r#", "exp": 1000100, "iat": "0""#,
                Err(ClaimsError::Invalid("iat")),
            ),
            (
                r#", "exp": 1000100, "iat": [0]"#,
                Err(ClaimsError::Invalid("iat")),
            ),
        ] {
            assert_eq!(besides(&rules(), claims), result, "{claims}");
        }
    }

    #[test]
    fn tokens_without_an_end_are_accepted_where_that_is_allowed() {
        let optional = ClaimRules {
            expiry: Expiry::Optional,
            ..rules()
        };
        assert_eq!(besides(&optional, ""), Ok(None));
        assert_eq!(
            besides(&optional, r#", "exp": 1"#),
            Err(ClaimsError::Expired)
        );
        assert_eq!(
            besides(&optional, r#", "exp": null"#),
            Err(ClaimsError::Invalid("exp"))
        );
        let exact = ClaimRules {
            leeway: Duration::ZERO,
            ..rules()
        };
        assert_eq!(
            besides(&exact, r#", "exp": 1000000"#),
            Err(ClaimsError::Expired)
        );
        assert_eq!(besides(&exact, r#", "exp": 1000001"#), Ok(Some(1_000_001)));
    }

    #[test]
    fn refuses_tokens_above_the_maximal_age() {
        let rules = ClaimRules {
            max_age: Some(Duration::from_secs(100)),
            expiry: Expiry::Optional,
            ..rules()
        };
        for (claims, result) in [
            ("", Err(ClaimsError::Missing("iat"))),
            (r#", "iat": 1000000"#, Ok(Some(1_000_130))),
            (r#", "iat": 1000030"#, Ok(Some(1_000_160))),
            (r#", "iat": 1000031"#, Err(ClaimsError::NotYetValid)),
            (r#", "iat": 999871"#, Ok(Some(1_000_001))),
            (r#", "iat": 999870"#, Err(ClaimsError::Expired)),
            (r#", "iat": 1000000, "exp": 1000010"#, Ok(Some(1_000_040))),
            (r#", "iat": 1000000, "exp": 2000000"#, Ok(Some(1_000_130))),
            (
                r#", "iat": 1000000, "exp": 900000"#,
                Err(ClaimsError::Expired),
            ),
        ] {
            assert_eq!(besides(&rules, claims), result, "{claims}");
        }
    }
}

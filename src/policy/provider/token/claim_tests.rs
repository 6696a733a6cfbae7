//! What a provider demands of claims.

use serde_json::Value;

use crate::auth::jwt::{Accepts, ClaimTest, ClaimsError};
use crate::config::{self, ConfigErrors, Named, Path};
use crate::policy::denial::Reason;
use crate::policy::json_path::json_path;
use crate::regex::Pattern;
use crate::source::JsonPath;

/// The tests of the claims that a policy names.
#[derive(Debug)]
pub(in crate::policy::provider) struct ClaimTests(Box<[RequiredClaim]>);

/// A claim with its test.
#[derive(Debug)]
struct RequiredClaim {
    path: JsonPath,
    test: ClaimTest,
}

impl ClaimTests {
    /// Compiles `requiredClaims` of the provider at `path`. If the result is `None`, `errors` has the reason.
    pub(in crate::policy::provider) fn compile(
        written: &[Named<config::ConditionTest>],
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let path = path.field("requiredClaims");
        let one = |claim: &Named<config::ConditionTest>, errors: &mut ConfigErrors| {
            let at = path.field(&claim.name);
            let path = json_path(&config::path_of_claim(&claim.name), &at, errors);
            let test = test(&claim.value, &at, errors);
            Some(RequiredClaim {
                path: path?,
                test: test?,
            })
        };
        let all: Vec<_> = written.iter().map(|claim| one(claim, errors)).collect();
        all.into_iter().collect::<Option<_>>().map(Self)
    }

    /// Whether all of them hold for these claims, a JSON object.
    pub(in crate::policy::provider) fn hold(&self, claims: &Value) -> bool {
        self.0.iter().all(|required| {
            required
                .test
                .holds(&required.path.select(claims).into_vec())
        })
    }
}

fn test(
    written: &config::ConditionTest,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<ClaimTest> {
    Some(match written {
        config::ConditionTest::Equals(value) => ClaimTest::Equals(value.clone()),
        config::ConditionTest::In(values) => ClaimTest::In(values.clone().into()),
        config::ConditionTest::Contains(value) => ClaimTest::Contains(value.clone()),
        config::ConditionTest::Exists(exists) => ClaimTest::Exists(*exists),
        config::ConditionTest::Matches(pattern) => match Pattern::whole(pattern) {
            Ok(pattern) => ClaimTest::Matches(pattern),
            Err(error) => {
                errors.push(&path.field("matches"), error.to_string());
                return None;
            }
        },
    })
}

/// The texts that a claim may be.
pub(in crate::policy::provider) fn accepts(written: &config::Accepted) -> Accepts {
    match written {
        config::Accepted::Any => Accepts::Any,
        config::Accepted::These(these) => {
            Accepts::OneOf(these.iter().map(|one| one.as_str().into()).collect())
        }
    }
}

/// The reason of a denial for claims that are refused.
pub(in crate::policy::provider) const fn reason_of(error: ClaimsError) -> Reason {
    match error {
        ClaimsError::WrongIssuer => Reason::WrongIssuer,
        ClaimsError::WrongAudience => Reason::WrongAudience,
        ClaimsError::Expired => Reason::TokenExpired,
        ClaimsError::NotYetValid => Reason::TokenNotYetValid,
        ClaimsError::Missing(_) | ClaimsError::Invalid(_) => Reason::InvalidClaims,
    }
}

//! Verifies one token: cheap refusals first, the signature next, the claims that only the policy asks for last.

use std::rc::Rc;
use std::time::Duration;

use crate::auth::jwt::{
    ClaimsError, ClaimsSet, CompactJws, JoseHeader, KeyChoiceError, KeySet, PartCount, TokenError,
};
use crate::config::ForeignIssuer;
use crate::crypto::{Algorithm, VerifyingKey};
use crate::policy::consumer::Credential;
use crate::policy::denial::Reason;
use crate::policy::provider::ProviderId;
use crate::policy::provider::claims::Claims;
use crate::policy::provider::token::{claim_text, reason_of};
use crate::policy::provider::verdict::{
    CredentialLookup, Identity, ProviderInputs, Signer, Verification, VerifiedToken,
};
use crate::secret::Secret;
use crate::source::JsonPath;
use crate::time::Timestamp;

use super::Jwt;
use super::consumer_key::ConsumerKey;
use super::keys::Keys;

/// Why a token isn't accepted.
pub(super) enum Refusal {
    Rejected(Reason),
    /// It is of another issuer.
    Foreign,
    /// It can't be verified now.
    Unavailable(Reason),
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Rejected(Reason::MalformedToken(error))
    }
}

impl From<KeyChoiceError> for Refusal {
    fn from(error: KeyChoiceError) -> Self {
        Self::Rejected(Reason::UnknownKey(error))
    }
}

impl From<ClaimsError> for Refusal {
    fn from(error: ClaimsError) -> Self {
        Self::Rejected(reason_of(error))
    }
}

impl Refusal {
    fn into_verification(self, foreign: ForeignIssuer) -> Verification<'static> {
        match (self, foreign) {
            (Self::Rejected(reason), _) => Verification::Rejected(reason),
            (Self::Foreign, ForeignIssuer::Reject) => Verification::Foreign,
            (Self::Foreign, ForeignIssuer::Ignore) => Verification::Absent,
            (Self::Unavailable(reason), _) => Verification::Unavailable(reason),
        }
    }
}

/// A token that was read. Nothing that it says is trusted yet.
pub(super) struct Unverified<'t> {
    jws: CompactJws<'t>,
    pub(super) header: JoseHeader,
    claims: ClaimsSet,
    /// When it ends; `None` if it doesn't.
    expires: Option<Timestamp>,
}

/// The token of a request, and who verifies it.
pub(super) struct Check<'p, 't> {
    pub(super) provider: ProviderId,
    pub(super) text: &'t [u8],
    pub(super) now: Timestamp,
    jwt: &'p Jwt,
    jws: CompactJws<'t>,
}

/// Verifies a text that stands alone where the provider looks.
pub(in crate::policy::provider) fn verify<'p, I: ProviderInputs<'p>>(
    jwt: &'p Jwt,
    provider: ProviderId,
    text: &[u8],
    inputs: &mut I,
) -> Result<Verification<'p>, I::Stop> {
    let jws = match CompactJws::split(text) {
        Ok(Some(jws)) => jws,
        Ok(None) => return Ok(Verification::Absent),
        Err(error) => return Ok(Verification::Rejected(Reason::MalformedToken(error))),
    };
    let check = Check {
        jwt,
        provider,
        text,
        jws,
        now: inputs.now(),
    };
    match &jwt.keys {
        Keys::Set(set) => check.by_set(set, inputs),
        Keys::OfConsumers(claim) => Ok(match check.by_consumer(claim, inputs)? {
            Ok(identity) => Verification::Accepted(identity),
            Err(refusal) => check.refused(refusal),
        }),
        Keys::Published(keys) => check.by_published(keys, inputs),
    }
}

impl<'p> Check<'p, '_> {
    /// By the provider's own keys.
    fn by_set<I: ProviderInputs<'p>>(
        &self,
        set: &KeySet,
        inputs: &mut I,
    ) -> Result<Verification<'p>, I::Stop> {
        let known = inputs.verified_token(self.provider, self.text, self.now);
        let token = match known {
            Some(known) => known,
            None => match self.verified_by_set(set, inputs) {
                Ok(token) => token,
                Err(refusal) => return Ok(self.refused(refusal)),
            },
        };
        self.identify(token, inputs)
    }

    /// The algorithms that the provider allows; without any, those that the keys are for.
    pub(super) fn allowed(&self) -> &'p [Algorithm] {
        self.jwt.algorithms.as_deref().unwrap_or_default()
    }

    /// The sender of a token that was verified.
    pub(super) fn identify<I: ProviderInputs<'p>>(
        &self,
        token: Rc<VerifiedToken>,
        inputs: &mut I,
    ) -> Result<Verification<'p>, I::Stop> {
        match &self.jwt.consumer {
            Some(rule) => rule.identify(self.provider, token, inputs),
            None => Ok(Verification::Accepted(Identity::of_token(None, token))),
        }
    }

    /// What the provider makes of a token that isn't accepted.
    pub(super) fn refused(&self, refusal: Refusal) -> Verification<'p> {
        refusal.into_verification(self.jwt.foreign)
    }

    #[inline(never)]
    fn verified_by_set<I: ProviderInputs<'p>>(
        &self,
        set: &KeySet,
        inputs: &mut I,
    ) -> Result<Rc<VerifiedToken>, Refusal> {
        let token = self.read(inputs)?;
        let key = set.select(&token.header, self.allowed())?.key();
        self.verified(token, key, None, inputs)
    }

    /// By the key of the consumer that a claim names.
    fn by_consumer<I: ProviderInputs<'p>>(
        &self,
        claim: &JsonPath,
        inputs: &mut I,
    ) -> Result<Result<Identity<'p>, Refusal>, I::Stop> {
        if let Some(known) = inputs.verified_token(self.provider, self.text, self.now) {
            if let Some(Signer::Consumer {
                identifier,
                material,
            }) = &known.signer
            {
                let found = inputs.find_credential(self.provider, identifier)?;
                if let CredentialLookup::Found(credential) = found {
                    // The key may have changed since.
                    if *credential.material() == *material.expose() {
                        return Ok(Ok(Identity::of_token(Some(credential), known)));
                    }
                }
            }
        }
        let token = match self.read(inputs) {
            Ok(token) => token,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(identifier) = token.signer(claim) else {
            return Ok(Err(KeyChoiceError::UnknownSigner.into()));
        };
        Ok(
            match inputs.find_credential(self.provider, identifier.as_bytes())? {
                CredentialLookup::Found(credential) => {
                    self.verified_by_consumer(token, &identifier, credential, inputs)
                }
                CredentialLookup::NotFound => Err(KeyChoiceError::UnknownSigner.into()),
                CredentialLookup::Unavailable => {
                    Err(Refusal::Unavailable(Reason::SourceUnavailable))
                }
            },
        )
    }

    #[inline(never)]
    fn verified_by_consumer<I: ProviderInputs<'p>>(
        &self,
        token: Unverified<'_>,
        identifier: &str,
        credential: Credential<'p>,
        inputs: &mut I,
    ) -> Result<Identity<'p>, Refusal> {
        let material = credential.material();
        let algorithm = token.header.algorithm;
        let allowed = self.jwt.algorithms.as_deref();
        if allowed.is_some_and(|allowed| !allowed.contains(&algorithm)) {
            return Err(KeyChoiceError::AlgorithmNotAllowed.into());
        }
        // Both are there: they were read when the credential was compiled.
        let own = ConsumerKey::of_material(material).ok_or(KeyChoiceError::NoneFits)?;
        let key = own.read().map_err(|_| KeyChoiceError::NoneFits)?;
        if !own.allows(&key, algorithm) {
            return Err(KeyChoiceError::NoneFits.into());
        }
        let signer = Signer::Consumer {
            identifier: identifier.as_bytes().into(),
            material: Secret::new(material),
        };
        let token = self.verified(token, &key, Some(signer), inputs)?;
        Ok(Identity::of_token(Some(credential), token))
    }

    /// Reads the token and refuses what needs no signature to be refused. An unusual text takes longer than most signatures,
    /// so the provider's time pays for it, and nothing is read when that time is spent.
    pub(super) fn read<I: ProviderInputs<'p>>(
        &self,
        inputs: &mut I,
    ) -> Result<Unverified<'_>, Refusal> {
        self.spend(Duration::ZERO, inputs)?;
        let count = PartCount::default();
        let read = self.read_counted(&count);
        // The text is read by now, so it is paid for, whatever is left.
        let _: Result<(), Refusal> = self.spend(cost_of_reading(self.text.len(), &count), inputs);
        read
    }

    fn read_counted(&self, count: &PartCount) -> Result<Unverified<'_>, Refusal> {
        let claims = self.jws.claims_counted(count)?;
        let checked = self.jwt.rules.check(&claims, self.now);
        // The header of another issuer's token isn't this provider's business.
        if checked == Err(ClaimsError::WrongIssuer) && claims.issuer().is_some() {
            return Err(Refusal::Foreign);
        }
        let header = self.jws.header_counted(count)?;
        let expires = checked?;
        if !self.jwt.types.accept(header.typ.as_deref()) {
            return Err(Refusal::Rejected(Reason::InvalidClaims));
        }
        Ok(Unverified {
            jws: self.jws,
            header,
            claims,
            expires,
        })
    }

    /// Verifies the signature by this key, and then the claims that the policy asks for. A good token is remembered.
    pub(super) fn verified<I: ProviderInputs<'p>>(
        &self,
        token: Unverified<'_>,
        key: &VerifyingKey,
        signer: Option<Signer>,
        inputs: &mut I,
    ) -> Result<Rc<VerifiedToken>, Refusal> {
        self.verify_signature(&token, key, token.header.algorithm, inputs)?;
        let claims = token.claims;
        if !self.jwt.required.hold(claims.value()) {
            return Err(Refusal::Rejected(Reason::InvalidClaims));
        }
        let payload = self
            .jwt
            .keeps_payload
            .then(|| self.jws.payload_text().into());
        let verified = Rc::new(VerifiedToken {
            claims: Some(Claims::new(claims.into_value(), payload)),
            expires: token.expires,
            signer,
        });
        inputs.remember_token(self.provider, self.text, &verified);
        Ok(verified)
    }

    fn verify_signature<I: ProviderInputs<'p>>(
        &self,
        token: &Unverified<'_>,
        key: &VerifyingKey,
        algorithm: Algorithm,
        inputs: &mut I,
    ) -> Result<(), Refusal> {
        let signature = token.jws.signature()?;
        if signature.is_empty() {
            return Err(Refusal::Rejected(Reason::InvalidSignature));
        }
        let message = token.jws.signing_input();
        let cost = key.cost(algorithm, message.len(), inputs.host());
        self.spend(cost, inputs)?;
        match key.verify(algorithm, message, &signature, inputs.host()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Rejected(Reason::InvalidSignature)),
            Err(_) => Err(Refusal::Unavailable(Reason::VerificationUnavailable)),
        }
    }

    /// Takes so much of the provider's time.
    fn spend<I: ProviderInputs<'p>>(&self, cost: Duration, inputs: &mut I) -> Result<(), Refusal> {
        let may = inputs.spend(self.provider, cost, self.jwt.share, self.now);
        may.then_some(())
            .ok_or(Refusal::Unavailable(Reason::VerificationOverloaded))
    }
}

/// How much longer than a usual token one of so many bytes and parts takes to be read, at most on a slow machine. Usual tokens
/// of other issuers are read with each of their requests, and must not use up the time.
fn cost_of_reading(bytes: usize, count: &PartCount) -> Duration {
    const USUAL: Duration = Duration::from_micros(100);
    let nanos = bytes
        .saturating_mul(30)
        .saturating_add(count.parts().saturating_mul(1_000));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).saturating_sub(USUAL)
}

impl Unverified<'_> {
    /// What names the key's credential: the claim, or the header's `kid` where the claim is `kid` and the payload has none.
    fn signer(&self, claim: &JsonPath) -> Option<String> {
        let in_claims = claim_text(claim, self.claims.value());
        let is_kid = claim.member() == Some("kid");
        let in_header = || {
            self.header
                .kid
                .as_deref()
                .filter(|_| is_kid)
                .map(str::to_owned)
        };
        in_claims.map(|text| text.into_owned()).or_else(in_header)
    }
}

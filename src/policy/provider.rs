//! Named ways to authenticate.

mod api_key;
mod claim_headers;
mod claims;
mod credential;
#[cfg(test)]
mod double;
mod jwt;
mod locations;
mod opaque;
mod published_keys;
mod token;
mod verdict;

use crate::auth::{Extracted, Location, extract};
use crate::config::{self, ConfigErrors, CredentialRef, Named, Path};
use crate::http::{Headers, Text};

use super::denial::Reason;
use super::environment::Environment;
use super::source::Sources;
use api_key::ApiKey;
use jwt::Jwt;
use opaque::Opaque;
use verdict::Verification;

pub(crate) use claim_headers::ClaimHeaders;
pub(crate) use claims::Claims;
pub(crate) use credential::CredentialInputs;
pub(super) use credential::{Identifier, Prepared};
#[cfg(test)]
pub(crate) use double::Double;
pub(crate) use locations::LocationId;
pub(crate) use published_keys::PublishedKeys;
pub(crate) use verdict::{
    CredentialLookup, Identity, Introspection, ProviderInputs, Verdict, Verified, VerifiedToken,
};

/// One way to authenticate.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) name: Box<str>,
    /// Where its credentials stand in a request.
    pub(crate) locations: Vec<Location>,
    /// Whether the upstream gets a credential that was verified. All others are stripped.
    pub(crate) forward: bool,
    /// The headers that it writes for the upstream, if it writes any.
    pub(crate) claim_headers: Option<Box<ClaimHeaders>>,
    pub(crate) kind: ProviderKind,
}

/// What a provider is compiled with.
pub(super) struct CompileInputs<'a> {
    /// The providers before it in the policy.
    others: &'a Providers,
    /// Resolves `{env:}`.
    environment: &'a dyn Environment,
    /// Where a provider adds the sources that it reads itself.
    sources: &'a mut Sources,
}

/// How a provider verifies credentials. Each kind is a variant here and a file beside `api_key.rs`.
#[derive(Debug)]
pub(crate) enum ProviderKind {
    ApiKey(ApiKey),
    Jwt(Box<Jwt>),
    Opaque(Box<Opaque>),
    #[cfg(test)]
    Double(std::sync::Arc<Double>),
}

impl ProviderKind {
    /// The field that the kind is written in.
    const fn name(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => config::ApiKeyProvider::KIND,
            Self::Jwt(_) => config::JwtProvider::KIND,
            Self::Opaque(_) => config::OpaqueProvider::KIND,
            #[cfg(test)]
            Self::Double(_) => config::ApiKeyProvider::KIND,
        }
    }

    /// Compiles a provider.
    ///
    /// If the result is `None`, `errors` has the reason.
    fn compile(
        written: &Named<config::Provider>,
        inputs: &mut CompileInputs<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Provider> {
        let path = path.field(written.value.kind());
        let name = &written.name;
        match &written.value {
            config::Provider::ApiKey(provider) => {
                api_key::compile(name, provider, inputs.others, &path, errors)
            }
            config::Provider::Jwt(provider) => jwt::compile(name, provider, inputs, &path, errors),
            config::Provider::Opaque(provider) => {
                opaque::compile(name, provider, inputs, &path, errors)
            }
        }
    }

    /// Verifies the one credential of a request.
    ///
    /// # Errors
    /// The exchange has to stop first: see [`ProviderInputs`].
    #[inline(always)]
    fn verify<'p, I: ProviderInputs<'p>>(
        &'p self,
        id: ProviderId,
        credential: &[u8],
        inputs: &mut I,
    ) -> Result<Verification<'p>, I::Stop> {
        match self {
            Self::ApiKey(_) => api_key::verify(id, credential, inputs),
            Self::Jwt(kind) => jwt::verify(kind, id, credential, inputs),
            Self::Opaque(kind) => opaque::verify(kind, id, credential, inputs),
            #[cfg(test)]
            Self::Double(double) => double.verify(id, credential, inputs),
        }
    }
}

/// Compiles a consumer's credential: which provider knows it, and what it is found by.
pub(super) fn prepare<'r>(
    written: &CredentialRef<'r>,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Prepared<'r>> {
    match written {
        CredentialRef::ApiKey(key) => api_key::prepare(key, inputs, path, errors),
        CredentialRef::Jwt(claim) => jwt::prepare(claim, inputs, path, errors),
        CredentialRef::Opaque(claim) => opaque::prepare(claim, inputs, path, errors),
    }
}

impl Provider {
    /// The provider's verdict on a request. `id` is the provider's own. `query` is the request's, without the `?`.
    ///
    /// # Errors
    /// The exchange has to stop first: see [`ProviderInputs`].
    #[inline(always)]
    pub(crate) fn verdict<'p, I: ProviderInputs<'p>>(
        &'p self,
        id: ProviderId,
        headers: &Headers<'_>,
        query: Option<&[u8]>,
        inputs: &mut I,
    ) -> Result<Verdict<'p>, I::Stop> {
        let (credential, at) = match extract(&self.locations, headers, query) {
            Extracted::Absent => return Ok(Verdict::Absent),
            Extracted::Repeated(locations) => {
                return Ok(Verdict::Rejected(Reason::RepeatedCredential, locations));
            }
            Extracted::One(credential, at) => (credential, at),
        };
        Ok(match self.kind.verify(id, &credential, inputs)? {
            Verification::Accepted(identity) => Verdict::Accepted(Verified {
                provider: id,
                at,
                identity,
            }),
            Verification::Rejected(reason) => Verdict::Rejected(reason, vec![at.location]),
            Verification::Absent => Verdict::Absent,
            Verification::Foreign => Verdict::Foreign(vec![at.location]),
            Verification::Unavailable(reason) => Verdict::Unavailable(reason),
        })
    }

    /// The value of `WWW-Authenticate` in a denial for this reason (RFC 9110 §11.6.1). `scopes` are those that the route needs,
    /// if the token hasn't all of them (RFC 6750 §3); each is a `scope-token` of RFC 6749 §3.3.
    pub(crate) fn challenge(&self, reason: Reason, scopes: &[&str]) -> Text {
        match &self.kind {
            ProviderKind::ApiKey(kind) => kind.challenge(reason, scopes),
            ProviderKind::Jwt(kind) => kind.challenge(reason, scopes),
            ProviderKind::Opaque(kind) => kind.challenge(reason, scopes),
            #[cfg(test)]
            ProviderKind::Double(_) => Double::challenge(reason, scopes),
        }
    }

    /// Whether it asks a server about a credential that it doesn't remember.
    pub(crate) const fn needs_callout(&self) -> bool {
        matches!(self.kind, ProviderKind::Opaque(_))
    }

    /// Whether its keys are fetched, so that a request may wait for them.
    pub(crate) fn may_need_keys(&self) -> bool {
        matches!(&self.kind, ProviderKind::Jwt(jwt) if jwt.has_published_keys())
    }

    /// Where the one credential of a request stands.
    pub(crate) fn occupied<'p>(
        &'p self,
        headers: &Headers<'_>,
        query: Option<&[u8]>,
    ) -> Option<&'p Location> {
        match extract(&self.locations, headers, query) {
            Extracted::One(_, at) => Some(at.location),
            Extracted::Absent | Extracted::Repeated(_) => None,
        }
    }

    /// Whether its credentials may stand in a cookie, in the query or in a list of tokens, not only in a header of their own.
    pub(super) fn looks_elsewhere(&self) -> bool {
        let in_header = |location: &Location| matches!(location, Location::Header { .. });
        !self.locations.iter().all(in_header)
    }
}

/// One of a policy's providers, by its index in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderId(usize);

impl ProviderId {
    /// The index: from zero, in the order of the policy.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }

    /// The provider after it.
    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The first provider.
    pub(super) const FIRST: Self = Self(0);
}

/// All of a policy's providers.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    list: Vec<Provider>,
    /// The names of those that didn't compile. There is an error for each, so no policy is made of these.
    refused: Vec<Box<str>>,
}

impl Providers {
    /// Compiles all. Those that read documents of their own add sources.
    pub(super) fn compile(
        written: &[Named<config::Provider>],
        sources: &mut Sources,
        environment: &dyn Environment,
        errors: &mut ConfigErrors,
    ) -> Self {
        let root = Path::Root;
        let path = root.field("providers");
        let mut providers = Self::default();
        for one in written {
            let path = path.field(&one.name);
            let mut inputs = CompileInputs {
                others: &providers,
                environment,
                sources,
            };
            match ProviderKind::compile(one, &mut inputs, &path, errors) {
                Some(provider) => providers.list.push(provider),
                None => providers.refused.push(one.name.as_str().into()),
            }
        }
        providers
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn at(&self, id: ProviderId) -> Option<&Provider> {
        self.list.get(id.0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.list.iter()
    }

    /// All of them by their index.
    #[cfg(test)]
    pub(crate) fn ids(&self) -> impl Iterator<Item = ProviderId> + use<> {
        (0..self.list.len()).map(ProviderId)
    }

    /// The provider of this name.
    pub(super) fn named(
        &self,
        name: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ProviderId> {
        let found = self.list.iter().position(|known| *known.name == *name);
        if found.is_none() && !self.refused.iter().any(|refused| **refused == *name) {
            let known = listed(&mut self.list.iter());
            errors.suggest(path, format!("there is no provider `{name}`"), known);
        }
        found.map(ProviderId)
    }

    /// The provider of this kind that a credential belongs to: the one that it names, or the only one of its kind.
    pub(super) fn for_credential(
        &self,
        name: Option<&str>,
        kind: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ProviderId> {
        if let Some(name) = name {
            let path = path.field("provider");
            let id = self.named(name, &path, errors)?;
            let is_of_kind = self.at(id).is_some_and(|known| known.kind.name() == kind);
            if !is_of_kind {
                let reason = format!("the provider `{name}` is of another kind than `{kind}`");
                errors.suggest(&path, reason, listed(&mut self.of_kind(kind)));
            }
            return is_of_kind.then_some(id);
        }
        let all = self.list.iter().zip((0..).map(ProviderId));
        let mut of_kind = all.filter(|(known, _)| known.kind.name() == kind);
        match (of_kind.next(), of_kind.next()) {
            (Some((_, only)), None) => Some(only),
            _ if !self.refused.is_empty() => None,
            _ => {
                let reason = "which provider the credential belongs to can't be told";
                let known = listed(&mut self.of_kind(kind));
                errors.suggest(path, reason, format!("name it: `provider`; {known}"));
                None
            }
        }
    }

    fn of_kind<'p>(&'p self, kind: &'p str) -> impl Iterator<Item = &'p Provider> {
        self.list
            .iter()
            .filter(move |known| known.kind.name() == kind)
    }
}

/// What may be written instead of an unknown name.
fn listed(known: &mut dyn Iterator<Item = &Provider>) -> String {
    let names: Vec<_> = known
        .map(|provider| format!("`{}`", provider.name))
        .collect();
    if names.is_empty() {
        "`providers` is empty".into()
    } else {
        format!("there are {}", names.join(", "))
    }
}

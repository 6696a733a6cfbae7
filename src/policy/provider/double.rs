//! A provider for tests of the engine. It counts its verifications. Each test sets its behaviour.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::claim_headers::ClaimHeaders;
use super::claims::Claims;
use super::verdict::{CredentialLookup, Identity, ProviderInputs, Verification, VerifiedToken};
use super::{ProviderId, ProviderKind, Providers};
use crate::config::{ConfigErrors, Named, Path};
use crate::http::Text;
use crate::policy::denial::Reason;
use crate::policy::source::SourceId;

/// The behaviour and the count.
#[derive(Debug, Default)]
pub(crate) struct Double {
    /// How often it has verified a credential.
    pub(crate) verified: AtomicUsize,
    /// The credential that belongs to no consumer.
    pub(crate) guest: &'static [u8],
    /// How long a credential is good from when it is verified.
    pub(crate) lifetime: Option<Duration>,
    /// The claims of each credential, as JSON.
    pub(crate) claims: Option<&'static str>,
    /// The headers of claims, with their JSONPaths. The path `payload` stands for the payload.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The source of the document that it needs, and the longest wait for the first one.
    pub(crate) needs: Option<(SourceId, Duration)>,
}

impl Double {
    pub(super) fn verify<'p, I: ProviderInputs<'p>>(
        &self,
        id: ProviderId,
        credential: &[u8],
        inputs: &mut I,
    ) -> Result<Verification<'p>, I::Stop> {
        if let Some((source, hold)) = self.needs {
            if inputs.published_keys(source, hold)?.is_none() {
                return Ok(Verification::Unavailable(Reason::KeysUnavailable));
            }
        }
        self.verified.fetch_add(1, Ordering::Relaxed);
        let mut identity = Identity::default();
        if credential != self.guest {
            match inputs.find_credential(id, credential)? {
                CredentialLookup::Found(credential) => identity = Identity::of(credential),
                CredentialLookup::NotFound => {
                    return Ok(Verification::Rejected(Reason::InvalidCredential));
                }
                CredentialLookup::Unavailable => {
                    return Ok(Verification::Unavailable(Reason::SourceUnavailable));
                }
            }
        }
        let expires = self.lifetime.map(|lifetime| inputs.now().after(lifetime));
        let claims = self.claims.map(|text| {
            let value = serde_json::from_str(text).unwrap();
            Claims::new(value, Some(text.as_bytes().into()))
        });
        identity.token = Some(Rc::new(VerifiedToken {
            claims,
            expires,
            signer: None,
        }));
        Ok(Verification::Accepted(identity))
    }

    fn claim_headers(&self) -> Option<Box<ClaimHeaders>> {
        let is_payload = |(_, path): &&(&str, &str)| *path == "payload";
        let payload = self.headers.iter().find(is_payload);
        let claims = self.headers.iter().filter(|header| !is_payload(header));
        let claims: Vec<Named<String>> = claims
            .map(|(name, value)| Named {
                name: (*name).into(),
                value: (*value).into(),
            })
            .collect();
        let payload = payload.map(|(name, _)| *name);
        let mut errors = ConfigErrors::default();
        ClaimHeaders::compile(&claims, payload, &Path::Root, &mut errors).unwrap()
    }

    /// Names the reason and the scopes.
    pub(super) fn challenge(reason: Reason, scopes: &[&str]) -> Text {
        let mut challenge = format!("Double error={}", reason.name());
        if !scopes.is_empty() {
            challenge.push_str(&format!(" scope={}", scopes.join(" ")));
        }
        challenge.into_bytes().into()
    }

    /// How often it has verified a credential.
    pub(crate) fn count(&self) -> usize {
        self.verified.load(Ordering::Relaxed)
    }
}

impl Providers {
    /// Replaces the kind of this provider by the double.
    pub(crate) fn replace(&mut self, name: &str, double: &Arc<Double>) {
        for provider in &mut self.list {
            if *provider.name == *name {
                provider.claim_headers = double.claim_headers();
                provider.kind = ProviderKind::Double(Arc::clone(double));
            }
        }
    }
}

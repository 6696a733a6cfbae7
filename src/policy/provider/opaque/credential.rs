//! The credentials of consumers that send opaque tokens: the value of a claim.

use crate::config::{self, ConfigErrors, OpaqueRef, Path};
use crate::policy::provider::credential::{CredentialInputs, Identifier, Prepared};
use crate::policy::provider::token::ConsumerRule;
use crate::policy::provider::{ProviderId, ProviderKind, Providers};

/// Compiles a consumer's credential. It is found by the value of the provider's claim.
pub(in crate::policy::provider) fn prepare<'r>(
    written: &OpaqueRef<'r>,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Prepared<'r>> {
    let kind = config::OpaqueProvider::KIND;
    let path = path.field(kind);
    let providers = inputs.providers;
    let provider = providers.for_credential(written.provider, kind, &path, errors)?;
    if !finds_credentials(providers, provider) {
        let reason = "the provider finds no consumer by a credential";
        errors.suggest(&path, reason, "give it `consumer: {claim: …}`");
        return None;
    }
    Some(Prepared {
        provider,
        identifier: Identifier::Plain(written.claim.as_bytes()),
        id: written.id,
        material: None,
    })
}

fn finds_credentials(providers: &Providers, id: ProviderId) -> bool {
    let kind = providers.at(id).map(|provider| &provider.kind);
    let Some(ProviderKind::Opaque(opaque)) = kind else {
        return false;
    };
    let rule = opaque.consumer.as_ref();
    rule.is_some_and(ConsumerRule::finds_credentials)
}

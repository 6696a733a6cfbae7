//! The source that answers questions about tokens.

use crate::auth::jwt::CompactJws;
use crate::config::{
    self, ClientAuthenticationBy, ConfigErrors, IntrospectionClient, IntrospectionEndpoint, Path,
};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, variable};
use crate::policy::provider::CompileInputs;
use crate::policy::source::{Source, SourceId, SourceKind};
use crate::source::{ClientAuthentication, Limits, PropertyNames, RequestTemplate};

/// The most memory that the answers about tokens take in one VM, for each source, in bytes.
const REMEMBERED_BYTES: usize = 32 << 20;

/// Compiles the endpoint of the provider at `path`, and adds its source.
pub(super) fn compile(
    name: &str,
    written: &IntrospectionEndpoint,
    inputs: &mut CompileInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceId> {
    let path = path.field("introspection");
    refuse_headers(written, &path, errors);
    let environment = inputs.environment;
    let endpoint = endpoint(written.endpoint(), environment, &path, errors);
    let client = client(&written.client, environment, &path.field("client"), errors);
    let mut definition = Definition::default();
    definition.add(b"introspection");
    definition.add(written.path.as_bytes());
    definition.endpoint(&endpoint);
    let client = client?;
    add_client(&mut definition, &client);
    let template = RequestTemplate::introspection(endpoint, &written.path, &client);
    let template = template
        .map_err(|error| errors.push(&path.field("path"), error.to_string()))
        .ok()?;
    let limits = Limits {
        ttl: written.ttl,
        miss_ttl: written.miss_ttl,
        stale_for: written.stale_for,
        max_in_flight: usize::try_from(written.max_in_flight).unwrap_or(usize::MAX),
        max_key_bytes: CompactJws::MAX_BYTES,
        max_entries: written.max_entries,
        max_bytes: REMEMBERED_BYTES,
    };
    Some(inputs.sources.add(Source {
        name: format!("providers.{name}.introspection").into(),
        kind: SourceKind::on_demand(template, limits, definition),
        index: None,
        is_looked_into: true,
        holds_keys: false,
        request: None,
        names: PropertyNames::Exact,
    }))
}

/// Refuses headers that the request has already.
fn refuse_headers(written: &IntrospectionEndpoint, path: &Path<'_>, errors: &mut ConfigErrors) {
    let path = path.field("headers");
    for header in &written.service.headers {
        let is_own = match (header.name.as_str(), written.client.by) {
            ("content-type" | "accept", _) => true,
            ("authorization", ClientAuthenticationBy::Post) => false,
            ("authorization", _) => true,
            _ => false,
        };
        if is_own {
            let reason = "the request has this header already";
            let suggestion = "remove it; `client` says how the gate proves who it is";
            errors.suggest(&path.field(&header.name), reason, suggestion);
        }
    }
}

fn client(
    written: &IntrospectionClient,
    environment: &dyn Environment,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<ClientAuthentication> {
    let secret = match &written.secret {
        config::TextOrEnv::Text(secret) => Some(secret.clone()),
        config::TextOrEnv::Env(name) => {
            variable(Some(environment), name, &path.field("secret"), errors)
        }
    };
    let id = path.field("id");
    match (written.by, &written.id) {
        (ClientAuthenticationBy::Basic, Some(id)) => Some(ClientAuthentication::Basic {
            id: id.as_str().into(),
            secret: secret?,
        }),
        (ClientAuthenticationBy::Post, Some(id)) => Some(ClientAuthentication::Post {
            id: id.as_str().into(),
            secret: secret?,
        }),
        (ClientAuthenticationBy::Bearer, None) => Some(ClientAuthentication::Bearer(secret?)),
        (ClientAuthenticationBy::Basic | ClientAuthenticationBy::Post, None) => {
            errors.suggest(
                &id,
                "required",
                "or `by: bearer`, which needs no identifier",
            );
            None
        }
        (ClientAuthenticationBy::Bearer, Some(_)) => {
            errors.suggest(&id, "does not go with `by: bearer`", "remove it");
            None
        }
    }
}

/// Answers may differ from one client to another (RFC 7662 §2.2).
fn add_client(definition: &mut Definition, client: &ClientAuthentication) {
    let (by, id, secret) = match client {
        ClientAuthentication::Basic { id, secret } => ("basic", &**id, secret),
        ClientAuthentication::Post { id, secret } => ("post", &**id, secret),
        ClientAuthentication::Bearer(secret) => ("bearer", "", secret),
    };
    definition.add(by.as_bytes());
    definition.add(id.as_bytes());
    definition.add(secret.expose());
}

//! Sources of the kind `acm`.

use crate::config::{self, ConfigErrors, Path};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::Environment;
use crate::source::NacosApi;

use super::SourceKind;
use super::nacos::{SharedFields, check_data_id, check_long_poll, content, refuse_headers, server};

/// Compiles a watched data ID, or entries on demand.
pub(super) fn compile(
    source: &config::Source,
    written: &config::AcmSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check_data_id(&written.data_id, at, errors);
    check_long_poll(source, written.long_poll, at, errors);
    definition.add(b"acm");
    definition.add(written.data_id.as_bytes());
    let shared = SharedFields {
        endpoint: written.endpoint(),
        context_path: "/diamond-server",
        namespace: written.namespace.as_deref(),
        group: &written.group,
        username: None,
        password: None,
        access_key: Some(&written.access_key),
        secret_key: Some(&written.secret_key),
        api_version: None,
    };
    let server = server(&shared, &mut definition, environment, at, errors)?;
    let server = server.with_api(Some(NacosApi::Acm));
    let mut server = server.with_long_poll(written.long_poll);
    if let Some(addresses) = written.addresses() {
        let names = ["x-envoy-original-dst-host"];
        let suggestion = "remove it: it holds the address of the server";
        refuse_headers(&names, suggestion, written.endpoint(), at, errors);
        let addresses = endpoint(addresses, environment, &at.field("endpoint"), errors);
        definition.endpoint(&addresses);
        server = server.with_addresses(addresses);
    }
    let data_id = (&*written.data_id, written.format);
    content(source, server, data_id, definition, at, errors)
}

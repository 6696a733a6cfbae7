//! `postern ecds`: a policy as the resource that plain Envoy takes by ECDS.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::exit::{ExitStatus, Failure};
use crate::input;
use crate::output::print_line;
use crate::yaml::{SyntaxError, YamlDocument};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  postern ecds policy.yaml --module /etc/envoy/postern.wasm > ecds.json"
)]
pub(crate) struct Ecds {
    /// The file of the policy. `-` is standard input.
    policy: PathBuf,
    /// The path of the module, as Envoy finds it.
    #[arg(long, default_value = "dist/postern.wasm")]
    module: PathBuf,
    /// The name of the resource. It is the name of the HTTP filter in the listener.
    #[arg(long, default_value = "postern")]
    name: String,
    /// The ID of the VM. Filters with the same ID and the same module share a VM and its documents.
    #[arg(long, default_value = "postern")]
    vm_id: String,
}

impl Ecds {
    pub(crate) fn run(&self) -> Result<ExitStatus, Failure> {
        let resource = resource(&json(&self.policy)?, &self.module, &self.name, &self.vm_id);
        print_line(&format!("{resource:#}"))?;
        Ok(ExitStatus::Success)
    }
}

/// A DiscoveryResponse with one TypedExtensionConfig in it.
fn resource(policy: &str, module: &Path, name: &str, vm_id: &str) -> Value {
    const TYPES: &str = "type.googleapis.com";
    json!({"resources": [{
        "@type": format!("{TYPES}/envoy.config.core.v3.TypedExtensionConfig"),
        "name": name,
        "typed_config": {
            "@type": format!("{TYPES}/envoy.extensions.filters.http.wasm.v3.Wasm"),
            "config": {
                "name": name,
                "root_id": name,
                // After a trap Envoy makes a new VM. By default it refuses all requests until the next push.
                "failure_policy": "FAIL_RELOAD",
                "configuration": {"@type": format!("{TYPES}/google.protobuf.StringValue"), "value": policy},
                "vm_config": {
                    "vm_id": vm_id,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                },
            },
        },
    }]})
}

/// A file of YAML or JSON as JSON text, with the fields in their order.
fn json(path: &Path) -> Result<String, Failure> {
    let text = input::read_text(path)?;
    let failure = |error: SyntaxError| Failure(format!("{}:{error}", path.display()));
    let document = YamlDocument::only(&text).map_err(failure)?;
    document.refuse(&document.root).map_err(failure)?;
    Ok(document.to_json(&document.root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_the_policy_as_text() {
        let policy = r#"{"unmatched": {"pass": {}}, "routes": []}"#;
        let resource = resource(policy, Path::new("m.wasm"), "gate", "vm");
        let config = &resource["resources"][0]["typed_config"]["config"];
        assert_eq!(config["configuration"]["value"], policy);
        assert_eq!(config["failure_policy"], "FAIL_RELOAD");
        assert_eq!(config["vm_config"]["code"]["local"]["filename"], "m.wasm");
    }
}

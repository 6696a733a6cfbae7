//! `postern ecds`: a policy as the resource that plain Envoy takes.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::file;
use crate::verb::{Failure, Verdict, say};
use crate::yaml::{Document, SyntaxError};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  postern ecds policy.yaml --module /etc/envoy/postern.wasm > ecds.json"
)]
pub(crate) struct Ecds {
    /// The policy's file; `-` is standard input.
    policy: PathBuf,
    /// The module's file, as Envoy is to find it.
    #[arg(long, default_value = "dist/postern.wasm")]
    module: PathBuf,
    /// The name of the resource: that of the HTTP filter in the listener.
    #[arg(long, default_value = "postern")]
    name: String,
    /// The VM's name. Filters with the same one and the same module share what they learn.
    #[arg(long, default_value = "postern")]
    vm_id: String,
}

impl Ecds {
    pub(crate) fn run(&self) -> Result<Verdict, Failure> {
        let resource = resource(&json(&self.policy)?, &self.module, &self.name, &self.vm_id);
        say(&format!("{resource:#}"))?;
        Ok(Verdict::Good)
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
                // After a trap the gate is shut for a moment, and not until the next push.
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

/// A file of YAML or JSON as JSON text. The fields keep their order.
fn json(path: &Path) -> Result<String, Failure> {
    let text = file::text(path)?;
    let failure = |error: SyntaxError| Failure(format!("{}:{error}", path.display()));
    let document = Document::only(&text).map_err(failure)?;
    document.refuse(&document.root).map_err(failure)?;
    Ok(document.to_json(&document.root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_travels_as_text() {
        let policy = r#"{"unmatched": {"pass": {}}, "routes": []}"#;
        let resource = resource(policy, Path::new("m.wasm"), "gate", "vm");
        let config = &resource["resources"][0]["typed_config"]["config"];
        assert_eq!(config["configuration"]["value"], policy);
        assert_eq!(config["failure_policy"], "FAIL_RELOAD");
        assert_eq!(config["vm_config"]["code"]["local"]["filename"], "m.wasm");
    }
}

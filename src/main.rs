//! The tool `postern`.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

/// Works with Postern's policies on the command line.
#[derive(Debug, Parser)]
#[command(name = "postern", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints a policy (YAML or JSON) as the resource that plain Envoy takes by ECDS, as JSON.
    ///
    /// Envoy hands a policy to the filter as text, so it is put into a StringValue. The policy isn't judged here: the
    /// filter does that, and Envoy's log has what it says.
    Ecds {
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
    },
}

/// What went wrong, for a person to read.
#[derive(Debug)]
struct Failure(String);

fn main() -> ExitCode {
    let Command::Ecds {
        policy,
        module,
        name,
        vm_id,
    } = Arguments::parse().command;
    match ecds(&policy, &module, &name, &vm_id) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(reason)) => {
            // Where even that can't be said there is nobody to say it to.
            let _ = writeln!(io::stderr(), "postern: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn ecds(policy: &Path, module: &Path, name: &str, vm_id: &str) -> Result<(), Failure> {
    let resource = resource(&read(policy)?, module, name, vm_id);
    writeln!(io::stdout(), "{resource:#}")
        .map_err(|error| Failure(format!("standard output: {error}")))
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

/// A file of YAML, of which JSON is a part, as JSON text. Fields keep their order.
fn read(path: &Path) -> Result<String, Failure> {
    let failure = |error: &dyn std::error::Error| Failure(format!("{}: {error}", path.display()));
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let text = text.map_err(|error| failure(&error))?;
    let policy: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&text).map_err(|error| failure(&error))?;
    serde_json::to_string(&policy).map_err(|error| failure(&error))
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
        assert_eq!(config["vm_config"]["code"]["local"]["filename"], "m.wasm");
    }
}

//! Where policies stand in the files that hold them: Envoy's own configuration, and the resources of Istio and Envoy
//! Gateway.

use postern::config::{Config, Record};

use crate::yaml::{Node, Position, Value, read_json};

/// What was found in a document.
#[derive(Debug)]
pub(crate) struct Found<'t, 'a> {
    /// The resource that holds it, for a person to read; empty for a plain policy.
    pub(crate) wrapper: String,
    pub(crate) held: Held<'t, 'a>,
}

/// A policy, or what stands in its place.
#[derive(Debug)]
pub(crate) enum Held<'t, 'a> {
    /// A policy as part of the document.
    Policy(&'t Node<'a>),
    /// A policy as text.
    Text(&'t Node<'a>),
    /// A configuration that the filter can't read, and what would be right.
    Wrong(Position, &'static str, &'static str),
    /// Another module's configuration.
    Foreign(Position),
}

/// The kinds of Kubernetes that hold one configuration, and the ways to it.
const KINDS: [(&str, &[&str]); 2] = [
    ("WasmPlugin", &["spec"]),
    ("TrafficExtension", &["spec", "wasm"]),
];

/// Fields by which a configuration of Envoy is known from a policy.
const ENVOYS: [&str; 14] = [
    "@type",
    "static_resources",
    "staticResources",
    "dynamic_resources",
    "dynamicResources",
    "resources",
    "typed_config",
    "typedConfig",
    "filter_chains",
    "filterChains",
    "http_filters",
    "httpFilters",
    "node",
    "admin",
];

/// Everything that a document holds; nothing where it is a resource of another kind.
pub(crate) fn find<'t, 'a>(document: &'t Node<'a>) -> Vec<Found<'t, 'a>> {
    let mut found = Vec::new();
    if let Some(kind) = document.field(&["kind"]).and_then(Node::as_text) {
        if document.entry(&["apiVersion"]).is_some() {
            kubernetes(document, kind, &mut found);
            return found;
        }
    }
    if ENVOYS.iter().any(|name| document.entry(&[name]).is_some()) {
        filters(document, "", &mut found);
        return found;
    }
    vec![Found {
        wrapper: String::new(),
        held: Held::Policy(document),
    }]
}

fn kubernetes<'t, 'a>(resource: &'t Node<'a>, kind: &str, found: &mut Vec<Found<'t, 'a>>) {
    let label = label(resource, kind);
    if let Some((_, way)) = KINDS.iter().find(|(name, _)| *name == kind) {
        let mut plugin = Some(resource);
        for step in *way {
            plugin = plugin.and_then(|tree| tree.field(&[step]));
        }
        // A TrafficExtension may hold Lua instead.
        if let Some(plugin) = plugin {
            found.push(Found {
                wrapper: label,
                held: plugin_config(plugin, "pluginConfig"),
            });
        }
        return;
    }
    match kind {
        "EnvoyExtensionPolicy" => {
            let wasm = resource
                .field(&["spec"])
                .and_then(|spec| spec.field(&["wasm"]));
            if let Some(Value::List(extensions)) = wasm.map(|wasm| &wasm.value) {
                for extension in extensions {
                    found.push(Found {
                        wrapper: label.clone(),
                        held: plugin_config(extension, "config"),
                    });
                }
            }
        }
        "EnvoyFilter" => filters(resource, &label, found),
        _ if kind.ends_with("List") => {
            if let Some(Value::List(items)) = resource.field(&["items"]).map(|items| &items.value) {
                items.iter().for_each(|item| found.extend(find(item)));
            }
        }
        _ => {}
    }
}

/// `KIND NAMESPACE/NAME`.
fn label(resource: &Node<'_>, kind: &str) -> String {
    let meta = |name: &str| {
        let metadata = resource.field(&["metadata"])?;
        metadata.field(&[name])?.as_text()
    };
    match (meta("namespace"), meta("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind.to_owned(),
    }
}

/// The configuration in a custom resource: a map, which its controller turns into text.
fn plugin_config<'t, 'a>(plugin: &'t Node<'a>, field: &str) -> Held<'t, 'a> {
    let config = plugin.field(&[field]);
    if !is_ours(plugin, config, field) {
        return Held::Foreign(plugin.at);
    }
    match config.map(|config| (&config.value, config)) {
        Some((Value::Map(_), config)) => Held::Policy(config),
        Some((_, config)) => {
            Held::Wrong(config.at, "the policy is no map", "write its fields here")
        }
        None => Held::Wrong(
            plugin.at,
            "there is no policy",
            "write it as the extension's configuration",
        ),
    }
}

/// Every Wasm filter's configuration in a configuration of Envoy, however deep.
fn filters<'t, 'a>(tree: &'t Node<'a>, label: &str, found: &mut Vec<Found<'t, 'a>>) {
    match &tree.value {
        Value::Literal(_) | Value::Text(..) => {}
        Value::List(list) => list.iter().for_each(|tree| filters(tree, label, found)),
        Value::Map(entries) => {
            if tree.entry(&["vm_config", "vmConfig"]).is_some() {
                found.push(Found {
                    wrapper: plugin_label(tree, label),
                    held: any(tree),
                });
                return;
            }
            for entry in entries {
                filters(&entry.node, label, found);
            }
        }
    }
}

fn plugin_label(plugin: &Node<'_>, label: &str) -> String {
    let name = plugin.field(&["name"]).and_then(Node::as_text);
    let name = name.filter(|name| !name.is_empty());
    match (label, name) {
        ("", Some(name)) => format!("filter {name}"),
        ("", None) => "filter".to_owned(),
        (label, Some(name)) => format!("{label}, filter {name}"),
        (label, None) => label.to_owned(),
    }
}

/// The configuration of one Wasm filter: an `Any`, which must be a StringValue for the filter to read it.
fn any<'t, 'a>(plugin: &'t Node<'a>) -> Held<'t, 'a> {
    let Some(config) = plugin.field(&["configuration"]) else {
        return if is_ours(plugin, None, "configuration") {
            Held::Wrong(
                plugin.at,
                "there is no policy",
                "write it into `configuration`, as a StringValue",
            )
        } else {
            Held::Foreign(plugin.at)
        };
    };
    let value = config.field(&["value"]);
    if !is_ours(plugin, value, "configuration") {
        return Held::Foreign(plugin.at);
    }
    let kind = config
        .field(&["@type"])
        .and_then(Node::as_text)
        .unwrap_or_default();
    match (kind.rsplit('.').next(), value) {
        (Some("StringValue"), Some(value)) if value.as_text().is_some() => Held::Text(value),
        _ => Held::Wrong(
            config.at,
            "the filter reads its policy from a StringValue only",
            "`{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: …}`, as `postern ecds` writes it",
        ),
    }
}

/// Whether a configuration is Postern's: something around it says so, or it has a policy's fields.
fn is_ours(plugin: &Node<'_>, config: Option<&Node<'_>>, field: &str) -> bool {
    let Value::Map(entries) = &plugin.value else {
        return false;
    };
    let named = entries
        .iter()
        .any(|entry| entry.key != field && says_postern(&entry.node));
    named || config.is_some_and(looks_like_policy)
}

fn says_postern(tree: &Node<'_>) -> bool {
    match &tree.value {
        Value::Literal(_) => false,
        Value::Text(text, _) => text.contains("postern"),
        Value::List(list) => list.iter().any(says_postern),
        Value::Map(entries) => entries.iter().any(|entry| says_postern(&entry.node)),
    }
}

fn looks_like_policy(config: &Node<'_>) -> bool {
    match &config.value {
        Value::Map(entries) => entries
            .iter()
            .any(|entry| Config::FIELDS.iter().any(|field| field.name == entry.key)),
        Value::Text(text, _) => match read_json(text) {
            Ok(tree) => tree.as_text().is_none() && looks_like_policy(&tree),
            Err(_) => text.contains("routes"),
        },
        Value::Literal(_) | Value::List(_) => false,
    }
}

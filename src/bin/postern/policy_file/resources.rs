//! Finds policies in the files that hold them: Envoy's own configuration, and the resources of Istio and Envoy Gateway.

use postern::config::{Config, Record};

use crate::yaml::{Node, Position, Value, read_json};

/// A policy that was found in a document, or what is there instead.
#[derive(Debug)]
pub(crate) struct Found<'t, 'a> {
    /// The resource that holds it, as messages name it. Empty for a plain policy.
    pub(crate) wrapper: String,
    pub(crate) content: Content<'t, 'a>,
}

/// The configuration of a Wasm filter.
#[derive(Debug)]
pub(crate) enum Content<'t, 'a> {
    /// A policy as part of the document.
    Policy(&'t Node<'a>),
    /// A policy as text.
    Text(&'t Node<'a>),
    /// A configuration that the filter can't read.
    Invalid {
        at: Position,
        reason: &'static str,
        suggestion: &'static str,
    },
    /// The configuration of another module.
    OtherModule(Position),
}

/// The Kubernetes kinds that hold one configuration, and the fields that lead to it.
const KINDS: [(&str, &[&str]); 2] = [
    ("WasmPlugin", &["spec"]),
    ("TrafficExtension", &["spec", "wasm"]),
];

/// Fields that a configuration of Envoy has and a policy hasn't.
const ENVOY_FIELDS: [&str; 14] = [
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

/// Every policy in a document. A resource of another kind has none.
pub(crate) fn find<'t, 'a>(document: &'t Node<'a>) -> Vec<Found<'t, 'a>> {
    let mut found = Vec::new();
    if let Some(kind) = document.field(&["kind"]).and_then(Node::as_text) {
        if document.entry(&["apiVersion"]).is_some() {
            kubernetes(document, kind, &mut found);
            return found;
        }
    }
    if ENVOY_FIELDS
        .iter()
        .any(|name| document.entry(&[name]).is_some())
    {
        filters(document, "", &mut found);
        return found;
    }
    vec![Found {
        wrapper: String::new(),
        content: Content::Policy(document),
    }]
}

fn kubernetes<'t, 'a>(resource: &'t Node<'a>, kind: &str, found: &mut Vec<Found<'t, 'a>>) {
    let label = label(resource, kind);
    if let Some((_, fields)) = KINDS.iter().find(|(name, _)| *name == kind) {
        let mut plugin = Some(resource);
        for field in *fields {
            plugin = plugin.and_then(|node| node.field(&[field]));
        }
        // A TrafficExtension can hold Lua instead.
        if let Some(plugin) = plugin {
            found.push(Found {
                wrapper: label,
                content: plugin_config(plugin, "pluginConfig"),
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
                        content: plugin_config(extension, "config"),
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

/// The configuration in a custom resource: a map. The controller makes text of it.
fn plugin_config<'t, 'a>(plugin: &'t Node<'a>, field: &str) -> Content<'t, 'a> {
    let config = plugin.field(&[field]);
    if !is_postern(plugin, config, field) {
        return Content::OtherModule(plugin.at);
    }
    match config.map(|config| (&config.value, config)) {
        Some((Value::Map(_), config)) => Content::Policy(config),
        Some((_, config)) => Content::Invalid {
            at: config.at,
            reason: "the policy is not a map",
            suggestion: "write its fields here",
        },
        None => Content::Invalid {
            at: plugin.at,
            reason: "there is no policy",
            suggestion: "write it as the extension's configuration",
        },
    }
}

/// Finds the configuration of every Wasm filter in a configuration of Envoy, at any depth.
fn filters<'t, 'a>(node: &'t Node<'a>, label: &str, found: &mut Vec<Found<'t, 'a>>) {
    match &node.value {
        Value::Literal(_) | Value::Text(..) => {}
        Value::List(list) => list.iter().for_each(|node| filters(node, label, found)),
        Value::Map(entries) => {
            if node.entry(&["vm_config", "vmConfig"]).is_some() {
                found.push(Found {
                    wrapper: plugin_label(node, label),
                    content: envoy_config(node),
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

/// The configuration of one Wasm filter: an `Any`, which must hold a StringValue.
fn envoy_config<'t, 'a>(plugin: &'t Node<'a>) -> Content<'t, 'a> {
    let Some(config) = plugin.field(&["configuration"]) else {
        return if is_postern(plugin, None, "configuration") {
            Content::Invalid {
                at: plugin.at,
                reason: "there is no policy",
                suggestion: "write it into `configuration`, as a StringValue",
            }
        } else {
            Content::OtherModule(plugin.at)
        };
    };
    let value = config.field(&["value"]);
    if !is_postern(plugin, value, "configuration") {
        return Content::OtherModule(plugin.at);
    }
    let kind = config
        .field(&["@type"])
        .and_then(Node::as_text)
        .unwrap_or_default();
    match (kind.rsplit('.').next(), value) {
        (Some("StringValue"), Some(value)) if value.as_text().is_some() => Content::Text(value),
        _ => Content::Invalid {
            at: config.at,
            reason: "the filter reads its policy from a StringValue only",
            suggestion: "`{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: …}`, as `postern ecds` writes it",
        },
    }
}

/// Whether a configuration is Postern's: the text `postern` is somewhere around it, or it has a policy's fields.
fn is_postern(plugin: &Node<'_>, config: Option<&Node<'_>>, field: &str) -> bool {
    let Value::Map(entries) = &plugin.value else {
        return false;
    };
    let named = entries
        .iter()
        .any(|entry| entry.key != field && mentions_postern(&entry.node));
    named || config.is_some_and(looks_like_policy)
}

fn mentions_postern(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Literal(_) => false,
        Value::Text(text, _) => text.contains("postern"),
        Value::List(list) => list.iter().any(mentions_postern),
        Value::Map(entries) => entries.iter().any(|entry| mentions_postern(&entry.node)),
    }
}

fn looks_like_policy(config: &Node<'_>) -> bool {
    match &config.value {
        Value::Map(entries) => entries
            .iter()
            .any(|entry| Config::FIELDS.iter().any(|field| field.name == entry.key)),
        Value::Text(text, _) => match read_json(text) {
            Ok(node) => node.as_text().is_none() && looks_like_policy(&node),
            Err(_) => text.contains("routes"),
        },
        Value::Literal(_) | Value::List(_) => false,
    }
}

//! What matters of an application.

use serde_json::{Map, Value};

use crate::sort::sort_by;

/// What changes although the instance is the same, or differs from server to server; and what stands above the instances.
const NOISE: [&str; 6] = [
    "leaseInfo",
    "lastUpdatedTimestamp",
    "lastDirtyTimestamp",
    "actionType",
    "isCoordinatingDiscoveryServer",
    "app",
];

/// Instances are sorted by these.
const ORDER: [&str; 3] = ["instanceId", "hostName", "port"];

/// The document of an answer: the name of the application, and its instances in an order of their own. `None` if it is none of
/// Eureka.
pub(super) fn application(mut answer: Value) -> Option<Value> {
    let application = answer.get_mut("application")?;
    let name = application.get_mut("name")?.take();
    let is_name = name.is_string();
    let mut instances = application.get_mut("instance")?.take();
    if instances.is_object() {
        // Old servers write one instance without a list.
        instances = Value::Array(vec![instances]);
    }
    let Value::Array(instances) = instances else {
        return None;
    };
    let instances: Option<Vec<Value>> = instances.into_iter().map(instance).collect();
    let mut instances = instances.filter(|_| is_name)?;
    sort_by(&mut instances, |one, other| {
        let mut orders = ORDER.iter().map(|name| {
            let [one, other] = [one, other].map(|instance| text(instance.get(*name)));
            one.cmp(&other)
        });
        orders
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    // Not collected: that would add a sort to the module.
    let mut members = Map::new();
    members.insert("application".to_owned(), name);
    members.insert("instances".to_owned(), Value::Array(instances));
    Some(Value::Object(members))
}

fn text(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).map(str::to_owned);
    text.unwrap_or_else(|| value.map_or_else(String::new, Value::to_string))
}

/// What matters of an instance. `None` if it is no map. Maps are made anew, because to remove members from one would add 6 kB to
/// the module.
fn instance(instance: Value) -> Option<Value> {
    let Value::Object(members) = instance else {
        return None;
    };
    let mut kept = Map::new();
    for (name, value) in members {
        let value = match name.as_str() {
            noise if NOISE.contains(&noise) => None,
            "port" | "securePort" => port(value),
            "metadata" | "dataCenterInfo" => Some(without_class(value)),
            _ => Some(value),
        };
        if let Some(value) = value {
            kept.insert(name, value);
        }
    }
    Some(Value::Object(kept))
}

/// The number of a port that is in use.
fn port(mut written: Value) -> Option<Value> {
    let Value::Object(port) = &mut written else {
        return Some(written);
    };
    let is_off = match port.get("@enabled") {
        Some(Value::String(text)) => text == "false",
        Some(other) => *other == Value::Bool(false),
        None => false,
    };
    let number = port.get_mut("$").map(Value::take);
    number.filter(|_| !is_off)
}

/// Leaves out what only a Java program reads.
fn without_class(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let mut kept = Map::new();
    for (name, value) in members {
        if name != "@class" {
            kept.insert(name, value);
        }
    }
    Value::Object(kept)
}

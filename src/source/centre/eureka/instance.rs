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
    let members = [
        ("application".to_owned(), name),
        ("instances".to_owned(), Value::Array(instances)),
    ];
    Some(Value::Object(members.into_iter().collect()))
}

fn text(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).map(str::to_owned);
    text.unwrap_or_else(|| value.map_or_else(String::new, Value::to_string))
}

/// What matters of an instance. `None` if it is no map.
fn instance(instance: Value) -> Option<Value> {
    let Value::Object(mut members) = instance else {
        return None;
    };
    for name in NOISE {
        members.remove(name);
    }
    for name in ["port", "securePort"] {
        if let Some(port) = members.remove(name).and_then(port) {
            members.insert(name.to_owned(), port);
        }
    }
    for name in ["metadata", "dataCenterInfo"] {
        if let Some(Value::Object(inner)) = members.get_mut(name) {
            without_class(inner);
        }
    }
    Some(Value::Object(members))
}

/// The number of a port that is in use.
fn port(written: Value) -> Option<Value> {
    let Value::Object(mut port) = written else {
        return Some(written);
    };
    let is_off = match port.get("@enabled") {
        Some(Value::String(text)) => text == "false",
        Some(other) => *other == Value::Bool(false),
        None => false,
    };
    port.remove("$").filter(|_| !is_off)
}

/// Leaves out what only a Java program reads.
fn without_class(map: &mut Map<String, Value>) {
    map.remove("@class");
}

//! A checker for the part of JSON Schema (2020-12) that the tool's schema uses. Another keyword fails the test. Published
//! checkers have many dependencies.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

pub(crate) struct Checker {
    schema: Value,
    patterns: RefCell<BTreeMap<String, Regex>>,
}

impl Checker {
    pub(crate) fn new(schema: Value) -> Self {
        Self {
            schema,
            patterns: RefCell::default(),
        }
    }

    /// Whether the schema accepts `value`.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        self.fits(&self.schema, value)
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let Value::Object(schema) = schema else {
            return schema.as_bool().expect("a schema is a map or a boolean");
        };
        schema
            .iter()
            .all(|(word, argument)| self.holds(schema, word, argument, value))
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn holds(
        &self,
        schema: &Map<String, Value>,
        word: &str,
        argument: &Value,
        value: &Value,
    ) -> bool {
        let list = || argument.as_array().expect("a list").iter();
        let number = || argument.as_f64().expect("a number");
        match word {
            "$schema" | "$defs" | "title" | "description" | "default" | "then" | "else"
            | "properties" => match (word, value) {
                ("properties", Value::Object(map)) => self.properties(argument, map),
                _ => true,
            },
            "$ref" => {
                let pointer = argument.as_str().unwrap().strip_prefix('#').unwrap();
                self.fits(self.schema.pointer(pointer).expect(pointer), value)
            }
            "type" => is_a(argument.as_str().unwrap(), value),
            "const" => same(argument, value),
            "enum" => list().any(|one| same(one, value)),
            "allOf" => list().all(|one| self.fits(one, value)),
            "anyOf" => list().any(|one| self.fits(one, value)),
            "oneOf" => list().filter(|one| self.fits(one, value)).count() == 1,
            "not" => !self.fits(argument, value),
            "if" => {
                let next = if self.fits(argument, value) {
                    "then"
                } else {
                    "else"
                };
                schema.get(next).is_none_or(|next| self.fits(next, value))
            }
            "pattern" => value
                .as_str()
                .is_none_or(|text| self.matches(argument.as_str().unwrap(), text)),
            "minLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() as f64 >= number()),
            "minimum" => value.as_f64().is_none_or(|value| value >= number()),
            "maximum" => value.as_f64().is_none_or(|value| value <= number()),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| self.fits(argument, item))),
            "minItems" => value
                .as_array()
                .is_none_or(|items| items.len() as f64 >= number()),
            "required" => value
                .as_object()
                .is_none_or(|map| list().all(|name| map.contains_key(name.as_str().unwrap()))),
            "dependentRequired" => value.as_object().is_none_or(|map| {
                let rules = argument.as_object().unwrap().iter();
                rules
                    .filter(|(name, _)| map.contains_key(*name))
                    .all(|(_, needed)| {
                        needed
                            .as_array()
                            .unwrap()
                            .iter()
                            .all(|name| map.contains_key(name.as_str().unwrap()))
                    })
            }),
            "propertyNames" => value.as_object().is_none_or(|map| {
                map.keys()
                    .all(|name| self.fits(argument, &Value::from(name.as_str())))
            }),
            "additionalProperties" => value.as_object().is_none_or(|map| {
                let known = schema.get("properties").and_then(Value::as_object);
                let mut others = map
                    .iter()
                    .filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
                others.all(|(_, value)| self.fits(argument, value))
            }),
            "minProperties" => value
                .as_object()
                .is_none_or(|map| map.len() as f64 >= number()),
            "maxProperties" => value
                .as_object()
                .is_none_or(|map| map.len() as f64 <= number()),
            _ => panic!("unknown keyword `{word}`"),
        }
    }

    fn properties(&self, schemas: &Value, map: &Map<String, Value>) -> bool {
        map.iter().all(|(name, value)| {
            schemas
                .get(name)
                .is_none_or(|schema| self.fits(schema, value))
        })
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        // ECMAScript writes `\u0000`.
        let read = || Regex::new(&pattern.replace("\\u00", "\\x")).expect(pattern);
        patterns
            .entry(pattern.to_owned())
            .or_insert_with(read)
            .is_match(text)
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => panic!("unknown type `{kind}`"),
    }
}

/// Whether two values are equal. Numbers are compared by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => left == right,
    }
}

//! `postern schema`: the policy language as a JSON Schema (2020-12), made from the tables that the decoder is made from.

mod types;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use postern::config::{Field, FieldRule, Presence, RESERVED_LOOKUPS, TypeSchema};
use serde_json::{Map, Value, json};

use self::types::{
    TOKEN, VARIABLE, filled, header, json_path, line, list, many, map, own_header, scalar, weights,
};
use crate::exit::{ExitStatus, Failure};
use crate::output::print_line;

const EXAMPLES: &str = "\
Examples:
  postern schema > postern-policy.schema.json
  # and at the top of a policy, for editors:
  # yaml-language-server: $schema=./postern-policy.schema.json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Schema {}

impl Schema {
    pub(crate) fn run(&self) -> Result<ExitStatus, Failure> {
        print_line(&format!("{:#}", schema()?))?;
        Ok(ExitStatus::Success)
    }
}

/// The schema.
fn schema() -> Result<Value, Failure> {
    let mut definitions: BTreeMap<String, Value> = BTreeMap::new();
    let mut writer = Writer::default();
    writer.needed.insert("Config".to_owned());
    while let Some(name) = writer.needed.pop_first() {
        if let Entry::Vacant(entry) = definitions.entry(name) {
            let definition = writer.definition(entry.key())?;
            entry.insert(definition);
        }
    }
    definitions.insert("HoldsVariable".to_owned(), holds_variable());
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy of Postern",
        "$ref": "#/$defs/Config",
        "$defs": definitions,
    }))
}

/// Writes definitions, and collects the names of the definitions that they refer to.
#[derive(Debug, Default)]
struct Writer {
    needed: BTreeSet<String>,
}

impl Writer {
    fn reference(&mut self, name: &str) -> Value {
        self.needed.insert(name.to_owned());
        json!({"$ref": format!("#/$defs/{name}")})
    }

    /// The definition of a type: from its tables, or by hand if it has a decoder of its own.
    fn definition(&mut self, name: &str) -> Result<Value, Failure> {
        match TypeSchema::of(name) {
            Some(TypeSchema::Record(fields, rules)) => {
                let mut record = self.record(fields, rules)?;
                add_conditions(name, &mut record);
                Ok(record)
            }
            Some(TypeSchema::Choice(words)) => {
                let word = |word: &postern::config::Keyword| json!({"const": word.name, "description": word.docs.trim()});
                Ok(json!({"oneOf": words.iter().map(word).collect::<Vec<_>>()}))
            }
            None => match name {
                "Requirement" => Ok(json!({"anyOf": [
                    {"type": "string", "minLength": 1, "description": "`none`, or a provider's name"},
                    self.reference("Combination"),
                ]})),
                "LookupValue" => {
                    Ok(json!({"anyOf": [json_path(), self.reference("WrittenLookupValue")]}))
                }
                "Among" => Ok(json!({"anyOf": [list(json!({}), 1), self.reference("ListRef")]})),
                "MergePart" => Ok(json!({"anyOf": [line(), self.reference("WrittenMergePart")]})),
                "HttpBody" => {
                    Ok(json!({"anyOf": [{"type": "string"}, self.reference("WrittenHttpBody")]}))
                }
                "LookupKey" => Ok(json!({"anyOf": [line(), self.reference("WrittenKeyPath")]})),
                "Upstream" => Ok(json!({"anyOf": [line(), self.reference("WrittenUpstream")]})),
                "UpstreamChoice" => Ok(json!({"anyOf": [line(), self.reference("Split")]})),
                "Weights" => Ok(json!({"anyOf": [weights(), line()]})),
                "DrawBy" => Ok(json!({"anyOf": [
                    {"enum": ["random", "consumer", "address"]},
                    self.reference("WrittenDrawBy"),
                ]})),
                "PathRewrite" => {
                    Ok(json!({"anyOf": [line(), self.reference("WrittenPathRewrite")]}))
                }
                "RedirectQuery" => Ok(json!({"anyOf": [
                    {"enum": ["keep", "drop"]},
                    self.reference("QueryEdits"),
                ]})),
                "ResponseBlocks" => {
                    let block = self.reference("ResponseEdits");
                    Ok(json!({"anyOf": [block, list(block, 1)]}))
                }
                "TextOrEnv" => Ok(json!({"anyOf": [line(), {
                    "type": "object",
                    "properties": {"env": line()},
                    "required": ["env"],
                    "additionalProperties": false,
                }]})),
                "Accepted" => Ok(json!({"anyOf": [
                    line(),
                    list(json!({"allOf": [line(), {"not": {"const": "any"}}]}), 1),
                ]})),
                "InlineKeys" => Ok(json!({})),
                "Percent" => Ok(json!({"type": "string", "pattern": "^0*(100|[0-9]{1,2})%$"})),
                "Pass" => Ok(json!({"type": "object", "maxProperties": 0})),
                _ => Err(Failure(format!("the schema doesn't know the type {name}"))),
            },
        }
    }

    fn record(&mut self, fields: &[Field], rules: &[FieldRule]) -> Result<Value, Failure> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let reader = field.reader.map(|reader| reader.replace(' ', ""));
            let mut property = match &reader {
                Some(reader) => self.read_by(reader, &field.kind.replace(' ', ""))?,
                None => self.kind(&field.kind.replace(' ', ""))?,
            };
            if let Value::Object(property) = &mut property {
                let docs: Vec<_> = field.docs.lines().map(str::trim).collect();
                property.insert("description".into(), docs.join(" ").trim().into());
                if let Presence::Default(default) = field.presence {
                    let default = serde_json::from_str(default).unwrap_or(Value::Null);
                    property.insert("default".into(), default);
                }
            }
            if field.presence == Presence::Required {
                required.push(field.name);
            }
            properties.insert(field.name.to_owned(), property);
        }
        let mut all: Vec<Value> = rules.iter().flat_map(rule).collect();
        let mut record = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if let Value::Object(record) = &mut record {
            if !required.is_empty() {
                record.insert("required".into(), json!(required));
            }
            if !all.is_empty() {
                all.dedup();
                record.insert("allOf".into(), all.into());
            }
        }
        Ok(record)
    }

    /// The schema of a Rust type.
    fn kind(&mut self, kind: &str) -> Result<Value, Failure> {
        let inner = |outer: &str| kind.strip_prefix(outer)?.strip_suffix('>');
        if let Some(inner) = inner("Option<").or_else(|| inner("Box<")) {
            return self.kind(inner);
        }
        if let Some(named) = inner("Vec<Named<").and_then(|inner| inner.strip_suffix('>')) {
            let value = self.kind(named)?;
            return Ok(map(json!({"minLength": 1}), value));
        }
        if let Some(inner) = inner("Vec<") {
            return Ok(list(self.kind(inner)?, 0));
        }
        Ok(match kind {
            "String" => json!({"type": "string"}),
            "bool" => json!({"type": "boolean"}),
            // Any value. It is a map, so that a description can be added.
            "serde_json::Value" => json!({}),
            name => self.reference(name),
        })
    }

    /// The schema of what a named decoder takes.
    fn read_by(&mut self, reader: &str, kind: &str) -> Result<Value, Failure> {
        let (name, bounds) = reader.split_once("::<").unwrap_or((reader, ""));
        if let Some(text) = scalar(name, bounds).or_else(|| many(name)) {
            return Ok(text);
        }
        Ok(match name {
            "distinct" => self.kind(kind)?,
            "merge_parts" => {
                let part = self.reference("MergePart");
                list(part, 1)
            }
            "non_empty" => {
                let mut list = self.kind(kind)?;
                if let Value::Object(list) = &mut list {
                    list.insert("minItems".into(), 1.into());
                }
                list
            }
            "tests_of_claims" => map(json!({"minLength": 1}), self.reference("ClaimTest")),
            "headers_of_claims" => map(own_header(), json_path()),
            "secret_headers" => map(own_header(), self.reference("TextOrEnv")),
            "header_matches" => {
                let field = self.reference("FieldMatch");
                list(
                    json!({"allOf": [field, {"properties": {"name": header()}}]}),
                    0,
                )
            }
            "query_matches" => list(self.reference("FieldMatch"), 0),
            "named_providers" => {
                let value = self.reference("Provider");
                map(json!({"minLength": 1, "not": {"const": "none"}}), value)
            }
            "lookups" => {
                let value = self.reference("Lookup");
                let names = json!({"pattern": VARIABLE, "not": {"enum": RESERVED_LOOKUPS}});
                map(names, value)
            }
            "lookup_values" => {
                let value = self.reference("LookupValue");
                filled(map(json!({"pattern": VARIABLE}), value))
            }
            "some" => self.requirements(),
            "one_or_some" => json!({"anyOf": [self.requirements(), self.requirement()]}),
            _ => {
                return Err(Failure(format!(
                    "the schema doesn't know the decoder {name}"
                )));
            }
        })
    }

    /// A requirement within another one. It can't be `none`.
    fn requirement(&mut self) -> Value {
        json!({"allOf": [self.reference("Requirement"), {"not": {"const": "none"}}]})
    }

    fn requirements(&mut self) -> Value {
        list(self.requirement(), 1)
    }
}

/// The schemas of a rule on the names of fields.
fn rule(rule: &FieldRule) -> Vec<Value> {
    let required = |names: &[&str]| json!({"required": names});
    let apart = |left: &str, right: &str| json!({"not": {"required": [left, right]}});
    match rule {
        FieldRule::One(names) => {
            let each: Vec<_> = names.iter().map(|name| required(&[name])).collect();
            vec![json!({"oneOf": each})]
        }
        FieldRule::AtLeastOne(names) => {
            let each: Vec<_> = names.iter().map(|name| required(&[name])).collect();
            vec![json!({"anyOf": each})]
        }
        FieldRule::AtMostOne(names) => {
            let pairs = names.iter().enumerate().flat_map(|(at, left)| {
                let later = names.iter().skip(at.saturating_add(1));
                later.map(move |right| (left, right))
            });
            pairs.map(|(left, right)| apart(left, right)).collect()
        }
        FieldRule::Apart(name, others) => others.iter().map(|other| apart(name, other)).collect(),
        FieldRule::Needs(name, needed) => vec![json!({"dependentRequired": {*name: [needed]}})],
        FieldRule::NeedsOne(name, needed) => {
            let each: Vec<_> = needed.iter().map(|name| required(&[name])).collect();
            vec![json!({"if": {"required": [name]}, "then": {"anyOf": each}})]
        }
        FieldRule::Unnamed => Vec::new(),
    }
}

/// The name `Sec-WebSocket-Protocol` in any case.
const SUBPROTOCOLS: &str =
    "^[Ss][Ee][Cc]-[Ww][Ee][Bb][Ss][Oo][Cc][Kk][Ee][Tt]-[Pp][Rr][Oo][Tt][Oo][Cc][Oo][Ll]$";

/// The fields of each kind of source that may hold `${key}`.
const PLACES_OF_KEY: [(&str, &[&str]); 7] = [
    ("http", &["path", "body"]),
    ("etcd", &["key"]),
    ("consul", &["key"]),
    ("eureka", &["application"]),
    ("springCloudConfig", &["application", "label", "file"]),
    ("nacos", &["dataId"]),
    ("acm", &["dataId"]),
];

/// The fields of a request by template that may hold a variable: one of them does.
fn variables() -> Vec<Value> {
    let fields = ["path", "query", "headers", "body"];
    let holds = |name: &&str| {
        let variable = json!({"$ref": "#/$defs/HoldsVariable"});
        json!({"required": [name], "properties": {*name: variable}})
    };
    let mut all: Vec<_> = fields.iter().map(holds).collect();
    let method = json!({"const": "${request.method}"});
    all.push(json!({"required": ["method"], "properties": {"method": method}}));
    all
}

/// A text with a variable, or a value that has one in it.
fn holds_variable() -> Value {
    let own = json!({"$ref": "#/$defs/HoldsVariable"});
    json!({"anyOf": [
        {"type": "string", "pattern": "\\$\\{"},
        {"type": "array", "not": {"items": {"not": own}}},
        {"type": "object", "not": {"additionalProperties": {"not": own}}},
    ]})
}

/// Adds what decoders require and the tables don't say.
fn add_conditions(name: &str, record: &mut Value) {
    let more = match name {
        // A value needs a test.
        "Condition" => json!({
            "if": {"anyOf": [{"required": ["value"]}, {"required": ["lookup"]}, {"required": ["claim"]}]},
            "then": {"anyOf": [
                {"required": ["equals"]},
                {"required": ["in"]},
                {"required": ["contains"]},
                {"required": ["exists"]},
                {"required": ["matches"]},
            ]},
        }),
        // One field holds `${key}` if the source is on demand, and none otherwise. A request by template holds none.
        "Source" => {
            let keyed = json!({"type": "string", "pattern": "\\$\\{key\\}"});
            let (mut one, mut none) = (Map::new(), Map::new());
            for (kind, fields) in PLACES_OF_KEY {
                let holds = |name: &str| json!({"required": [name], "properties": {name: keyed}});
                let each: Vec<_> = fields.iter().map(|name| holds(name)).collect();
                let any = json!({"not": {"anyOf": each}});
                let mut each = each;
                if *kind == *"http" {
                    each.push(json!({"not": {"anyOf": each}, "anyOf": variables()}));
                }
                one.insert(kind.to_owned(), json!({"oneOf": each}));
                none.insert(kind.to_owned(), any);
            }
            json!({
                "if": {"required": ["onDemand"]},
                "then": {"properties": one},
                "else": {"properties": none},
            })
        }
        // A prefix has a character other than a blank. For subprotocols it is required, and is a token.
        "Location" => json!({
            "if": {
                "required": ["header"],
                "properties": {"header": {"pattern": SUBPROTOCOLS}},
            },
            "then": {"required": ["prefix"], "properties": {"prefix": {"pattern": TOKEN}}},
            "else": {"properties": {"prefix": {"pattern": "[^ ]"}}},
        }),
        _ => return,
    };
    if let (Value::Object(record), Value::Object(more)) = (record, more) {
        record.extend(more);
    }
}

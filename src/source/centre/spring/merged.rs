//! The merged document of an application: the server makes one tree of all property sources, and resolves placeholders.

use serde_json::{Map, Value, map};
use std::vec;

use crate::source::centre::format::Decode;
use crate::source::centre::json::JsonReader;
use crate::source::names::{LABELS, common};
use crate::source::{Budget, IncrementalDrop, SourceError};

use super::merge::{COST_OF_BYTE, PROPERTY, readable, unusable};

/// Reads a merged document in slices: first the text, then each property of it, which gets the common spelling of its name.
#[derive(Debug, Default)]
pub struct SpringMergedReader {
    text: JsonReader,
    walk: Option<Box<Walk>>,
}

/// A tree that is made of another one, from its root down.
#[derive(Debug, Default)]
struct Walk {
    open: Vec<Open>,
    tree: Option<Value>,
    drops: IncrementalDrop,
}

/// A map or a list on the way: what is left of it, and what is made of it.
#[derive(Debug)]
enum Open {
    /// With the name of the member that is being made.
    Map(map::IntoIter, Map<String, Value>, String),
    List(vec::IntoIter<Value>, Vec<Value>),
}

impl Walk {
    /// Does one piece of the work. Returns whether the tree is whole.
    fn step(&mut self, budget: &mut Budget) -> bool {
        let Some(open) = self.open.last_mut() else {
            self.drops.advance(budget);
            return self.drops.is_empty();
        };
        let next = match open {
            Open::Map(left, _, name) => left.next().map(|(own, value)| {
                budget.spend(own.len().saturating_mul(COST_OF_BYTE));
                *name = own;
                value
            }),
            Open::List(left, _) => left.next(),
        };
        budget.spend(PROPERTY);
        match next {
            Some(value) => self.begin(value),
            None => match self.open.pop() {
                Some(Open::Map(_, map, _)) => self.put(Value::Object(map)),
                Some(Open::List(_, list)) => self.put(Value::Array(list)),
                None => {}
            },
        }
        false
    }

    fn begin(&mut self, value: Value) {
        match value {
            Value::Object(map) => {
                let open = Open::Map(map.into_iter(), Map::new(), String::new());
                self.open.push(open);
            }
            Value::Array(list) => {
                let made = Vec::with_capacity(list.len());
                self.open.push(Open::List(list.into_iter(), made));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.put(readable(value));
            }
        }
    }

    /// Puts a value at its place in what is made.
    fn put(&mut self, value: Value) {
        let has_labels = self.is_in_labels();
        match self.open.last_mut() {
            None => self.tree = Some(value),
            Some(Open::List(_, list)) => list.push(value),
            Some(Open::Map(_, map, name)) => {
                // The key of a map in brackets isn't resolved by the server, and keeps its spelling.
                let own = if has_labels || name.contains('[') {
                    std::mem::take(name)
                } else {
                    common(name).into_owned()
                };
                match map.entry(own) {
                    map::Entry::Vacant(entry) => {
                        entry.insert(value);
                    }
                    // Which of two spellings is the more specific one can't be told here, so there is no value.
                    map::Entry::Occupied(mut entry) => {
                        self.drops.add(entry.insert(Value::Null));
                        self.drops.add(value);
                    }
                }
            }
        }
    }

    /// Whether the innermost map is one of labels.
    fn is_in_labels(&self) -> bool {
        let above = self.open.iter().rev().nth(1);
        matches!(above, Some(Open::Map(_, _, name)) if *common(name) == *LABELS)
    }

    fn into_parts(self) -> Vec<Value> {
        let mut parts: Vec<Value> = self.tree.into_iter().collect();
        for open in self.open {
            match open {
                Open::Map(left, made, _) => {
                    parts.push(Value::Object(made));
                    parts.extend(left.map(|(_, value)| value));
                }
                Open::List(left, made) => {
                    parts.push(Value::Array(made));
                    parts.extend(left);
                }
            }
        }
        parts
    }
}

impl Decode for SpringMergedReader {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            if let Some(walk) = &mut self.walk {
                if walk.step(budget) {
                    return Ok(walk.tree.take());
                }
                continue;
            }
            match self.text.advance(text, budget)? {
                // The server has nothing for this application, and nothing that all share.
                Some(Value::Object(map)) if map.is_empty() => return Err(SourceError::Missing),
                Some(root @ Value::Object(_)) => {
                    let mut walk = Walk::default();
                    walk.begin(root);
                    self.walk = Some(Box::new(walk));
                }
                Some(_) => return Err(unusable("it is no map of properties")),
                None => {}
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        let walked = self.walk.map(|walk| walk.into_parts());
        walked.unwrap_or_else(|| self.text.into_parts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, SourceError> {
        SpringMergedReader::default().parse(text.as_bytes())
    }

    #[test]
    fn an_answer_of_a_server() {
        let text = r#"{"shared":{"a":1},"max-size":10,"rateLimits":{"per-second":5,"BURST_SIZE":7},"tenants":{"globex_2":{"to":"blue"}},"kept":"${nowhere}","ref":"50-x","locked":"{cipher}AQA","maxSize":20,"rate-limits":{"perSecond":6},"both":{"a-b":1,"aB":2,"A_B":3},"upstream-rules":[{"ruleId":"r1","Target-Upstream":"blue","is-open":true},[{"aB":1}],{}],"tenants[Acme-1]":{"to":"blue"},"tenants[acme-1]":{"to":"green"},"partners":[{"name":"ann","labels":{"costCentre":"c1","Cost-Centre":{"aB":1}},"credentials":[{"api-key":{"value":"k-ann"}}]}]}"#;
        assert_eq!(
            read(text).unwrap(),
            json!({
                "shared": {"a": 1}, "maxsize": null, "ratelimits": null, "tenants": {"globex2": {"to": "blue"}}, "kept": null,
                "ref": "50-x", "locked": null, "both": {"ab": null},
                "upstreamrules": [{"ruleid": "r1", "targetupstream": "blue", "isopen": true}, [{"ab": 1}], {}],
                "tenants[Acme-1]": {"to": "blue"}, "tenants[acme-1]": {"to": "green"},
                "partners": [{"name": "ann", "labels": {"costCentre": "c1", "Cost-Centre": {"ab": 1}},
                              "credentials": [{"apiKey": {"value": "k-ann"}}]}],
            })
        );
    }

    #[test]
    fn refuses_what_is_no_map() {
        assert_eq!(read("{}"), Err(SourceError::Missing));
        assert_eq!(read(" { } "), Err(SourceError::Missing));
        for text in ["[]", "1", "null", "", "<html>", "{"] {
            let error = read(text).unwrap_err();
            assert!(!matches!(error, SourceError::Missing), "{text}");
        }
    }

    #[test]
    fn slices_are_bounded_and_nothing_is_lost() {
        let members: Map<String, Value> = (0..20_000)
            .map(|at| {
                (
                    format!("rule-{at}"),
                    json!({"target-upstream": [at, "blue"]}),
                )
            })
            .collect();
        let text = Value::Object(members).to_string();
        let at_once = read(&text).unwrap();
        let mut reader = SpringMergedReader::default();
        let mut slices = 0;
        let sliced = loop {
            let mut budget = Budget::slice();
            slices += 1;
            if let Some(value) = reader.advance(text.as_bytes(), &mut budget).unwrap() {
                break value;
            }
            assert!(budget.spent() < 384 << 10, "{}", budget.spent());
        };
        assert!(slices > 20, "{slices}");
        assert_eq!(sliced, at_once);
        for slices in 1..40 {
            let mut reader = SpringMergedReader::default();
            let text = br#"{"a": {"b": [1, {"c": 2}], "d": 3}, "e": 4}"#;
            let done =
                (0..slices).any(|_| reader.advance(text, &mut Budget::of(1)).unwrap().is_some());
            if done {
                assert!(slices > 10, "{slices}");
                return;
            }
            let parts = Value::Array(reader.into_parts()).to_string();
            // The text is read in one go.
            let all = ["1", "2", "3", "4"].map(|value| parts.contains(value));
            assert_eq!(all, [true; 4], "{slices}: {parts}");
        }
        panic!("it goes on for ever");
    }
}

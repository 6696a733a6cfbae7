//! Documents in layers: maps are merged, and of everything else the later one is taken.

use std::slice;
use std::sync::Arc;

use serde_json::{Map, Value, map};

use super::{Budget, Document, Hash};

/// The cost of a value that is copied into a map or a list, without its text. A large map is searched for its place.
const VALUE: usize = 40;

/// How many values are copied in a slice at least: to find the place where the last one ended may cost the whole slice.
const LEAST: usize = 256;

/// A document that is not a map, by its place among the layers. It can't be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMap(pub(crate) usize);

/// Makes one document of several, in slices. The layers are copied one after the other, the lowest first. A map is copied into
/// the map that stands there; everything else replaces what stands there. An empty document (`null`) changes nothing.
#[derive(Debug)]
pub(crate) struct LayerMerge {
    layers: Vec<Arc<Document>>,
    /// The layer that is being copied.
    layer: usize,
    /// The maps and lists of it that are being copied, from the root down.
    open: Vec<Paused>,
    root: Value,
    hash: Hash,
    /// What was replaced. It is dropped in slices too.
    replaced: Vec<Value>,
}

/// A map or list that is being copied.
#[derive(Debug)]
struct Paused {
    /// How many of its children were taken.
    taken: usize,
    copy: Copied,
}

#[derive(Debug)]
enum Copied {
    List(Vec<Value>),
    Map(Map<String, Value>),
}

impl Copied {
    fn into_value(self) -> Value {
        match self {
            Self::List(values) => Value::Array(values),
            Self::Map(members) => Value::Object(members),
        }
    }
}

/// The rest of a map or list that is being copied, while a slice lasts.
enum Rest<'v> {
    List(slice::Iter<'v, Value>),
    Map(map::Iter<'v>),
}

struct Running<'v> {
    rest: Rest<'v>,
    /// The name of the child that was taken last; none in a list.
    name: Option<&'v String>,
    paused: Paused,
}

impl<'v> Running<'v> {
    /// The beginning of a map or list, to be copied into `copy`. `None` for other values.
    fn begin(value: &'v Value, copy: Option<Map<String, Value>>) -> Option<Self> {
        let (rest, copy) = match value {
            Value::Array(values) => {
                let room = Vec::with_capacity(values.len());
                (Rest::List(values.iter()), Copied::List(room))
            }
            Value::Object(members) => {
                let copy = copy.unwrap_or_default();
                (Rest::Map(members.iter()), Copied::Map(copy))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        let paused = Paused { taken: 0, copy };
        Some(Self {
            rest,
            name: None,
            paused,
        })
    }

    /// Goes on in `value`. Returns the child that was taken last too.
    fn resume(value: &'v Value, paused: Paused) -> Option<(Self, Option<&'v Value>)> {
        let last = paused.taken.checked_sub(1);
        let (rest, name, child) = match value {
            Value::Array(values) => {
                let mut rest = values.iter();
                let child = last.and_then(|last| rest.nth(last));
                (Rest::List(rest), None, child)
            }
            Value::Object(members) => {
                let mut rest = members.iter();
                let child = last.and_then(|last| rest.nth(last));
                let (name, child) = child.unzip();
                (Rest::Map(rest), name, child)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        let running = Self { rest, name, paused };
        Some((running, child))
    }

    /// The next child, which is to be copied.
    fn next(&mut self) -> Option<&'v Value> {
        let child = match &mut self.rest {
            Rest::List(values) => values.next()?,
            Rest::Map(members) => {
                let (name, value) = members.next()?;
                self.name = Some(name);
                value
            }
        };
        self.paused.taken = self.paused.taken.saturating_add(1);
        Some(child)
    }

    /// The map into which the child that was taken last is copied, if there is one.
    fn take_map(&mut self) -> Option<Map<String, Value>> {
        let Copied::Map(members) = &mut self.paused.copy else {
            return None;
        };
        match members.get_mut(self.name?) {
            Some(Value::Object(members)) => Some(std::mem::take(members)),
            Some(_) | None => None,
        }
    }

    /// Puts the copy of the child that was taken last. Returns what it replaces.
    fn put(&mut self, value: Value) -> Option<Value> {
        match (&mut self.paused.copy, self.name) {
            (Copied::List(values), _) => {
                values.push(value);
                None
            }
            (Copied::Map(members), Some(name)) => match members.get_mut(name) {
                Some(known) => Some(std::mem::replace(known, value)),
                None => members.insert(name.clone(), value),
            },
            (Copied::Map(_), None) => None,
        }
    }
}

impl LayerMerge {
    /// Begins with these layers, the lowest first. The document gets this hash.
    ///
    /// # Errors
    /// [`NoMap`].
    pub(crate) fn new(layers: Vec<Arc<Document>>, hash: Hash) -> Result<Self, NoMap> {
        let is_no_map =
            |layer: &Arc<Document>| !layer.value().is_object() && !layer.value().is_null();
        if let Some(at) = layers.iter().position(is_no_map) {
            return Err(NoMap(at));
        }
        Ok(Self {
            layers,
            layer: 0,
            open: Vec::new(),
            root: Value::Object(Map::new()),
            hash,
            replaced: Vec::new(),
        })
    }

    /// Continues. Returns the document once it is made, and what is to be dropped in slices.
    pub(crate) fn advance(&mut self, budget: &mut Budget) -> Option<(Arc<Document>, Vec<Value>)> {
        self.go_on(LEAST, budget)
    }

    /// Copies at least so many values, and as many as the budget allows.
    fn go_on(&mut self, least: usize, budget: &mut Budget) -> Option<(Arc<Document>, Vec<Value>)> {
        while !budget.is_spent() {
            let Some(layer) = self.layers.get(self.layer).map(Arc::clone) else {
                let bytes = self.layers.iter().map(|layer| layer.bytes());
                let bytes = bytes.fold(0, usize::saturating_add);
                let document = Document::read(self.root.take(), bytes, self.hash);
                return Some((document, self.take_rest()));
            };
            if self.copy(layer.value(), least, budget) {
                self.layer = self.layer.saturating_add(1);
            }
        }
        None
    }

    /// Continues to copy a layer. Returns whether all of it is copied.
    fn copy(&mut self, layer: &Value, least: usize, budget: &mut Budget) -> bool {
        let mut stack = self.resume(layer, budget);
        let mut copied = 0_usize;
        while let Some(top) = stack.last_mut() {
            copied = copied.saturating_add(1);
            if budget.is_spent() && copied > least {
                self.open = stack.into_iter().map(|running| running.paused).collect();
                return false;
            }
            let Some(child) = top.next() else {
                budget.spend(VALUE);
                let Some(done) = stack.pop() else {
                    return true;
                };
                let value = done.paused.copy.into_value();
                match stack.last_mut() {
                    Some(parent) => self.replaced.extend(large(parent.put(value))),
                    None => self.root = value,
                }
                continue;
            };
            let text = child.as_str().map_or(0, str::len);
            let name = top.name.map_or(0, String::len);
            // Eight bytes of text cost as much as one that is read.
            let bytes = text.saturating_add(name) >> 3;
            budget.spend(bytes.saturating_add(VALUE));
            let known = if child.is_object() {
                top.take_map()
            } else {
                None
            };
            match Running::begin(child, known) {
                Some(inner) => stack.push(inner),
                None => self.replaced.extend(large(top.put(child.clone()))),
            }
        }
        true
    }

    /// The maps and lists that are open, where this layer goes on.
    fn resume<'v>(&mut self, layer: &'v Value, budget: &mut Budget) -> Vec<Running<'v>> {
        let paused = std::mem::take(&mut self.open);
        if paused.is_empty() {
            let Some(root) = self.root.as_object_mut().filter(|_| layer.is_object()) else {
                return Vec::new();
            };
            let begun = Running::begin(layer, Some(std::mem::take(root)));
            return begun.into_iter().collect();
        }
        let mut stack = Vec::with_capacity(paused.len());
        let mut value = Some(layer);
        for paused in paused {
            // Two members that are passed over cost as much as a byte that is read.
            let passed = paused.taken >> 1;
            let Some((running, child)) = value.and_then(|value| Running::resume(value, paused))
            else {
                break;
            };
            if matches!(running.rest, Rest::Map(_)) {
                budget.spend(passed);
            }
            stack.push(running);
            value = child;
        }
        stack
    }

    /// What was replaced, and the layers that nobody else has any more.
    fn take_rest(&mut self) -> Vec<Value> {
        let mut values = std::mem::take(&mut self.replaced);
        values.extend(self.layers.drain(..).filter_map(Document::into_value));
        values
    }

    /// What is not needed any more of a document that is not made to its end, for an incremental drop.
    pub(crate) fn into_values(mut self) -> Vec<Value> {
        let mut values = self.take_rest();
        values.push(self.root);
        values.extend(self.open.into_iter().map(|paused| paused.copy.into_value()));
        values
    }
}

/// A map or a list with content, which is not dropped in one go.
fn large(value: Option<Value>) -> Option<Value> {
    value.filter(|value| match value {
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// The plain form of the rule: what `upper` says counts, and maps are merged.
    fn reference(lower: Value, upper: &Value) -> Value {
        match (lower, upper) {
            (Value::Object(mut lower), Value::Object(upper)) => {
                for (name, value) in upper {
                    let below = lower.remove(name).unwrap_or(Value::Null);
                    lower.insert(name.clone(), reference(below, value));
                }
                Value::Object(lower)
            }
            (_, Value::Object(upper)) => {
                let copy = |(name, value): (&String, &Value)| {
                    (name.clone(), reference(Value::Null, value))
                };
                Value::Object(upper.iter().map(copy).collect())
            }
            (_, upper) => upper.clone(),
        }
    }

    fn expected(layers: &[Value]) -> Value {
        let layers = layers.iter().filter(|layer| !layer.is_null());
        layers.fold(json!({}), reference)
    }

    /// The merged value, what each slice spent, and how many values were replaced.
    fn merged(layers: &[Value], least: usize, slice: usize) -> (Value, Vec<usize>, usize) {
        let layers = layers.iter().cloned().map(Document::inline).collect();
        let mut merge = LayerMerge::new(layers, Hash([7; 32])).unwrap();
        let mut slices = Vec::new();
        loop {
            let mut budget = Budget::of(slice);
            let made = merge.go_on(least, &mut budget);
            slices.push(budget.spent());
            if let Some((document, replaced)) = made {
                assert_eq!(document.hash(), Hash([7; 32]));
                return (document.into_value().unwrap(), slices, replaced.len());
            }
        }
    }

    #[test]
    fn a_later_layer_wins() {
        for (layers, expected) in [
            (vec![], json!({})),
            (
                vec![json!({"a": 1}), json!({"b": 2})],
                json!({"a": 1, "b": 2}),
            ),
            (
                vec![
                    json!({"a": {"b": 1, "c": [1, 2]}}),
                    json!({"a": {"c": [3]}}),
                ],
                json!({"a": {"b": 1, "c": [3]}}),
            ),
            (
                vec![
                    json!({"a": {"b": 1}}),
                    json!({"a": 5}),
                    json!({"a": {"c": 2}}),
                ],
                json!({"a": {"c": 2}}),
            ),
            (
                vec![json!({"a": {"b": 1}}), json!({"a": null})],
                json!({"a": null}),
            ),
            (
                vec![json!({"a": {"b": 1}}), json!({"a": {}})],
                json!({"a": {"b": 1}}),
            ),
            (
                vec![json!({"a": [{"b": 1}]}), json!({"a": [{"c": 1}]})],
                json!({"a": [{"c": 1}]}),
            ),
            (
                vec![json!({"a": 1}), json!(null), json!({})],
                json!({"a": 1}),
            ),
            (vec![json!(null)], json!({})),
        ] {
            assert_eq!(merged(&layers, 1, usize::MAX).0, expected, "{layers:?}");
            assert_eq!(merged(&layers, 1, 1).0, expected, "{layers:?}");
        }
    }

    #[test]
    fn a_document_that_is_no_map_is_refused() {
        for no_map in [json!([]), json!("a"), json!(1), json!(false)] {
            let layers = [json!({}), no_map].map(Document::inline);
            let refused = LayerMerge::new(layers.into(), Hash([0; 32])).unwrap_err();
            assert_eq!(refused, NoMap(1));
        }
    }

    /// A slice costs what it may, and what finding the place costs, even in a map of very many members.
    #[test]
    fn a_slice_is_bounded() {
        let wide = |from: usize| {
            let members = (from..from + 40_000).map(|at| (format!("m{at:05}"), json!([at])));
            Value::Object(members.collect())
        };
        let layers = [
            json!({"w": wide(0), "l": vec!["x"; 20_000]}),
            json!({"w": wide(20_000)}),
        ];
        let (value, slices, replaced) = merged(&layers, LEAST, 256 << 10);
        assert_eq!(value["w"].as_object().unwrap().len(), 60_000);
        // And both layers, which nobody else has.
        assert_eq!(replaced, 20_002);
        let most = slices.iter().max().copied().unwrap_or_default();
        assert!(
            most <= (256 << 10) + (40_000 >> 1) + LEAST * VALUE,
            "{most}"
        );
        assert!(slices.len() > 10, "{}", slices.len());
        // Small slices make progress too.
        let small = merged(&layers, LEAST, 1).1.len();
        assert!(small < 1_200, "{small} slices");
    }

    #[test]
    fn what_is_half_made_can_be_dropped_in_slices() {
        let layers = [
            json!({"a": {"b": vec![json!([1]); 2000]}}),
            json!({"a": {"b": 1}}),
        ];
        let layers = layers.map(Document::inline);
        let mut merge = LayerMerge::new(layers.into(), Hash([0; 32])).unwrap();
        assert!(merge.advance(&mut Budget::of(1)).is_none());
        assert!(merge.into_values().len() > 2);
    }

    fn document() -> impl Strategy<Value = Value> {
        let name = || prop::sample::select(vec!["a", "b", "c", "", "\u{e9}", "server.port"]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(4, 40, 5, move |inner| {
            let members = prop::collection::vec((name(), inner.clone()), 0..5);
            prop_oneof![
                1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
                3 => members.prop_map(|members| {
                    let members = members.into_iter();
                    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
                }),
            ]
        });
        prop_oneof![
            9 => prop::collection::vec((name(), value), 0..5).prop_map(|members| {
                let members = members.into_iter();
                Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
            }),
            1 => Just(Value::Null),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In slices or at once, the document is what the plain rule makes.
        #[test]
        fn the_document_is_that_of_the_plain_rule(layers in prop::collection::vec(document(), 1..5)) {
            let expected = expected(&layers);
            prop_assert_eq!(&merged(&layers, 1, usize::MAX).0, &expected);
            prop_assert_eq!(&merged(&layers, 1, 1).0, &expected);
        }
    }
}

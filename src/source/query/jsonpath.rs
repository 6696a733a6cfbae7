//! JSONPath (RFC 9535), compiled with the policy.

use std::fmt;

use serde_json::Value;

use super::error::JsonPathError;
use super::grammar;
use super::relative_path::{PathStep, RelativePath, walk};
use crate::source::PropertyNames;

use super::{Segment, Selector, each, query, step, steps};

/// What a query selects.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection<'v> {
    /// No value.
    None,
    /// Exactly one value (it may be `null`).
    One(&'v Value),
    /// Several values, in the order of the query.
    Many(Vec<&'v Value>),
}

impl<'v> Selection<'v> {
    /// All values, however many.
    #[must_use]
    pub fn into_vec(self) -> Vec<&'v Value> {
        match self {
            Self::None => Vec::new(),
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

impl<'v> From<Vec<&'v Value>> for Selection<'v> {
    fn from(values: Vec<&'v Value>) -> Self {
        match values.as_slice() {
            [] => Self::None,
            [value] => Self::One(value),
            _ => Self::Many(values),
        }
    }
}

/// How a query is answered.
#[derive(Clone, Debug)]
enum Plan {
    /// Names and indices: at most one value is selected (RFC 9535 §2.3.5.1).
    Singular(Box<[PathStep]>),
    /// Names and indices, and at the end all children.
    Children(Box<[PathStep]>),
    /// Anything else.
    General(Box<[Segment]>),
}

/// A compiled query.
///
/// Names and indices, with or without a wildcard at the end, cost one step each. Everything else (slices, filters,
/// descendants) looks at each value on the way.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: Box<str>,
    names: PropertyNames,
    plan: Plan,
}

/// Two queries with the same text select the same, where their names stand for the same.
impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.names == other.names
    }
}

impl Eq for JsonPath {}

impl JsonPath {
    /// Compiles a query for a document that has its names as they are written, see [`compile_with`](Self::compile_with).
    ///
    /// # Errors
    /// [`JsonPathError`].
    pub fn compile(text: &str) -> Result<Self, JsonPathError> {
        Self::compile_with(text, PropertyNames::Exact)
    }

    /// Compiles a query of RFC 9535, with the functions `in`, `nin`, `none_of`, `any_of` and `subset_of` too. Patterns
    /// of `match` and `search` are RFC 9485 without `\p{…}`, which `regex-lite` doesn't have.
    ///
    /// # Errors
    /// [`JsonPathError`].
    pub fn compile_with(text: &str, names: PropertyNames) -> Result<Self, JsonPathError> {
        grammar::check(text)?;
        let segments = query(text, names).map_err(JsonPathError::Malformed)?;
        let plan = match segments.split_last() {
            Some((last, before)) if is_wildcard(last) => steps(before).map(Plan::Children),
            _ => steps(&segments).map(Plan::Singular),
        };
        Ok(Self {
            text: text.into(),
            names,
            plan: plan.unwrap_or(Plan::General(segments)),
        })
    }

    /// The query as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the query selects in `root`.
    #[must_use]
    pub fn select<'v>(&self, root: &'v Value) -> Selection<'v> {
        match &self.plan {
            Plan::Singular(steps) => walk(steps, root).map_or(Selection::None, Selection::One),
            Plan::Children(steps) => match walk(steps, root) {
                Some(Value::Array(array)) => array.iter().collect::<Vec<_>>().into(),
                Some(Value::Object(object)) => object.values().collect::<Vec<_>>().into(),
                _ => Selection::None,
            },
            Plan::General(segments) => {
                let mut values = Vec::new();
                each(segments, root, |node| values.push(node.value()));
                values.into()
            }
        }
    }

    /// The name of the member, if the query selects only one member.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        match &self.plan {
            Plan::Singular(steps) => match &**steps {
                [PathStep::Name(name)] => Some(name),
                _ => None,
            },
            Plan::Children(_) | Plan::General(_) => None,
        }
    }

    /// Whether the query can select one value at most (RFC 9535 §2.3.5.1).
    #[must_use]
    pub const fn is_singular(&self) -> bool {
        matches!(self.plan, Plan::Singular(_))
    }

    /// Whether `root` has a value at the names and indices of the query. An empty list is such a value, and so is `null`,
    /// which some programs write for an empty list. An error page in JSON has none. A filter, a descent
    /// or a slice behind the names may select nothing there.
    #[must_use]
    pub fn reaches(&self, root: &Value) -> bool {
        match &self.plan {
            Plan::Singular(steps) => walk(steps, root).is_some(),
            Plan::Children(steps) => {
                matches!(
                    walk(steps, root),
                    Some(Value::Array(_) | Value::Object(_) | Value::Null)
                )
            }
            Plan::General(segments) => {
                let mut before = segments.iter().map_while(step);
                before
                    .try_fold(root, |value, step| step.take(value))
                    .is_some()
            }
        }
    }

    /// Whether `root`, in which the query selects nothing, says that there is nothing: where the names lead, an empty list or map
    /// stands, or `null`. Properties of Spring are `null` where their text can't be read, so there `null` says nothing. Behind a
    /// filter or a slice nothing may be left.
    #[must_use]
    pub(crate) fn says_none(&self, root: &Value) -> bool {
        let value = match &self.plan {
            Plan::Singular(steps) | Plan::Children(steps) => walk(steps, root),
            Plan::General(segments) => {
                let mut before = segments.iter().map_while(step);
                before.try_fold(root, |value, step| step.take(value))
            }
        };
        match value {
            Some(Value::Null) => self.names == PropertyNames::Exact,
            Some(Value::Array(list)) => list.is_empty() || self.leaves_out(),
            Some(Value::Object(map)) => map.is_empty() || self.leaves_out(),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => false,
        }
    }

    /// Whether the query has a filter or a slice.
    fn leaves_out(&self) -> bool {
        let Plan::General(segments) = &self.plan else {
            return false;
        };
        let mut selectors = segments.iter().flat_map(|segment| &segment.selectors);
        selectors.any(|one| matches!(one, Selector::Slice(_) | Selector::Filter(_)))
    }

    /// The steps to the value of which the query selects all children, if it is such a query.
    pub(in crate::source) const fn children_of(&self) -> Option<&[PathStep]> {
        match &self.plan {
            Plan::Children(steps) => Some(steps),
            Plan::Singular(_) | Plan::General(_) => None,
        }
    }

    /// The value below which the query selects all its values.
    pub(in crate::source) fn base(&self) -> &[PathStep] {
        match &self.plan {
            Plan::Singular(steps) | Plan::Children(steps) => steps,
            Plan::General(_) => &[],
        }
    }

    /// The paths of what the query selects in `root`, below [`base`](Self::base).
    pub(in crate::source) fn paths(&self, root: &Value) -> Vec<RelativePath> {
        let base = || walk(self.base(), root);
        match &self.plan {
            Plan::Singular(_) => {
                let here = |_| RelativePath::Deep(Box::default());
                base().map(here).into_iter().collect()
            }
            Plan::Children(_) => base().map(RelativePath::children).unwrap_or_default(),
            Plan::General(segments) => {
                let mut paths = Vec::new();
                each(segments, root, |node| {
                    paths.push(RelativePath::Deep(node.steps()))
                });
                paths
            }
        }
    }
}

impl fmt::Display for JsonPath {
    /// The query as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_wildcard(segment: &Segment) -> bool {
    !segment.descends && matches!(*segment.selectors, [Selector::Wildcard])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compiled(text: &str) -> JsonPath {
        JsonPath::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn says_none_only_where_nothing_stands() {
        for (query, root, says) in [
            ("$.a[*]", json!({"a": []}), true),
            ("$.a[*]", json!({"a": {}}), true),
            ("$.a[*]", json!({"a": null}), true),
            ("$.a[*]", json!({"a": "x"}), false),
            ("$.a[*]", json!({"b": []}), false),
            ("$.a[*].ip", json!({"a": []}), true),
            ("$.a[*].ip", json!({"a": [{"address": "x"}]}), false),
            ("$.a[?@.on].ip", json!({"a": [{"ip": "x"}]}), true),
            ("$.a[1:]", json!({"a": ["x"]}), true),
        ] {
            assert_eq!(compiled(query).says_none(&root), says, "{query} {root}");
        }
        let relaxed = JsonPath::compile_with("$.a[*]", PropertyNames::Relaxed).unwrap();
        assert!(!relaxed.says_none(&json!({"a": null})));
        assert!(relaxed.says_none(&json!({"a": []})));
    }

    #[test]
    fn selections() {
        let root = json!({
            "a": {"b": [10, 20, null]}, "a.b": true, "é'": 1, "none": [], "one": [{"x": 1}],
            "o": {"p": 1, "q": 2},
        });
        for (query, selected) in [
            ("$", vec![root.clone()]),
            ("$.a.b[0]", vec![json!(10)]),
            ("$.a.b[-2]", vec![json!(20)]),
            ("$.a.b[2]", vec![Value::Null]),
            ("$.a.b[3]", vec![]),
            ("$.a.b[-4]", vec![]),
            ("$.a.b.c", vec![]),
            ("$['a.b']", vec![json!(true)]),
            (r"$['é\'']", vec![json!(1)]),
            (r#"$["\u00e9'"]"#, vec![json!(1)]),
            ("$ .a ['b'] [ 0 ]", vec![json!(10)]),
            ("$.none[*]", vec![]),
            ("$.one[*]", vec![json!({"x": 1})]),
            ("$.o[*]", vec![json!(1), json!(2)]),
            ("$.o.*", vec![json!(1), json!(2)]),
            ("$.a.b[*]", vec![json!(10), json!(20), Value::Null]),
            ("$.a.b[0][*]", vec![]),
            ("$.nothing[*]", vec![]),
            ("$.a.b[1:]", vec![json!(20), Value::Null]),
            ("$.a.b[0,0]", vec![json!(10), json!(10)]),
            ("$.a.b[?@ > 10]", vec![json!(20)]),
            ("$.a.b[?@ > 15, ?@ < 15]", vec![json!(20), json!(10)]),
            ("$..x", vec![json!(1)]),
            ("$.o[?@ == $.one[0].x]", vec![json!(1)]),
        ] {
            let got: Vec<_> = compiled(query).select(&root).into_vec();
            assert_eq!(got, selected.iter().collect::<Vec<_>>(), "{query}");
        }
        assert_eq!(compiled("$.a.x").select(&root), Selection::None);
        assert_eq!(
            compiled("$.a.b[2]").select(&root),
            Selection::One(&Value::Null)
        );
        let many = compiled("$.o[*]").select(&root);
        assert!(matches!(many, Selection::Many(values) if values.len() == 2));
    }

    #[test]
    fn names_as_spring_binds_them() {
        let root = json!({
            "maxsize": 1, "Max-Size": 2, "a": {"b1": {"c": 3}}, "list": [{"kind": "x", "innername": 4}], "key": 5,
        });
        for (query, relaxed, exact) in [
            ("$.maxSize", vec![json!(1)], vec![]),
            ("$['max-size']", vec![json!(1)], vec![]),
            ("$.MAX_SIZE", vec![json!(1)], vec![]),
            // The exact spelling comes first.
            ("$['Max-Size']", vec![json!(2)], vec![json!(2)]),
            ("$.maxsize", vec![json!(1)], vec![json!(1)]),
            ("$.A['b-1'].C", vec![json!(3)], vec![]),
            ("$.A[*].c", vec![json!(3)], vec![]),
            ("$..C", vec![json!(3)], vec![]),
            ("$['A', 'Key']", vec![root["a"].clone(), json!(5)], vec![]),
            ("$.list[?@.Kind == 'x'].innerName", vec![json!(4)], vec![]),
            ("$.list[?@['inner-name']]['Kind']", vec![json!("x")], vec![]),
            ("$.list[?@.kind == 'X']", vec![], vec![]),
        ] {
            for (names, selected) in [
                (PropertyNames::Relaxed, relaxed),
                (PropertyNames::Exact, exact),
            ] {
                let query = JsonPath::compile_with(query, names).unwrap();
                let got: Vec<_> = query.select(&root).into_vec();
                assert_eq!(got, selected.iter().collect::<Vec<_>>(), "{query}");
            }
        }
        let both = [PropertyNames::Relaxed, PropertyNames::Exact];
        let [relaxed, exact] = both.map(|names| JsonPath::compile_with("$.aB", names).unwrap());
        assert_ne!(relaxed, exact);
        assert_eq!((relaxed.member(), exact.member()), (None, Some("aB")));
        assert!(relaxed.reaches(&json!({"ab": 1})));
    }

    #[test]
    fn reaches_its_path() {
        let root = json!({"a": {"list": [], "none": null, "text": "x", "list of one": [1]}});
        for (query, reached) in [
            ("$.a.list[*]", true),
            ("$.a.none[*]", true),
            ("$.a.text[*]", false),
            ("$.a.nothing[*]", false),
            ("$.b.nothing[*]", false),
            ("$.a.list", true),
            ("$.a.nothing", false),
            ("$.a.list[?@.x]", true),
            ("$.a.none[?@.x]", true),
            ("$.a.nothing[?@.x]", false),
            ("$.a['list of one'][1:]", true),
            ("$.a['list of one'][1][1:]", false),
            ("$.b..x", false),
            ("$..x", true),
            ("$[?@.x]", true),
        ] {
            assert_eq!(compiled(query).reaches(&root), reached, "{query}");
        }
        assert!(compiled("$[*]").reaches(&Value::Null));
    }

    #[test]
    fn filters_by_value() {
        let root = json!({
            "list": [1, "a", [2.0]],
            "large": [9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64, u64::MAX],
            "t": [
                {"v": 1.0, "l": [1, "b"]}, {"v": [2], "l": []}, {"v": "b", "l": ["b"]}, {"v": 1e-17, "l": "a"}, {},
            ],
        });
        let at = |filter: &str| {
            let items = root["t"].as_array().unwrap();
            let query = compiled(&format!("$.t[?{filter}]"));
            let selected = query.select(&root).into_vec();
            let index = |found: &Value| items.iter().position(|item| std::ptr::eq(item, found));
            selected.into_iter().filter_map(index).collect::<Vec<_>>()
        };
        for (filter, selected) in [
            ("in(@.v, $.list)", vec![0, 1]),
            ("nin(@.v, $.list)", vec![2, 3]),
            ("!in(@.v, $.list)", vec![2, 3, 4]),
            ("in(@.v, 'a')", vec![]),
            ("any_of(@.l, $.list)", vec![0]),
            ("none_of(@.l, $.list)", vec![1, 2]),
            ("subset_of(@.l, $.list)", vec![1]),
            ("@.v == 1", vec![0]),
            ("@.v == 0", vec![]),
            ("@.v < 1", vec![3]),
            ("@.v == $.list[2]", vec![1]),
            ("@.v == @.w", vec![4]),
            ("$.large[0] == $.large[1]", vec![]),
            (
                "$.large[0] > $.large[1] && $.large[0] < $.large[2]",
                vec![0, 1, 2, 3, 4],
            ),
            ("@[?@[?@ == 'b']]", vec![0, 2]),
        ] {
            assert_eq!(at(filter), selected, "{filter}");
        }
        let order: Vec<_> = compiled("$..['v','l']").select(&root).into_vec();
        let expected = ["/t/0/v", "/t/0/l", "/t/1/v", "/t/1/l"];
        let expected = expected.map(|path| root.pointer(path).unwrap());
        assert_eq!(order.get(..4).unwrap(), expected);
    }

    #[test]
    fn singular_queries() {
        for (query, singular) in [
            ("$", true),
            ("$.a['b'][0][-1]", true),
            ("$.a[*]", false),
            ("$[0,1]", false),
            ("$[0:1]", false),
            ("$..a", false),
            ("$[?@.a]", false),
        ] {
            let plan = compiled(query).plan;
            assert_eq!(matches!(plan, Plan::Singular(_)), singular, "{query}");
        }
    }

    #[test]
    fn refused() {
        for query in [
            "",
            "a",
            "$.",
            "$.a.",
            "$[",
            "$[01]",
            " $",
            "$ ",
            "$[9007199254740992]",
        ] {
            let error = JsonPath::compile(query).unwrap_err();
            assert!(matches!(error, JsonPathError::Malformed(_)), "{query:?}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn an_error_says_where() {
        let error = JsonPath::compile("$.a(b").unwrap_err().to_string();
        assert!(
            error.starts_with("malformed JSONPath: at 1:4: expected"),
            "{error}"
        );
    }

    #[test]
    fn paths_lead_back() {
        let root = json!({"it's": [{"k": [1, {"v": 2}]}, {"m\n": {"v": 3}}], "v": 4});
        for query in ["$", "$.v", "$[\"it's\"][*]", "$..v", "$..*", "$[*]"] {
            let query = compiled(query);
            let base = walk(query.base(), &root).unwrap();
            let paths = query.paths(&root);
            let selected = query.select(&root).into_vec();
            assert_eq!(paths.len(), selected.len(), "{query}");
            for (path, value) in paths.iter().zip(selected) {
                let found = path.find(base).unwrap();
                assert!(std::ptr::eq(found, value), "{query}: {path:?}");
            }
        }
    }
}

//! What a JSONPath selects in a document (RFC 9535 §2).
//!
//! Values are handed out one by one, in the order of the RFC, and nothing is gathered in between: a segment is applied to
//! a value as soon as the one before has selected it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::ControlFlow;

use serde_json::Value;

use super::model::{
    Comparable, Comparison, FilterPattern, Logical, Query, Relation, Segment, Selector, Slice,
    Start,
};
use super::pattern::compile_found;
use super::relative_path::{PathStep, relaxed, walk};
use crate::number::{order, same_value};

/// A value, and the way to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'t, 'v> {
    value: &'v Value,
    /// Its parent, and the step from there.
    above: Option<(&'t Self, Part<'v>)>,
}

#[derive(Clone, Copy, Debug)]
enum Part<'v> {
    Member(&'v str),
    Element(usize),
}

impl<'v> Node<'_, 'v> {
    pub(super) const fn value(&self) -> &'v Value {
        self.value
    }

    /// The steps to it from where the query began.
    pub(super) fn steps(&self) -> Box<[PathStep]> {
        let mut steps = Vec::new();
        let mut next = self.above;
        while let Some((above, part)) = next {
            steps.push(match part {
                Part::Member(name) => PathStep::Name(name.into()),
                // An array of more elements than that fits in no memory.
                Part::Element(at) => PathStep::Index(i64::try_from(at).unwrap_or(i64::MAX)),
            });
            next = above.above;
        }
        steps.reverse();
        steps.into()
    }

    fn child<'n>(&'n self, part: Part<'v>, value: &'v Value) -> Node<'n, 'v> {
        let above = Some((self, part));
        Node { value, above }
    }

    fn children(&self) -> impl Iterator<Item = Node<'_, 'v>> {
        let elements = self.value.as_array().into_iter().flatten().enumerate();
        let members = self.value.as_object().into_iter().flatten();
        elements
            .map(|(at, value)| self.child(Part::Element(at), value))
            .chain(members.map(|(name, value)| self.child(Part::Member(name), value)))
    }

    fn element(&self, at: i64) -> Option<Node<'_, 'v>> {
        let at = usize::try_from(at).ok()?;
        let value = self.value.as_array()?.get(at)?;
        Some(self.child(Part::Element(at), value))
    }

    fn step(&self, step: &PathStep) -> Option<Node<'_, 'v>> {
        match step {
            PathStep::Name(name) => {
                let (name, value) = self.value.as_object()?.get_key_value(&**name)?;
                Some(self.child(Part::Member(name), value))
            }
            PathStep::Relaxed(name, common) => {
                let (name, value) = relaxed(self.value.as_object()?, name, common)?;
                Some(self.child(Part::Member(name), value))
            }
            PathStep::Index(at) if *at < 0 => self.element(at.checked_add(self.length()?)?),
            PathStep::Index(at) => self.element(*at),
        }
    }

    /// How many elements it has, if it is an array.
    fn length(&self) -> Option<i64> {
        i64::try_from(self.value.as_array()?.len()).ok()
    }
}

/// Takes a selected value, and says whether to continue.
type Found<'f, 'v> = &'f mut dyn FnMut(Node<'_, 'v>) -> ControlFlow<()>;

/// Hands out what `segments` select in `root`.
pub(super) fn each<'v>(segments: &[Segment], root: &'v Value, mut found: impl FnMut(Node<'_, 'v>)) {
    let evaluation = Evaluation { root };
    let node = Node {
        value: root,
        above: None,
    };
    let all = evaluation.apply(segments, node, &mut |node| {
        found(node);
        ControlFlow::Continue(())
    });
    debug_assert!(all.is_continue());
}

struct Evaluation<'v> {
    root: &'v Value,
}

impl<'v> Evaluation<'v> {
    fn apply(
        &self,
        segments: &[Segment],
        node: Node<'_, 'v>,
        found: Found<'_, 'v>,
    ) -> ControlFlow<()> {
        let Some((segment, rest)) = segments.split_first() else {
            return found(node);
        };
        if segment.descends {
            self.descend(&segment.selectors, rest, node, found)
        } else {
            self.select(&segment.selectors, rest, node, found)
        }
    }

    fn descend(
        &self,
        selectors: &[Selector],
        rest: &[Segment],
        node: Node<'_, 'v>,
        found: Found<'_, 'v>,
    ) -> ControlFlow<()> {
        self.select(selectors, rest, node, found)?;
        node.children()
            .try_for_each(|child| self.descend(selectors, rest, child, found))
    }

    fn select(
        &self,
        selectors: &[Selector],
        rest: &[Segment],
        node: Node<'_, 'v>,
        found: Found<'_, 'v>,
    ) -> ControlFlow<()> {
        for selector in selectors {
            match selector {
                Selector::PathStep(step) => {
                    if let Some(child) = node.step(step) {
                        self.apply(rest, child, found)?;
                    }
                }
                Selector::Wildcard => node
                    .children()
                    .try_for_each(|child| self.apply(rest, child, found))?,
                Selector::Slice(slice) => slice
                    .of(node.length().unwrap_or_default())
                    .filter_map(|at| node.element(at))
                    .try_for_each(|child| self.apply(rest, child, found))?,
                Selector::Filter(logical) => node
                    .children()
                    .filter(|child| self.holds(logical, child.value))
                    .try_for_each(|child| self.apply(rest, child, found))?,
            }
        }
        ControlFlow::Continue(())
    }

    fn holds(&self, logical: &Logical, current: &'v Value) -> bool {
        let operand = |operand| self.operand(operand, current);
        match logical {
            Logical::Any(any) => any.iter().any(|one| self.holds(one, current)),
            Logical::All(all) => all.iter().all(|one| self.holds(one, current)),
            Logical::Not(not) => !self.holds(not, current),
            Logical::Exists(query) => self
                .query(query, current, &mut |_| ControlFlow::Break(()))
                .is_break(),
            Logical::Compared(left, comparison, right) => {
                comparison.holds(operand(left).as_deref(), operand(right).as_deref())
            }
            Logical::Matches(text, pattern) => {
                self.matches(operand(text).as_deref(), pattern, current)
            }
            Logical::Related(relation, left, right) => {
                relation.holds(operand(left).as_deref(), operand(right).as_deref()) == Some(true)
            }
        }
    }

    fn matches(&self, text: Option<&Value>, pattern: &FilterPattern, current: &'v Value) -> bool {
        let Some(Value::String(text)) = text else {
            return false;
        };
        match pattern {
            FilterPattern::Written(regex) => regex.is_match(text),
            FilterPattern::Nothing => false,
            FilterPattern::Found(operand, extent) => {
                let found = self.operand(operand, current);
                let pattern = found.as_deref().and_then(Value::as_str);
                let regex = pattern.and_then(|pattern| compile_found(pattern, *extent));
                regex.is_some_and(|regex| regex.is_match(text))
            }
        }
    }

    fn operand<'o>(&self, operand: &'o Comparable, current: &'v Value) -> Option<Cow<'o, Value>>
    where
        'v: 'o,
    {
        match operand {
            Comparable::Literal(value) => Some(Cow::Borrowed(value)),
            Comparable::Singular(start, steps) => {
                walk(steps, self.start(*start, current)).map(Cow::Borrowed)
            }
            Comparable::Length(of) => {
                let length = match &*self.operand(of, current)? {
                    Value::String(text) => text.chars().count(),
                    Value::Array(list) => list.len(),
                    Value::Object(map) => map.len(),
                    Value::Null | Value::Bool(_) | Value::Number(_) => return None,
                };
                Some(Cow::Owned(length.into()))
            }
            Comparable::Count(query) => {
                let mut count = 0_usize;
                let all = self.query(query, current, &mut |_| {
                    count = count.saturating_add(1);
                    ControlFlow::Continue(())
                });
                debug_assert!(all.is_continue());
                Some(Cow::Owned(count.into()))
            }
            Comparable::Only(query) => {
                let mut only = None;
                let several = self.query(query, current, &mut |node| {
                    if only.replace(node.value).is_some() {
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                });
                only.filter(|_| several.is_continue()).map(Cow::Borrowed)
            }
        }
    }

    fn query(&self, query: &Query, current: &'v Value, found: Found<'_, 'v>) -> ControlFlow<()> {
        let value = self.start(query.start, current);
        self.apply(&query.segments, Node { value, above: None }, found)
    }

    const fn start(&self, start: Start, current: &'v Value) -> &'v Value {
        match start {
            Start::Root => self.root,
            Start::Current => current,
        }
    }
}

impl Slice {
    /// The indices that it selects in an array of this length (§2.3.4.2.2).
    fn of(self, length: i64) -> impl Iterator<Item = i64> {
        let step = self.step;
        let forward = step > 0;
        let last = length.saturating_sub(1);
        let (least, most) = if forward { (0, length) } else { (-1, last) };
        let bound = |at: Option<i64>, default: i64| {
            let from_end = |at: i64| {
                if at < 0 {
                    at.saturating_add(length)
                } else {
                    at
                }
            };
            at.map_or(default, |at| from_end(at).clamp(least, most))
        };
        let (start, end) = if forward {
            (bound(self.start, 0), bound(self.end, length))
        } else {
            (bound(self.start, last), bound(self.end, -1))
        };
        let is_inside = move |at: &i64| match step.cmp(&0) {
            Ordering::Greater => *at < end,
            Ordering::Less => *at > end,
            Ordering::Equal => false,
        };
        std::iter::successors(Some(start), move |at| at.checked_add(step)).take_while(is_inside)
    }
}

impl Comparison {
    /// §2.3.5.2.2.
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        match self {
            Self::Equal => equal(left, right),
            Self::Unequal => !equal(left, right),
            Self::Less => less(left, right),
            Self::LessOrEqual => less(left, right) || equal(left, right),
            Self::Greater => less(right, left),
            Self::GreaterOrEqual => less(right, left) || equal(left, right),
        }
    }
}

fn equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => same_value(left, right),
        _ => left.is_none() && right.is_none(),
    }
}

fn less(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => {
            order(left, right) == Some(Ordering::Less)
        }
        (Some(Value::String(left)), Some(Value::String(right))) => left < right,
        _ => false,
    }
}

impl Relation {
    /// `None` if one of the two is missing, or no list where it has to be one.
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> Option<bool> {
        let (left, right) = (left?, right?.as_array()?);
        let is_in = |one: &Value| right.iter().any(|other| same_value(one, other));
        Some(match self {
            Self::In => is_in(left),
            Self::NotIn => !is_in(left),
            Self::NoneOf => !left.as_array()?.iter().any(is_in),
            Self::AnyOf => left.as_array()?.iter().any(is_in),
            Self::SubsetOf => left.as_array()?.iter().all(is_in),
        })
    }
}

//! The edits of header fields and cookies that a route writes.

use crate::http::{HeaderLookup, KnownName, Text};
use crate::policy::{CookieEdits, Denial, HeaderEdits, HeaderMove, RarerHeaderEdits};
use crate::rewrite::{CookieField, Origin, check_header_value, is_cookie_value};

use super::plan::Plan;
use super::values::{Attributes, blame, whose};

/// Writes the changes of a route into `plan`, in the order `remove`, `rename`, `copy`, `set`, `add`.
pub(in crate::engine) fn edit_headers(
    plan: &mut Plan<'_>,
    edits: &HeaderEdits,
    attributes: &Attributes<'_>,
) -> Result<(), Denial> {
    for name in &edits.remove {
        plan.remove(name);
    }
    if let Some(rarer) = &edits.rarer {
        edit_rarely(plan, rarer)?;
    }
    for (name, value) in &edits.set {
        match attributes.text(value)? {
            Some(value) => plan.set(name, value),
            None => plan.remove(name),
        }
    }
    for (name, value) in &edits.add {
        if let Some(value) = attributes.text(value)? {
            plan.add(name, value);
        }
    }
    Ok(())
}

/// The edits that need the headers as they came.
#[inline(never)]
fn edit_rarely(plan: &mut Plan<'_>, edits: &RarerHeaderEdits) -> Result<(), Denial> {
    for prefix in &edits.remove_prefixes {
        plan.remove_prefix(prefix);
    }
    for one in &edits.rename {
        let values = moved(plan, one)?;
        // An upstream may read another spelling as the old name, so it goes too, even alone.
        plan.remove(&one.from);
        put(plan, &one.to, values);
    }
    for one in &edits.copy {
        let values = moved(plan, one)?;
        put(plan, &one.to, values);
    }
    Ok(())
}

/// The values of a header that another one is to have.
enum Moved<'r> {
    /// The usual header has at most one.
    OneAtMost(Option<&'r [u8]>),
    Several(Vec<Text>),
}

fn moved<'r>(plan: &Plan<'r>, one: &HeaderMove) -> Result<Moved<'r>, Denial> {
    let Some(HeaderLookup {
        values: 0 | 1,
        first,
        ..
    }) = plan.untouched(&one.from)
    else {
        return several(plan, one);
    };
    if first.is_some_and(|value| check_header_value(value).is_err()) {
        return Err(blame(Origin::Client).into());
    }
    Ok(Moved::OneAtMost(first))
}

#[inline(never)]
fn several<'r>(plan: &Plan<'r>, one: &HeaderMove) -> Result<Moved<'r>, Denial> {
    let values = plan.values(&one.from);
    for value in &values {
        check_header_value(value).map_err(|_| blame(Origin::Client))?;
    }
    Ok(Moved::Several(values))
}

/// Replaces the values of `name`, if there are new ones.
fn put(plan: &mut Plan<'_>, name: &KnownName, values: Moved<'_>) {
    match values {
        Moved::OneAtMost(None) => {}
        Moved::OneAtMost(Some(value)) => plan.set(name, value.to_vec().into()),
        Moved::Several(values) => put_all(plan, name, values),
    }
}

#[inline(never)]
fn put_all(plan: &mut Plan<'_>, name: &KnownName, values: Vec<Text>) {
    let mut values = values.into_iter();
    if let Some(first) = values.next() {
        plan.set(name, first);
        values.for_each(|value| plan.add(name, value));
    }
}

/// The edits of the cookies. They come after those of the headers.
#[inline(never)]
pub(in crate::engine) fn change_cookies(
    plan: &mut Plan<'_>,
    edits: &CookieEdits,
    attributes: &Attributes<'_>,
) -> Result<(), Denial> {
    let name = KnownName::from("cookie");
    let mut cookies = CookieField::default();
    for field in plan.values(&name) {
        cookies.read(&field);
    }
    for name in &edits.remove {
        cookies.remove(name);
    }
    for (name, template) in &edits.set {
        match attributes.bytes(template)? {
            Some(value) if is_cookie_value(&value) => cookies.set(name, &value),
            Some(_) => return Err(blame(whose(template)).into()),
            None => cookies.remove(name),
        }
    }
    put_cookies(plan, &name, cookies);
    Ok(())
}

/// Replaces the cookies, if they changed.
pub(in crate::engine) fn put_cookies(plan: &mut Plan<'_>, name: &KnownName, cookies: CookieField) {
    match cookies.edited() {
        Some(left) if left.is_empty() => plan.remove(name),
        Some(left) => plan.set(name, left.into()),
        None => {}
    }
}

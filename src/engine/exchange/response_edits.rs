//! The changes of a response that a route writes, with the values that the request gives.

use std::sync::Arc;

use crate::http::{Edit, Edits, LateEdit, LateEdits};
use crate::policy::{Denial, HeaderEdits, ResponseEdits, ValueTemplate};

use super::header_edits::edit_headers;
use super::plan::Plan;
use super::values::Attributes;

/// What happens with a value that is not allowed in a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum InvalidValue {
    /// The request is denied.
    Deny,
    /// The header is left out, because a denial must not cause another denial.
    Omit,
}

/// The changes to the upstream's response: those of the route, and those for the upstream that is chosen.
#[inline(never)]
pub(in crate::engine) fn edit_upstreams(
    edits: &mut Edits,
    changes: &ResponseEdits,
    own: Option<&ResponseEdits>,
    attributes: &Attributes<'_>,
) -> Result<(), Denial> {
    if changes.are_late || own.is_some_and(|own| own.are_late) {
        let mut late = late_edits(changes, attributes, InvalidValue::Deny)?;
        if let Some(own) = own {
            let own = late_edits(own, attributes, InvalidValue::Deny)?;
            late.0.extend(own.0);
        }
        edits.late = Some(late);
        return Ok(());
    }
    let mut plan = Plan::blind(&mut edits.response);
    for block in changes
        .blocks
        .iter()
        .chain(own.iter().flat_map(|own| &own.blocks))
    {
        edit_headers(&mut plan, &block.headers, attributes)?;
    }
    Ok(())
}

/// Changes that are made when the response is there.
#[inline(never)]
pub(in crate::engine) fn late_edits(
    changes: &ResponseEdits,
    attributes: &Attributes<'_>,
    invalid: InvalidValue,
) -> Result<Box<LateEdits>, Denial> {
    let mut late = Vec::new();
    for block in &changes.blocks {
        late.push(LateEdit::Block(block.statuses.clone()));
        push_headers(&mut late, &block.headers, attributes, invalid)?;
        if let Some(cookies) = &block.cookies {
            late.push(LateEdit::Cookies(Arc::clone(cookies)));
        }
    }
    Ok(Box::new(LateEdits(late)))
}

fn push_headers(
    late: &mut Vec<LateEdit>,
    edits: &HeaderEdits,
    attributes: &Attributes<'_>,
    invalid: InvalidValue,
) -> Result<(), Denial> {
    let text = |value: &ValueTemplate| match attributes.text(value) {
        Err(_) if invalid == InvalidValue::Omit => Ok(None),
        text => text,
    };
    for name in &edits.remove {
        late.push(LateEdit::Known(Edit::Remove(name.name())));
    }
    if let Some(rarer) = &edits.rarer {
        for prefix in &rarer.remove_prefixes {
            late.push(LateEdit::RemoveAll((&**prefix).into()));
        }
        for one in &rarer.rename {
            late.push(LateEdit::Rename(one.from.name(), one.to.name()));
        }
        for one in &rarer.copy {
            late.push(LateEdit::Copy(one.from.name(), one.to.name()));
        }
    }
    for (name, value) in &edits.set {
        late.push(LateEdit::Known(match text(value)? {
            Some(value) => Edit::Set(name.name(), value),
            None => Edit::Remove(name.name()),
        }));
    }
    for (name, value) in &edits.add {
        if let Some(value) = text(value)? {
            late.push(LateEdit::Known(Edit::Add(name.name(), value)));
        }
    }
    Ok(())
}

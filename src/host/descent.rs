//! Which root a stream is of, in a VM that isn't told when a stream begins.
//!
//! A stream's callbacks name the stream alone. Where there are several roots, a stream's is found out by what Envoy (1.36 to
//! 1.40) keeps by root: a root declares properties that may be set only once (its foreign function `declare_property`), under
//! names that hold the root's own number; and when a stream sets a property that nobody has set yet, Envoy goes by what the
//! stream's own root has declared. So whoever may set such a name once, and not twice, is of the root in the name.
//!
//! Every filter of a request sees what was set, until the request is over. One of another root, before this one in the
//! chain, may have set the name already, as something that may be set again, so that a no may be wrong; a yes never is. So
//! only a yes counts, and where no root says it, all are asked again under names that the filters before didn't need.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::abi::{self, Failure, Status};
use super::id::ContextId;

/// The ends of the names that each root has: as many filters of one VM can stand in one chain, and yet be told apart.
const ENDS: std::ops::RangeInclusive<char> = '1'..='8';

/// What a root can be known by: the names of its properties but for their ends.
type Mark = Rc<str>;

/// How one VM tells its roots apart.
#[derive(Debug)]
pub(super) struct Descent {
    /// The VM's name, so that it has properties of its own.
    vm: u64,
    /// The marked roots. They are looked for from the last one on, which is the newest, or the one that was found last.
    marks: RefCell<Vec<(ContextId, Mark)>>,
    /// Whether the host was seen to let a property be set twice that nobody has declared.
    is_tried: Cell<bool>,
}

impl Descent {
    /// That of the VM with this name.
    pub(super) const fn of(vm: u64) -> Self {
        Self {
            vm,
            marks: RefCell::new(Vec::new()),
            is_tried: Cell::new(false),
        }
    }

    /// Marks the root that this callback is for, once in its life.
    ///
    /// # Errors
    /// The first host call's that fails, or that a stream of this root wouldn't be allowed.
    pub(super) fn mark(&self, root: ContextId) -> Result<(), Failure> {
        if self.marks.borrow().iter().any(|(known, _)| *known == root) {
            return Ok(());
        }
        let mark = format!("postern.root.{}.{}.", self.vm, root.0);
        for end in ENDS {
            abi::declare_property_once(name(&mark, end).as_bytes())?;
        }
        // A root has no properties, and is told so where the call is allowed at all.
        match abi::set_property(self.control().as_bytes(), b"") {
            Err(failure) if failure.status == Status::INTERNAL_FAILURE => Err(failure),
            Ok(()) | Err(_) => {
                self.marks.borrow_mut().push((root, mark.into()));
                Ok(())
            }
        }
    }

    /// A root is gone, after the last of its streams.
    pub(super) fn forget(&self, root: ContextId) {
        self.marks.borrow_mut().retain(|(known, _)| *known != root);
    }

    /// The root of the effective stream; `None` where none can be shown to be it.
    ///
    /// # Errors
    /// The first host call's that fails.
    pub(super) fn root_of_stream(&self) -> Result<Option<ContextId>, Failure> {
        if !self.can_tell()? {
            return Ok(None);
        }
        let roots: Vec<_> = self.marks.borrow().iter().rev().cloned().collect();
        for end in ENDS {
            for (root, mark) in &roots {
                if is_once(&name(mark, end))? {
                    self.found(*root);
                    return Ok(Some(*root));
                }
            }
        }
        Ok(None)
    }

    /// This root is looked for first from now on.
    fn found(&self, root: ContextId) {
        let mut marks = self.marks.borrow_mut();
        if let Some(at) = marks.iter().position(|(known, _)| *known == root) {
            let mark = marks.remove(at);
            marks.push(mark);
        }
    }

    /// Whether a yes of this host means anything: not where it lets nothing at all be set twice.
    fn can_tell(&self) -> Result<bool, Failure> {
        if !self.is_tried.get() {
            let control = self.control();
            self.is_tried.set(can_set(&control)? && can_set(&control)?);
        }
        Ok(self.is_tried.get())
    }

    /// A property that no root declares.
    fn control(&self) -> String {
        format!("postern.root.{}.none", self.vm)
    }
}

fn name(mark: &str, end: char) -> String {
    let mut name = String::from(mark);
    name.push(end);
    name
}

/// Whether the effective stream may set a property that is new to it, and not a second time.
fn is_once(name: &str) -> Result<bool, Failure> {
    Ok(can_set(name)? && !can_set(name)?)
}

fn can_set(name: &str) -> Result<bool, Failure> {
    match abi::set_property(name.as_bytes(), b"") {
        Ok(()) => Ok(true),
        Err(failure) if failure.status == Status::BAD_ARGUMENT => Ok(false),
        Err(failure) => Err(failure),
    }
}

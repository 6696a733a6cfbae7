//! Reading the text of a large JSON document in slices.

mod extent;
mod items;
mod scan;

pub(super) use extent::Container;
pub use items::{Item, Items, read_item};
pub(super) use scan::{NextValue, Scanner, Token, WHOLE, name, part, unmarked};

//! Memory for very many small things: a block of its own for each would cost as much again, and a list that doubles
//! needs three times its memory for a moment. A VM's memory never shrinks.

mod pool;
mod slab;
mod slots;
mod texts;

pub(crate) use pool::{At, Draft, Entry, Piece, Pool};
pub(crate) use slab::{Id, Slab};
pub(crate) use slots::{Handle, Slots};
pub(crate) use texts::Texts;

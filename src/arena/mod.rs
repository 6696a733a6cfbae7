//! Memory for very many small things: a block of its own for each would cost as much again, and a list that doubles
//! needs three times its memory for a moment. A VM's memory never shrinks.

mod pool;
mod slab;
mod slots;
mod texts;

pub(crate) use pool::{EntryId, EntryReader, EntryWriter, Pool, PoolText};
pub(crate) use slab::{ArenaId, ChunkedVec};
pub(crate) use slots::{Handle, HandleTable};
pub(crate) use texts::TextArena;

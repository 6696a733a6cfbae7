//! Memory for very many small items. An allocation for each item would double the memory, and a list that doubles its
//! capacity needs three times its memory while it moves. The memory of a VM never shrinks.

mod chunked_vec;
mod handle_table;
mod pool;
mod text_arena;

pub(crate) use chunked_vec::{ArenaId, ChunkedVec};
pub(crate) use handle_table::{Handle, HandleTable, TableCursor};
pub(crate) use pool::{EntryId, EntryReader, EntryWriter, Pool, PoolText};
pub(crate) use text_arena::TextArena;

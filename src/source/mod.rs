//! Config centres: where documents come from, how they are kept, and how values are found in them.
//!
//! A *source* yields a [`Document`] and what is needed to ask again cheaply. [`Watched`] keeps one document fresh by
//! itself, once for all VMs of an Envoy; [`OnDemand`] fetches one for each key that is asked for. Both know no clock and
//! no socket: they are told the time, and hand out [`Callout`](crate::http::Callout)s for somebody else to send.
//! [`JsonPath`] and [`Index`] find values in a document.

mod board;
mod budget;
mod bytes;
mod document;
mod envelope;
mod error;
mod extent;
mod grammar;
mod index;
mod items;
mod jsonpath;
mod lease;
mod on_demand;
mod path;
mod place;
mod protocol;
mod query;
mod random;
mod remains;
mod scan;
mod schedule;
mod selected;
mod tree;
mod version;
mod watched;
mod weight;

pub use board::{ABSENT, Board};
pub use budget::Budget;
pub use document::{Document, Hash};
pub use envelope::{Envelope, EnvelopeError};
pub use error::SourceError;
pub use index::{Entry, Index, Indexed, Indexing};
pub use items::{Item, Items, read_item};
pub use jsonpath::{JsonPath, JsonPathError, Selection};
pub use lease::{Duty, Lease, Newest};
pub use on_demand::{Answer, Arguments, Limits, OnDemand, Refusal, RequestTemplate, Settled};
pub use path::PathError;
#[cfg(test)]
pub use protocol::DoubleProtocol;
use protocol::{Finding, Next, Session};
pub use protocol::{HttpProtocol, Protocol};
pub use remains::Remains;
pub use schedule::Schedule;
pub use selected::Selected;
pub use tree::Tree;
pub use version::Version;
pub use watched::{Candidate, Identity, Outcome, Progress, Tick, Watched};
pub use weight::{text_within, weight};

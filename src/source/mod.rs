//! Config centres: where documents come from, how they are kept, and how values are found in them.
//!
//! A *centre* is asked at an [`Endpoint`](crate::http::Endpoint) by a [`Protocol`], and its documents are read in a
//! [`Format`]. [`Watched`] keeps one document fresh, and fetches it once for all VMs of an Envoy. [`OnDemand`] fetches an
//! entry for each key that is asked for. Both are told the time, and return [`Callout`](crate::http::Callout)s for the
//! driver to send. [`JsonPath`] and [`Index`] find values in a document.

mod budget;
mod document;
mod error;
mod format;
mod index;
mod json;
mod on_demand;
mod path;
mod protocol;
mod query;
mod remains;
mod shared_data;
mod version;
mod watched;
mod weight;
mod wire;

pub use budget::Budget;
pub use document::{Document, Hash};
pub use error::SourceError;
pub use format::{Format, FormatReader, JsonReader};
pub use index::{Entry, Index, Indexed, Indexing};
pub use json::{Item, Items, read_item};
pub use on_demand::{Answer, Arguments, Limits, OnDemand, Refusal, RequestTemplate, Settled};
pub use path::PathError;
#[cfg(test)]
pub use protocol::DoubleProtocol;
pub use protocol::{HttpProtocol, Protocol};
pub use query::{JsonPath, JsonPathError, Selected, Selection};
pub use remains::Remains;
pub use shared_data::{ABSENT, Board};
pub use version::Version;
pub use watched::{
    Candidate, Duty, Envelope, EnvelopeError, Identity, Lease, Newest, Outcome, Progress, Schedule,
    Tick, Watched,
};
pub use weight::{text_within, weight};

use protocol::{Finding, Next, Session};

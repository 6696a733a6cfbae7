//! Config centres: where documents come from, how they are kept, and how values are found in them.
//!
//! A *centre* is asked at an [`Endpoint`](crate::http::Endpoint) by a [`Protocol`], and its documents are read in a
//! [`Format`]. [`Watched`] keeps one document fresh, and fetches it once for all VMs of an Envoy. [`OnDemand`] fetches an
//! entry for each key that is asked for. Both are told the time, and return [`Callout`](crate::http::Callout)s for the
//! driver to send. [`JsonPath`] and [`Index`] find values in a document.

mod answer_headers;
mod budget;
mod centre;
mod client_authentication;
mod document;
mod error;
mod incremental_drop;
mod index;
mod json;
mod layers;
mod local_data;
mod names;
mod on_demand;
mod path;
#[cfg(test)]
mod properties;
mod query;
mod read_refusal;
mod shared_data;
mod text_set;
mod version;
mod watched;
mod weight;
mod wire;

pub use answer_headers::AnswerHeaders;
pub use budget::Budget;
pub use centre::*;
pub use client_authentication::ClientAuthentication;
pub use document::{Document, Hash};
pub use error::SourceError;
pub(crate) use incremental_drop::IncrementalDrop;
pub use index::Index;
pub(crate) use index::{Entry, IndexBuilder, Indexed};
pub use json::{Item, Items, read_item};
pub(crate) use layers::{LayerMerge, NoMap};
pub use local_data::LocalData;
pub use names::PropertyNames;
pub use on_demand::{
    Arguments, EntryAnswer, EntryState, Lifetime, Limits, OnDemand, ReadResult, RequestTemplate,
};
pub use path::PathError;
pub(crate) use query::Selected;
pub use query::{JsonPath, JsonPathError, Selection};
pub use read_refusal::ReadRefusal;
pub(crate) use shared_data::ABSENT;
pub use shared_data::SharedData;
pub use text_set::TextSet;
pub(crate) use text_set::TextSetBuilder;
pub use version::Version;
pub use watched::{Candidate, DefinitionHash, FetchOutcome, Progress, Schedule, Tick, Watched};
pub(crate) use weight::text_within;
pub use weight::weight;

use centre::Session;

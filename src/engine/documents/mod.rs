//! The documents of sources: their arrival, their views, and the exchanges that wait for them.
//!
//! The [`Store`] of a VM keeps what its engines share: watched sources, sources on demand, flights. [`Sources`] are one
//! engine's sources. A new document goes through [`update`] and becomes a [`View`], in slices; each policy sees it as a
//! [`PolicyView`].

mod call_inputs;
mod conflicts;
mod consumers_version;
mod machine;
mod merged;
mod merging;
mod owner;
mod pending_drops;
mod policy_view;
mod replies;
mod shared_budget;
mod sources;
mod store;
mod update;
mod view;
mod waiting;

pub use store::Store;
pub use waiting::{ExchangeId, FlightId, Woken};

pub(super) use call_inputs::CallInputs;
pub(super) use consumers_version::{ConsumersVersion, CredentialHandle};
pub(super) use machine::Machine;
pub(super) use policy_view::PolicyView;
pub(super) use sources::{SourceState, Sources, WatchedState};
pub(super) use store::{OnDemandSource, Purpose, WatchedSource};
pub(super) use view::View;
pub(super) use waiting::{EngineId, FlightResult, Waiter};

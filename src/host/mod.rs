//! The Envoy adapter: proxy-wasm callbacks in, host calls out.
//!
//! It decides nothing. A callback finds the engine that is meant, asks it, lets go of every table, and then performs the
//! [`Step`](crate::engine::Step) by host calls; whatever fails on the way ends in a denial or in a request that stays
//! held, never in one that is let in. [`Vm`] is a plain value whose callbacks can be driven natively, over the `fake`
//! host of the feature `fake-host`; only `abi` knows the real one, and it alone has `unsafe`.

mod abi;
mod board;
mod callbacks;
mod clock;
#[cfg(any(target_arch = "wasm32", test))]
mod compare;
mod configure;
mod counts;
mod draw;
mod edit;
#[cfg(all(feature = "fake-host", not(target_arch = "wasm32")))]
pub mod fake;
mod filters;
mod handover;
mod id;

mod log;
mod metrics;
mod notes;
mod observer;
mod offer;
mod offers;
mod perform;
mod refusal;
mod reply;
mod roots;
mod rows;
mod seat;
mod stat;
mod stream_roots;
mod tables;
mod tally;
mod vm;
mod work;

pub use abi::{Action, Failure, Status};
pub use draw::Draw;
pub use id::{CallToken, ContextId};
pub use vm::{Ignored, Vm};

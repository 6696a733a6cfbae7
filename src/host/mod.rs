//! The Envoy adapter: the proxy's callbacks in, host calls out.
//!
//! It decides nothing. A callback finds the engine that is meant, asks it, releases every table, and then performs the
//! [`Step`](crate::engine::Step) by host calls. Whatever fails on the way ends in a denial or in a request that stays
//! held, never in one that is let in. The callbacks are those of a [`Vm`], a plain value; the calls are those of a [`Host`].
//!
//! | where | what |
//! |---|---|
//! | `callbacks`, `configure`, `perform`, `settle`, `flush`, `rollouts` | what happens in a callback |
//! | `vm`, `roots`, `instance`, `stream` | what a VM knows of roots, policies and streams |
//! | `stats`, `log`, `rollout` | what operators see |
//! | `host_function`, `known_answers` | the host's function for signatures, and whether it is believed |
//! | `hostcalls` | the boundary to a driver |
//! | `wasm` | the driver of the Wasm module; its `abi` alone has `unsafe` |
//! | `fake` | a host for tests, with the feature `fake-host` |

mod callbacks;
mod clock;
mod configure;
mod decision_inputs;
#[cfg(feature = "fake-host")]
pub mod fake;
mod flush;
mod host_function;
mod hostcalls;
mod id;
mod instance;
mod known_answers;
mod log;
mod perform;
mod refusal;
mod rollout;
mod rollouts;
mod roots;
mod seed;
mod settle;
mod shared_data;
mod stats;
mod stream;
mod vm;
mod wasm;

pub use hostcalls::{Action, Failure, Host, MapKind, MetricId, MetricKind, Status};
pub use id::{CallToken, ContextId};
pub use seed::VmSeed;
pub use vm::{Ignored, Vm};

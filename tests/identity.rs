//! A real Envoy with four workers, and a real OpenID provider that issues tokens, rotates and withdraws keys, introspects and
//! revokes. The issuer is down, slow or broken, and attackers choose what they send. No token is wrongly accepted, and no good
//! one is refused.
#![cfg(feature = "envoy-tests")]

#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "identity/flood.rs"]
#[cfg(test)]
mod flood;
#[path = "support/front.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "another suite uses all of it")]
mod front;
#[path = "support/gate.rs"]
#[cfg(test)]
mod gate;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "identity/issuer.rs"]
#[cfg(test)]
mod issuer;
#[path = "identity/keys.rs"]
#[cfg(test)]
mod keys;
#[path = "support/load.rs"]
#[cfg(test)]
mod load;
#[path = "identity/logins.rs"]
#[cfg(test)]
mod logins;
#[path = "identity/opaque.rs"]
#[cfg(test)]
mod opaque;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "identity/policy.rs"]
#[cfg(test)]
mod policy;
#[path = "identity/rotation.rs"]
#[cfg(test)]
mod rotation;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "identity/tokens.rs"]
#[cfg(test)]
mod tokens;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

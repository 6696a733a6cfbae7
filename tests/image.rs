//! `scripts/image` builds reproducible images that Istio and Envoy Gateway can pull, and pushes them to a registry. The
//! tests use registries without authentication, with a token, and Debian's docker-registry if it is installed.

#[path = "image/build.rs"]
#[cfg(test)]
mod build;
#[path = "image/layout.rs"]
#[cfg(test)]
mod layout;
#[path = "image/push.rs"]
#[cfg(test)]
mod push;
#[path = "image/registry.rs"]
#[cfg(test)]
mod registry;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

//! `scripts/image` builds images that Istio and Envoy Gateway can pull, the same ones each time, and pushes them to registries as these
//! are: open ones, ones that want a password or a token, and Debian's docker-registry where it is installed.

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

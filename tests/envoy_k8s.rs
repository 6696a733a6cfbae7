//! The samples' policies in a real Envoy, with the cluster names of istiod and Envoy Gateway. They decide as their page says.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "envoy_k8s/istio.rs"]
#[cfg(test)]
mod istio;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/project.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod project;
#[path = "envoy_k8s/samples.rs"]
#[cfg(test)]
mod samples;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;
#[path = "support/wrappers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod wrappers;

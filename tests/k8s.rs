//! Checks the samples for Kubernetes. Every policy compiles, in every kind of object. Each cluster and each routing value
//! that a policy names is defined by an object beside it. No sample lets requests through when the filter fails.

#[path = "k8s/fields.rs"]
#[cfg(test)]
mod fields;
#[path = "k8s/monitoring.rs"]
#[cfg(test)]
mod monitoring;
#[path = "k8s/names.rs"]
#[cfg(test)]
mod names;
#[path = "k8s/policies.rs"]
#[cfg(test)]
mod policies;
#[path = "support/project.rs"]
#[cfg(test)]
mod project;
#[path = "k8s/safety.rs"]
#[cfg(test)]
mod safety;
#[path = "k8s/stats.rs"]
#[cfg(test)]
mod stats;
#[path = "support/wrappers.rs"]
#[cfg(test)]
mod wrappers;

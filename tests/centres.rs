//! A real Envoy with four workers, and real config centres in every trouble that centres make for their readers: they are down,
//! slow, broken, set up again from older data, and refuse the gate. Meanwhile clients send requests. Nobody is let in whom the
//! last good document denies, and all of it heals without help.
//!
//! Two tests may run at once: each has its own Envoy, server, folders and ports, and counts and measures only these.
#![cfg(feature = "envoy-tests")]

#[path = "centres/alibaba.rs"]
#[cfg(test)]
mod alibaba;
#[path = "centres/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "centres/consul.rs"]
#[cfg(test)]
mod consul;
#[path = "centres/consul_runs.rs"]
#[cfg(test)]
mod consul_runs;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "centres/etcd.rs"]
#[cfg(test)]
mod etcd;
#[path = "centres/eureka.rs"]
#[cfg(test)]
mod eureka;
#[path = "support/front.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "another suite uses all of it")]
mod front;
#[path = "support/gate.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "another suite uses all of it")]
mod gate;
#[path = "centres/held.rs"]
#[cfg(test)]
mod held;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "centres/kubernetes.rs"]
#[cfg(test)]
mod kubernetes;
#[path = "centres/kubernetes_runs.rs"]
#[cfg(test)]
mod kubernetes_runs;
#[path = "support/load.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "another suite uses all of it")]
mod load;
#[path = "centres/nacos.rs"]
#[cfg(test)]
mod nacos;
#[path = "centres/nacos_runs.rs"]
#[cfg(test)]
mod nacos_runs;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "centres/process.rs"]
#[cfg(test)]
mod process;
#[path = "centres/run.rs"]
#[cfg(test)]
mod run;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "centres/spring.rs"]
#[cfg(test)]
mod spring;
#[path = "centres/stand_in.rs"]
#[cfg(test)]
mod stand_in;
#[path = "centres/stand_in_runs.rs"]
#[cfg(test)]
mod stand_in_runs;
#[path = "centres/stats.rs"]
#[cfg(test)]
mod stats;
#[path = "centres/troubles.rs"]
#[cfg(test)]
mod troubles;
#[path = "centres/unix_socket.rs"]
#[cfg(test)]
mod unix_socket;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

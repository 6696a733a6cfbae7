//! Runs a real Prometheus.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::envoy::{free_address, variable};
use crate::http1::get;
use crate::shown::rules;
use crate::wait::{ensure, wait_for};

/// The path of a program of the Prometheus distribution.
pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(&variable("POSTERN_PROMETHEUS")).join(name)
}

/// A Prometheus that scrapes some Envoys every second. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Prometheus {
    /// Starts it with the project's alerts.
    pub(crate) fn start(admins: &[SocketAddr]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prometheus");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the test's folder is writable");
        let config = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yaml"],
            "scrape_configs": [{
                "job_name": "gate",
                "metrics_path": "/stats/prometheus",
                "static_configs": [{"targets": admins}],
            }],
        });
        fs::write(folder.join("alerts.yaml"), rules().to_string())
            .expect("the test's folder is writable");
        fs::write(folder.join("prometheus.yaml"), config.to_string())
            .expect("the test's folder is writable");
        let address = free_address();
        let log = folder.join("log");
        let output = File::create(&log).expect("the test's folder is writable");
        let child = Command::new(program("prometheus"))
            .current_dir(&folder)
            .arg("--config.file=prometheus.yaml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .expect("Prometheus starts");
        let started = Self {
            child,
            address,
            log,
        };
        started.until("Prometheus is ready", |own| {
            get(own.address, "/-/ready", "").is_ok_and(|answer| answer.status() == 200)
        });
        started
    }

    /// Waits until the condition holds, at most 30 s.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        wait_for(Duration::from_secs(30), || {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            let error = || format!("does not hold: {what}\n{}", log());
            ensure(holds(self), error)
        });
    }

    /// The data of a page of its API.
    pub(crate) fn ask(&self, path: &str) -> Result<Value, String> {
        let answer = get(self.address, path, "").map_err(|error| error.to_string())?;
        let text = || String::from_utf8_lossy(&answer.body).into_owned();
        let page: Value = serde_json::from_slice(&answer.body).map_err(|_| text())?;
        if page["status"] == "success" {
            Ok(page["data"].clone())
        } else {
            Err(text())
        }
    }

    /// The series that a query returns now.
    pub(crate) fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let escaped: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let data = self.ask(&format!("/api/v1/query?query={escaped}"))?;
        Ok(data["result"].as_array().cloned().unwrap_or_default())
    }

    /// The value of the first series of a query.
    pub(crate) fn value(&self, query: &str) -> Option<f64> {
        let found = self.query(query).ok()?;
        found.first()?["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

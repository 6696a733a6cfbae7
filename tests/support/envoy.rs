//! Runs a real Envoy, with func-e.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http1::{exchange, get};

/// What to run.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The folder for its bootstrap, logs and state.
    pub(crate) folder: PathBuf,
    /// The bootstrap without the admin's address.
    pub(crate) bootstrap: Value,
    pub(crate) workers: usize,
    /// More arguments. `--base-id` turns hot restart on.
    pub(crate) arguments: Vec<String>,
    /// Another Envoy than the project's own.
    pub(crate) program: Option<PathBuf>,
    /// The level of the log of Wasm.
    pub(crate) wasm_log: &'static str,
}

/// A running Envoy. It ends when this is dropped. If the test has failed, the end of its log is printed.
#[derive(Debug)]
pub(crate) struct Envoy {
    child: Child,
    /// The address of its admin pages.
    pub(crate) admin: SocketAddr,
    /// The folder of its files. The access log is `access.log`.
    pub(crate) folder: PathBuf,
}

/// The log's file in that folder.
const LOG: &str = "envoy.log";

impl Envoy {
    /// Starts it, and waits until it is ready.
    pub(crate) fn launch(launch: &Launch) -> Result<Self, String> {
        let func_e = variable("FUNC_E");
        let folder = launch.folder.clone();
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let admin = free_address();
        let mut bootstrap = launch.bootstrap.clone();
        bootstrap["admin"] = json!({"address": socket(admin.port())});
        let file = folder.join("bootstrap.json");
        fs::write(&file, bootstrap.to_string()).map_err(|error| error.to_string())?;
        let output = File::create(folder.join(LOG)).map_err(|error| error.to_string())?;
        let again = output.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(func_e);
        for (name, part) in [
            ("FUNC_E_CONFIG_HOME", "config"),
            ("FUNC_E_DATA_HOME", "data"),
            ("FUNC_E_STATE_HOME", "state"),
            ("FUNC_E_RUNTIME_DIR", "run"),
        ] {
            command.env(name, folder.join(part));
        }
        let alone = !launch.arguments.iter().any(|word| word == "--base-id");
        let child = command
            .arg("run")
            .arg("--config-path")
            .arg(&file)
            .args(["--log-level", "warning"])
            .args(alone.then_some("--disable-hot-restart"))
            .args(["--file-flush-interval-msec", "100"])
            .args([
                "--component-log-level",
                &format!("wasm:{}", launch.wasm_log),
            ])
            .arg("--concurrency")
            .arg(launch.workers.to_string())
            .args(&launch.arguments)
            .envs(launch.program.iter().map(|program| ("ENVOY_PATH", program)))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(again)
            .spawn()
            .map_err(|error| format!("func-e could not be started: {error}"))?;
        let mut envoy = Self {
            child,
            admin,
            folder,
        };
        envoy.wait_until_live()?;
        Ok(envoy)
    }

    #[expect(clippy::disallowed_methods, reason = "a process starts in real time")]
    fn wait_until_live(&mut self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let ready = get(self.admin, "/ready", "");
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("Envoy ended ({status}):\n{}", self.log()));
            }
            if start.elapsed() > Duration::from_secs(60) {
                return Err(format!(
                    "Envoy is not ready after a minute:\n{}",
                    self.log()
                ));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Prints the end of the log.
    fn show_log(&self) {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let last = lines.len().saturating_sub(60);
        let _ = writeln!(
            std::io::stderr(),
            "the end of Envoy's log:\n{}",
            lines[last..].join("\n")
        );
    }

    /// Envoy's stats whose names match the filter, a regular expression: name and value.
    pub(crate) fn stats(&self, filter: &str) -> Vec<(String, u64)> {
        let page = get(
            self.admin,
            &format!("/stats?format=json&filter={filter}"),
            "",
        );
        let body = page.map(|page| page.body).unwrap_or_default();
        let page: Value = serde_json::from_slice(&body).unwrap_or_default();
        let stats = page["stats"].as_array().cloned().unwrap_or_default();
        let read =
            |stat: &Value| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?));
        stats.iter().filter_map(read).collect()
    }

    /// The number of connections that each worker has taken.
    pub(crate) fn connections_by_worker(&self) -> Vec<u64> {
        let stats = self.stats("listener.*worker_.*downstream_cx_total");
        stats.into_iter().map(|(_, value)| value).collect()
    }

    /// The whole log.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join(LOG)).unwrap_or_default()).into_owned()
    }

    /// The lines of the log about a trap, which ends the VM of a worker.
    pub(crate) fn traps(&self) -> Vec<String> {
        let bad = |line: &&str| {
            let lower = line.to_ascii_lowercase();
            let wasm = lower.contains("wasm") || lower.contains("postern");
            let words = ["trap", "panic", "abort", "unreachable", "[critical]"];
            wasm && words.iter().any(|word| lower.contains(word))
        };
        self.log().lines().filter(bad).map(str::to_owned).collect()
    }
}

impl Drop for Envoy {
    #[expect(clippy::disallowed_methods, reason = "a process ends in real time")]
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_log();
        }
        let quit = b"POST /quitquitquit HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let _ = exchange(self.admin, "POST", quit);
        for attempt in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            if attempt == 50 {
                // func-e passes the signal on.
                let _ = Command::new("kill")
                    .arg(self.child.id().to_string())
                    .status();
            }
            thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of an environment variable. The test fails if it is not set.
pub(crate) fn variable(name: &str) -> String {
    let value = std::env::var_os(name).unwrap_or_default();
    let value = value.to_string_lossy().into_owned();
    assert!(!value.is_empty(), "{name} is not set; `make test` sets it");
    value
}

/// An address with a free port.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port")
}

/// A loopback address in the format of Envoy's configuration.
pub(crate) fn socket(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

//! A real server in a process of its own.

use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::envoy::variable;
use crate::wait::{pause, wait_for};

/// How long a server may take to start. One on the JVM needs many seconds on a busy machine.
const START: Duration = Duration::from_secs(120);

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it, with its output in a log, and waits until it is ready.
    pub(crate) fn start(
        mut command: Command,
        log: &Path,
        ready: impl Fn() -> Result<(), String>,
    ) -> Self {
        let output = OpenOptions::new().create(true).append(true).open(log);
        let output = output.expect("the folder is writable");
        let again = output.try_clone().expect("it is a file");
        command.stdin(Stdio::null()).stdout(output).stderr(again);
        let child = command.spawn();
        let mut process = Self {
            child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")),
            log: log.to_owned(),
        };
        wait_for(START, || {
            let ended = process.child.try_wait().ok().flatten();
            assert!(
                ended.is_none(),
                "{command:?} has ended: {ended:?}\n{}",
                process.last_lines()
            );
            ready()
        });
        process
    }

    fn last_lines(&self) -> String {
        let log = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is asked to end, so that what it has stored is whole.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(id).status();
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            pause(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number of the next port for a server.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// An address for a server. Its port and the two that Nacos derives from it are free. No other server of the tests gets it, also while
/// this one is down; and the system gives none of these ports to connections.
pub(crate) fn free_address() -> SocketAddr {
    // Two runs at once begin at different ports.
    let start = usize::try_from(std::process::id()).unwrap_or_default();
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let port = (0..1000).find_map(|_| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(start);
        let port = (20_000..28_000_u16).step_by(2).nth(number % 4000)?;
        let all = [0, 1000, 1001].map(|more| port.saturating_add(more));
        all.into_iter().all(is_free).then_some(port)
    });
    SocketAddr::from(([127, 0, 0, 1], port.expect("free ports")))
}

/// The folder of the servers' programs.
pub(crate) fn programs() -> PathBuf {
    PathBuf::from(variable("POSTERN_CENTRES"))
}

/// The command of a server on the JVM, without the class to start.
pub(crate) fn java(program: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(variable("POSTERN_JAVA"));
    command
        .args([
            "-Xms64m",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ])
        .args(options)
        .arg("-cp")
        .arg(format!("{0}/classes:{0}/lib/*", program.display()));
    command
}

/// A new folder for what a server stores.
pub(crate) fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("centres")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target's folder is writable");
    folder
}

/// Copies a folder with all that is in it. What was there before is gone.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "{from:?}");
}

//! Spring Cloud Config, with files of a folder and with a Git repository.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::centre::{Centre, PASSWORD, record};
use crate::front::{Asked, Pick};
use crate::http1::get;
use crate::process::{Process, free_address, java, new_folder, programs};
use crate::run::Run;
use crate::troubles::some_troubles;
use crate::wait::ensure;

#[test]
fn spring_cloud_config_with_files() {
    in_some_troubles("native");
}

#[test]
fn spring_cloud_config_with_git() {
    in_some_troubles("git");
}

fn in_some_troubles(back_end: &'static str) {
    let spring = Spring::new(back_end);
    let mut run = Run::start("springCloudConfig", Box::new(spring));
    some_troubles(&mut run);
    drop(run.finish());
}

#[derive(Debug)]
struct Spring {
    back_end: &'static str,
    folder: PathBuf,
    address: SocketAddr,
    process: Option<Process>,
}

impl Spring {
    fn new(back_end: &'static str) -> Self {
        let mut spring = Self {
            back_end,
            folder: new_folder(&format!("spring-{back_end}")),
            address: free_address(),
            process: None,
        };
        fs::create_dir_all(spring.files()).expect("a writable folder");
        if back_end == "git" {
            let shared = spring.shared().display().to_string();
            let branch = ["--initial-branch", "main"];
            spring.git(&["init", "--quiet", "--bare", branch[0], branch[1], &shared]);
            spring.git(&["init", "--quiet", branch[0], branch[1]]);
            spring.git(&["remote", "add", "origin", &shared]);
            spring.commit();
        }
        spring.start();
        spring
    }

    fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// The repository that the server clones. Its address is a path: one that begins with `file:` is opened where it lies, and the
    /// server checks out there, with a lock that stops every command of Git meanwhile.
    fn shared(&self) -> PathBuf {
        self.folder.join("shared.git")
    }

    /// The server sees all files as they are now.
    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "change"]);
        self.git(&["push", "--quiet", "origin", "main"]);
    }

    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.files())
            .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
            .args(arguments)
            .output();
        let output = output.expect("git can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
    }

    fn command(&self) -> Command {
        let server = "--spring.cloud.config.server";
        let files = self.files();
        let mut command = java(&programs().join("spring-cloud-config"), &[]);
        command
            .arg("org.springframework.cloud.config.server.ConfigServerApplication")
            .args([
                "--server.address=127.0.0.1",
                "--spring.security.user.name=gate",
            ])
            .arg(format!("--server.port={}", self.address.port()))
            .arg(format!("--spring.security.user.password={PASSWORD}"));
        if self.back_end == "git" {
            command
                .arg(format!("{server}.git.uri={}", self.shared().display()))
                .arg(format!(
                    "{server}.git.basedir={}",
                    self.folder.join("clone").display()
                ))
                .arg(format!("{server}.git.default-label=main"))
                .arg(format!("{server}.git.clone-on-start=true"));
        } else {
            command.arg("--spring.profiles.active=native").arg(format!(
                "{server}.native.search-locations=file:{}",
                files.display()
            ));
        }
        command
    }
}

fn basic() -> String {
    Base64::encode_string(format!("gate:{PASSWORD}").as_bytes())
}

impl Centre for Spring {
    fn version(&self) -> String {
        let jars = fs::read_dir(programs().join("spring-cloud-config/lib")).expect("the jars");
        let mut names = jars
            .flatten()
            .map(|jar| jar.file_name().to_string_lossy().into_owned());
        let server = names.find_map(|name| {
            let version = name.strip_prefix("spring-cloud-config-server-")?;
            Some(version.strip_suffix(".jar")?.to_owned())
        });
        format!(
            "Spring Cloud Config {} {}",
            server.expect("the server's jar"),
            self.back_end
        )
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn source(&self, document: &str) -> Value {
        // The server on the JVM is slow while the machine is busy.
        record(&json!({
            "application": document, "username": "gate", "password": PASSWORD, "timeout": "2s",
        }))
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        // The server may read it at any time, so it becomes another one at once.
        let file = self.files().join(format!("{document}.yml"));
        let new = self.folder.join("new");
        fs::write(&new, text).expect("a writable folder");
        fs::rename(&new, &file).expect("a writable folder");
        if self.back_end == "git" {
            self.commit();
        }
        true
    }

    fn delete(&mut self, document: &str) {
        let _ = fs::remove_file(self.files().join(format!("{document}.yml")));
    }

    fn reads(&self) -> Pick {
        |_| true
    }

    fn looks(&self) -> Pick {
        |_| true
    }

    fn logs_in(&self) -> Pick {
        |_| false
    }

    fn stop(&mut self) {
        self.process = None;
    }

    fn start(&mut self) {
        let (address, fields) = (
            self.address,
            format!("authorization: Basic {}\r\n", basic()),
        );
        let ready = || {
            let answer = get(address, "/main/default", &fields);
            let status = answer.map_or(0, |answer| answer.status());
            ensure(status == 200, || format!("Spring Cloud Config: {status}"))
        };
        let log = self.folder.join("server.log");
        self.process = Some(Process::start(self.command(), &log, ready));
    }

    fn secrets(&self, _: &[Asked]) -> Vec<String> {
        vec![basic()]
    }
}

//! Nacos 3 and 2, with accounts. The gate's user may read one group of one namespace.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::centre::{Centre, PASSWORD, record, send};
use crate::front::{Asked, Pick};
use crate::http1::Message;
use crate::process::{Process, free_address, java, new_folder, programs};
use crate::wait::{ensure, wait_for};

/// The namespace of the documents.
const NAMESPACE: &str = "tests";

/// The administrator's password: the one that Nacos 2 begins with.
const ADMIN: &str = "nacos";

/// A request with this header may do everything with contents.
const IDENTITY: &str = "tests-identity: identity-5d0f\r\n";

/// The time in which a server knows its users.
const USERS: Duration = Duration::from_secs(40);

/// What differs between the two versions.
#[derive(Debug)]
pub(crate) struct Version {
    /// The name of its folder.
    pub(crate) name: &'static str,
    /// The jar whose name has the version.
    jar: &'static str,
    /// The paths of the login, users, roles and permissions.
    login: &'static str,
    users: &'static str,
    roles: &'static str,
    permissions: &'static str,
    /// The API by which the gate reads `short`. It finds out the one for `main`.
    api: &'static str,
}

pub(crate) const NACOS_3: Version = Version {
    name: "nacos",
    jar: "nacos-config-",
    login: "/nacos/v3/auth/user/login",
    users: "/nacos/v3/auth/user",
    roles: "/nacos/v3/auth/role",
    permissions: "/nacos/v3/auth/permission",
    api: "v3",
};

pub(crate) const NACOS_2: Version = Version {
    name: "nacos2",
    jar: "nacos-config-",
    login: "/nacos/v1/auth/login",
    users: "/nacos/v1/auth/users",
    roles: "/nacos/v1/auth/roles",
    permissions: "/nacos/v1/auth/permissions",
    api: "v2",
};

#[derive(Debug)]
pub(crate) struct Nacos {
    version: Version,
    folder: PathBuf,
    address: SocketAddr,
    process: Option<Process>,
    /// How long a token lasts, in seconds.
    tokens: u32,
    has_users: bool,
}

impl Nacos {
    /// Starts one with the user of the gate.
    pub(crate) fn new(version: Version) -> Self {
        let folder = new_folder(version.name);
        fs::create_dir_all(folder.join("conf")).expect("a writable folder");
        let mut nacos = Self {
            version,
            folder,
            address: free_address(),
            process: None,
            tokens: 18_000,
            has_users: false,
        };
        nacos.run();
        nacos.add_users();
        nacos
    }

    fn run(&mut self) {
        let (port, home) = (self.address.port(), self.folder.display().to_string());
        let identity = IDENTITY.trim_end().split_once(": ").unwrap_or_default();
        let exclude = "org.springframework.boot.autoconfigure.jdbc.DataSource";
        let properties = [
            format!("server.port={port}"),
            format!("nacos.server.main.port={port}"),
            "server.address=127.0.0.1".into(),
            "server.servlet.contextPath=/nacos".into(),
            "nacos.server.contextPath=/nacos".into(),
            "nacos.inetutils.ip-address=127.0.0.1".into(),
            "server.tomcat.accesslog.enabled=false".into(),
            "management.metrics.export.elastic.enabled=false".into(),
            "management.metrics.export.influx.enabled=false".into(),
            "management.elastic.metrics.export.enabled=false".into(),
            "management.influx.metrics.export.enabled=false".into(),
            "nacos.core.auth.system.type=nacos".into(),
            "nacos.core.auth.enabled=true".into(),
            "nacos.core.auth.admin.enabled=true".into(),
            "nacos.core.auth.console.enabled=false".into(),
            // With a cache, a new user or a new server refuses every login for up to 15 seconds.
            "nacos.core.auth.caching.enabled=false".into(),
            "nacos.security.ignore.urls=/**".into(),
            format!("nacos.core.auth.server.identity.key={}", identity.0),
            format!("nacos.core.auth.server.identity.value={}", identity.1),
            format!(
                "nacos.core.auth.plugin.nacos.token.expire.seconds={}",
                self.tokens
            ),
            // In base64, at least 32 bytes. Tokens of before a start are no longer valid.
            format!(
                "nacos.core.auth.plugin.nacos.token.secret.key={}",
                format!("{:08}", self.tokens).repeat(8)
            ),
            "nacos.core.api.compatibility.client.enabled=true".into(),
            "nacos.core.api.compatibility.admin.enabled=true".into(),
            format!(
                "spring.autoconfigure.exclude={exclude}AutoConfiguration,{exclude}TransactionManagerAutoConfiguration"
            ),
        ];
        let file = self.folder.join("conf/application.properties");
        fs::write(&file, properties.join("\n")).expect("a writable folder");
        let mut command = java(
            &programs().join(self.version.name),
            &[
                "-Dnacos.standalone=true",
                "-Dnacos.functionMode=config",
                "-Dnacos.deployment.type=server",
                "-Dnacos.remote.grpc.listen.ip=127.0.0.1",
                &format!("-Dnacos.home={home}"),
                &format!("-Duser.home={home}"),
            ],
        );
        command.current_dir(&self.folder).arg("Server").arg(format!(
            "--spring.config.additional-location=file:{home}/conf/"
        ));
        let ready = || {
            let answer = self.read("none");
            let status = answer.map_or(0, |answer| answer.status());
            ensure(status == 404, || format!("{}: {status}", self.version.name))
        };
        self.process = Some(Process::start(
            command,
            &self.folder.join("server.log"),
            ready,
        ));
        if self.has_users {
            self.wait_for_login("gate", PASSWORD);
        }
    }

    /// Sends a form.
    fn form(&self, method: &str, path: &str, fields: &str, form: &[(&str, &str)]) -> Message {
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        let (path, body) = match method {
            "POST" => (path.to_owned(), form.join("&")),
            _ => (format!("{path}?{}", form.join("&")), String::new()),
        };
        let fields = format!("content-type: application/x-www-form-urlencoded\r\n{fields}");
        let answer = send(self.address, method, &path, &fields, &body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn login(&self, user: &str, password: &str) -> Result<String, String> {
        let form = format!("username={user}&password={password}");
        let fields = "content-type: application/x-www-form-urlencoded\r\n";
        let answer = send(self.address, "POST", self.version.login, fields, &form);
        let answer = answer.map_err(|error| error.to_string())?;
        let content: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = content["accessToken"].as_str().map(str::to_owned);
        token.ok_or_else(|| format!("login of {user}: {}", answer.status()))
    }

    fn wait_for_login(&self, user: &str, password: &str) -> String {
        wait_for(USERS, || self.login(user, password))
    }

    fn add_users(&mut self) {
        if self.version.name == "nacos" {
            // It begins without an administrator.
            self.form(
                "POST",
                "/nacos/v3/auth/user/admin",
                "",
                &[("password", ADMIN)],
            );
        }
        let token = self.wait_for_login("nacos", ADMIN);
        let fields = format!("accessToken: {token}\r\n");
        let resource = format!("{NAMESPACE}:DEFAULT_GROUP:config/*");
        let Version {
            users,
            roles,
            permissions,
            ..
        } = self.version;
        for (path, form) in [
            (users, &[("username", "gate"), ("password", PASSWORD)][..]),
            (roles, &[("role", "reader"), ("username", "gate")]),
            (
                permissions,
                &[("role", "reader"), ("resource", &resource), ("action", "r")],
            ),
        ] {
            let answer = self.form("POST", path, &fields, form);
            let body = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status(), 200, "{path}: {body}");
        }
        self.has_users = true;
        let token = self.wait_for_login("gate", PASSWORD);
        // The role and the right are known later.
        let fields = format!("accessToken: {token}\r\n");
        wait_for(USERS, || {
            let status = self.form("GET", CONTENTS, &fields, &named("none")).status();
            ensure(status == 404, || format!("the gate's user: {status}"))
        });
    }

    /// What the server has.
    fn read(&self, document: &str) -> std::io::Result<Message> {
        let path = format!("{CONTENTS}?dataId={document}&group=DEFAULT_GROUP&tenant={NAMESPACE}");
        send(self.address, "GET", &path, IDENTITY, "")
    }

    fn publish(&self, document: &str, text: &str) {
        let [id, group, tenant] = named(document);
        let form = [id, group, tenant, ("content", text), ("type", "json")];
        let answer = self.form("POST", CONTENTS, IDENTITY, &form);
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!((answer.status(), &*body), (200, "true"), "{document}");
    }

    /// Waits until the server answers with this. It stores a change first.
    fn until(&self, document: &str, status: u16, text: &str) {
        wait_for(Duration::from_secs(20), || {
            let answer = self.read(document).map_err(|error| error.to_string())?;
            let is_new =
                answer.status() == status && (status != 200 || answer.body == text.as_bytes());
            ensure(is_new, || format!("{document}: {}", answer.status()))
        });
    }
}

/// The path of contents in the API of version 1, which both have.
const CONTENTS: &str = "/nacos/v1/cs/configs";

fn named(document: &str) -> [(&str, &str); 3] {
    [
        ("dataId", document),
        ("group", "DEFAULT_GROUP"),
        ("tenant", NAMESPACE),
    ]
}

fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

impl Centre for Nacos {
    fn version(&self) -> String {
        let jars = fs::read_dir(programs().join(self.version.name).join("lib")).expect("the jars");
        let mut names = jars
            .flatten()
            .map(|jar| jar.file_name().to_string_lossy().into_owned());
        let version = names.find_map(|name| {
            let version = name.strip_prefix(self.version.jar)?.strip_suffix(".jar")?;
            version
                .starts_with(|first: char| first.is_ascii_digit())
                .then(|| version.to_owned())
        });
        format!("Nacos {}", version.expect("the server's jar"))
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn source(&self, document: &str) -> Value {
        let mut own = json!({
            "namespace": NAMESPACE, "dataId": document, "username": "gate", "password": PASSWORD, "timeout": "1s",
        });
        if document == "short" {
            own["apiVersion"] = json!(self.version.api);
        }
        record(&own)
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        self.publish(document, text);
        self.until(document, 200, text);
        true
    }

    fn put_at_once(&mut self, document: &str, text: &str) {
        self.publish(document, text);
    }

    fn delete(&mut self, document: &str) {
        self.form("DELETE", CONTENTS, IDENTITY, &named(document));
        self.until(document, 404, "");
    }

    fn reads(&self) -> Pick {
        |asked| asked.path.contains("/cs/config") && !asked.path.contains("/listener")
    }

    fn looks(&self) -> Pick {
        |asked| {
            asked.path.contains("/cs/config") && !asked.path.starts_with("/nacos/v1/cs/configs?")
        }
    }

    fn logs_in(&self) -> Pick {
        |asked| asked.path.ends_with("/login")
    }

    fn stop(&mut self) {
        self.process = None;
    }

    fn start(&mut self) {
        self.tokens = 3;
        self.run();
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }

    fn secrets(&self, asked: &[Asked]) -> Vec<String> {
        let token = |asked: &Asked| {
            let mut lines = asked.fields.lines();
            lines.find_map(|line| line.strip_prefix("accesstoken: ").map(str::to_owned))
        };
        asked.iter().filter_map(token).collect()
    }
}

//! An API server of Kubernetes over its etcd, with service accounts that may read what the gate reads. It speaks TLS only, so one
//! more Envoy stands before it, for the tests and for the trouble that they make.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::centre::{Centre, DOCUMENTS, PASSWORD, record, send};
use crate::envoy::{Envoy, Launch, socket, variable};
use crate::etcd;
use crate::front::{Asked, Pick};
use crate::http1::get;
use crate::process::{Process, free_address, new_folder};
use crate::wait::{ensure, wait_for};

/// What the names in the server's certificate are.
pub(crate) const NAME: &str = "kubernetes.default.svc";

/// The token of an administrator.
const ADMIN: &str = "admin-token-5d2f";

const NAMESPACE: &str = "/api/v1/namespaces/default";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";

#[derive(Debug)]
pub(crate) struct Kubernetes {
    folder: PathBuf,
    etcd: SocketAddr,
    server: SocketAddr,
    /// The Envoy that adds TLS, and where it listens.
    bridge: Option<(Envoy, SocketAddr)>,
    /// It ends before its store.
    process: Option<Process>,
    store: Option<Process>,
}

impl Kubernetes {
    /// Starts one. The token of the gate's user is [`PASSWORD`].
    pub(crate) fn new(name: &str) -> Self {
        let mut kubernetes = Self {
            folder: new_folder(name),
            etcd: free_address(),
            server: free_address(),
            bridge: None,
            store: None,
            process: None,
        };
        let tokens = format!("{ADMIN},admin,1,system:masters\n{PASSWORD},gate,2\n");
        fs::write(kubernetes.folder.join("tokens.csv"), tokens).expect("a writable folder");
        kubernetes.run_store();
        kubernetes.run();
        kubernetes.bridge = Some(bridge(&kubernetes));
        kubernetes.until_ready();
        // As the recipe says it.
        let role = json!({"metadata": {"name": "gate"}, "rules": [
            {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": DOCUMENTS, "verbs": ["get", "watch"]},
        ]});
        kubernetes.call("POST", &format!("{RBAC}/roles"), &role);
        kubernetes.bind("gate", &json!({"kind": "User", "name": "gate"}));
        kubernetes
    }

    fn run_store(&mut self) {
        let mut etcd = etcd::command(self.etcd, free_address(), &self.folder);
        etcd.args(["--log-level", "error"]);
        let address = self.etcd;
        let is_healthy = || {
            let health = get(address, "/health", "").map_or(0, |answer| answer.status());
            ensure(health == 200, || format!("etcd: {health}"))
        };
        let log = self.folder.join("etcd.log");
        self.store = Some(Process::start(etcd, &log, is_healthy));
    }

    /// Starts the server, which makes its own certificate if there is none yet.
    fn run(&mut self) {
        let address = self.server;
        let listens = || {
            let stream = TcpStream::connect(address);
            stream.map(drop).map_err(|error| error.to_string())
        };
        let log = self.folder.join("server.log");
        self.process = Some(Process::start(self.command(), &log, listens));
    }

    fn command(&self) -> Command {
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys/rsa.pem");
        let mut command = Command::new(variable("POSTERN_KUBE_APISERVER"));
        command
            .arg(format!("--etcd-servers=http://{}", self.etcd))
            .arg(format!("--secure-port={}", self.server.port()))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            .arg(format!(
                "--cert-dir={}",
                self.folder.join("certificates").display()
            ))
            .arg(format!(
                "--token-auth-file={}",
                self.folder.join("tokens.csv").display()
            ))
            .arg(format!("--service-account-key-file={}", key.display()))
            .arg(format!(
                "--service-account-signing-key-file={}",
                key.display()
            ))
            .args([
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount",
                "--endpoint-reconciler-type=none",
            ]);
        command
    }

    /// The certificate of the server, with the authority that has signed it.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("certificates/apiserver.crt")
    }

    /// Where the server itself listens.
    pub(crate) fn server(&self) -> SocketAddr {
        self.server
    }

    fn until_ready(&self) {
        wait_for(std::time::Duration::from_secs(60), || {
            for path in ["/readyz", "/api/v1/namespaces/default"] {
                let answer = get(self.address(), path, &fields());
                let status = answer.map_or(0, |answer| answer.status());
                ensure(status == 200, || format!("{path}: {status}"))?;
            }
            Ok(())
        });
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let fields = format!("{}content-type: {kind}\r\n", fields());
        let answer = send(self.address(), method, path, &fields, &body.to_string());
        let answer = answer.expect("the server answers");
        let content = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status(), content)
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.send(method, path, "application/json", body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// This subject may read what the gate reads.
    pub(crate) fn bind(&self, name: &str, subject: &Value) {
        let binding = json!({
            "metadata": {"name": name}, "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "gate"},
        });
        self.call("POST", &format!("{RBAC}/rolebindings"), &binding);
    }

    /// It may no longer.
    pub(crate) fn unbind(&self, name: &str) {
        self.call("DELETE", &format!("{RBAC}/rolebindings/{name}"), &json!({}));
    }

    /// Makes a service account that may read, and returns a token of it.
    pub(crate) fn account(&self, name: &str) -> String {
        let accounts = format!("{NAMESPACE}/serviceaccounts");
        self.call("POST", &accounts, &json!({"metadata": {"name": name}}));
        let subject = json!({"kind": "ServiceAccount", "name": name, "namespace": "default"});
        self.bind(name, &subject);
        let request = json!({"spec": {"expirationSeconds": 600}});
        let answer = self.call("POST", &format!("{accounts}/{name}/token"), &request);
        answer["status"]["token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }
}

fn fields() -> String {
    format!("authorization: Bearer {ADMIN}\r\n")
}

/// What makes a cluster of Envoy speak TLS to the server, and check its name.
pub(crate) fn tls(authority: &Path) -> Value {
    json!({"name": "envoy.transport_sockets.tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": NAME,
        "common_tls_context": {"validation_context": {
            "trusted_ca": {"filename": authority},
            "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": NAME}}],
        }},
    }})
}

/// An Envoy that passes connections on to the server, by TLS.
fn bridge(kubernetes: &Kubernetes) -> (Envoy, SocketAddr) {
    let address = free_address();
    let filter = json!({"name": "envoy.filters.network.tcp_proxy", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "bridge", "cluster": "server",
    }});
    let endpoint = json!({"endpoint": {"address": socket(kubernetes.server.port())}});
    let bootstrap = json!({"static_resources": {
        "listeners": [{"name": "bridge", "address": socket(address.port()), "filter_chains": [{"filters": [filter]}]}],
        "clusters": [{
            "name": "server", "connect_timeout": "1s", "transport_socket": tls(&kubernetes.authority()),
            "load_assignment": {"cluster_name": "server", "endpoints": [{"lb_endpoints": [endpoint]}]},
        }],
    }});
    let envoy = Envoy::launch(&Launch {
        folder: kubernetes.folder.join("bridge"),
        bootstrap,
        workers: 1,
        arguments: Vec::new(),
        program: None,
        wasm_log: "info",
    });
    (envoy.unwrap_or_else(|error| panic!("{error}")), address)
}

impl Centre for Kubernetes {
    fn version(&self) -> String {
        let version = get(self.address(), "/version", &fields()).expect("the server answers");
        let version: Value = serde_json::from_slice(&version.body).unwrap_or_default();
        format!(
            "kube-apiserver {}",
            version["gitVersion"].as_str().unwrap_or_default()
        )
    }

    fn address(&self) -> SocketAddr {
        self.bridge.as_ref().expect("it was started").1
    }

    fn source(&self, document: &str) -> Value {
        let mut own = json!({
            "namespace": "default", "configMap": document, "key": "tenants.json", "token": PASSWORD,
        });
        if document == "short" {
            own["wait"] = json!("1s");
        }
        record(&own)
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        let object = json!({"data": {"tenants.json": text}});
        let merge = "application/merge-patch+json";
        let objects = format!("{NAMESPACE}/configmaps");
        let path = format!("{objects}/{document}");
        if self.send("PATCH", &path, merge, &object).0 == 404 {
            let mut object = object;
            object["metadata"] = json!({"name": document});
            self.call("POST", &objects, &object);
        }
        true
    }

    fn delete(&mut self, document: &str) {
        self.call(
            "DELETE",
            &format!("{NAMESPACE}/configmaps/{document}"),
            &json!({}),
        );
    }

    fn reads(&self) -> Pick {
        |asked| asked.fields.contains("accept: application/json\n")
    }

    fn looks(&self) -> Pick {
        // Where there is no document yet, a look is a read.
        |_| true
    }

    fn logs_in(&self) -> Pick {
        |_| false
    }

    fn stop(&mut self) {
        self.process = None;
    }

    fn start(&mut self) {
        self.run();
        self.until_ready();
    }

    fn secrets(&self, _: &[Asked]) -> Vec<String> {
        vec![ADMIN.to_owned()]
    }
}

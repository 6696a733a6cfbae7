//! A config centre behind a unix socket: Envoy's cluster has the socket's path in place of an address.

use std::fs;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::centre::{Centre, PASSWORD, good, policy};
use crate::etcd::Etcd;
use crate::gate::{Gate, report};
use crate::plan::Plan;

const IN_TIME: Duration = Duration::from_secs(10);

/// Passes what comes at a unix socket on to a server.
fn listen(path: &Path, server: SocketAddr) {
    let listener = UnixListener::bind(path).expect("the folder is writable");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass_on(&client, server));
        }
    });
}

fn pass_on(client: &UnixStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut questions, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut questions, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let (mut answers, mut to_client) = (server, client.try_clone()?);
    let _ = io::copy(&mut answers, &mut to_client);
    client.shutdown(Shutdown::Both)
}

#[test]
fn a_centre_behind_a_unix_socket_is_read_like_any_other() {
    let mut etcd = Etcd::new("unix-etcd");
    let _ = etcd.set_password(PASSWORD);
    let put = |etcd: &mut Etcd, marker: &str| {
        for document in ["main", "short"] {
            etcd.put(document, &good(marker));
        }
    };
    put(&mut etcd, "one");
    // The path of a socket has at most 107 bytes.
    let folder = PathBuf::from("/tmp").join(format!("postern-{}", std::process::id()));
    let path = folder.join("etcd.sock");
    fs::create_dir_all(&folder).expect("a folder for the socket");
    listen(&path, etcd.address());
    let gate = Gate::start(Plan {
        name: "centres-unix".into(),
        policies: vec![("gate".into(), policy("etcd", &etcd))],
        pipes: vec![("centre".into(), path.clone())],
        ..Plan::default()
    });
    let first = gate.until("/main/one", "-", "200", IN_TIME);
    put(&mut etcd, "two");
    let change = gate.until("/main/two", "-", "200", IN_TIME);
    gate.check("denied", "/main/globex", "-", "403 forbidden");

    // The socket is gone, and the last good document stays.
    etcd.stop();
    fs::remove_file(&path).expect("it was made");
    gate.until("/short/acme", "-", "503 lookup_failed", IN_TIME);
    gate.check("the socket is gone", "/main/two", "-", "200");
    gate.check("the socket is gone", "/main/globex", "-", "403 forbidden");
    etcd.start();
    listen(&path, etcd.address());
    let again = gate.until("/short/acme", "-", "200", IN_TIME);
    let _ = fs::remove_dir_all(&folder);
    report(&format!(
        "a unix socket: the first document after {first:.1?}, a change after {change:.1?}, after the socket was gone {again:.1?}"
    ));
    gate.finish();
}

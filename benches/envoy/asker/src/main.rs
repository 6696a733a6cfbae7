//! The benchmark's client. It sends a number of requests to a row over open connections, and reads the CPU time of Envoy's
//! worker before and after.
//!
//! The arguments are the `schedstat` file of the worker's thread, then name, port and file of requests of each row. A line
//! of the file is one request: host, path, key and tenant, separated by tabs. For each line `ROW COUNT` on standard input
//! it prints the worker's nanoseconds on a CPU and its nanoseconds of waiting for a CPU.
//!
//! It changes from one row to the next quickly, because it is not started again. So a row's turn can be short, and the
//! noise of other programs affects all rows alike.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use std::{env, fs, io, thread};

type Failed = Box<dyn Error>;

/// The number of connections. Envoy finds several requests when it wakes. With one connection it sleeps after each request,
/// and on a busy machine the cold cache is what is measured.
const CONNECTIONS: usize = 8;

/// The time until the worker sleeps. The kernel updates a thread's CPU time when the thread leaves its core.
const REST: Duration = Duration::from_micros(500);

const PATIENCE: Duration = Duration::from_secs(10);

/// A listener and the requests that it gets in turn.
struct Row {
    connections: Vec<TcpStream>,
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl Row {
    fn connect(port: u16, requests: Vec<Vec<u8>>) -> io::Result<Self> {
        let connect = |_| {
            let connection = TcpStream::connect(("127.0.0.1", port))?;
            connection.set_nodelay(true)?;
            connection.set_read_timeout(Some(PATIENCE))?;
            Ok(connection)
        };
        Ok(Self {
            connections: (0..CONNECTIONS).map(connect).collect::<io::Result<_>>()?,
            requests,
            next: 0,
        })
    }

    /// Sends this number of requests. Each connection has one open request until all are sent.
    fn ask(&mut self, count: usize) -> Result<(), Failed> {
        for at in 0..count + CONNECTIONS {
            let connection = &mut self.connections[at % CONNECTIONS];
            if at >= CONNECTIONS && at - CONNECTIONS < count {
                read_answer(connection)?;
            }
            if at < count {
                connection.write_all(&self.requests[self.next])?;
                self.next = (self.next + 1) % self.requests.len();
            }
        }
        Ok(())
    }
}

/// Checks an answer: status 200, without a body.
fn read_answer(connection: &mut TcpStream) -> Result<(), Failed> {
    let mut room = [0; 4096];
    let mut length = 0;
    while !room[..length].ends_with(b"\r\n\r\n") {
        let read = connection.read(&mut room[length..])?;
        if read == 0 {
            return Err("a connection was closed, or an answer has a body".into());
        }
        length += read;
    }
    if !room.starts_with(b"HTTP/1.1 200 ") {
        let line = room[..length].split(|byte| *byte == b'\r').next();
        return Err(String::from_utf8_lossy(line.unwrap_or_default()).into());
    }
    Ok(())
}

fn requests(file: &str) -> Result<Vec<Vec<u8>>, Failed> {
    let text = fs::read_to_string(file)?;
    let request = |line: &str| {
        let [host, path, key, tenant] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("{file}: not four words: {line}").into());
        };
        Ok(format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n\
             Accept-Encoding: gzip, br\r\nX-Api-Key: {key}\r\nX-Tenant: {tenant}\r\n\r\n"
        )
        .into_bytes())
    };
    text.lines().map(request).collect()
}

/// The nanoseconds that a thread was on a CPU so far, and the nanoseconds that it waited for one.
fn spent(schedstat: &str) -> Result<[u64; 2], Failed> {
    thread::sleep(REST);
    let text = fs::read_to_string(schedstat)?;
    let mut words = text.split_whitespace().map(str::parse);
    let (Some(ran), Some(waited)) = (words.next(), words.next()) else {
        return Err(format!("{schedstat}: {text}").into());
    };
    Ok([ran?, waited?])
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (schedstat, rows) = arguments.split_first().ok_or("no schedstat")?;
    let mut asked = HashMap::new();
    for row in rows.chunks(3) {
        let [name, port, file] = row else {
            return Err("a row is name, port and file".into());
        };
        asked.insert(name.as_str(), Row::connect(port.parse()?, requests(file)?)?);
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (name, count) = line.split_once(' ').ok_or("not ROW COUNT")?;
        let row = asked.get_mut(name).ok_or("no such row")?;
        let before = spent(schedstat)?;
        row.ask(count.parse()?)
            .map_err(|reason| format!("{name}: {reason}"))?;
        let after = spent(schedstat)?;
        println!("{} {}", after[0] - before[0], after[1] - before[1]);
    }
    Ok(())
}

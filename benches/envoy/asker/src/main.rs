//! The bench's client: a row is asked so many times over connections that stay open, and Envoy's worker is read before
//! and after.
//!
//! Arguments: the `schedstat` of the worker's thread, then name, port and file of requests of each row (a request a line:
//! host, path, key and tenant, by tabs). For each line `ROW COUNT` on standard input it answers with a line of what
//! the worker spent on that: nanoseconds on a CPU, and nanoseconds of waiting for one.
//!
//! It is quick to change over, which a client that is started for each row isn't: a row's turn can be so short that a
//! neighbour's noise falls on all rows alike.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use std::{env, fs, io, thread};

type Failed = Box<dyn Error>;

/// Few, so that Envoy finds more than one request when it wakes: with a single one it sleeps after each, and what is
/// measured on a busy machine is the cold cache.
const CONNECTIONS: usize = 8;

/// Until the worker sleeps: the kernel adds up what a thread spent when it leaves its core.
const REST: Duration = Duration::from_micros(500);

const PATIENCE: Duration = Duration::from_secs(10);

/// A listener and the requests that it is asked in turn.
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

    /// Asks so many times. Each connection has one request on its way until there are no more to send.
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

/// An answer without a body, and 200.
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

/// Nanoseconds that a thread was on a CPU so far, and that it waited for one.
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

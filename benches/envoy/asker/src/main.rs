//! The benchmark's client. It sends a number of requests to a row over open connections, and reads the CPU time of Envoy's
//! worker before and after.
//!
//! The arguments are the `schedstat` file of the worker's thread, then name, port, file of requests and `once` or `again` of
//! each row. A row that is asked `once` never repeats a request. For each line `ROW COUNT` on standard input it prints the
//! worker's nanoseconds on a CPU and its nanoseconds of waiting for a CPU.
//!
//! It changes from one row to the next quickly, because it is not started again. So a row's turn can be short, and the
//! noise of other programs affects all rows alike.

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::rc::Rc;
use std::time::Duration;
use std::{env, fs, thread};

use asker::{Connection, Failed, requests};

/// The number of connections. Envoy finds several requests when it wakes. With one connection it sleeps after each request,
/// and on a busy machine the cold cache is what is measured.
const CONNECTIONS: usize = 8;

/// The time until the worker sleeps. The kernel updates a thread's CPU time when the thread leaves its core.
const REST: Duration = Duration::from_micros(500);

/// A listener and the requests that it gets in turn.
struct Row {
    connections: Vec<Connection>,
    requests: Rc<[Vec<u8>]>,
    repeats: bool,
    next: usize,
}

impl Row {
    fn connect(port: u16, requests: Rc<[Vec<u8>]>, repeats: bool) -> io::Result<Self> {
        Ok(Self {
            connections: (0..CONNECTIONS)
                .map(|_| Connection::open(port))
                .collect::<io::Result<_>>()?,
            requests,
            repeats,
            next: 0,
        })
    }

    /// Sends this number of requests. Each connection has one open request until all are sent.
    fn ask(&mut self, count: usize) -> Result<(), Failed> {
        for at in 0..count + CONNECTIONS {
            let connection = &mut self.connections[at % CONNECTIONS];
            if at >= CONNECTIONS && at - CONNECTIONS < count {
                let status = connection.status()?;
                if status != 200 {
                    return Err(format!("the status {status}").into());
                }
            }
            if at < count {
                if self.next == self.requests.len() && self.repeats {
                    self.next = 0;
                }
                let request = self
                    .requests
                    .get(self.next)
                    .ok_or("no new request is left")?;
                connection.send(request)?;
                self.next += 1;
            }
        }
        Ok(())
    }
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
    let mut files: HashMap<&str, Rc<[Vec<u8>]>> = HashMap::new();
    let mut asked = HashMap::new();
    for row in rows.chunks(4) {
        let [name, port, file, times] = row else {
            return Err("a row is name, port, file, and `once` or `again`".into());
        };
        let requests = match files.get(file.as_str()) {
            Some(requests) => Rc::clone(requests),
            None => requests(file)?.into(),
        };
        files.insert(file, Rc::clone(&requests));
        let row = Row::connect(port.parse()?, requests, times == "again")?;
        asked.insert(name.as_str(), row);
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

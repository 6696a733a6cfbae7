//! `pacer PORT FILE PERIOD`: sends the requests of a file in turn, one every `PERIOD` microseconds, until standard input
//! ends. Then it prints a line for each: the request's line in the file, the microseconds until its answer, and the status.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use asker::{Connection, Failed, requests};

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, file, period] = &arguments[..] else {
        return Err("the arguments are PORT FILE PERIOD".into());
    };
    let requests = requests(file)?;
    let period = Duration::from_micros(period.parse()?);
    let mut connection = Connection::open(port.parse()?)?;
    let over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&over);
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        ends.store(true, Ordering::Relaxed);
    });
    let mut seen = Vec::new();
    let mut due = Instant::now();
    for (line, request) in requests.iter().enumerate().cycle() {
        if over.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let sent = Instant::now();
        connection.send(request)?;
        let status = connection.status()?;
        seen.push((line, sent.elapsed(), status));
        // A late request isn't followed by a burst.
        due = (due + period).max(sent);
    }
    let mut output = io::stdout().lock();
    for (line, took, status) in seen {
        writeln!(output, "{line} {} {status}", took.as_micros())?;
    }
    Ok(())
}

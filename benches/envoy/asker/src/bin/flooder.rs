//! `flooder PORT FILE`: sends the requests of a file as fast as the listener answers, again and again, until standard input
//! ends. Then it prints each status with the number of its answers.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, thread};

use asker::{Connection, Failed, requests};

/// The number of connections of the one client. Each always has a request under way.
const CONNECTIONS: usize = 8;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, file] = &arguments[..] else {
        return Err("the arguments are PORT FILE".into());
    };
    let requests = requests(file)?;
    let port = port.parse()?;
    let over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&over);
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        ends.store(true, Ordering::Relaxed);
    });
    let mut connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| Connection::open(port))
        .collect::<io::Result<_>>()?;
    let mut turns = requests.iter().cycle();
    let mut next = || turns.next().ok_or("the file has no requests");
    let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
    for connection in &mut connections {
        connection.send(next()?)?;
    }
    let mut is_over = false;
    while !is_over {
        is_over = over.load(Ordering::Relaxed);
        for connection in &mut connections {
            *statuses.entry(connection.status()?).or_default() += 1;
            if !is_over {
                connection.send(next()?)?;
            }
        }
    }
    for (status, count) in statuses {
        println!("{status} {count}");
    }
    Ok(())
}

//! `many KEY`: prints the JWK that verifies what this key signs (PEM, or a private JWK).
//!
//! `many KEY ALGORITHM HEADER`: prints one token for each line of standard input, which is its payload. It uses all
//! processors, because an RSA signature takes a millisecond.
#![expect(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::thread;
use std::{env, fs};

use postern_signing::{SigningKey, compact};

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [key] => println!("{}", read(key)?.verifying_jwk()),
        [key, algorithm, header] => {
            let mut payloads = String::new();
            io::stdin().read_to_string(&mut payloads)?;
            let tokens = sign(&read(key)?, algorithm, header, &payloads)?;
            io::stdout().write_all(tokens.as_bytes())?;
        }
        _ => return Err("the arguments are KEY, or KEY ALGORITHM HEADER".into()),
    }
    Ok(())
}

/// The private key of a file.
fn read(file: &str) -> Result<SigningKey, Failed> {
    let text = fs::read_to_string(file)?;
    Ok(match serde_json::from_str(&text) {
        Ok(jwk) => SigningKey::from_jwk(&jwk)?,
        Err(_) => SigningKey::from_pem(&text)?,
    })
}

/// The tokens of these payloads, one a line and in their order.
fn sign(key: &SigningKey, algorithm: &str, header: &str, payloads: &str) -> Result<String, Failed> {
    let payloads: Vec<&str> = payloads.lines().collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let share = payloads.len().div_ceil(workers).max(1);
    let one_share = |payloads: &[&str]| -> Result<String, Failed> {
        let mut tokens = String::new();
        for payload in payloads {
            let token = compact(header.as_bytes(), payload.as_bytes(), key, algorithm)?;
            tokens.push_str(&token);
            tokens.push('\n');
        }
        Ok(tokens)
    };
    thread::scope(|scope| {
        let spawn = |share| scope.spawn(move || one_share(share));
        let shares: Vec<_> = payloads.chunks(share).map(spawn).collect();
        let join =
            |share: thread::ScopedJoinHandle<'_, _>| share.join().map_err(|_| "a thread ended")?;
        shares.into_iter().map(join).collect()
    })
}

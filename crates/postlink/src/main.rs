//! `postlink finish IN OUT` gives a linked module the exports that the host
//! calls. `postlink order IN OUT` puts the functions that requests run first.
//! `postlink count IN` prints the number of operations of typical requests.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: postlink finish|order IN OUT, or postlink count IN";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // If standard error is closed, the error can't be reported.
            let _ = writeln!(std::io::stderr(), "postlink: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (step, input, output) = match arguments.as_slice() {
        [step, input] if step == "count" => return count(Path::new(input)),
        [step, input, output] => (step, Path::new(input), Path::new(output)),
        _ => return Err(USAGE.to_owned()),
    };
    let at_input = |reason: &dyn Display| format!("{}: {reason}", input.display());
    let module = std::fs::read(input).map_err(|error| at_input(&error))?;
    let made = match step.to_str() {
        Some("finish") => postlink::finish(&module).map_err(|error| at_input(&error)),
        Some("order") => postlink::order(&module).map_err(|error| at_input(&error)),
        _ => Err(USAGE.to_owned()),
    };
    std::fs::write(output, made?).map_err(|error| format!("{}: {error}", output.display()))
}

fn count(input: &Path) -> Result<(), String> {
    let at_input = |reason: &dyn Display| format!("{}: {reason}", input.display());
    let module = std::fs::read(input).map_err(|error| at_input(&error))?;
    for (request, operations) in postlink::count(&module).map_err(|error| at_input(&error))? {
        // If standard output is closed, the result can't be printed.
        let _ = writeln!(std::io::stdout(), "{operations:8} {request}");
    }
    Ok(())
}

//! `postlink IN OUT`: reads a linked module, writes the finished one.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nothing is left to be done if standard error is closed as well.
            let _ = writeln!(std::io::stderr(), "postlink: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, output] = arguments.as_slice() else {
        return Err("usage: postlink IN OUT".to_owned());
    };
    let module = std::fs::read(input).map_err(|error| format!("{}: {error}", input.display()))?;
    let finished =
        postlink::finish(&module).map_err(|refusal| format!("{}: {refusal}", input.display()))?;
    std::fs::write(output, finished).map_err(|error| format!("{}: {error}", output.display()))
}

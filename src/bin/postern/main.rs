//! The tool `postern`: checks and explains policies, their config centres and tokens without a gateway.

mod check;
mod clock;
mod completions;
mod ecds;
mod environment;
mod exit;
mod explain;
mod input;
mod man;
mod output;
mod policy_file;
mod schema;
mod source;
mod terminal;
mod token;
mod yaml;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use exit::{ExitStatus, Failure};

const EXAMPLES: &str = "\
Examples:
  postern check policy.yaml
  postern explain policy.yaml https://api.example.com/v1/orders -H 'x-api-key: k'
  postern source policy.yaml --cluster nacos=http://127.0.0.1:8848
  postern token - < token.txt
  postern schema > postern-policy.schema.json";

/// Works with Postern's policies on the command line.
#[derive(Debug, Parser)]
#[command(name = "postern", version, max_term_width = 80, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Prints everything that is wrong with policies, with file, line and column.
    Check(check::Check),
    /// Prints how a policy treats a request, stage by stage.
    Explain(explain::Explain),
    /// Prints the policy language as a JSON Schema (2020-12), for editors.
    Schema(schema::Schema),
    /// Prints a policy (YAML or JSON) as the resource that plain Envoy takes by ECDS, as JSON.
    ///
    /// Envoy hands a policy to the filter as text, so the text is put into a StringValue. This verb doesn't check the
    /// policy: `postern check` does, and the filter does, which writes errors to Envoy's log.
    Ecds(ecds::Ecds),
    /// Asks the config centres of a policy, as the filter would.
    ///
    /// It shows what each centre answers, what the policy makes of it, and what lookups find in it. Documents and credentials
    /// are never printed, but the values that lookups find are.
    Source(Box<source::Source>),
    /// Prints what is in a signed token (JWT), or makes one.
    Token(Box<token::Token>),
    /// Prints a script that completes the tool's command line in a shell.
    Completions(completions::Completions),
    /// Prints a manual page.
    Man(man::Man),
}

fn main() -> ExitCode {
    let status = match CommandLine::parse().verb {
        Verb::Check(check) => check.run(),
        Verb::Explain(explain) => explain.run(),
        Verb::Schema(schema) => schema.run(),
        Verb::Ecds(ecds) => ecds.run(),
        Verb::Source(source) => source.run(),
        Verb::Token(token) => token.run(),
        Verb::Completions(completions) => completions.run(CommandLine::command()),
        Verb::Man(man) => man.run(CommandLine::command()),
    };
    let status = status.unwrap_or_else(|Failure(reason)| {
        // If standard error can't be written, nothing is left to report that.
        let _ = writeln!(io::stderr(), "postern: {reason}");
        ExitStatus::Unusable
    });
    status.into()
}

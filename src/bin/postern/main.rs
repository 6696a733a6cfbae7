//! The tool `postern`: what the filter would say, without a gateway.

mod cases;
mod check;
mod ecds;
mod embedded;
mod environment;
mod explain;
mod explanation;
mod file;
mod finding;
mod gate;
mod judge;
mod lint;
mod load;
mod near;
mod page;
mod schema;
mod sent;
mod shell;
mod story;
mod tell;
mod terms;
mod verb;
mod wrapper;
mod yaml;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use verb::{Failure, Verdict};

const EXAMPLES: &str = "\
Examples:
  postern check policy.yaml
  postern explain policy.yaml https://api.example.com/v1/orders -H 'x-api-key: k'
  postern schema > postern-policy.schema.json";

/// Works with Postern's policies on the command line.
#[derive(Debug, Parser)]
#[command(name = "postern", version, max_term_width = 80, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Prints everything that is wrong with policies, with the place of each thing.
    Check(check::Check),
    /// Prints the way that a request takes through a policy, stage by stage.
    Explain(explain::Explain),
    /// Prints the policy language as a JSON Schema (2020-12), for editors.
    Schema(schema::Schema),
    /// Prints a policy (YAML or JSON) as the resource that plain Envoy takes by ECDS, as JSON.
    ///
    /// Envoy hands a policy to the filter as text, so it is put into a StringValue. The policy isn't judged here:
    /// `postern check` does that, and so does the filter, in Envoy's log.
    Ecds(ecds::Ecds),
    /// Prints a script that completes the tool's command line in a shell.
    Completions(shell::Completions),
    /// Prints a manual page.
    Man(shell::Man),
}

fn main() -> ExitCode {
    let verdict = match Arguments::parse().verb {
        Verb::Check(check) => check.run(),
        Verb::Explain(explain) => explain.run(),
        Verb::Schema(schema) => schema.run(),
        Verb::Ecds(ecds) => ecds.run(),
        Verb::Completions(completions) => completions.run(Arguments::command()),
        Verb::Man(man) => man.run(Arguments::command()),
    };
    let verdict = verdict.unwrap_or_else(|Failure(reason)| {
        // Where even that can't be said there is nobody to say it to.
        let _ = writeln!(io::stderr(), "postern: {reason}");
        Verdict::Unusable
    });
    verdict.into()
}

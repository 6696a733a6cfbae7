//! `postern check`: everything that is wrong with policies, in every file that can hold one.

mod files;
mod finding;
mod policy;
mod report;
mod rules;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::environment::{Variables, parse_variable};
use crate::exit::{ExitStatus, Failure};
use crate::input;
use crate::output::{print, print_line};
use crate::yaml::Position;
use files::Checker;

const EXAMPLES: &str = "\
Examples:
  postern check policy.yaml
  postern check --deny-warnings k8s/*.yaml
  kubectl get wasmplugin -A -o yaml | postern check -
  postern check --format sarif envoy/ecds.json > findings.sarif

Exit status: 0 if there are no errors, 1 if a policy has errors, 2 if a file
can't be read or holds no policy.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// Policies (YAML or JSON), and files that hold them: Envoy's bootstrap, LDS and ECDS files, WasmPlugin,
    /// TrafficExtension, EnvoyFilter, EnvoyExtensionPolicy. `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of the findings.
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
    /// Treat warnings as errors.
    #[arg(long)]
    deny_warnings: bool,
    /// A variable of the VM's environment. All other variables are assumed to be set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,
}

/// The format of the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// A line for each: `FILE:LINE:COLUMN: LEVEL: PATH: REASON (SUGGESTION)`.
    Text,
    /// One object with all findings.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

impl Check {
    pub(crate) fn run(&self) -> Result<ExitStatus, Failure> {
        let mut checker = Checker::new(Variables::new(&self.env));
        for path in &self.files {
            let name = path.display().to_string();
            match input::read_text(path) {
                Ok(text) => checker.check(&name, &text),
                Err(Failure(reason)) => {
                    let reason = reason.strip_prefix(&format!("{name}: ")).unwrap_or(&reason);
                    checker.report_unreadable(&name, Position::START, reason);
                }
            }
        }
        let report = checker.finish();
        match self.format {
            OutputFormat::Text => print(report.to_text().as_bytes())?,
            OutputFormat::Json => print_line(&format!("{:#}", report.to_json()))?,
            OutputFormat::Sarif => print_line(&format!("{:#}", report.to_sarif()))?,
        }
        Ok(report.status(self.deny_warnings))
    }
}

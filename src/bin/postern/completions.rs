//! `postern completions`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::exit::{ExitStatus, Failure};
use crate::output::print;

const EXAMPLES: &str = "\
Examples:
  postern completions bash > /etc/bash_completion.d/postern
  postern completions zsh > \"${fpath[1]}/_postern\"
  postern completions fish > ~/.config/fish/completions/postern.fish";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Result<ExitStatus, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "postern", &mut script);
        print(&script)?;
        Ok(ExitStatus::Success)
    }
}

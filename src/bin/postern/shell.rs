//! `postern completions` and `postern man`: from the same source as `--help`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::verb::{Failure, Verdict, write};

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
    pub(crate) fn run(&self, mut command: Command) -> Result<Verdict, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "postern", &mut script);
        write(&script)?;
        Ok(Verdict::Good)
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  postern man > /usr/local/share/man/man1/postern.1\n  postern man check | man -l -"
)]
pub(crate) struct Man {
    /// The verb whose page is wanted. Without it, the tool's own.
    verb: Option<String>,
}

impl Man {
    pub(crate) fn run(&self, mut command: Command) -> Result<Verdict, Failure> {
        command.build();
        if let Some(verb) = &self.verb {
            let known = command.find_subcommand(verb);
            let known = known.ok_or_else(|| Failure(format!("there is no verb `{verb}`")))?;
            command = known.clone();
        }
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| Failure(format!("the page can't be written: {error}")))?;
        write(&page)?;
        Ok(Verdict::Good)
    }
}

//! `postern man`.

use clap::{Args, Command};

use crate::exit::{ExitStatus, Failure};
use crate::output::print;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  postern man > /usr/local/share/man/man1/postern.1\n  postern man check | man -l -"
)]
pub(crate) struct Man {
    /// A verb. Without it, the page is about the whole tool.
    verb: Option<String>,
}

impl Man {
    pub(crate) fn run(&self, mut command: Command) -> Result<ExitStatus, Failure> {
        command.build();
        if let Some(verb) = &self.verb {
            let found = command.find_subcommand(verb);
            let found = found.ok_or_else(|| Failure(format!("there is no verb `{verb}`")))?;
            command = found.clone();
        }
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| Failure(format!("the page can't be written: {error}")))?;
        print(&page)?;
        Ok(ExitStatus::Success)
    }
}

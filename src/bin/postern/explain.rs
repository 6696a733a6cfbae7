//! `postern explain`: the way that a request takes through a policy.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::environment::{Variables, pair};
use crate::explanation::Explanation;
use crate::gate::{Answer, Gate, World};
use crate::page::Colours;
use crate::sent::Sent;
use crate::tell::tell;
use crate::verb::{Failure, Verdict, say};
use crate::{cases, load};

const EXAMPLES: &str = "\
Examples:
  postern explain policy.yaml https://api.example.com/v1/acme/orders/7 \\
      -H 'x-api-key: mobile-key' --document tenants=tenants.json
  postern explain policy.yaml -X POST /v1/acme/orders -d '{}' --json
  postern explain policy.yaml /profile --reply profile:mobile-app=profile.json
  postern explain policy.yaml --all cases.yaml

Exit status: 0, or 1 where a case of --all is not as expected, or 2 where the
policy or a file can't be used.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// The policy, or a file that holds it; `-` is standard input.
    policy: PathBuf,
    /// The request's URL. Without a host it is `localhost`.
    #[arg(required_unless_present = "all")]
    url: Option<String>,
    /// The method: GET, or POST where there is a body.
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    method: Option<String>,
    /// A header field of the request.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The request's body. The policy doesn't read it.
    #[arg(short = 'd', long = "data", value_name = "BODY")]
    body: Option<String>,
    /// The document of a watched source, or the status that it answers instead.
    #[arg(long = "document", value_name = "SOURCE=FILE", value_parser = document)]
    documents: Vec<(String, String)>,
    /// What a source on demand answers for a key, or the status that it answers instead.
    #[arg(long = "reply", value_name = "SOURCE:KEY=FILE", value_parser = document)]
    replies: Vec<(String, String)>,
    /// A variable of the VM's environment. Those that aren't given are taken to be set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// Answers every request of this file (YAML or TOML) and compares what becomes of it.
    #[arg(long, value_name = "CASES", conflicts_with_all = ["url", "method", "headers", "body"])]
    all: Option<PathBuf>,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
}

/// Reads `NAME=FILE`; a name may hold `=`.
fn document(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), file.to_owned()))
        }
        _ => Err("expected NAME=FILE".to_owned()),
    }
}

impl Explain {
    pub(crate) fn run(&self) -> Result<Verdict, Failure> {
        let here = Path::new("");
        let mut world = World::default();
        add(&mut world, here, &self.documents, &self.replies)?;
        if let Some(path) = &self.all {
            let cases = cases::read(path)?;
            let folder = path.parent().unwrap_or(here);
            add(&mut world, folder, &cases.documents, &cases.replies)?;
            let env: Vec<_> = cases.env.iter().chain(&self.env).cloned().collect();
            let (config, policy) = load::policy(&self.policy, &Variables::new(&env))?;
            let mut gate = Gate::open(&config, policy, world);
            return cases::run(&cases, &mut gate, &config, self.json);
        }
        let (config, policy) = load::policy(&self.policy, &Variables::new(&self.env))?;
        let mut gate = Gate::open(&config, policy, world);
        let url = self.url.as_deref().unwrap_or_default();
        let sent = Sent::new(
            url,
            self.method.as_deref(),
            &self.headers,
            self.body.as_deref(),
        )
        .map_err(Failure)?;
        let explanation = Explanation::of(sent, &mut gate, &config).map_err(Failure)?;
        if self.json {
            say(&format!("{:#}", explanation.to_json()))?;
        } else {
            say(tell(&explanation, colours()).trim_end())?;
        }
        Ok(Verdict::Good)
    }
}

/// Colours, where somebody looks who hasn't said that they want none (`NO_COLOR`).
fn colours() -> Colours {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && io::stdout().is_terminal() {
        Colours::Ansi
    } else {
        Colours::None
    }
}

/// Reads what sources answer, from files beside each other.
fn add(
    world: &mut World,
    folder: &Path,
    documents: &[(String, String)],
    replies: &[(String, String)],
) -> Result<(), Failure> {
    for (source, file) in documents {
        world
            .documents
            .insert(source.clone(), answer(folder, file)?);
    }
    for (name, file) in replies {
        let Some((source, key)) = name.split_once(':') else {
            return Err(Failure(format!(
                "a reply is for a key: expected SOURCE:KEY, found {name}"
            )));
        };
        world
            .replies
            .insert((source.to_owned(), key.to_owned()), answer(folder, file)?);
    }
    Ok(())
}

fn answer(folder: &Path, file: &str) -> Result<Answer, Failure> {
    if file.len() == 3 {
        if let Ok(status) = file.parse() {
            return Ok(Answer::Status(status));
        }
    }
    let path = folder.join(file);
    let content = std::fs::read(&path);
    content
        .map(Answer::Content)
        .map_err(|error| Failure(format!("{}: {error}", path.display())))
}

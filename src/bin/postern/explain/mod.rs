//! `postern explain`: how a policy treats a request, stage by stage.

mod apollo;
mod cases;
mod consul;
mod driver;
mod etcd;
mod explanation;
mod issuers;
mod kubernetes;
mod mask;
mod nacos;
mod near_misses;
mod predicates;
mod request;
mod text;
mod trace;
mod upstream;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use postern::time::Timestamp;

use crate::clock::{self, parse_time};
use crate::environment::{Variables, parse_variable};
use crate::exit::{ExitStatus, Failure};
use crate::output::print_line;
use crate::policy_file;
use crate::terminal::Colours;
use driver::SourceReply;

pub(crate) use driver::{Driver, FinalStep, SourceReplies};
pub(crate) use explanation::Explanation;
pub(crate) use request::RequestHead;
pub(crate) use text::render as render_request;
pub(crate) use trace::{LookupTrace, ProviderTrace, Trace};

/// The port of the client. No policy sees it.
const PORT: u16 = 40_000;

const EXAMPLES: &str = "\
Examples:
  postern explain policy.yaml https://api.example.com/v1/acme/orders/7 \\
      -H 'x-api-key: mobile-key' --document tenants=tenants.json
  postern explain policy.yaml -X POST /v1/acme/orders -d '{}' --json
  postern explain policy.yaml /profile --reply profile:mobile-app=profile.json
  postern explain policy.yaml --all cases.yaml

Exit status: 0, 1 if a case of --all isn't as expected, 2 if the policy or a
file can't be used.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// The policy, or a file that holds it. `-` is standard input.
    policy: PathBuf,
    /// The URL of the request. The default host is `localhost`.
    #[arg(required_unless_present = "all")]
    url: Option<String>,
    /// The method. The default is GET, or POST if there is a body.
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    method: Option<String>,
    /// A header field of the request.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The request's body. The policy doesn't read it.
    #[arg(short = 'd', long = "data", value_name = "BODY")]
    body: Option<String>,
    /// The document of a watched source, or the status of its reply. The keys of an issuer are the source
    /// `providers.NAME.keys`.
    #[arg(long = "document", value_name = "SOURCE=FILE", value_parser = document)]
    documents: Vec<(String, String)>,
    /// The reply of a source on demand for a key, or the status of that reply. An introspection endpoint is the source
    /// `providers.NAME.introspection`, and its keys are tokens.
    #[arg(long = "reply", value_name = "SOURCE:KEY=FILE", value_parser = document)]
    replies: Vec<(String, String)>,
    /// A header field of the reply of a source on demand for a key.
    #[arg(long = "reply-header", value_name = "SOURCE:KEY=NAME: VALUE", value_parser = reply_header)]
    reply_headers: Vec<(String, String)>,
    /// A variable of the VM's environment. All other variables are assumed to be set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,
    /// The time of the request in UTC, such as `2027-01-15T08:00:00Z`. The default is now.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<SystemTime>,
    /// The client's IP address, for `${source.address}` and `by: address`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    address: IpAddr,
    /// Explains every request of this file (YAML or TOML), and compares the result with the expected one.
    #[arg(long, value_name = "CASES", conflicts_with_all = ["url", "method", "headers", "body"])]
    all: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Parses `NAME=FILE`. The name can hold `=`.
pub(crate) fn document(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), file.to_owned()))
        }
        _ => Err("expected NAME=FILE".to_owned()),
    }
}

/// Parses `SOURCE:KEY=NAME: VALUE` into `SOURCE:KEY` and the field. The key can hold `=`.
fn reply_header(text: &str) -> Result<(String, String), String> {
    let at = text.find(": ").unwrap_or(text.len());
    let (start, _) = text.split_at_checked(at).unwrap_or((text, ""));
    match start.rsplit_once('=') {
        Some((entry, name)) if entry.contains(':') && !name.is_empty() && at < text.len() => {
            let (_, field) = text
                .split_at_checked(entry.len().saturating_add(1))
                .unwrap_or_default();
            Ok((entry.to_owned(), field.to_owned()))
        }
        _ => Err("expected SOURCE:KEY=NAME: VALUE".to_owned()),
    }
}

impl Explain {
    pub(crate) fn run(&self) -> Result<ExitStatus, Failure> {
        let here = Path::new("");
        let mut replies = SourceReplies::default();
        add_replies(&mut replies, here, &self.documents, &self.replies)?;
        add_reply_headers(&mut replies, &self.reply_headers)?;
        if let Some(path) = &self.all {
            let cases = cases::read(path)?;
            let folder = path.parent().unwrap_or(here);
            add_replies(&mut replies, folder, &cases.documents, &cases.replies)?;
            add_reply_headers(&mut replies, &cases.reply_headers)?;
            let env: Vec<_> = cases.env.iter().chain(&self.env).cloned().collect();
            let (config, policy) = policy_file::load(&self.policy, &Variables::new(&env))?;
            let start = self.start(cases.at);
            let mut driver = Driver::new(&config, policy, replies, start);
            driver.come_from(SocketAddr::new(self.address, PORT));
            return cases::run(&cases, &mut driver, &config, self.json);
        }
        let (config, policy) = policy_file::load(&self.policy, &Variables::new(&self.env))?;
        let mut driver = Driver::new(&config, policy, replies, self.start(None));
        driver.come_from(SocketAddr::new(self.address, PORT));
        let url = self.url.as_deref().unwrap_or_default();
        let request = RequestHead::new(
            url,
            self.method.as_deref(),
            &self.headers,
            self.body.as_deref(),
        )
        .map_err(Failure)?;
        let explanation = Explanation::new(request, &mut driver, &config).map_err(Failure)?;
        if self.json {
            print_line(&format!("{:#}", explanation.to_json()))?;
        } else {
            print_line(text::render(&explanation, Colours::of_output()).trim_end())?;
        }
        Ok(ExitStatus::Success)
    }

    /// The time at which the exchange begins: the command line's, that of the cases, or now.
    fn start(&self, of_cases: Option<SystemTime>) -> Timestamp {
        clock::timestamp(self.at.or(of_cases).unwrap_or_else(clock::now))
    }
}

/// Reads the replies of sources from files of `folder`.
pub(crate) fn add_replies(
    target: &mut SourceReplies,
    folder: &Path,
    documents: &[(String, String)],
    replies: &[(String, String)],
) -> Result<(), Failure> {
    for (source, file) in documents {
        let reply = read_reply(folder, file)?;
        target.documents.insert(source.clone(), reply);
    }
    for (name, file) in replies {
        let entry = entry_of(name)?;
        let reply = read_reply(folder, file)?;
        target.on_demand.insert(entry, reply);
    }
    Ok(())
}

/// Adds header fields (`NAME: VALUE`) to the replies for entries.
fn add_reply_headers(
    target: &mut SourceReplies,
    headers: &[(String, String)],
) -> Result<(), Failure> {
    for (entry, field) in headers {
        let Some((name, value)) = field.split_once(':') else {
            return Err(Failure(format!("expected NAME: VALUE, found {field}")));
        };
        let field = (name.to_ascii_lowercase(), value.trim().to_owned());
        target.headers.push((entry_of(entry)?, field));
    }
    Ok(())
}

/// The source and the key of an entry.
fn entry_of(name: &str) -> Result<(String, String), Failure> {
    match name.split_once(':') {
        Some((source, key)) => Ok((source.to_owned(), key.to_owned())),
        None => Err(Failure(format!(
            "expected SOURCE:KEY, found {name}: a reply is for one key"
        ))),
    }
}

/// Reads a reply from a file. Three digits are a status.
fn read_reply(folder: &Path, file: &str) -> Result<SourceReply, Failure> {
    if file.len() == 3 {
        if let Ok(status) = file.parse() {
            return Ok(SourceReply::Status(status));
        }
    }
    let path = folder.join(file);
    let content = std::fs::read(&path);
    content
        .map(SourceReply::Content)
        .map_err(|error| Failure(format!("{}: {error}", path.display())))
}

//! `postern source`: asks the config centres of a policy, as the filter would.

mod address;
mod bootstrap;
mod clusters;
mod gate;
mod hint;
mod history;
mod mask;
mod probes;
mod report;
mod text;
mod tls;
mod watch;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use postern::config::{Config, MergePart, SourceKind};
use postern::policy::Policy;
use serde_json::json;

use crate::environment::{Variables, parse_variable};
use crate::exit::{ExitStatus, Failure};
use crate::explain::{Explanation, LookupTrace, RequestHead, render_request};
use crate::output::print_line;
use crate::policy_file;
use crate::terminal::Colours;

use address::{Address, parse_cluster};
use clusters::Clusters;
use gate::{Asked, Gate};
use probes::Probe;
use report::{CentreReport, ProbeResult, names};

const EXAMPLES: &str = "\
Examples:
  postern source policy.yaml --cluster nacos=http://127.0.0.1:8848
  postern source policy.yaml tenants --bootstrap envoy.yaml --key acme
  postern source policy.yaml tenants --watch --key acme
  postern source policy.yaml --request 'GET https://api.test/v1/acme/orders' \\
      -H 'x-api-key: mobile-key'

Exit status: 0, 1 if a source has no usable document, 2 if the policy or a file
can't be used.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Source {
    /// The policy, or a file that holds it. `-` is standard input.
    policy: PathBuf,
    /// The source to ask. The default is all of them. The keys of an issuer are the source `providers.NAME.keys`.
    name: Option<String>,
    /// Where a cluster of Envoy is: `http://HOST:PORT`, `https://HOST:PORT` or `unix:/PATH`. The default is the
    /// authority of the requests.
    #[arg(long = "cluster", value_name = "NAME=URL", value_parser = parse_cluster)]
    clusters: Vec<(String, Address)>,
    /// A configuration of Envoy (YAML or JSON) that says where clusters are, with their TLS.
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// A file with the certificates that TLS trusts (PEM). The default is the bootstrap's, or what this system trusts.
    #[arg(long = "ca", value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// A variable of the VM's environment. The default is the tool's own environment.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,
    /// The key of the entry that lookups are tried with.
    #[arg(long)]
    key: Option<String>,
    /// A request, after its method if that isn't GET. What its route looks up is shown.
    #[arg(long, value_name = "METHOD URL")]
    request: Option<String>,
    /// A header field of the request.
    #[arg(
        short = 'H',
        long = "header",
        value_name = "NAME: VALUE",
        requires = "request"
    )]
    headers: Vec<String>,
    /// Asks again and again, as the filter does, and prints a line for each change.
    #[arg(long)]
    watch: bool,
    /// Print JSON: one object, or with --watch one object on each line.
    #[arg(long)]
    json: bool,
}

/// A policy whose sources are asked.
struct Session {
    config: Config,
    gate: Gate,
    probes: Vec<Probe>,
    only: Option<String>,
    key: Option<String>,
    request: Option<RequestHead>,
}

impl Source {
    pub(crate) fn run(&self) -> Result<ExitStatus, Failure> {
        let mut session = self.session()?;
        if self.watch {
            return watch::run(&mut session, self.json);
        }
        session.load();
        // First the request: what its route asks on demand is in the reports.
        let explanation = session.explain()?;
        let reports = session.reports();
        if self.json {
            let sources: Vec<_> = reports.iter().map(CentreReport::to_json).collect();
            let request = explanation.map(|explanation| explanation.to_json());
            let all = json!({"sources": sources, "request": request});
            print_line(&format!("{all:#}"))?;
        } else {
            let colours = Colours::of_output();
            print_line(text::render(&reports, colours).trim_end())?;
            if let Some(explanation) = explanation {
                print_line(render_request(&explanation, colours).trim_end())?;
            }
        }
        let has_failed = |report: &CentreReport| {
            let lacks = |result: &ProbeResult| matches!(result.entry, "missing" | "failed");
            report.state.is_failure()
                || session.gate.unset(&report.name).is_some()
                || report.lookups.iter().any(lacks)
        };
        Ok(if reports.iter().any(has_failed) {
            ExitStatus::Failed
        } else {
            ExitStatus::Success
        })
    }

    fn session(&self) -> Result<Session, Failure> {
        let variables = Variables::of_system(&self.env);
        let (config, _) = policy_file::load(&self.policy, &variables)?;
        let request = self.request.as_deref();
        let request = request.map(|line| RequestHead::of_line(line, &self.headers, None));
        let request = request.transpose().map_err(Failure)?;
        let clusters = Clusters::new(
            &self.clusters,
            self.bootstrap.as_deref(),
            self.authorities.clone(),
        )?;
        let (policy, probes) = probes::add(&config, &variables)?;
        let asked = Asked {
            // A request may need any of them.
            only: self.name.clone().filter(|_| request.is_none()),
            parts: parts(&config),
            unset: unset(&config, &variables),
            once: !self.watch,
        };
        let gate = Gate::new(policy, clusters, asked);
        let known = names(&config, &gate.engine);
        if let Some(name) = self.name.as_ref().filter(|name| !known.contains(name)) {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let known = known.join(", ");
            return Err(Failure(format!(
                "there is no source `{name}` (there are {known})"
            )));
        }
        Ok(Session {
            config,
            gate,
            probes,
            only: self.name.clone(),
            key: self.key.clone(),
            request,
        })
    }
}

impl Session {
    /// Asks every watched source once.
    fn load(&mut self) {
        let names = names(&self.config, &self.gate.engine);
        while !names.iter().all(|name| self.gate.is_settled(name)) || !self.gate.is_quiet() {
            // No exchange waits.
            let _ = self.gate.turn();
        }
    }

    fn reports(&mut self) -> Vec<CentreReport> {
        let tried = self.try_lookups();
        let mut reports = CentreReport::all(&self.gate, &self.config, self.only.as_deref());
        for report in &mut reports {
            let own = tried
                .iter()
                .filter(|result| result.probe.source == report.name);
            let is_on_demand = self.gate.is_on_demand(&report.name);
            report.looked_up(own.cloned().collect(), is_on_demand);
        }
        reports
    }

    /// Tries every lookup of the sources that are meant.
    fn try_lookups(&mut self) -> Vec<ProbeResult> {
        let mut results = Vec::new();
        for probe in &self.probes {
            let only = self.only.as_ref();
            if only.is_some_and(|only| *only != probe.source) {
                continue;
            }
            let key = self.key.as_deref();
            let is_unset = self.gate.unset(&probe.source).is_some();
            let request = probe.request(key).filter(|_| !is_unset);
            let trace = request.map(|headers| self.gate.exchange(&headers).1);
            let looked_up = trace.as_ref().and_then(|trace| trace.lookups.first());
            if looked_up.is_none() && self.request.is_some() {
                continue;
            }
            results.push(ProbeResult::new(probe, key, looked_up));
        }
        results
    }

    /// What the route of the request looks up.
    fn requested(&mut self) -> Vec<LookupTrace> {
        let headers = self.request.as_ref().map(RequestHead::to_headers);
        headers.map_or_else(Vec::new, |headers| self.gate.exchange(&headers).1.lookups)
    }

    fn explain(&mut self) -> Result<Option<Explanation>, Failure> {
        let Some(request) = &self.request else {
            return Ok(None);
        };
        let (step, trace) = self.gate.exchange(&request.to_headers());
        Ok(Some(Explanation::of_exchange(
            request.clone(),
            (step, trace),
            &self.config,
        )))
    }
}

/// The parts of the sources that are made of others.
fn parts(config: &Config) -> BTreeMap<String, Vec<MergePart>> {
    let merged = config.sources.iter().filter_map(|source| {
        if let SourceKind::Merge(parts) = &source.value.kind {
            Some((source.name.clone(), parts.clone()))
        } else {
            None
        }
    });
    merged.collect()
}

/// The variables that sources need and that aren't set, by the names of the sources.
fn unset(
    config: &Config,
    variables: &Variables,
) -> BTreeMap<String, std::collections::BTreeSet<String>> {
    let mut unset = BTreeMap::new();
    variables.take_assumed();
    let Ok(nothing) = Config::parse(b"{}") else {
        return unset;
    };
    // A policy of one source or of one provider reads the variables of that one.
    let mut note = |config: &Config, names: Vec<String>| {
        let _ = Policy::compile(config, variables);
        let assumed = variables.take_assumed();
        if !assumed.is_empty() {
            unset.extend(names.into_iter().map(|name| (name, assumed.clone())));
        }
    };
    for source in &config.sources {
        let mut one = nothing.clone();
        one.sources.push(source.clone());
        note(&one, vec![source.name.clone()]);
    }
    for provider in &config.providers {
        let mut one = nothing.clone();
        one.providers.push(provider.clone());
        let name = |what: &str| format!("providers.{}.{what}", provider.name);
        note(&one, vec![name("keys"), name("introspection")]);
    }
    unset
}

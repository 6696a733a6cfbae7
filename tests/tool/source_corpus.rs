//! `postern source` with the policies of all cases.

use serde_json::Value;

use crate::case::{CaseFile, WorldReply, files, json_of};
use crate::centre::{Answer, Centre, Reply};
use crate::golden::{folder, run};

fn reply(written: &WorldReply) -> Reply {
    if written.down {
        return Reply::Down;
    }
    Reply::Answer(Answer {
        status: written.status.unwrap_or(200),
        fields: written.headers.clone(),
        body: written.body.clone().into_bytes(),
        asked: written.asked.clone().into_iter().collect(),
        ..Answer::default()
    })
}

/// Every source gets a state, and no credential is printed. Whether a document is good is what the cases test.
#[test]
fn every_source_of_the_cases_has_a_state() {
    let mut states = 0;
    for file in files().iter().filter(|file| !file.world.is_empty()) {
        let Ok(policy) = json_of(file.policy.as_deref().unwrap_or_default()) else {
            continue;
        };
        let parsed = file.parsed_policy();
        let Some(sources) = parsed["sources"].as_object() else {
            continue;
        };
        let found = ask(file, &policy);
        let reports = found["sources"].as_array().unwrap();
        assert!(reports.len() >= sources.len(), "{}", file.stem);
        for report in reports {
            let state = report["state"].as_str().unwrap();
            let is_known = [
                "inline",
                "merged",
                "changed",
                "answered",
                "missing",
                "refused",
                "broken",
                "not asked",
            ];
            assert!(is_known.contains(&state), "{}: {report:#}", file.stem);
            states += 1;
        }
    }
    assert!(states > 50, "{states}");
}

fn ask(file: &CaseFile, policy: &str) -> Value {
    let centre = Centre::start();
    for (path, replies) in &file.world {
        let at = path
            .strip_prefix("//")
            .and_then(|rest| rest.split_once('/'));
        let (authority, path) = match at {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (file.stem.as_str(), path.clone()),
        };
        centre.set_turns(
            authority,
            &path,
            replies.turns().filter(|reply| !reply.silent).map(reply),
        );
    }
    let cluster = format!("centre=http://{}", centre.address);
    let env: Vec<String> = file
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut arguments = vec!["source", "-", "--json", "--cluster", &cluster];
    for variable in &env {
        arguments.extend(["--env", variable]);
    }
    let run = run(&folder("source"), &arguments, policy);
    let Ok(found) = serde_json::from_str(&run.out) else {
        panic!("{}: {run:?}", file.stem);
    };
    for (name, value) in &file.env {
        assert!(
            value.len() < 3 || !run.out.contains(value),
            "{}: {name} is printed",
            file.stem
        );
    }
    found
}

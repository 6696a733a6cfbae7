//! What the tests of several kinds share.

use crate::config::Config;
use crate::policy::{Policy, SourceKind};
use crate::source::DefinitionHash;

/// The hash of the definition of a watched source of this kind with these fields, which begin behind its cluster. No secret of the tests
/// shows in the policy.
pub(super) fn definition(kind: &str, fields: &str) -> DefinitionHash {
    let text = format!(r#"{{"sources": {{"s": {{"{kind}": {{"cluster": "c", {fields}}}}}}}}}"#);
    let config = Config::parse(text.as_bytes()).unwrap();
    let policy = Policy::compile(&config, &|name: &str| Some(name.to_owned())).unwrap();
    let shown = format!("{policy:?}");
    assert!(!shown.contains("hunter") && !shown.contains("Basic "));
    let (_, source) = policy.sources.iter().next().unwrap();
    match &source.kind {
        SourceKind::Watched { definition, .. } => *definition,
        SourceKind::Inline(_) | SourceKind::Merged { .. } | SourceKind::OnDemand { .. } => {
            panic!("it is watched")
        }
    }
}

/// Holds that the definitions of all these differ, and that these fields make the same one as those at the index.
pub(super) fn check_definitions(kind: &str, all: &[&str], same: (&str, usize)) {
    let all: Vec<_> = all.iter().map(|fields| definition(kind, fields)).collect();
    for (at, one) in all.iter().enumerate() {
        assert!(all.iter().take(at).all(|other| other != one), "{at}");
    }
    assert_eq!(definition(kind, same.0), all[same.1]);
}

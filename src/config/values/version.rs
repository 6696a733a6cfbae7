//! Versions of the module.

use crate::config::decode::expected;
use crate::config::decode::node::Node;
use crate::config::values::scalar::{digits, refuse};
use crate::config::{ConfigErrors, Path};

/// A version of the module: `0.1` or `0.1.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleVersion {
    major: u64,
    minor: u64,
    patch: u64,
}

/// The version of this module.
const OWN: &str = env!("CARGO_PKG_VERSION");

impl ModuleVersion {
    /// Parses two or three numbers. The suffix of a pre-release (`-rc.1`) is ignored.
    fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('-').map_or(text, |(release, _)| release);
        let mut numbers = text.split('.').map(digits);
        let (major, minor) = (numbers.next()??, numbers.next()??);
        let patch = numbers.next().unwrap_or(Some(0))?;
        numbers.next().is_none().then_some(Self {
            major,
            minor,
            patch,
        })
    }
}

/// The minimum version of a policy. This module must not be older.
pub(in crate::config) fn least(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<ModuleVersion> {
    let what = "a version such as `\"0.1\"`";
    let Some(text) = node.as_text() else {
        return expected(what, node, at, errors);
    };
    let wanted = refuse(
        ModuleVersion::parse(text),
        "two or three numbers, in quotes",
        at,
        errors,
        what,
    )?;
    if ModuleVersion::parse(OWN).is_some_and(|own| own >= wanted) {
        return Some(wanted);
    }
    let reason = format!("this module is {OWN}, older than the policy wants");
    errors.suggest(
        at,
        reason,
        "deploy the newer module first: Envoy may run a new policy in code that it loaded before",
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_versions() {
        let own = ModuleVersion::parse(OWN).unwrap();
        for (text, expected) in [
            ("0.1", true),
            ("0.0.9", true),
            ("0.1.0-rc.1", true),
            ("99.0", false),
            ("0.99.0", false),
            ("1", false),
            ("1.2.3.4", false),
            ("v0.1", false),
            ("0.+1", false),
            ("", false),
            ("0..1", false),
        ] {
            let mut errors = ConfigErrors::default();
            let read = least(&Node::from(text), &Path::Root, &mut errors);
            assert_eq!(read.is_some_and(|least| least <= own), expected, "{text}");
            assert_eq!(errors.is_empty(), expected, "{text}");
        }
    }
}

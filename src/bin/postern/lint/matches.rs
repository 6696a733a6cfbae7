//! Conditions of one match that no request meets, or that test for text that no client sends.

use postern::config::{Config, FieldMatch, FieldTest};

use super::{Warning, warn};

/// Warns of tests for headers and query parameters.
pub(crate) fn matches(config: &Config, found: &mut Vec<Warning>) {
    for (at, route) in config.routes.iter().enumerate() {
        for (number, one) in route.matches.iter().enumerate() {
            let place = format!("routes[{at}].match[{number}]");
            fields(&one.headers, "header", &format!("{place}.headers"), found);
            fields(&one.query, "parameter", &format!("{place}.query"), found);
        }
    }
}

fn fields(fields: &[FieldMatch], what: &str, place: &str, found: &mut Vec<Warning>) {
    for (at, field) in fields.iter().enumerate() {
        if let FieldTest::Exact(value) = &field.test {
            if matches!(&**value, "*" | ".*" | "^.*$" | ".+") {
                let reason = format!("`{value}` is text here, and no pattern");
                let path = format!("{place}[{at}].exact");
                let suggestion = "for every value write `present: true`";
                warn(found, "literal-pattern", path, reason, suggestion);
            }
        }
        let earlier = fields.get(..at).unwrap_or_default().iter().enumerate();
        let mut same = earlier.filter(|(_, other)| other.name == field.name);
        if let Some((other, _)) = same.find(|(_, other)| contradict(&other.test, &field.test)) {
            let reason = format!(
                "no request meets this and `{place}[{other}]`, which is for the same {what}"
            );
            let suggestion =
                "each of the list must hold: write a match for each value, or leave one out";
            warn(
                found,
                "contradiction",
                format!("{place}[{at}]"),
                reason,
                suggestion,
            );
        }
    }
}

/// Whether no request meets both.
fn contradict(left: &FieldTest, right: &FieldTest) -> bool {
    match (left, right) {
        (FieldTest::Exact(left), FieldTest::Exact(right)) => left != right,
        (FieldTest::Absent, other) | (other, FieldTest::Absent) => *other != FieldTest::Absent,
        (FieldTest::Present, _) | (_, FieldTest::Present) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_request_meets() {
        let exact = |value: &str| FieldTest::Exact(value.to_owned());
        for (first, second, expected) in [
            (exact("a"), exact("b"), Some("contradiction")),
            (exact("a"), exact("a"), None),
            (exact("a"), FieldTest::Present, None),
            (exact("a"), FieldTest::Absent, Some("contradiction")),
            (FieldTest::Present, FieldTest::Absent, Some("contradiction")),
            (FieldTest::Absent, FieldTest::Present, Some("contradiction")),
            (FieldTest::Absent, FieldTest::Absent, None),
            (FieldTest::Present, exact("*"), Some("literal-pattern")),
        ] {
            let all = [("x-a", &first), ("x-b", &second), ("x-a", &second)];
            let all = all.map(|(name, test)| FieldMatch {
                name: name.to_owned(),
                test: test.clone(),
            });
            let mut found = Vec::new();
            fields(&all, "header", "here", &mut found);
            let last = found
                .iter()
                .find(|warning| warning.path.starts_with("here[2]"));
            assert_eq!(
                last.map(|warning| warning.rule),
                expected,
                "{first:?} {second:?}"
            );
        }
    }
}

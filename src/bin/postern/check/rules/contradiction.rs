//! Conditions of one match that no request meets.

use postern::config::{Config, FieldMatch, FieldTest};
use postern::internals::regex::Pattern;

use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "contradiction",
    meaning: "No request meets the conditions of a match on one header, query parameter or cookie.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        for (number, one) in route.matches.iter().enumerate() {
            let path = format!("routes[{at}].match[{number}]");
            fields(&one.headers, "header", &format!("{path}.headers"), warnings);
            fields(&one.query, "parameter", &format!("{path}.query"), warnings);
            fields(&one.cookies, "cookie", &format!("{path}.cookies"), warnings);
        }
    }
}

fn fields(fields: &[FieldMatch], what: &str, path: &str, warnings: &mut Warnings) {
    for (at, field) in fields.iter().enumerate() {
        let earlier = fields.get(..at).unwrap_or_default().iter().enumerate();
        let mut same = earlier.filter(|(_, other)| other.name == field.name);
        if let Some((other, _)) = same.find(|(_, other)| contradict(&other.test, &field.test)) {
            warnings.add(
                format!("{path}[{at}]"),
                format!("no request meets both this and `{path}[{other}]`, which is for the same {what}"),
                "all conditions of the list must hold: write a match for each value, or leave one out",
            );
        }
    }
}

/// Whether no value meets both tests.
fn contradict(left: &FieldTest, right: &FieldTest) -> bool {
    match (left, right) {
        (FieldTest::Exact(left), FieldTest::Exact(right)) => left != right,
        (FieldTest::Absent, other) | (other, FieldTest::Absent) => *other != FieldTest::Absent,
        (FieldTest::Exact(value), FieldTest::Regex(regex))
        | (FieldTest::Regex(regex), FieldTest::Exact(value)) => {
            let found = Pattern::search(regex).map(|regex| regex.matches(value.as_bytes()));
            found == Ok(Ok(false))
        }
        (FieldTest::Regex(_), FieldTest::Regex(_))
        | (FieldTest::Present, _)
        | (_, FieldTest::Present) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_tests_that_no_value_meets() {
        for (first, second, expected) in [
            (r#""exact": "a""#, r#""exact": "b""#, true),
            (r#""exact": "a""#, r#""exact": "a""#, false),
            (r#""exact": "a""#, r#""present": true"#, false),
            (r#""exact": "a""#, r#""absent": true"#, true),
            (r#""present": true"#, r#""absent": true"#, true),
            (r#""absent": true"#, r#""present": true"#, true),
            (r#""absent": true"#, r#""absent": true"#, false),
            (r#""present": true"#, r#""exact": "*""#, false),
            (r#""regex": "^a""#, r#""exact": "ab""#, false),
            (r#""regex": "^a""#, r#""exact": "b""#, true),
            (r#""regex": "^a""#, r#""regex": "^b""#, false),
            (r#""regex": "^a""#, r#""absent": true"#, true),
        ] {
            let list = format!(
                r#"[{{"name": "x-a", {first}}}, {{"name": "x-b", {second}}}, {{"name": "x-a", {second}}}]"#
            );
            for field in ["headers", "query", "cookies"] {
                let policy = format!(
                    r#"{{"routes": [{{"name": "r", "require": "none", "match": [{{"{field}": {list}}}]}}]}}"#
                );
                let path = format!("routes[0].match[0].{field}[2]");
                let expected: &[String] = if expected { &[path] } else { &[] };
                assert_eq!(paths_of(&RULE, &policy), expected, "{first} {second}");
            }
        }
    }
}

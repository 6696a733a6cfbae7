//! What the match of the chosen route asks of a request besides host and path.

use postern::config::{Config, FieldMatch, FieldTest, Match, Scheme};

use super::trace::Matched;

/// The predicates of the match that was chosen. All of them hold.
pub(super) fn held(config: &Config, matched: &Matched) -> Vec<String> {
    let route = config.routes.get(matched.index);
    let at = usize::try_from(matched.matching).ok();
    let one = route.zip(at).and_then(|(route, at)| route.matches.get(at));
    one.map_or_else(Vec::new, all)
}

fn all(one: &Match) -> Vec<String> {
    let mut held = Vec::new();
    if !one.methods.is_empty() {
        held.push(format!("the method is {}", one.methods.join(" or ")));
    }
    let fields = [
        ("header", &one.headers),
        ("query parameter", &one.query),
        ("cookie", &one.cookies),
    ];
    for (what, list) in fields {
        held.extend(list.iter().map(|field| field_text(what, field)));
    }
    held.extend(one.scheme.map(|scheme| {
        let scheme = match scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!("the scheme is {scheme}")
    }));
    held.extend(one.grpc.as_ref().map(|_| "it is a call of gRPC".to_owned()));
    held
}

fn field_text(what: &str, field: &FieldMatch) -> String {
    let name = &field.name;
    match &field.test {
        FieldTest::Exact(value) => format!("the {what} `{name}` is `{value}`"),
        FieldTest::Regex(text) => format!("the {what} `{name}` has a match of `{text}`"),
        FieldTest::Present => format!("the {what} `{name}` is there"),
        FieldTest::Absent => format!("the {what} `{name}` is missing"),
    }
}

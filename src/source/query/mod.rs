//! JSONPath (RFC 9535): how a query is read and evaluated. [`grammar`] bounds how deep a query nests, and has to be asked
//! first.

mod error;
mod evaluation;
mod filter;
mod grammar;
mod jsonpath;
mod model;
mod pattern;
mod relative_path;
mod scanner;
mod selected;

pub use error::JsonPathError;
pub use jsonpath::{JsonPath, Selection};
pub(crate) use selected::Selected;

pub(super) use relative_path::{PathStep, RelativePath, walk};

use crate::source::PropertyNames;
use evaluation::each;
use filter::filter;
use model::{Segment, Selector, Slice, step, steps};
use scanner::{Read, Scanner};

/// Reads a query.
///
/// # Errors
/// What was expected, and where.
fn query(text: &str, names: PropertyNames) -> Result<Box<[Segment]>, String> {
    whole(&mut Scanner::new(text, names)).map_err(|unexpected| unexpected.told(text))
}

fn whole<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Box<[Segment]>> {
    scanner.expect("$", "`$`")?;
    let segments = segments(scanner)?;
    scanner.end("`.`, `[` or the end")?;
    Ok(segments)
}

/// What follows `$` or `@`.
fn segments<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Box<[Segment]>> {
    let mut segments = Vec::new();
    while let Some(segment) = segment(scanner)? {
        segments.push(segment);
    }
    Ok(segments.into())
}

fn segment<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Option<Segment>> {
    let before = *scanner;
    scanner.blanks();
    let descends = scanner.skip("..");
    let selectors = if scanner.peek() == Some('[') {
        bracketed(scanner)?
    } else if descends || scanner.skip(".") {
        vec![shorthand(scanner)?]
    } else {
        *scanner = before;
        return Ok(None);
    };
    Ok(Some(Segment {
        descends,
        selectors: selectors.into(),
    }))
}

fn shorthand<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Selector> {
    if scanner.skip("*") {
        return Ok(Selector::Wildcard);
    }
    let name = scanner.name()?;
    Ok(Selector::PathStep(scanner.step(name)))
}

fn bracketed<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Vec<Selector>> {
    scanner.expect("[", "`[`")?;
    let mut selectors = Vec::new();
    loop {
        scanner.blanks();
        selectors.push(selector(scanner)?);
        scanner.blanks();
        if scanner.skip("]") {
            return Ok(selectors);
        }
        scanner.expect(",", "`,` or `]`")?;
    }
}

fn selector<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Selector> {
    if matches!(scanner.peek(), Some('\'' | '"')) {
        let name = scanner.string()?;
        return Ok(Selector::PathStep(scanner.step(&name)));
    }
    if scanner.skip("*") {
        return Ok(Selector::Wildcard);
    }
    if scanner.skip("?") {
        scanner.blanks();
        return filter(scanner).map(Selector::Filter);
    }
    let start = scanner.integer()?;
    scanner.blanks();
    if !scanner.skip(":") {
        let here = *scanner;
        return start.map_or_else(
            || here.unexpected("a name in quotes, `*`, an index, a slice or a filter"),
            |index| Ok(Selector::PathStep(PathStep::Index(index))),
        );
    }
    scanner.blanks();
    let end = scanner.integer()?;
    scanner.blanks();
    let mut step = None;
    if scanner.skip(":") {
        scanner.blanks();
        step = scanner.integer()?;
    }
    let step = step.unwrap_or(1);
    Ok(Selector::Slice(Slice { start, end, step }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Taken, where it doesn't nest too deep.
    fn read(text: &str) -> Result<(), String> {
        match grammar::check(text) {
            Ok(()) => query(text, PropertyNames::Exact).map(|_| ()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn taken() {
        for text in [
            "$",
            "$.a.b",
            "$ .a ['b'] [ 0 ]",
            "$..a",
            "$..*",
            "$..['a', 1 ,*]",
            "$[ 1 : -5 : 2 ]",
            "$[::]",
            "$[-1:]",
            "$[?@.a]",
            "$[? !@.a && ( @['b'][0] == 'x' || $.c >= -1.5e2 )]",
            "$[?!(@.a<1)||@.b!=null&&@.c<=true]",
            "$[?count(@.*) > 2, ?length( @ ) == 1 ]",
            "$[?match(@.a, 'x.*') || !search(@.b, \"y\")]",
            "$[?in(@.a, $.list)]",
            "$[?any_of($.a, @.b)]",
            "$\n\t.a\r\n\t[ 'b'\n,\t'c' ]\n[?\t@.a\n==\r1\n]",
            "$[?@[?@.a > 1]]",
            "$[?value(@..a) < length(value($..b))]",
            "$[?value(@..a) == 'é']",
            r#"$["\u00e9\ud83d\ude00\"\/\\"]['\'"\b\f\n\r\t']"#,
            "$[?@ == -0]",
            "$[?@ == -0.5]",
            "$[?@ == 9007199254740991]",
            "$.é☺_1",
        ] {
            assert_eq!(read(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "a",
            "$.",
            "$..",
            "$. a",
            "$.. a",
            "$ ",
            " $",
            "$.1",
            "$.a.",
            "$[",
            "$[]",
            "$[a]",
            "$[1,]",
            "$[01]",
            "$[-0]",
            "$[- 1]",
            "$[9007199254740992]",
            "$[1:2:3:4]",
            "$['a\"]",
            r#"$["\'"]"#,
            r"$['\q']",
            r"$['\ud800']",
            r"$['\ud800\u0041']",
            r"$['\u+123']",
            "$['\t']",
            "$[?]",
            "$[?1]",
            "$[?true]",
            "$[?@.a ==]",
            "$[?@.a = 1]",
            "$[?@.* == 1]",
            "$[?@..a == 1]",
            "$[?@['a','b'] == 1]",
            "$[?!@.a == 1]",
            "$[?(@.a) == 1]",
            "$[?(@.a]",
            "$[?@.a &&]",
            "$[?@.a & @.b]",
            "$[?@ == 1.]",
            "$[?@ == .5]",
            "$[?@ == 01]",
            "$[?@ == +1]",
            "$[?@ == 1e]",
            "$[?@ == 9007199254740992]",
            "$[?length (@) == 1]",
            "$[?length(@, @) == 1]",
            "$[?match(@) == 1]",
            "$[?match(@, 'a') == true]",
            "$[?count(1) == 1]",
            "$[?count((@.a)) == 1]",
            "$[?length(@.a == 1)]",
            "$[?@. a == 1]",
            "$[?@ == 1e999]",
            "$[?unknown(@)]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    /// RFC 9535 §2.4.3: what fits where, of the types that functions have.
    #[test]
    fn refused_for_its_type() {
        for text in [
            "$[?length((@.a)) == 1]",
            "$[?length(@.*) < 3]",
            "$[?length(@.a)]",
            "$[?count(@..*)]",
            "$[?value(@.a)]",
            "$[?!value(@.a)]",
            "$[?count(length(@)) == 1]",
            "$[?value('a') == 1]",
            "$[?length(match(@, 'a')) == 1]",
            "$[?match(@.*, 'a')]",
            "$[?match(@, @..b)]",
            "$[?any_of($.a[*], @.b)]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn told_where() {
        for (text, told) in [
            ("$.a(b", "at 1:4: expected `.`, `[` or the end"),
            (
                "$[é",
                "at 1:3: expected a name in quotes, `*`, an index, a slice or a filter",
            ),
            (
                "$\n.a\n[?@.é >]",
                "at 3:8: expected a query, a literal or a function",
            ),
            ("$['a", "at 1:3: expected text with its closing quote"),
            ("$['\\q']", "at 1:4: expected an escape of JSON"),
            (
                "$[?@.* == 1]",
                "at 1:4: expected a query for one value, of names and indices",
            ),
            (
                "$[?count(@..*)]",
                "at 1:15: expected a comparison of this function's result",
            ),
            (
                "$[?match(@, '\\\\p{Lu}')]",
                "at 1:13: expected a regular expression that can be used: Unicode character classes are not supported",
            ),
        ] {
            assert_eq!(read(text), Err(told.to_owned()), "{text}");
        }
    }

    const PIECES: &[&str] = &[
        "$", "@", ".", "..", "*", "[", "]", "'a'", "\"b\"", "a", "é", "_", "0", "1", "-1", "1.5",
        "2e1", "-0", ":", ",", "?", "(", ")", "!", "&&", "||", "==", "!=", "<", ">=", "length(",
        "count(", "match(", "in(", "true", "null", " ", "\n", "\\", "'", "[?@.a", "== 1]", "[1:2]",
        "['x']",
    ];

    fn logical() -> impl Strategy<Value = String> {
        let singular = "[@$](\\.[a-c]|\\['x'\\]|\\[-?[1-9]\\]){0,3}";
        let literal = "-?[1-9][0-9]{0,3}(\\.[05])?|true|null|'[a-z é]{0,3}'";
        let calls = "(length|count|value)\\( ?[@$]\\.[a-c] ?\\)";
        let side = prop_oneof![singular, literal, calls];
        let compared = (side.clone(), " ?(==|!=|<|>|<=|>=) ?", side)
            .prop_map(|(left, operator, right)| format!("{left}{operator}{right}"));
        let tested = "!?[@$](\\.[a-c]|\\.\\.[a-c]|\\[\\*\\]|\\[0, ?1\\]){0,3}";
        let atom = prop_oneof![
            compared,
            tested,
            "!?(match|search|nin)\\(@\\.a, ?'[a-c.]{0,3}'\\)"
        ];
        atom.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                (inner.clone(), " ?(&&|\\|\\|) ?", inner.clone())
                    .prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
                ("!?\\( ?", inner).prop_map(|(open, inner)| format!("{open}{inner})")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_pieces(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..10)) {
            let text = format!("${}", pieces.concat());
            let told = read(&text).err();
            prop_assert!(told.is_none_or(|told| !told.contains('\n')), "{}", text);
        }

        #[test]
        fn filters(logical in logical()) {
            let text = format!("$.a[?{logical}]");
            prop_assert!(grammar::check(&text).is_err() || query(&text, PropertyNames::Exact).is_ok(), "{}", text);
        }
    }
}

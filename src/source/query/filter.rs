//! Reads the filters of a JSONPath (RFC 9535 §2.3.5 and §2.4) into the library's form of them.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector,
    SingularQuery, SingularQuerySegment, Test, TestFunction,
};

use super::scanner::{Read, Scanner};
use super::segments;

/// What stands at a side of a comparison, or for itself, or is an argument.
enum Operand {
    Literal(Literal),
    /// From `@`.
    Current(Vec<Segment>),
    /// From `$`.
    Root(Vec<Segment>),
    Function(TestFunction),
}

type Compare = fn(Comparable, Comparable) -> Comparison;

const COMPARISONS: [(&str, Compare); 6] = [
    ("==", Comparison::Eq),
    ("!=", Comparison::Ne),
    ("<=", Comparison::Lte),
    (">=", Comparison::Gte),
    ("<", Comparison::Lt),
    (">", Comparison::Gt),
];

/// Reads a logical expression.
pub(super) fn filter<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Filter> {
    let mut filters = vec![conjunction(scanner)?];
    while joined(scanner, "||") {
        filters.push(conjunction(scanner)?);
    }
    Ok(match <[Filter; 1]>::try_from(filters) {
        Ok([filter]) => filter,
        Err(several) => Filter::Or(several),
    })
}

fn conjunction<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Filter> {
    let mut filters = vec![Filter::Atom(atom(scanner)?)];
    while joined(scanner, "&&") {
        filters.push(Filter::Atom(atom(scanner)?));
    }
    Ok(match <[Filter; 1]>::try_from(filters) {
        Ok([filter]) => filter,
        Err(several) => Filter::And(several),
    })
}

/// Goes past `operator` and the blanks around it, if that is next.
fn joined(scanner: &mut Scanner<'_>, operator: &str) -> bool {
    let before = *scanner;
    scanner.blanks();
    if scanner.skip(operator) {
        scanner.blanks();
        return true;
    }
    *scanner = before;
    false
}

fn atom<'t>(scanner: &mut Scanner<'t>) -> Read<'t, FilterAtom> {
    let not = scanner.skip("!");
    if not {
        scanner.blanks();
    }
    if scanner.skip("(") {
        scanner.blanks();
        let expr = filter(scanner)?;
        scanner.blanks();
        scanner.expect(")", "`&&`, `||` or `)`")?;
        return Ok(FilterAtom::filter(expr, not));
    }
    let start = *scanner;
    let left = operand(scanner)?;
    let comparison = COMPARISONS
        .into_iter()
        .find(|(operator, _)| !not && joined(scanner, operator));
    if let Some((_, compare)) = comparison {
        let left = comparable(left, start)?;
        let start = *scanner;
        let right = comparable(operand(scanner)?, start)?;
        return Ok(FilterAtom::cmp(Box::new(compare(left, right))));
    }
    match test(left) {
        Ok(test) => Ok(FilterAtom::test(test, not)),
        Err(_) => scanner.unexpected("a comparison of this literal"),
    }
}

fn test(operand: Operand) -> Result<Test, Literal> {
    Ok(match operand {
        Operand::Literal(literal) => return Err(literal),
        Operand::Current(segments) => Test::RelQuery(segments),
        Operand::Root(segments) => Test::AbsQuery(JpQuery::new(segments)),
        Operand::Function(function) => Test::Function(Box::new(function)),
    })
}

/// `operand`, which was read at `start`, as a side of a comparison.
fn comparable<'t>(operand: Operand, start: Scanner<'t>) -> Read<'t, Comparable> {
    let singular = match operand {
        Operand::Literal(literal) => return Ok(Comparable::Literal(literal)),
        Operand::Function(function) if function.is_comparable() => {
            return Ok(Comparable::Function(function));
        }
        Operand::Function(_) => return start.unexpected("a function whose result is a value"),
        Operand::Current(segments) => singular(segments).map(SingularQuery::Current),
        Operand::Root(segments) => singular(segments).map(SingularQuery::Root),
    };
    match singular {
        Some(query) => Ok(Comparable::SingularQuery(query)),
        None => start.unexpected("a query for one value, of names and indices"),
    }
}

fn singular(segments: Vec<Segment>) -> Option<Vec<SingularQuerySegment>> {
    let step = |segment| match segment {
        Segment::Selector(Selector::Name(name)) => Some(SingularQuerySegment::Name(name)),
        Segment::Selector(Selector::Index(index)) => Some(SingularQuerySegment::Index(index)),
        Segment::Selector(Selector::Wildcard | Selector::Slice(..) | Selector::Filter(_))
        | Segment::Selectors(_)
        | Segment::Descendant(_) => None,
    };
    segments.into_iter().map(step).collect()
}

fn operand<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Operand> {
    if scanner.skip("@") {
        return segments(scanner).map(Operand::Current);
    }
    if scanner.skip("$") {
        return segments(scanner).map(Operand::Root);
    }
    let start = *scanner;
    match scanner.peek() {
        Some('\'' | '"') => {
            let text = scanner.string()?;
            return Ok(Operand::Literal(Literal::String(text)));
        }
        Some('-' | '0'..='9') => return scanner.number().map(Operand::Literal),
        _ => {}
    }
    match scanner.word() {
        "true" => Ok(Operand::Literal(Literal::Bool(true))),
        "false" => Ok(Operand::Literal(Literal::Bool(false))),
        "null" => Ok(Operand::Literal(Literal::Null)),
        name if scanner.skip("(") => function(name, start, scanner).map(Operand::Function),
        _ => start.unexpected("a query, a literal or a function"),
    }
}

/// The function `name`, which stands at `start`, from behind its parenthesis.
fn function<'t>(
    name: &str,
    start: Scanner<'t>,
    scanner: &mut Scanner<'t>,
) -> Read<'t, TestFunction> {
    let here = *scanner;
    let first = argument(scanner)?;
    let function = match name {
        "length" => TestFunction::Length(Box::new(first)),
        "value" => TestFunction::Value(first),
        "count" if first.is_lit() || first.is_filter() => return here.unexpected("a query"),
        "count" => TestFunction::Count(first),
        "match" => TestFunction::Match(first, second(scanner)?),
        "search" => TestFunction::Search(first, second(scanner)?),
        // The library's own.
        "in" | "nin" | "none_of" | "any_of" | "subset_of" => {
            TestFunction::Custom(name.to_owned(), vec![first, second(scanner)?])
        }
        _ => return start.unexpected("a function that is known"),
    };
    scanner.blanks();
    scanner.expect(")", "`)`")?;
    Ok(function)
}

fn second<'t>(scanner: &mut Scanner<'t>) -> Read<'t, FnArg> {
    scanner.blanks();
    scanner.expect(",", "`,` and a second argument")?;
    argument(scanner)
}

fn argument<'t>(scanner: &mut Scanner<'t>) -> Read<'t, FnArg> {
    scanner.blanks();
    if matches!(scanner.peek(), Some('(' | '!')) {
        return filter(scanner).map(FnArg::Filter);
    }
    Ok(match test(operand(scanner)?) {
        Ok(test) => FnArg::Test(Box::new(test)),
        Err(literal) => FnArg::Literal(literal),
    })
}

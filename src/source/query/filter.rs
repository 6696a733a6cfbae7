//! Reads the filters of a JSONPath (RFC 9535 §2.3.5 and §2.4).

use serde_json::Value;

use super::model::{Comparable, Comparison, FilterPattern, Logical, Query, Relation, Start};
use super::pattern::{Extent, compile};
use super::scanner::{Read, Scanner};
use super::segments;

/// A side of a comparison, a test, or an argument. Each has its type (§2.4.1).
enum Term {
    Query(Query),
    Literal(Value),
    /// A function with a value as its result.
    Value(Comparable),
    /// A function that holds or doesn't.
    Logical(Logical),
}

/// The longer operators come before those that they begin with.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Reads a logical expression.
pub(super) fn filter<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Logical> {
    several(scanner, "||", conjunction, Logical::Any)
}

fn conjunction<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Logical> {
    several(scanner, "&&", atom, Logical::All)
}

fn several<'t>(
    scanner: &mut Scanner<'t>,
    operator: &str,
    one: fn(&mut Scanner<'t>) -> Read<'t, Logical>,
    all: fn(Box<[Logical]>) -> Logical,
) -> Read<'t, Logical> {
    let first = one(scanner)?;
    if !joined(scanner, operator) {
        return Ok(first);
    }
    let mut parts = vec![first, one(scanner)?];
    while joined(scanner, operator) {
        parts.push(one(scanner)?);
    }
    Ok(all(parts.into()))
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

fn atom<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Logical> {
    let not = scanner.skip("!");
    if not {
        scanner.blanks();
    }
    let logical = if scanner.skip("(") {
        scanner.blanks();
        let logical = filter(scanner)?;
        scanner.blanks();
        scanner.expect(")", "`&&`, `||` or `)`")?;
        logical
    } else {
        basic(scanner, not)?
    };
    Ok(if not {
        Logical::Not(logical.into())
    } else {
        logical
    })
}

/// A comparison, or a test; behind a `!` only that.
fn basic<'t>(scanner: &mut Scanner<'t>, not: bool) -> Read<'t, Logical> {
    let start = *scanner;
    let left = term(scanner)?;
    let comparison = COMPARISONS
        .into_iter()
        .find(|(operator, _)| !not && joined(scanner, operator));
    if let Some((_, comparison)) = comparison {
        let left = operand(left, start)?;
        let start = *scanner;
        let right = operand(term(scanner)?, start)?;
        return Ok(Logical::Compared(left.into(), comparison, right.into()));
    }
    match left {
        Term::Query(query) => Ok(Logical::Exists(query)),
        Term::Logical(logical) => Ok(logical),
        Term::Literal(_) => scanner.unexpected("a comparison of this literal"),
        Term::Value(_) => scanner.unexpected("a comparison of this function's result"),
    }
}

/// `term`, which was read at `start`, where one value is wanted.
fn operand<'t>(term: Term, start: Scanner<'t>) -> Read<'t, Comparable> {
    match term {
        Term::Literal(literal) => Ok(Comparable::Literal(literal)),
        Term::Value(operand) => Ok(operand),
        Term::Logical(_) => start.unexpected("a function whose result is a value"),
        Term::Query(query) => match query.singular() {
            Some(steps) => Ok(Comparable::Singular(query.start, steps)),
            None => start.unexpected("a query for one value, of names and indices"),
        },
    }
}

fn term<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Term> {
    for (sign, start) in [("@", Start::Current), ("$", Start::Root)] {
        if scanner.skip(sign) {
            let segments = segments(scanner)?;
            return Ok(Term::Query(Query { start, segments }));
        }
    }
    let start = *scanner;
    match scanner.peek() {
        Some('\'' | '"') => return scanner.string().map(Value::from).map(Term::Literal),
        Some('-' | '0'..='9') => return scanner.number().map(Term::Literal),
        _ => {}
    }
    Ok(match scanner.word() {
        "true" => Term::Literal(true.into()),
        "false" => Term::Literal(false.into()),
        "null" => Term::Literal(Value::Null),
        name if scanner.skip("(") => {
            let function = function(name, start, scanner)?;
            scanner.blanks();
            scanner.expect(")", "`)`")?;
            function
        }
        _ => return start.unexpected("a query, a literal or a function"),
    })
}

/// The function `name`, which stands at `start`, from behind its parenthesis up to the closing one.
fn function<'t>(name: &str, start: Scanner<'t>, scanner: &mut Scanner<'t>) -> Read<'t, Term> {
    Ok(match name {
        "length" => Term::Value(Comparable::Length(value(scanner)?.into())),
        "count" => Term::Value(Comparable::Count(nodes(scanner)?)),
        "value" => Term::Value(Comparable::Only(nodes(scanner)?)),
        "match" => Term::Logical(matches(scanner, Extent::Whole)?),
        "search" => Term::Logical(matches(scanner, Extent::Part)?),
        "in" => related(scanner, Relation::In)?,
        "nin" => related(scanner, Relation::NotIn)?,
        "none_of" => related(scanner, Relation::NoneOf)?,
        "any_of" => related(scanner, Relation::AnyOf)?,
        "subset_of" => related(scanner, Relation::SubsetOf)?,
        _ => return start.unexpected("a function that is known"),
    })
}

fn matches<'t>(scanner: &mut Scanner<'t>, extent: Extent) -> Read<'t, Logical> {
    let text = value(scanner)?.into();
    next(scanner)?;
    let start = *scanner;
    let pattern = match value(scanner)? {
        Comparable::Literal(Value::String(pattern)) => match compile(&pattern, extent) {
            Ok(regex) => FilterPattern::Written(regex),
            Err(_) => return start.no_pattern(),
        },
        Comparable::Literal(_) => FilterPattern::Nothing,
        found @ (Comparable::Singular(..)
        | Comparable::Length(_)
        | Comparable::Count(_)
        | Comparable::Only(_)) => FilterPattern::Found(found.into(), extent),
    };
    Ok(Logical::Matches(text, pattern))
}

fn related<'t>(scanner: &mut Scanner<'t>, relation: Relation) -> Read<'t, Term> {
    let left = value(scanner)?.into();
    next(scanner)?;
    let right = value(scanner)?.into();
    Ok(Term::Logical(Logical::Related(relation, left, right)))
}

fn next<'t>(scanner: &mut Scanner<'t>) -> Read<'t, ()> {
    scanner.blanks();
    scanner.expect(",", "`,` and a second argument")?;
    scanner.blanks();
    Ok(())
}

/// An argument that is one value (§2.4.3, ValueType).
fn value<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Comparable> {
    scanner.blanks();
    let start = *scanner;
    operand(term(scanner)?, start)
}

/// An argument that is any number of values (§2.4.3, NodesType).
fn nodes<'t>(scanner: &mut Scanner<'t>) -> Read<'t, Query> {
    scanner.blanks();
    let start = *scanner;
    match term(scanner)? {
        Term::Query(query) => Ok(query),
        Term::Literal(_) | Term::Value(_) | Term::Logical(_) => start.unexpected("a query"),
    }
}

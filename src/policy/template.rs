//! Compiled templates and their variables.

mod looked_up;
mod needed_facts;

use std::cell::{Cell, RefCell};

use crate::arena::TextArena;
use crate::config::{ConfigErrors, Path};
use crate::http::{KnownName, Text};
use crate::template::{self, Function, Template};

use crate::policy::json_path;
use crate::policy::owned_headers::OwnedHeaders;
use crate::policy::parsed_template::parsed;
use crate::source::JsonPath;

pub(crate) use looked_up::{LookedUp, LookupId, LookupValueId};
pub(crate) use needed_facts::NeededFacts;

/// A variable of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// `path.NAME`: a capture of the route's path template.
    Capture(Box<str>),
    /// `query.NAME`: the parameter, if it occurs once.
    Query(Box<[u8]>),
    /// `header.NAME`: all its values, joined with `,` (RFC 9110 §5.3).
    Header(KnownName),
    /// `cookie.NAME`: the cookie, if it occurs once.
    Cookie(Box<[u8]>),
    /// `request.method`
    Method,
    /// `request.host`: canonical.
    Host,
    /// `request.path`: canonical, without the query.
    Path,
    /// `request.scheme`
    Scheme,
    /// `source.address`: the client's IP address.
    SourceAddress,
    /// `time.unix`: the seconds since 1970.
    Time,
    /// `consumer.name`
    ConsumerName,
    /// `consumer.labels.NAME`
    Label(Box<str>),
    /// `credential.id`
    CredentialId,
    /// `claims.NAME`: a claim of the token that identifies the sender.
    Claim(Box<JsonPath>),
    /// `LOOKUP.VALUE`, by their indices in the route.
    LookedUp(LookedUp),
    /// Functions of another variable.
    Applied(Box<Applied>),
}

/// Functions of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// The first one is applied first.
    pub(crate) functions: Box<[Function]>,
    /// A variable without functions.
    pub(crate) variable: Variable,
}

impl Variable {
    /// The variable without its functions.
    pub(crate) fn bare(&self) -> &Self {
        if let Self::Applied(applied) = self {
            &applied.variable
        } else {
            self
        }
    }
}

/// A template whose variables are known to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueTemplate(pub(crate) Vec<ValuePiece>);

/// A piece of a [`ValueTemplate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValuePiece {
    Literal(Text),
    /// The default for a variable without a value.
    Variable(Variable, Option<ValueTemplate>),
}

impl ValueTemplate {
    /// The text of a template without variables.
    pub(crate) fn literal(&self) -> Option<Text> {
        match self.0.as_slice() {
            [] => Some(Text::Static(b"")),
            [ValuePiece::Literal(text)] => Some(text.clone()),
            _ => None,
        }
    }
}

impl ValuePiece {
    /// Whether the predicate holds for its variable or for one of its default.
    pub(crate) fn has_any(&self, is_such: &dyn Fn(&Variable) -> bool) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Variable(variable, default) => {
                let default = default.as_ref();
                is_such(variable.bare()) || default.is_some_and(|default| default.has_any(is_such))
            }
        }
    }
}

impl ValueTemplate {
    /// Whether the predicate holds for any of its variables, without their functions and with those of defaults.
    pub(crate) fn has_any(&self, is_such: &dyn Fn(&Variable) -> bool) -> bool {
        self.0.iter().any(|piece| piece.has_any(is_such))
    }

    /// Whether it uses a looked-up value.
    pub(crate) fn needs_lookup(&self) -> bool {
        self.has_any(&|variable| matches!(variable, Variable::LookedUp(_)))
    }
}

/// The names of a lookup and of its values.
pub(in crate::policy) struct LookupNames<'a> {
    pub(in crate::policy) name: &'a str,
    pub(in crate::policy) values: Vec<&'a str>,
}

/// The variables that the templates of one route can use.
pub(in crate::policy) struct Scope<'a> {
    /// The names that every match of the route captures.
    pub(in crate::policy) captures: Vec<&'a str>,
    /// The lookups that run before.
    pub(in crate::policy) lookups: Vec<LookupNames<'a>>,
    /// Whether the route authenticates consumers.
    pub(in crate::policy) authenticates: bool,
    /// The headers that the policy owns. A template can't read them from the client.
    pub(in crate::policy) owned: &'a OwnedHeaders,
    /// The storage for new prefixes.
    pub(in crate::policy) prefixes: &'a RefCell<TextArena>,
    /// The facts that the route's templates use.
    pub(in crate::policy) facts: &'a Cell<NeededFacts>,
}

/// The reserved first words of variables. A lookup can't have one of these names.
pub(in crate::policy) const RESERVED: [&str; 11] = [
    "path",
    "query",
    "header",
    "cookie",
    "request",
    "source",
    "time",
    "consumer",
    "credential",
    "claims",
    "env",
];

impl Scope<'_> {
    /// Notes that the route uses a fact.
    pub(in crate::policy) fn need(&self, fact: NeededFacts) {
        self.facts.set(self.facts.get().and(fact));
    }

    /// Compiles a template. Adds its errors to `errors`.
    pub(in crate::policy) fn template(
        &self,
        text: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ValueTemplate> {
        self.compiled(&parsed(text, path, errors)?, path, errors)
    }

    fn compiled(
        &self,
        template: &Template,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ValueTemplate> {
        let pieces = template.pieces().iter();
        let pieces: Vec<_> = pieces
            .map(|piece| self.piece(piece, path, errors))
            .collect();
        pieces.into_iter().collect::<Option<_>>().map(ValueTemplate)
    }

    /// Compiles a part of a template.
    pub(in crate::policy) fn piece(
        &self,
        piece: &template::Piece,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ValuePiece> {
        match piece {
            template::Piece::Literal(text) => {
                Some(ValuePiece::Literal(Text::shared(text.as_bytes())))
            }
            template::Piece::Value {
                variable,
                functions,
                default,
            } => {
                let variable = self.value(variable, functions, path, errors);
                let default = match default {
                    Some(default) => self.compiled(default, path, errors).map(Some),
                    None => Some(None),
                };
                Some(ValuePiece::Variable(variable?, default?))
            }
        }
    }

    /// Functions of a variable. There may be none.
    pub(in crate::policy) fn value(
        &self,
        name: &str,
        functions: &[Function],
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Variable> {
        let variable = self.variable(name, path, errors)?;
        if functions.is_empty() {
            return Some(variable);
        }
        let functions = functions.into();
        Some(Variable::Applied(Box::new(Applied {
            functions,
            variable,
        })))
    }

    fn variable(&self, name: &str, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<Variable> {
        let found = self.find(name);
        if let Err(why) = &found {
            errors.suggest(path, format!("unknown variable `{name}`"), why.clone());
        }
        found.ok()
    }

    /// The variable of this name, or why there is none.
    pub(in crate::policy) fn find(&self, name: &str) -> Result<Variable, String> {
        let (root, rest) = name.split_once('.').unwrap_or((name, ""));
        let bytes = || Box::from(rest.as_bytes());
        match (root, rest) {
            ("path" | "query" | "header" | "cookie", "") => Err(format!("write `{root}.NAME`")),
            ("path", _) => self.capture(rest),
            ("query", _) => Ok(Variable::Query(bytes())),
            ("cookie", _) => Ok(Variable::Cookie(bytes())),
            ("header", _) => self.header(rest),
            ("request", "method") => Ok(Variable::Method),
            ("request", "host") => Ok(Variable::Host),
            ("request", "path") => Ok(Variable::Path),
            ("request", "scheme") => Ok(Variable::Scheme),
            ("request", "id") => self.header("x-request-id"),
            ("request", _) => {
                Err("there are `request.method`, `.host`, `.path`, `.scheme` and `.id`".into())
            }
            ("source", "address") => {
                self.need(NeededFacts::ADDRESS);
                Ok(Variable::SourceAddress)
            }
            ("source", _) => Err("there is `source.address`".into()),
            ("time", "unix") => {
                self.need(NeededFacts::TIME);
                Ok(Variable::Time)
            }
            ("time", _) => Err("there is `time.unix`".into()),
            ("consumer" | "credential", _) => self.identity(root, rest),
            // Also `claims['a b']`.
            _ if root.split('[').next() == Some("claims") => self.claim(name),
            _ => self.looked_up(root, rest).map(Variable::LookedUp),
        }
    }

    fn header(&self, name: &str) -> Result<Variable, String> {
        if self.owned.contains(name.as_bytes()) {
            return Err(format!(
                "`{name}` is set by this policy, so the client's is removed first"
            ));
        }
        Ok(Variable::Header(name.to_ascii_lowercase().as_str().into()))
    }

    fn capture(&self, name: &str) -> Result<Variable, String> {
        if self.captures.contains(&name) {
            return Ok(Variable::Capture(name.into()));
        }
        let all: Vec<_> = self
            .captures
            .iter()
            .map(|capture| format!("`path.{capture}`"))
            .collect();
        Err(if all.is_empty() {
            "not every match of this route has a template with that name".into()
        } else {
            format!("every match of this route captures {}", all.join(", "))
        })
    }

    fn identity(&self, root: &str, rest: &str) -> Result<Variable, String> {
        if !self.authenticates {
            return Err("this route requires no credential, so it has no consumer".into());
        }
        match (root, rest, rest.strip_prefix("labels.")) {
            ("consumer", "name", _) => Ok(Variable::ConsumerName),
            ("consumer", _, Some(label)) => Ok(Variable::Label(label.into())),
            ("credential", "id", _) => Ok(Variable::CredentialId),
            ("consumer", ..) => Err("there are `consumer.name` and `consumer.labels.NAME`".into()),
            _ => Err("there is `credential.id`".into()),
        }
    }

    fn claim(&self, name: &str) -> Result<Variable, String> {
        if !self.authenticates {
            return Err("this route requires no credential, so it has no claims".into());
        }
        json_path::claim(name).map(|path| Variable::Claim(Box::new(path)))
    }

    /// The indices of `lookup.value`.
    pub(in crate::policy) fn looked_up(
        &self,
        lookup: &str,
        value: &str,
    ) -> Result<LookedUp, String> {
        let mut lookups = self.lookups.iter().enumerate();
        let Some((index, known)) = lookups.find(|(_, known)| known.name == lookup) else {
            let names: Vec<_> = self
                .lookups
                .iter()
                .map(|known| format!("`{}`", known.name))
                .collect();
            return Err(if names.is_empty() {
                format!("there is no lookup `{lookup}`, or its key uses this one")
            } else {
                format!("there are the lookups {}", names.join(", "))
            });
        };
        match known.values.iter().position(|name| *name == value) {
            Some(value) => Ok(LookedUp {
                lookup: LookupId::of(index),
                value: LookupValueId::of(value),
            }),
            None => {
                let names: Vec<_> = known
                    .values
                    .iter()
                    .map(|name| format!("`{lookup}.{name}`"))
                    .collect();
                Err(format!("the lookup has {}", names.join(", ")))
            }
        }
    }
}

//! The meaning of a plain scalar: one that is written without quotes.
//!
//! A policy reaches the filter as JSON. The program that makes JSON of a YAML file decides what `010` or `yes` is, and these
//! programs disagree. kubectl, Helm, Argo CD and istioctl use sigs.k8s.io/yaml, which reads most of YAML 1.1: `yes` is `true`,
//! `0b11` is 3, `010` is 8, `1_000` is 1000. To YAML 1.2 (the core schema, §10.3.2) all but the third are text. So:
//!
//! - What both read alike has that value: `0o17`, `0x1F`, `1e3`, `~`, `True`, and as text dates and times of day.
//! - What they read differently is text in a file that only the tool makes JSON of: a policy, a file of cases. In a Kubernetes
//!   resource it is what kubectl makes of it. In both it is noted as an [`Ambiguity`], of which `check` warns.
//! - What one of them can't read, or what needs more than a scalar's text, is refused ([`Cause::is_refused`]).
//!
//! `tests/golden/yaml/kubectl.tsv` holds what sigs.k8s.io/yaml 1.6.0 makes of each kind of scalar. A test compares.

use std::borrow::Cow;

/// The meaning of a plain scalar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plain {
    Text,
    /// A number, a boolean or null, as JSON writes it.
    Json(Cow<'static, str>),
    /// A number that JSON writes with the same characters.
    Number,
    Ambiguous(Ambiguity),
}

/// A scalar or a key that programs read differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguity {
    pub(crate) cause: Cause,
    /// What kubectl makes of it: a value as JSON, or the text of a key. None if kubectl refuses it, or if that isn't known here.
    pub(super) kubectl: Option<String>,
}

/// Why programs read something differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A word that is a boolean in YAML 1.1, such as `yes`.
    Boolean,
    /// A number in a notation of YAML 1.1, such as `010` or `1_000`.
    Number,
    /// A key that is null, a capitalised boolean, or a number with a fraction or very many digits.
    Key,
    /// Infinity, or not a number.
    NotFinite,
    /// A text that begins with `?`.
    QuestionMark,
    /// `<<` as a key.
    MergeKey,
    /// A tag other than `!!str`, `!!seq` and `!!map`.
    Tag,
}

impl Cause {
    /// Whether the tool doesn't read it.
    pub(crate) const fn is_refused(self) -> bool {
        match self {
            Self::Boolean | Self::Number | Self::Key | Self::QuestionMark => false,
            Self::NotFinite | Self::MergeKey | Self::Tag => true,
        }
    }

    /// What is wrong. The scalar isn't named: it can be a secret.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Boolean => {
                "this word is a boolean in YAML 1.1 (kubectl, Helm) and text in YAML 1.2"
            }
            Self::Number => {
                "this is a number in YAML 1.1 (kubectl, Helm) and text to other programs"
            }
            Self::Key => "kubectl and Helm write this key differently from other programs",
            Self::QuestionMark => {
                "within brackets a leading `?` begins a key in YAML 1.1 (kubectl, Helm) and a text in YAML 1.2"
            }
            Self::NotFinite => "JSON has neither infinity nor NaN",
            Self::MergeKey => {
                "`<<` merges maps in YAML 1.1 (kubectl, Helm) and is an ordinary key in YAML 1.2"
            }
            Self::Tag => "programs read this tag differently",
        }
    }

    /// How to write it instead.
    pub(crate) const fn suggestion(self) -> &'static str {
        match self {
            Self::Boolean => "write it in quotes, or write `true` or `false`",
            Self::Number => "write it in quotes, or as a decimal number without leading zeros",
            Self::NotFinite | Self::Key | Self::QuestionMark => "write it in quotes",
            Self::MergeKey => "write the merged entries here",
            Self::Tag => "leave the tag out; quotes make a value text",
        }
    }
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Plain {
    let json = |json: &'static str| Plain::Json(Cow::Borrowed(json));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => json("null"),
        "true" | "True" | "TRUE" => json("true"),
        "false" | "False" | "FALSE" => json("false"),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            ambiguous(Cause::Boolean, Some("true".to_owned()))
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            ambiguous(Cause::Boolean, Some("false".to_owned()))
        }
        _ if text.starts_with('?') => ambiguous(Cause::QuestionMark, None),
        _ if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
            number(text)
        }
        _ => Plain::Text,
    }
}

/// Why a plain key is ambiguous, if it is. JSON's keys are text. Programs make the same text of whole numbers in their usual
/// spelling, of `true` and of `false`, but not of other numbers or of null.
pub(super) fn key(text: &str) -> Option<Ambiguity> {
    let (cause, kubectl) = match resolve(text) {
        Plain::Text if text == "<<" => (Cause::MergeKey, None),
        Plain::Text => return None,
        Plain::Ambiguous(ambiguity) => return Some(ambiguity),
        Plain::Json(json) if json == text && matches!(text, "true" | "false") => return None,
        Plain::Number
            if text
                .parse::<i64>()
                .is_ok_and(|number| number.to_string() == text) =>
        {
            return None;
        }
        Plain::Json(json) if json != "null" => (Cause::Key, Some(json.into_owned())),
        Plain::Json(_) | Plain::Number => (Cause::Key, None),
    };
    Some(Ambiguity { cause, kubectl })
}

fn ambiguous(cause: Cause, kubectl: Option<String>) -> Plain {
    Plain::Ambiguous(Ambiguity { cause, kubectl })
}

/// Resolves a scalar that begins as a number does.
fn number(text: &str) -> Plain {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return ambiguous(Cause::NotFinite, None);
    }
    if is_decimal(unsigned) && (unsigned.len() == 1 || !unsigned.starts_with('0')) {
        return match text.strip_prefix('+') {
            Some(digits) => Plain::Json(Cow::Owned(digits.to_owned())),
            None => Plain::Number,
        };
    }
    if is_float(unsigned) && !is_decimal(unsigned) {
        return match text.parse::<f64>() {
            // Without an exponent, and without a fraction if that is zero: kubectl makes an integer of `2e2`.
            Ok(float) if float.is_finite() => Plain::Json(Cow::Owned(float.to_string())),
            // All read a number that is too large as text.
            _ => Plain::Text,
        };
    }
    let core = in_radix(text, "0o", 8).or_else(|| in_radix(text, "0x", 16));
    match (core, yaml_1_1(text)) {
        (Some(number), _) => Plain::Json(Cow::Owned(number.to_string())),
        (None, Some(number)) => ambiguous(Cause::Number, Some(number)),
        (None, None) => Plain::Text,
    }
}

fn in_radix(text: &str, prefix: &str, radix: u32) -> Option<u64> {
    let digits = text.strip_prefix(prefix)?;
    let starts_with_digit = digits.starts_with(|first: char| first.is_digit(radix));
    starts_with_digit.then(|| u64::from_str_radix(digits, radix).ok())?
}

/// What kubectl makes of a number with underscores, with a leading zero, or in another radix with a sign or a capital letter.
fn yaml_1_1(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let plain = unsigned.replace('_', "").to_ascii_lowercase();
    let radixes = [("0b", 2), ("0o", 8), ("0x", 16), ("0", 8)];
    let number = radixes
        .iter()
        .find_map(|(prefix, radix)| in_radix(&plain, prefix, *radix));
    if let Some(number) = number {
        return Some(format!("{sign}{number}"));
    }
    let float = is_float(&plain).then(|| plain.parse::<f64>().ok())??;
    float.is_finite().then(|| format!("{sign}{float}"))
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, and an exponent.
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.is_empty() || is_decimal(text);
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    is_digits(whole)
        && is_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(is_decimal)
}

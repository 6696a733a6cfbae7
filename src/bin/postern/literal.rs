//! What a bare word of YAML means.

/// What a bare word means that is no text.
pub(crate) enum Literal {
    /// JSON writes it the same way.
    Itself,
    Written(String),
}

/// YAML 1.2's core schema (§10.3.2).
pub(crate) fn literal(text: &str) -> Option<Literal> {
    let written = |json: &str| Some(Literal::Written(json.to_owned()));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return written("null"),
        "true" | "True" | "TRUE" => return written("true"),
        "false" | "False" | "FALSE" => return written("false"),
        _ => {}
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        b'0'..=b'9' | b'.' => ("", text),
        _ => return None,
    };
    let radix = |prefix: &str, radix| {
        let digits = digits.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok()
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(Literal::Written(format!("{sign}{number}")));
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match digits {
            "" => None,
            _ if digits.len() > 1 && digits.starts_with('0') => None,
            _ if digits.len() == text.len() => Some(Literal::Itself),
            _ => Some(Literal::Written(format!("{sign}{digits}"))),
        };
    }
    let in_float =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if !digits.bytes().all(in_float) {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    serde_json::Number::from_f64(float).map(|number| Literal::Written(number.to_string()))
}

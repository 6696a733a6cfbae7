//! Reads the log lines about a refused policy.

/// The core's error text, from a log line `event=config_error path=… reason=… suggestion=…`.
pub(crate) fn config_error(line: &str) -> Option<String> {
    let (_, line) = line.split_once("event=config_error path=")?;
    let (path, rest) = value(line)?;
    let (reason, rest) = value(rest.strip_prefix(" reason=")?)?;
    let (suggestion, _) = value(rest.strip_prefix(" suggestion=")?)?;
    Some(match suggestion.as_str() {
        "" => format!("{path}: {reason}"),
        suggestion => format!("{path}: {reason} ({suggestion})"),
    })
}

/// The value at the begin of the text, quoted or not, and the text after it.
fn value(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('"') {
        let end = text.find(' ').unwrap_or(text.len());
        let (plain, rest) = text.split_at(end);
        return Some((plain.to_owned(), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let quoted: String = values.next()?.ok()?;
    let rest = text.get(values.byte_offset()..)?;
    Some((quoted, rest))
}

//! What the adapter logs of a policy that it refuses.

/// A line of the log, `event=config_error path=… reason=… suggestion=…`, as the core would say it.
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

/// A value of a log line, quoted or not, and what follows it.
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

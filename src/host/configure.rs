//! Compiles the configuration of a root.

use std::borrow::Cow;

use log::{error, warn};

use crate::config::{Chunks, ConfigError, ConfigErrors, Notice};
use crate::policy::{Environment, Fingerprint, Policy};

use super::hostcalls::Host;
use super::log::Value;

/// A longer configuration is refused before it is read, because compiling it would stop a worker for too long.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How many errors or notices are logged at most.
const MOST_ERRORS: usize = 100;

/// Reads the pushed configuration of `size` bytes and compiles it. Returns the policy and its fingerprint.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn compile(
    host: &impl Host,
    size: usize,
) -> Result<(Policy, Fingerprint), ConfigErrors> {
    if size > MOST_BYTES {
        let reason = format!("the configuration has {size} bytes, the limit is {MOST_BYTES}");
        return Err(whole(
            reason,
            "keep consumers and values in a source and not in the policy",
        ));
    }
    let text = Configuration { host, size };
    recognise(&first_bytes(&text)?)?;
    let policy = Policy::read(&text, &Variables(host))?;
    Ok((policy, Fingerprint::read(&text)?))
}

/// The fingerprint of a configuration of `size` bytes, whether it is a policy or not. Of one that is too long, only the
/// beginning counts.
pub(super) fn fingerprint(host: &impl Host, size: usize) -> Fingerprint {
    let size = size.min(MOST_BYTES);
    Fingerprint::read(&Configuration { host, size }).unwrap_or_else(|_| Fingerprint::of(b""))
}

/// The pushed text. It stays in the host, which gives any piece of it during the callback: a VM's memory never shrinks, so a
/// copy of the whole text would take memory for as long as the VM lives.
struct Configuration<'a, H> {
    host: &'a H,
    size: usize,
}

impl<H: Host> Chunks for Configuration<'_, H> {
    fn length(&self) -> usize {
        self.size
    }

    fn chunk(&self, start: usize, most: usize) -> Result<Cow<'_, [u8]>, ConfigErrors> {
        let chunk = self.host.configuration(start, most);
        chunk.map(Cow::Owned).map_err(|failure| {
            whole(
                format!("the configuration could not be read: {failure}"),
                "allow proxy_get_buffer_bytes in capability_restriction_config",
            )
        })
    }
}

/// How many bytes are read at once to find the first byte that isn't a blank.
const FIRST_BYTES: usize = 256;

/// The first bytes that aren't all blanks; no bytes where all are.
fn first_bytes(text: &dyn Chunks) -> Result<Cow<'_, [u8]>, ConfigErrors> {
    for start in (0..text.length()).step_by(FIRST_BYTES) {
        let piece = text.chunk(start, FIRST_BYTES)?;
        if !piece.trim_ascii().is_empty() {
            return Ok(piece);
        }
    }
    Ok(Cow::Borrowed(&[]))
}

/// Checks that the bytes may be JSON. Envoy passes a `Struct` in protobuf's wire form, which begins with a tag.
fn recognise(text: &[u8]) -> Result<(), ConfigErrors> {
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Ok(()),
        Some(_) => Err(whole(
            "the configuration is no JSON object".to_owned(),
            "use a StringValue that holds the policy as JSON: a Struct arrives here as protobuf bytes",
        )),
        None => Err(whole(
            "the configuration is empty".to_owned(),
            "give the policy as JSON: pluginConfig of a WasmPlugin, a StringValue in Envoy's own configuration",
        )),
    }
}

fn whole(reason: String, suggestion: &str) -> ConfigErrors {
    let mut errors = ConfigErrors::default();
    errors.suggest("", reason, suggestion);
    errors
}

/// Logs each error in a line of its own.
pub(super) fn log_errors(policy: Fingerprint, errors: &ConfigErrors) {
    let number = errors.iter().count();
    error!("event=policy_refused errors={number} policy={policy}");
    for ConfigError {
        path,
        reason,
        suggestion,
    } in errors.iter().take(MOST_ERRORS)
    {
        let path = if path.is_empty() { "policy" } else { path };
        let suggestion = suggestion.as_deref().unwrap_or("");
        error!(
            "event=config_error path={} reason={} suggestion={}",
            Value(path),
            Value(reason),
            Value(suggestion)
        );
    }
}

/// Logs each part of the policy that is used in another form than it was written.
pub(super) fn log_notices(notices: &[Notice]) {
    for Notice {
        path,
        reason,
        suggestion,
        ..
    } in notices.iter().take(MOST_ERRORS)
    {
        warn!(
            "event=config_warning path={} reason={} suggestion={}",
            Value(path),
            Value(reason),
            Value(suggestion)
        );
    }
}

/// The VM's environment: what `vm_config.environment_variables` sets, and nothing of Envoy's own.
struct Variables<'a, H>(&'a H);

impl<H: Host> Environment for Variables<'_, H> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_what_may_be_json() {
        assert!(recognise(b"{}").is_ok());
        assert!(recognise(b" \r\n\t{").is_ok());
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b" \n ", "empty"),
            (b"\x0a\x0f\n\x06routes\x12\x052\x03", "StringValue"),
            (b"[1]", "StringValue"),
            (b"\xef\xbb\xbf{", "StringValue"),
        ] {
            let text = recognise(bytes).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}

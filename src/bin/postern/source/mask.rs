//! Credentials in the path of a request to a centre.

/// Parts of the names of query parameters that hold credentials.
const SECRET: [&str; 10] = [
    "token",
    "secret",
    "passw",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "credential",
    "signature",
];

/// Names of query parameters that hold credentials.
const SECRET_NAMES: [&str; 4] = ["key", "sig", "auth", "code"];

/// A path whose query shows no credential.
pub(super) fn hide(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let shown: Vec<String> = query.split('&').map(shown).collect();
    format!("{path}?{}", shown.join("&"))
}

fn shown(parameter: &str) -> String {
    let Some((name, _)) = parameter.split_once('=') else {
        return parameter.to_owned();
    };
    let folded = name.to_ascii_lowercase();
    // An escaped letter may hide any of the names.
    let is_secret = folded.contains('%')
        || SECRET.iter().any(|part| folded.contains(part))
        || SECRET_NAMES.contains(&folded.as_str());
    if is_secret {
        format!("{name}=…")
    } else {
        parameter.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::hide;

    #[test]
    fn hides_credentials_only() {
        for (path, expected) in [
            ("/a", "/a"),
            (
                "/a?b=c&dataId=x.json&tenant=",
                "/a?b=c&dataId=x.json&tenant=",
            ),
            ("/a?accessToken=x&b", "/a?accessToken=…&b"),
            ("/a?X-Api-Key=x&key=y&keys=z", "/a?X-Api-Key=…&key=…&keys=z"),
            ("/a?p%61ssword=x", "/a?p%61ssword=…"),
        ] {
            assert_eq!(hide(path), expected);
        }
    }
}

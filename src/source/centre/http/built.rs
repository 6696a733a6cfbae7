//! Requests that were built from the values of an exchange.

use crate::http::Text;

/// The methods that a request may have, and whether it has content.
const METHODS: [(&str, HasContent); 6] = [
    ("GET", HasContent::No),
    ("POST", HasContent::Yes),
    ("PUT", HasContent::Yes),
    ("PATCH", HasContent::Yes),
    ("DELETE", HasContent::No),
    ("OPTIONS", HasContent::No),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HasContent {
    No,
    Yes,
}

/// A request that was built: all that it has beside what all requests of its source share.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BuiltRequest {
    pub(super) method: &'static str,
    pub(super) path: Text,
    pub(super) headers: Vec<(Text, Text)>,
    /// `None` for a method without content.
    pub(super) content: Option<Text>,
}

impl BuiltRequest {
    /// Reads its text: the method, a blank and the path with its query; on a line each, the header fields (`name: value`); an
    /// empty line; the content. Each line ends with a line feed alone. So two requests differ where their texts differ.
    /// `None` for any other text.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (first, mut rest) = line(text)?;
        let at = first.iter().position(|byte| *byte == b' ')?;
        let (method, path) = first.split_at_checked(at)?;
        let (method, has_content) = METHODS
            .into_iter()
            .find(|(name, _)| name.as_bytes() == method)?;
        let path = path.get(1..).filter(|path| path.starts_with(b"/"))?;
        let mut headers = Vec::new();
        loop {
            let (field, after) = line(rest)?;
            rest = after;
            if field.is_empty() {
                break;
            }
            let colon = field.windows(2).position(|pair| pair == b": ")?;
            let (name, value) = field.split_at_checked(colon)?;
            let value = value.get(2..)?;
            headers.push((Text::Owned(name.to_vec()), Text::Owned(value.to_vec())));
        }
        let content = (has_content == HasContent::Yes).then(|| Text::Owned(rest.to_vec()));
        if content.is_none() && !rest.is_empty() {
            return None;
        }
        Some(Self {
            method,
            path: Text::Owned(path.to_vec()),
            headers,
            content,
        })
    }
}

/// The first line, and what follows its end.
fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = text.split_at_checked(end)?;
    Some((line, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let request = BuiltRequest::read(text.as_bytes())?;
        let headers = request.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("|{}={}", name.escape_ascii(), value.escape_ascii()))
            .collect();
        let content = request.content.map(|text| text.escape_ascii().to_string());
        let path = request.path.escape_ascii();
        Some(format!("{} {path}{headers} {content:?}", request.method))
    }

    #[test]
    fn reads_a_request() {
        for (text, request) in [
            ("GET /a?b\n\n", "GET /a?b None"),
            ("DELETE /\nx-a: \n\n", "DELETE /|x-a= None"),
            (
                "POST /a\nx-a: b: c\nx-b: d\n\n{}\n",
                "POST /a|x-a=b: c|x-b=d Some(\"{}\\\\n\")",
            ),
            ("PUT /\n\n", "PUT / Some(\"\")"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(request), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_request() {
        for text in [
            "",
            "GET",
            "GET /a",
            "GET /a\n",
            "GET a\n\n",
            "GET\n\n",
            "HEAD /\n\n",
            "get /\n\n",
            "GET /\nx-a\n\n",
            "GET /\nx-a:b\n\n",
            "GET /\nx-a: b\n",
            "GET /\n\nbody",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}

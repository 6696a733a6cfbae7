//! Templates.

use postern::internals::template::{Function, Piece, Template};

/// The first byte selects a function, the rest is a template and a value. Writing a template and reading it again gives the same
/// one. What codes bytes leaves no byte that means anything in a header, a path or a query.
pub fn template(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(template) = Template::parse(text) {
            let again = written(&template);
            assert_eq!(Template::parse(&again).as_ref(), Ok(&template), "{again}");
            assert!(template.variables().iter().all(|name| !name.is_empty()));
        }
    }
    let name = Function::NAMES[usize::from(choice) % Function::NAMES.len()];
    let function = Function::named(name).unwrap();
    let value = function.apply(data);
    assert_eq!(value, function.apply(data));
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    match function {
        Function::Lower | Function::Upper => assert!(value.eq_ignore_ascii_case(data)),
        Function::Base64 => {
            assert!(value.len() % 4 == 0 && value.len() / 4 == data.len().div_ceil(3))
        }
        Function::Base64Url => assert!(value.iter().all(is_plain)),
        Function::UrlEncode => {
            assert!(value.iter().all(|byte| is_plain(byte) || *byte == b'%'));
            assert_eq!(*postern::http::percent_decode(&value), *data);
        }
        Function::Sha256 => assert!(value.len() == 64 && value.iter().all(u8::is_ascii_hexdigit)),
        Function::Trim => {
            let ends = [value.first(), value.last()];
            assert!(!ends.into_iter().flatten().any(|end| b" \t".contains(end)));
        }
    }
}

fn written(template: &Template) -> String {
    let mut text = String::new();
    for piece in template.pieces() {
        match piece {
            Piece::Literal(literal) => text += &literal.replace("${", "$${"),
            Piece::Value {
                variable,
                functions,
                default,
            } => {
                let call = |inner, function: &Function| format!("{}({inner})", function.name());
                text += "${";
                text += &functions.iter().fold(variable.to_string(), call);
                if let Some(default) = default {
                    text += ":-";
                    text += &written(default);
                }
                text += "}";
            }
        }
    }
    text
}

//! Templates.

use postern::internals::template::{Function, Piece, Template};
use proptest::prelude::*;

fn piece() -> impl Strategy<Value = String> {
    let name = (
        proptest::collection::vec(proptest::sample::select(&Function::NAMES[..]), 0..4),
        "[A-Za-z_][a-z0-9_-]{0,3}(\\.[a-z0-9_-]{1,3}){0,2}",
    )
        .prop_map(|(functions, name)| {
            let call = |inner, function: &str| format!("{function}({inner})");
            functions.into_iter().fold(name, call)
        });
    let literal = "[^$}]{1,5}";
    let value = prop_oneof![
        literal.prop_map(|text| text),
        name.clone().prop_map(|name| format!("${{{name}}}")),
    ];
    value.prop_recursive(4, 12, 3, move |inner| {
        let default = proptest::collection::vec(inner, 0..3);
        (name.clone(), default)
            .prop_map(|(name, default)| format!("${{{name}:-{}}}", default.concat()))
    })
}

fn written(template: &Template) -> String {
    let texts = template.pieces().iter().map(|piece| match piece {
        Piece::Literal(text) => text.to_string(),
        Piece::Value {
            variable,
            functions,
            default,
        } => {
            let call = |inner, function: &Function| format!("{}({inner})", function.name());
            let value = functions.iter().fold(variable.to_string(), call);
            match default {
                Some(default) => format!("${{{value}:-{}}}", written(default)),
                None => format!("${{{value}}}"),
            }
        }
    });
    texts.collect::<Vec<_>>().concat()
}

proptest! {
    #![proptest_config(super::fixed(2000))]

    #[test]
    fn what_is_read_is_what_was_written(pieces in proptest::collection::vec(piece(), 0..6)) {
        let text = pieces.concat();
        let template = Template::parse(&text).unwrap();
        prop_assert_eq!(written(&template), text);
        let is_literal = |piece: &Piece| matches!(piece, Piece::Literal(_));
        prop_assert!(!template.pieces().windows(2).any(|two| two.iter().all(is_literal)));
    }

    #[test]
    fn escaped_text_is_literal(text in "[a${}:-]{0,12}") {
        let escaped = text.replace("${", "$${");
        let template = Template::parse(&escaped).unwrap();
        prop_assert_eq!(&*written(&template), &*text);
        prop_assert!(template.variables().is_empty());
    }

    #[test]
    fn nothing_traps(text in "[a.$${}():-]{0,12}|.{0,20}") {
        let _ = Template::parse(&text);
        let _ = Template::parse(&format!("${{lower({text}"));
    }
}

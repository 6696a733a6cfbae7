//! Templates.

use postern::template::{Piece, Template};
use proptest::prelude::*;

fn piece() -> impl Strategy<Value = Piece<Box<str>>> {
    let name = "[A-Za-z_][a-z0-9_-]{0,3}(\\.[a-z0-9_-]{1,3}){0,2}";
    let default = proptest::option::of("[^}]{0,4}");
    prop_oneof![
        "[^$]{1,5}".prop_map(|text| Piece::Literal(text.into())),
        (name, default).prop_map(|(name, default)| Piece::Value {
            variable: name.into(),
            default: default.map(Into::into),
        }),
    ]
}

fn written(pieces: &[Piece<Box<str>>]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text.to_string(),
        Piece::Value { variable, default } => match default {
            Some(default) => format!("${{{variable}:-{default}}}"),
            None => format!("${{{variable}}}"),
        },
    });
    texts.collect::<Vec<_>>().concat()
}

proptest! {
    #![proptest_config(super::fixed(2000))]

    #[test]
    fn what_is_written_is_read(pieces in proptest::collection::vec(piece(), 0..6)) {
        let mut expected: Vec<Piece<Box<str>>> = Vec::new();
        for piece in &pieces {
            match (expected.last_mut(), piece) {
                (Some(Piece::Literal(before)), Piece::Literal(text)) => {
                    *before = format!("{before}{text}").into();
                }
                _ => expected.push(piece.clone()),
            }
        }
        let template = Template::parse(&written(&pieces)).unwrap();
        prop_assert_eq!(template.pieces(), &*expected);
    }

    #[test]
    fn escaped_text_is_literal(text in "[a${}:-]{0,12}") {
        let escaped = text.replace("${", "$${");
        let template = Template::parse(&escaped).unwrap();
        prop_assert_eq!(template.as_literal(), Some(&*text));
    }

    #[test]
    fn nothing_traps(text in "[a.$${}:-]{0,12}|.{0,20}") {
        let _ = Template::parse(&text);
    }
}

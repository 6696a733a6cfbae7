//! A policy that is read in chunks gives the same config and the same errors as one that is read at once.

use std::borrow::Cow;

use postern::config::{Chunks, Config, ConfigErrors};
use proptest::prelude::*;
use serde_json::Value;

use super::whole_text;

/// A text whose chunks are copies, as from a host.
struct Copied<'t>(&'t [u8]);

impl Chunks for Copied<'_> {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn chunk(&self, start: usize, most: usize) -> Result<Cow<'_, [u8]>, ConfigErrors> {
        Ok(Cow::Owned(self.0.chunk(start, most)?.into_owned()))
    }
}

/// A text that is shorter than its stated length.
struct Cut<'t>(&'t [u8], usize);

impl Chunks for Cut<'_> {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn chunk(&self, start: usize, most: usize) -> Result<Cow<'_, [u8]>, ConfigErrors> {
        let cut = self.0.get(..self.1).unwrap_or_default();
        Ok(Cow::Owned(cut.chunk(start, most)?.into_owned()))
    }
}

/// The config, or the errors.
fn told(read: Result<Config, ConfigErrors>) -> String {
    match read {
        Ok(config) => format!("{config:#?}"),
        Err(errors) => format!("{errors:#?}"),
    }
}

fn same_in_pieces(text: &[u8], sizes: impl IntoIterator<Item = usize>) {
    let whole = told(Config::parse(text));
    for size in sizes {
        let pieces = told(Config::read(&Copied(text), size));
        assert_eq!(pieces, whole, "{size} bytes at once");
    }
}

/// The parts of this test's documents.
fn texts() -> Vec<String> {
    let mut texts = vec![whole_text(), "{}".to_owned(), " { } \n".to_owned()];
    texts.push(whole_text().replace(',', " ,\n\t").replace(':', " : "));
    texts.push(super::refused::MUCH_IS_WRONG.to_owned());
    texts.push(
        r#"{"routes": [], "consumers": [], "routes": [{"name": "a\"]}"}], "x": [{"y": "]"}]}"#
            .to_owned(),
    );
    texts.push(r#"{"rou\u0074es": [{"name": "\u0061", "require": "none"}, {"name": "a", "require": 1}], "paths": 1, "consumers": [1, {"name": 2}], "identity": []}"#.to_owned());
    texts
}

#[test]
fn reads_chunks_of_any_size() {
    for text in texts() {
        same_in_pieces(
            text.as_bytes(),
            (1..40).chain([100, 1000, 4096, usize::MAX]),
        );
    }
}

/// serde_json reads the whole text and reports the position of the error.
#[test]
fn reports_where_a_text_is_cut() {
    for text in texts() {
        let text = text.as_bytes();
        for end in 0..text.len() {
            let cut = &text[..end];
            let Err(error) = serde_json::from_slice::<Value>(cut) else {
                continue;
            };
            let errors = Config::parse(cut).unwrap_err();
            let errors: Vec<_> = errors.iter().collect();
            assert_eq!(errors.len(), 1, "{end}");
            assert_eq!(errors[0].reason, format!("not JSON: {error}"));
            if end % 7 == 0 {
                same_in_pieces(cut, [1, 16]);
            }
        }
    }
}

#[test]
fn limits_the_depth() {
    for (before, after) in [
        (r#"{"x": "#, "}"),
        (r#"{"routes": ["#, "]}"),
        (r#"{"consumers": [{"x": "#, "}]}"),
    ] {
        for depth in 120..130 {
            let text = format!("{before}{}{}{after}", "[".repeat(depth), "]".repeat(depth));
            let error = serde_json::from_str::<Value>(&text).err();
            let errors = Config::parse(text.as_bytes()).unwrap_err();
            let reason = &errors.iter().next().unwrap().reason;
            match error {
                Some(error) => assert_eq!(*reason, format!("not JSON: {error}")),
                None => assert!(!reason.starts_with("not JSON"), "{depth} {reason}"),
            }
            same_in_pieces(text.as_bytes(), [1, 64]);
        }
    }
}

#[test]
fn refuses_a_text_that_ends_early_or_cannot_be_read() {
    let text = whole_text();
    for end in [0, 1, 1000, text.len() - 1] {
        let cut = Cut(text.as_bytes(), end);
        for size in [1, 100, usize::MAX] {
            assert!(Config::read(&cut, size).is_err(), "{end} {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_policy_is_no_json_where_serde_says_so(
        which in 0_usize..7,
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![
            prop::sample::select(b"{}[]\",:\\ \n0e.-tn".to_vec()),
            any::<u8>(),
        ],
        size in 1_usize..64,
    ) {
        let mut text = texts()[which].clone().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let whole = Config::parse(&text);
        match serde_json::from_slice::<Value>(&text) {
            Err(error) => {
                let errors = whole.unwrap_err();
                prop_assert_eq!(errors.to_string(), format!("policy: not JSON: {error}"));
            }
            Ok(_) => prop_assert!(!told(whole).contains("not JSON")),
        }
        same_in_pieces(&text, [size]);
    }
}

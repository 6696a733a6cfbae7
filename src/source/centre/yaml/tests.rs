use super::*;
use crate::source::centre::cursor::LONGEST;
use serde_json::json;

/// The value of a text, read in slices of several sizes.
fn read(text: &str) -> Result<Value, String> {
    read_bytes(text.as_bytes())
}

fn read_bytes(text: &[u8]) -> Result<Value, String> {
    let whole = YamlReader::default().parse(text);
    let whole = whole.map_err(|error| error.to_string());
    for slice in [1, 50, 1000] {
        let mut reader = YamlReader::default();
        let sliced = loop {
            match reader.advance(text, &mut Budget::of(slice)) {
                Ok(None) => {}
                Ok(Some(value)) => break Ok(value),
                Err(error) => break Err(error.to_string()),
            }
        };
        assert_eq!(sliced, whole, "{slice}");
    }
    whole
}

#[test]
fn blocks() {
    for (text, value) in [
        ("a: 1\nb: two words\n", json!({"a": 1, "b": "two words"})),
        (
            "- a\n- b: 1\n  c: 2\n-\n- - x\n  - y\n",
            json!(["a", {"b": 1, "c": 2}, null, ["x", "y"]]),
        ),
        (
            "a:\n  b:\n    c: d\ne:\n",
            json!({"a": {"b": {"c": "d"}}, "e": null}),
        ),
        // The dashes of a list may stand in the column of its key.
        (
            "a:\n- 1\n- b:\n  - 2\nc: 3\n",
            json!({"a": [1, {"b": [2]}], "c": 3}),
        ),
        ("- a:\n  - 1\n- 2", json!([{"a": [1]}, 2])),
        ("  a: 1\n  b: 2\n", json!({"a": 1, "b": 2})),
        (
            "# c\n\n---\n# c\na: 1 # c\n\n# c\n  # c\nb:  # c\n    2\n...\n# c\n",
            json!({"a": 1, "b": 2}),
        ),
        ("--- {a: 1}", json!({"a": 1})),
        ("a: b#c\nd: '#'\n", json!({"a": "b#c", "d": "#"})),
        ("a: 1\r\nb:\r\n- 2\r\n", json!({"a": 1, "b": [2]})),
        ("\u{feff}a: é\n", json!({"a": "é"})),
        (
            "a: http://x:80/?q=[1]\nb: x, y\nc: -1-\nd: ?x\ne: :x\n",
            json!({"a": "http://x:80/?q=[1]", "b": "x, y", "c": "-1-", "d": "?x", "e": ":x"}),
        ),
        (
            "a:\n  one\n  two\n\n  three # c\nb: x\n c\n",
            json!({"a": "one two\nthree", "b": "x c"}),
        ),
        ("one\ntwo\n", json!("one two")),
        ("-\t1\n- \"a\"\t# c\n", json!([1, "a"])),
        (
            "a : 1\n\"b\" : 2\n'c': 3\n",
            json!({"a": 1, "b": 2, "c": 3}),
        ),
        (
            "a:\n  - b\n  -\n    c: 1\n\n    d: 2\n",
            json!({"a": ["b", {"c": 1, "d": 2}]}),
        ),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn brackets() {
    for (text, value) in [
        ("[]", json!([])),
        ("{}", json!({})),
        (
            "{\"a\":[1,{\"b\":null}],\n\t\"c\":\"x\"}",
            json!({"a": [1, {"b": null}], "c": "x"}),
        ),
        (
            "a: [b, c d, 'e', ]\nf: {g: h, i: , j: [], }\n",
            json!({"a": ["b", "c d", "e"], "f": {"g": "h", "i": null, "j": []}}),
        ),
        ("[a # c\n, b\n  c,\n#d\ne]", json!(["a", "b c", "e"])),
        (
            "{a\n: b, http://x: y, \"c\":d, e: -1}",
            json!({"a": "b", "http://x": "y", "c": "d", "e": -1}),
        ),
        // Lines in brackets may be indented in any way.
        ("a: {\n\"b\": 1\n}\n", json!({"a": {"b": 1}})),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn texts() {
    for (text, value) in [
        (
            r#""a\tb\n\"\\\/\u00e9\x41\U0001f600\ud83d\ude00 \0""#,
            json!("a\tb\n\"\\/éA😀😀 \0"),
        ),
        ("'it''s'", json!("it's")),
        ("\"a \n  b\n\n  c\\\n   d \\\n e\"", json!("a b\ncd e")),
        ("'a\n\n\n b '", json!("a\n\nb ")),
        (
            "a: |\n  x\n\n   y\n  z\n\nb: >-\n  x\n  y\n\n  z\n   deep\n  w\n",
            json!({"a": "x\n\n y\nz\n", "b": "x y\nz\n deep\nw"}),
        ),
        (
            "a: |+\n  x\n\nb: |2-\n   x\n",
            json!({"a": "x\n\n", "b": " x"}),
        ),
        (
            "a: | # c\n  # x\n# c\nb: |\nc: 1\n",
            json!({"a": "# x\n", "b": "", "c": 1}),
        ),
        ("- |\n x\n- >\n\n x\n", json!(["x\n", "\nx\n"])),
        ("a: |\n  x", json!({"a": "x"})),
        ("a: |\n  x: [\n  - \"\n", json!({"a": "x: [\n- \"\n"})),
        // What programs read differently is text.
        (
            "[no, 010, 1_0, 2026-01-02, 12:30:45, .inf, ~, 0x10, \"1\"]",
            json!([
                "no",
                "010",
                "1_0",
                "2026-01-02",
                "12:30:45",
                ".inf",
                null,
                16,
                "1"
            ]),
        ),
        // A key is its text, as it is written.
        (
            "1: a\ntrue: b\n1.50: c\n~: d\n",
            json!({"1": "a", "true": "b", "1.50": "c", "~": "d"}),
        ),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn refuses_what_it_does_not_read() {
    for (text, error) in [
        (
            "a: &x 1",
            "an anchor or an alias: write the value itself, or quotes around a text at line 1, column 4",
        ),
        (
            "é: [x, *a]",
            "an alias: write the value itself, or quotes around a text at line 1, column 8",
        ),
        ("*a : 1", "an alias"),
        (
            "a:\n  <<: {b: 1}",
            "a merge key (`<<`): write the merged entries here at line 2, column 3",
        ),
        ("{<<: {}}", "a merge key"),
        ("a: !!str 1", "a tag: leave it out"),
        ("!x\na: 1", "a tag"),
        ("? a\n: b", "introduced by `?`"),
        ("{? a : b}", "introduced by `?`"),
        ("%YAML 1.2\n---\na: 1", "a directive"),
        ("a: 1\n---\nb: 2", "a second document at line 2, column 1"),
        ("a: 1\n...\nb: 2", "a second document"),
        ("---\n---\na: 1", "a document without a value"),
        ("...", "a document without a value"),
        ("|\n a", "that is the whole document"),
        ("[a: 1]", "a key without braces"),
        ("{a}", "a key without a value"),
        ("{a, b: 1}", "a key without a value"),
        ("{a:1}", "a key without a value"),
        ("{[a]: 1}", "a key that isn't text"),
        ("[a]: 1", "a key that isn't text on one line"),
        ("\"a\nb\": 1", "a key that isn't text on one line"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(
            refused.contains(error) && refused.contains(" at line "),
            "{text}: {refused}"
        );
        assert!(
            refused.starts_with("unusable document: "),
            "{text}: {refused}"
        );
    }
}

fn is_malformed(text: &str, error: &str) {
    let refused = read(text).unwrap_err();
    assert!(
        refused.contains(error) && refused.contains(" at line "),
        "{text}: {refused}"
    );
    assert!(
        refused.starts_with("malformed document: "),
        "{text}: {refused}"
    );
}

#[test]
fn refuses_what_is_no_yaml() {
    for (text, error) in [
        ("", "the document is empty"),
        ("# only\n\n", "the document is empty"),
        ("---\n", "the document is empty"),
        (
            "a: 1\na: 2",
            "a key that its map has already at line 2, column 2",
        ),
        ("1: a\n\"1\": b", "a key that its map has already"),
        (
            "{a: 1, b: 2, 'a': 3}",
            "a key that its map has already at line 1, column 14",
        ),
        ("a: 1\n  b: 2", "a key of several lines"),
        ("a:\n  b: 1\n c: 2", "indented otherwise"),
        ("- a\nb: 1", "something behind the value"),
        ("a: 1\n- b", "indented otherwise"),
        ("a: - 1", "a list that begins on the line of its key"),
        ("a: b: c", "a key on the line of another one"),
        ("a: 'b': c", "a key on the line of another one"),
        ("--- a: b", "a key on the line of another one"),
        ("a\nb: 1", "a key of several lines"),
        ("a: 1\nb", "a key without a colon"),
        ("a: 'x' y", "something behind a value"),
        ("a: \"x\"#c", "something behind a value"),
    ] {
        is_malformed(text, error);
    }
}

#[test]
fn refuses_values_that_are_no_yaml() {
    for (text, error) in [
        ("[a] b", "something behind a value"),
        ("[a\n---\n]", "within brackets"),
        ("[a, b", "within brackets"),
        ("{a: 1]", "neither a comma nor the end"),
        ("[a}", "neither a comma nor the end"),
        ("[a, , b]", "begins no value"),
        ("[- a]", "`-` or `:` where a value is expected"),
        (": a", "`-` or `:` where a value is expected"),
        ("\"a", "within quotes"),
        ("'a\n---\nb'", "within quotes"),
        (
            r#""\q""#,
            "an escape that means no character at line 1, column 3",
        ),
        (r#""\ud800x""#, "an escape"),
        (r#""\u00g0""#, "an escape"),
        ("a: @x", "begins no value"),
        ("a: `x`", "begins no value"),
        ("a: ]", "begins no value"),
        ("a: | x\n", "doesn't belong behind"),
        ("a: |\n   \n  x\n", "an empty line with more blanks"),
        ("a: |\n\tx\n", "a tab in the indentation"),
        ("a:\n\tb: 1", "a tab in the indentation"),
        ("-\t- a", "a tab in the indentation"),
        ("a: \u{1}", "a control character at line 1, column 4"),
        ("a: b\rc: d", "a carriage return without a line feed"),
    ] {
        is_malformed(text, error);
    }
    for text in [&b"a: \xff"[..], b"a: 1 # \xc3", b"\xff\xfea\0"] {
        let refused = read_bytes(text).unwrap_err();
        assert_eq!(refused, "malformed document: no UTF-8 behind byte 0");
    }
}

#[test]
fn values_nest_as_deep_as_in_json() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        for (depth, is_good) in [(127, true), (128, false), (50_000, false)] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let whole = YamlReader::default().parse(text.as_bytes());
            assert_eq!(whole.is_ok(), is_good, "{open} {depth}");
        }
    }
    let below = |levels| YamlReader::below(levels).parse(b"[[1]]").is_ok();
    assert!(below(125) && !below(126));
    assert!(read(&format!("{}a: 1", " ".repeat(5000))).is_err());
}

/// A text is read in one go, so it has a bound.
#[test]
fn a_text_has_a_bound() {
    let long = "x".repeat(LONGEST - 10);
    let lines = "x\n  ".repeat(LONGEST / 4 - 3);
    for (before, after) in [
        ("a: ", "\n"),
        ("a: \"", "\""),
        ("a: '", "'"),
        ("[", "]"),
        ("a: |\n  ", ""),
        ("", ": 1"),
    ] {
        let text = |content: &str| format!("{before}{content}{after}");
        assert!(read(&text(&long)).is_ok(), "{before}");
        let refused = read(&text(&format!("{long}{long}"))).unwrap_err();
        assert!(
            refused.contains("a text longer than 262144 bytes"),
            "{before} {refused}"
        );
        if after != ": 1" {
            assert!(read(&text(&lines)).is_ok(), "{before}");
            assert!(read(&text(&format!("{lines}{lines}"))).is_err(), "{before}");
        }
    }
    // Comments and blanks have none.
    for blank in [" ", "\n", "#x\n"] {
        let blanks = format!("a:\n{}", blank.repeat(300_000));
        assert_eq!(read(&format!("{blanks}\n  1")), Ok(json!({"a": 1})));
    }
    let comment = format!("# {}\na: 1", "x".repeat(600_000));
    assert_eq!(read(&comment), Ok(json!({"a": 1})));
}

#[test]
fn an_error_does_not_quote_the_document() {
    let text = "hunter1: hunter2\nhunter3: [\"hunter4\", {hunter5: 'hunter6'}]\nhunter7: |\n  hunter8\n- hunter9";
    for end in 0..text.len() {
        let (head, tail) = text.split_at(end);
        for cut in [head, tail] {
            if let Err(error) = read(cut) {
                assert!(!error.contains("hunter"), "{error}");
            }
        }
    }
    let mut reader = YamlReader::default();
    assert!(
        reader
            .advance(text.as_bytes(), &mut Budget::of(300))
            .is_ok()
    );
    assert!(!format!("{reader:?}").contains("hunter"));
    assert!(format!("{:?}", reader.into_parts()).contains("hunter"));
}

/// A reader of YAML 1.1 sees `a` outside the comment.
#[test]
fn refuses_characters_that_end_a_line_in_yaml_1_1_only() {
    for character in ['\u{85}', '\u{2028}', '\u{2029}'] {
        for text in [
            format!("# c{character}a: 1\nb: 2"),
            format!("a: \"b{character}c\""),
        ] {
            let refused = read(&text).unwrap_err();
            assert!(refused.contains("a line break of YAML 1.1"), "{refused}");
        }
    }
    assert_eq!(
        read(r#"a: "\N\L\P\u2028""#),
        Ok(json!({"a": "\u{85}\u{2028}\u{2029}\u{2028}"}))
    );
    let near = "\u{a0}\u{c5}\u{2027}\u{202a}";
    assert_eq!(read(&format!("a: {near}")), Ok(json!({"a": near})));
}

use super::*;
use serde_json::json;

/// The value of a text, read in slices of several sizes.
fn read(text: &str) -> Result<Value, String> {
    let whole = PropertiesReader::default().parse(text.as_bytes());
    let whole = whole.map_err(|error| error.to_string());
    for slice in [1, 100, 3000] {
        let mut reader = PropertiesReader::default();
        let sliced = loop {
            match reader.advance(text.as_bytes(), &mut Budget::of(slice)) {
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
fn lines_are_read_as_java_reads_them() {
    for (text, value) in [
        ("a=1", json!({"a": "1"})),
        (
            "a = 1 \nb:2\nc 3\nd\t\x0c=\t4\ne\nf=\n",
            json!({"a": "1 ", "b": "2", "c": "3", "d": "4", "e": "", "f": ""}),
        ),
        ("# c\n! c\\\n  #c\n\n \t\x0ca=1", json!({"a": "1"})),
        ("a=1#2!3=4:5 6", json!({"a": "1#2!3=4:5 6"})),
        (
            "a\\ b\\=c\\:d=1\n\\#e=2",
            json!({"a b=c:d": "1", "#e": "2"}),
        ),
        (
            r"a=\t\n\r\f\q\\\u00e9\ud83d\ude00\ b",
            json!({"a": "\t\n\r\u{c}q\\é😀 b"}),
        ),
        (
            "a = one\\\n   two\\\r\n  # three\nb\\\n c=1",
            json!({"a": "onetwo# three", "bc": "1"}),
        ),
        (
            "a=1\\\n\nb=2\r\rc=3\\",
            json!({"a": "1", "b": "2", "c": "3"}),
        ),
        ("a=\\\\\nb=\\\\\\\n1", json!({"a": "\\", "b": "\\1"})),
        ("\u{feff}é=ü", json!({"é": "ü"})),
        (
            "a==1\nb=:1\nc : = 1",
            json!({"a": "=1", "b": ":1", "c": "= 1"}),
        ),
        ("a=${b}", json!({"a": "${b}"})),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn refuses_several_documents_in_one_file() {
    let refused = Err("unusable document: a second document at line 2, column 1".to_owned());
    for line in ["#---", "!---", "#---\t ", "#---\r"] {
        let text = format!("a=1\n{line}\nb=2");
        assert_eq!(read(&text), refused, "{line}");
    }
    assert_eq!(read("a=1\n#---"), refused);
    for line in ["#--", "#----", "# ---", " #---", "#---x"] {
        let text = format!("a=1\n{line}\nb=2");
        assert_eq!(read(&text), Ok(json!({"a": "1", "b": "2"})), "{line}");
    }
}

/// The rules are those of Spring Cloud Config, but for relaxed names.
#[test]
fn flat_names_become_a_tree() {
    for (text, value) in [
        ("a.b=1\na.c.d=2", json!({"a": {"b": "1", "c": {"d": "2"}}})),
        (
            "l[1].x=b\nl[0].x=a\nl[0].y=c",
            json!({"l": [{"x": "a", "y": "c"}, {"x": "b"}]}),
        ),
        ("codes[404]=x", json!({"codes": {"404": "x"}})),
        ("r[/a.b/**]=x", json!({"r": {"/a.b/**": "x"}})),
        ("a.b=1\na=2\na.c=3", json!({"a": "2"})),
        (
            "max-size=1\nmaxSize=2",
            json!({"max-size": "1", "maxSize": "2"}),
        ),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn refuses() {
    let long = "x".repeat(300_000);
    for (text, error) in [
        ("", "malformed document: the document is empty"),
        ("# a=1\n\n", "malformed document: the document is empty"),
        (
            "a=1\nb=2\n a:1",
            "malformed document: a name that is there already at line 3, column 2",
        ),
        (
            "=1",
            "malformed document: a property without a name at line 1, column 1",
        ),
        (
            r"a=\u00g0",
            "malformed document: an escape that means no character at line 1, column 4",
        ),
        (
            r"a=\ud83d",
            "malformed document: an escape that means no character at line 1, column 4",
        ),
        (
            r"a=\ude00",
            "malformed document: an escape that means no character at line 1, column 4",
        ),
        (
            &format!("a={long}"),
            "unusable document: a text longer than 262144 bytes at line 1, column 262146",
        ),
        (
            &format!("a=\\\n{}", " ".repeat(300_000)),
            "unusable document: a text longer than 262144 bytes at line 2, column 262142",
        ),
        (
            &format!("{}=1", "a".repeat(5000)),
            "unusable document: the name of a property has more than 4096 bytes, or more than 100 parts",
        ),
        (
            &format!("{}=1", "a.".repeat(100)),
            "unusable document: the name of a property has more than 4096 bytes, or more than 100 parts",
        ),
    ] {
        assert_eq!(read(text), Err(error.to_owned()), "{text:.20}");
    }
    for text in [&b"a=\xff"[..], b"# \xff\na=1"] {
        let error = PropertiesReader::default().parse(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed document: no UTF-8 behind byte 0"
        );
    }
    let comment = format!("#{long}\n{}\na=1", "\n \n".repeat(100_000));
    assert_eq!(read(&comment), Ok(json!({"a": "1"})));
}

#[test]
fn shows_nothing_of_the_content() {
    let mut reader = PropertiesReader::default();
    let text = b"hunter1=hunter2\nhunter3=\\u00";
    assert!(
        reader
            .advance(text, &mut Budget::of(120))
            .unwrap()
            .is_none()
    );
    assert!(!format!("{reader:?}").contains("hunter"));
    let error = reader.advance(text, &mut Budget::unlimited()).unwrap_err();
    assert!(!error.to_string().contains("hunter"));
    assert_eq!(reader.into_parts(), [json!({"hunter1": "hunter2"})]);
}

//! Requests that are built from the values of a client's request.

use super::targets;
use super::tests::run;

#[test]
fn requests() {
    let seeds: [&[u8]; 8] = [
        b"\x01ab",
        b"\x04acmegold",
        b"\x02../x",
        b"\x03a&b=1&c",
        b"\x031.5true",
        b"\x05a\",\"bc",
        b"\x02a\r\nx-b: c",
        b"\x01<&gt;",
    ];
    let pieces: &[&[u8]] = &[
        b"/",
        b"\\",
        b"?",
        b"#",
        b"%",
        b"%2F",
        b".",
        b"..",
        b";",
        b",",
        b"\"",
        b"&",
        b"=",
        b"+",
        b"<",
        b">",
        b"'",
        b"&amp;",
        b"\0",
        b"\t",
        b"\r",
        b"\n",
        b"\x7f",
        b" ",
        b"${query.a}",
        b"null",
        b"1",
        b"-",
        b"e5",
        b"{",
        b"[",
        b"\xff",
        b"\xc3\xa9",
        b"\xe2\x80\xa8",
        b"; l=",
        b"\">",
        b"|",
    ];
    run(targets::requests, 2_000, &seeds.map(<[u8]>::to_vec), pieces);
}

//! Regular expressions for paths.

use super::targets;
use super::tests::run;

#[test]
fn expressions() {
    let seeds: [&[u8]; 6] = [
        b"/v(?P<version>[0-9]+)/users/(?P<id>[^/]+)\n/v1/users/a%20b%2fc",
        b"(?i)/admin(?P<rest>/.*)?\n/%41dmin/x%5c;%25",
        "/(?P<a>é+)(?<b>.)?\n/%C3%A9é".as_bytes(),
        b"/a|/(?P<x>b(?P<y>c)*)\n/bcc",
        b"(?P<half>/a%2)F.*\n/a%2fb",
        b"^(/[a-z]{1,3}){2,}$\n/a/bc//d",
    ];
    let pieces: &[&[u8]] = &[
        b"(",
        b")",
        b"(?P<n>",
        b"(?",
        b"[",
        b"]",
        b"^",
        b"$",
        b".*",
        b"+?",
        b"{2}",
        b"{9}",
        b"|",
        b"\\",
        b"\\d",
        b"\\b",
        b"\n",
        b"/",
        b"%",
        b"%2F",
        b"%5C",
        b"%25",
        b"%C3%A9",
        b"\xff",
        b"\\1",
        b"(?=",
        b"\xc3\xa9",
    ];
    run(
        targets::expression,
        15_000,
        &seeds.map(<[u8]>::to_vec),
        pieces,
    );
}

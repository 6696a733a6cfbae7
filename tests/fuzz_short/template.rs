//! Templates.

use super::targets;
use super::tests::run;

#[test]
fn templates() {
    let seeds: [&[u8]; 5] = [
        b"\0/a/${path.rest}?${query.b:-c}",
        b"\x01${lower(header.x-a):-${trim(base64url(claims['a b'].c)):-none}}",
        b"\x02$${a}$$${b}${c:-}}",
        b"\x03${a:-${b:-${c:-${d:-${e}}}}}",
        b"\x04${sha256(urlencode(upper(cookie.a)))}${claims[\"a\\\"}]\"][0]}",
    ];
    let pieces: &[&[u8]] = &[
        b"$", b"{", b"}", b"${", b"$${", b"(", b")", b":-", b":", b".", b"[", b"]", b"'", b"\"",
        b"\\", b"a", b"claims", b"lower(", b"sha256(", b"${a}", b"}:-", b" ", b"\r\n", b"\0",
        b"\xff", b"%2f", b"/",
    ];
    run(
        targets::template,
        40_000,
        &seeds.map(<[u8]>::to_vec),
        pieces,
    );
}

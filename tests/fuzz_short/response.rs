//! `Set-Cookie` and `Accept`.

use super::targets;
use super::tests::run;

#[test]
fn cookies_and_accepted_types() {
    let seeds: [&[u8]; 5] = [
        b"a=1; Path=/; Secure",
        b"__Host-a=\"1\";SAMESITE=none ; samesite=Lax; ;httponly=x",
        b"text/html;q=0.5, text/*;q=1.000, */*;q=0.001",
        b"; secure",
        b"\xff;\0=;=",
    ];
    let pieces: &[&[u8]] = &[
        b";",
        b"=",
        b",",
        b" ",
        b"\t",
        b"; Secure",
        b"HttpOnly",
        b"; SameSite=",
        b"/",
        b"*",
        b";q=",
        b"0.",
        b"1",
        b"text/html",
    ];
    run(
        targets::response,
        60_000,
        &seeds.map(<[u8]>::to_vec),
        pieces,
    );
}

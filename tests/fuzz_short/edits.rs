//! Edits of queries, cookies and paths.

use super::targets;
use super::tests::run;

#[test]
fn edits() {
    let seeds: [&[u8]; 7] = [
        b"a\nb\na=1&b=2&&%61=3&c",
        b"a b\na&b\na+b=1&a%20b=2&a%26b",
        b"a\n1\na=1; b=\"x y\";a ; ;a =2",
        b"a\n\n;a;=;a=1;b",
        b"....\n/v1\n/a/b/v1/users/%7ea%2Fb%25;c/",
        b".\nx\n/.x./admin/.%25x2e/..x%2F",
        b"......\na/b\n/s%C3%B6hne/x.json",
    ];
    let pieces: &[&[u8]] = &[
        b"&", b"=", b"+", b"%", b"%61", b"a", b"&a=", b"\n", b"%26", b"%3D", b";", b"; ", b" ",
        b"\"", b".", b"..", b"/", b"//", b"%2F", b"%5C", b"%25", b"%2e", b"2e", b"\\", b"%C3%A9",
        b"x",
    ];
    run(targets::edits, 80_000, &seeds.map(<[u8]>::to_vec), pieces);
}

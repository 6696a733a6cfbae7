//! Logins of sources, and keys in their requests.

use super::targets;
use super::tests::run;

#[test]
fn answers_to_a_login() {
    let seeds: [&[u8]; 5] = [
        br#"0{"access_token":"t1","expires_in":60,"scope":"read","token_type":"Bearer"}"#,
        br#"3{"access_token":"~t.+/=","token_type":"BEARER","expires_in":"3599"}"#,
        br#"0{"token_type":"bearer","access_token":"t","expires_in":null}"#,
        br#"1{"error":"invalid_client","error_description":"x"}"#,
        br#"1{"error":"invalid_scope"}"#,
    ];
    let pieces: &[&[u8]] = &[
        b"\"access_token\":",
        b"\"token_type\":",
        b"\"expires_in\":",
        b"\"Bearer\"",
        b"\"DPoP\"",
        b"\"error\":",
        b"\\r\\n",
        b"\\u0020",
        b" ",
        b"18446744073709551616",
        b"-1",
        b"\"",
        b"{",
        b"}",
        b",",
        b"\xc3\xa9",
    ];
    run(targets::login, 12_000, &seeds.map(<[u8]>::to_vec), pieces);
}

#[test]
fn keys_in_a_content() {
    let seeds: [&[u8]; 6] = [
        b"{\"a\": [\"${key}\", 1], \"b\": \"c\"}\nacme",
        b"[\"${key}\"]\na\",\"b\":\"",
        b"{\"${key}\": \"\\u0024{key}\"}\nx",
        b"id=${key}&a=b\nx&y=z",
        b"id=${key}\n\xff%41+",
        b"\"${key}\"\n\xc3\xa9",
    ];
    let pieces: &[&[u8]] = &[
        b"${key}",
        b"\"${key}\"",
        b"\\u0024{key}",
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b",",
        b":",
        b"=",
        b"&",
        b"\n",
        b"\0",
    ];
    run(targets::content, 12_000, &seeds.map(<[u8]>::to_vec), pieces);
}

#[test]
fn answers_of_services() {
    let seeds: [&[u8]; 5] = [
        b"private, no-store\ngold\n{\"a\": 1}",
        b"max-age=60\ngold,silver\n",
        b"\n\xc3\xa9\n[]",
        b"public=\"no-store\"\n\xff\n{}",
        b"NO-STORE\n\n\"x\"",
    ];
    let pieces: &[&[u8]] = &[
        b"no-store",
        b"No-Store",
        b"no-cache",
        b"=",
        b",",
        b";",
        b" ",
        b"\t",
        b"\"",
        b"\n",
        b"\xff",
        b"{}",
    ];
    run(targets::answer, 12_000, &seeds.map(<[u8]>::to_vec), pieces);
}

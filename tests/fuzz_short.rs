//! The functions of the fuzzers on stable Rust, each with a fixed number of inputs, the same on every run: seeds, and
//! small changes of them.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test: what overflows fails it"
)]

#[cfg(test)]
#[path = "../fuzz/src/lib.rs"]
#[expect(
    unreachable_pub,
    reason = "public for the fuzzers, which take it as a library"
)]
mod targets;

#[cfg(test)]
#[path = "fuzz_short/edits.rs"]
mod edits;

#[cfg(test)]
#[path = "fuzz_short/expression.rs"]
mod expression;

#[cfg(test)]
#[path = "fuzz_short/formats.rs"]
mod formats;

#[cfg(test)]
#[path = "fuzz_short/http_source.rs"]
mod http_source;

#[cfg(test)]
#[path = "fuzz_short/kubernetes.rs"]
mod kubernetes;

#[cfg(test)]
#[path = "fuzz_short/response.rs"]
mod response;

#[cfg(test)]
#[path = "fuzz_short/requests.rs"]
mod requests;

#[cfg(test)]
#[path = "fuzz_short/centres.rs"]
mod centres;

#[cfg(test)]
#[path = "fuzz_short/consul.rs"]
mod consul;

#[cfg(test)]
#[path = "fuzz_short/spring.rs"]
mod spring;

#[cfg(test)]
#[path = "fuzz_short/template.rs"]
mod template;

#[cfg(test)]
mod tests {
    use super::targets;
    use postern::http::HeaderMap;

    /// SplitMix64: small, and good enough for choosing changes.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }

        fn below(&mut self, bound: usize) -> usize {
            let bound = u64::try_from(bound.max(1)).unwrap();
            usize::try_from(self.next() % bound).unwrap()
        }

        fn byte(&mut self) -> u8 {
            self.next().to_le_bytes()[0]
        }
    }

    /// Makes one to four small changes: a byte, a known difficult piece, a cut, a part of another seed.
    fn change(seeds: &[Vec<u8>], pieces: &[&[u8]], random: &mut Random) -> Vec<u8> {
        let mut data = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            let at = random.below(data.len() + 1);
            match random.below(6) {
                0 if at < data.len() => data[at] = random.byte(),
                1 if at < data.len() => data[at] ^= 1 << random.below(8),
                2 => data.truncate(at),
                3 => {
                    let end = at + random.below(data.len() - at + 1);
                    data.drain(at..end);
                }
                4 => {
                    let other = &seeds[random.below(seeds.len())];
                    let from = random.below(other.len() + 1);
                    data.splice(at..at, other[from..].iter().copied());
                    data.truncate(4096);
                }
                _ => {
                    let piece = pieces[random.below(pieces.len())];
                    data.splice(at..at, piece.iter().copied());
                }
            }
        }
        data
    }

    pub(super) fn run(target: fn(&[u8]), count: usize, seeds: &[Vec<u8>], pieces: &[&[u8]]) {
        for seed in seeds {
            target(seed);
        }
        let mut random = Random(1);
        for _ in 0..count {
            let data = change(seeds, pieces, &mut random);
            let trapped = std::panic::catch_unwind(|| target(&data)).is_err();
            assert!(!trapped, "by \"{}\"", data.escape_ascii());
        }
    }

    #[test]
    fn policies() {
        let seeds = [
            &br#"{}"#[..],
            br#"{"unmatched": {"respond": {"status": 404}}, "identity": {"consumer": "x-c"}}"#,
            br#"{"routing": {"header": "x-up", "allow": ["blue"]},
                "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}, {"query": "k"}], "realm": "api"}}},
                "consumers": [{"name": "a", "groups": ["g"], "labels": {"t": "x"}, "credentials": [{"apiKey": {"value": "s"}}]}],
                "sources": {"t": {"http": {"cluster": "c", "authority": "a", "path": "/t.json", "timeout": "2s"},
                    "refresh": "5s", "index": {"items": "$.t[*]", "by": "$.id"}},
                    "i": {"inline": {"document": {"a": [1, 2.5, null, true]}}}},
                "routes": [{"name": "r", "hosts": ["*.example.com"],
                    "match": [{"path": {"template": "/v1/{tenant}/{rest=**}"}, "methods": ["GET"],
                        "headers": [{"name": "x-b", "exact": "1"}], "query": [{"name": "d", "absent": true}]}],
                    "require": {"any": ["keys"]},
                    "lookup": {"tenant": {"source": "t", "key": "${path.tenant}", "values": {"cluster": "$.up"},
                        "onMissing": {"deny": 404}, "hold": "2s"}},
                    "authorize": {"all": [{"groups": {"any": ["g"]}}, {"lookup": "tenant.cluster", "equals": "blue"}]},
                    "rewrite": {"path": "/i/${path.rest}", "headers": {"set": {"x-t": "${path.tenant:-no}"}},
                        "query": {"remove": ["k"]}, "upstream": "${tenant.cluster}"}},
                {"name": "old", "match": [{"path": {"prefix": "/old"}}], "require": "none",
                    "redirect": {"path": {"prefix": "/new"}, "status": 308.0}}]}"#,
        ];
        let pieces: &[&[u8]] = &[
            b"{",
            b"}",
            b"[",
            b"]",
            b"\"",
            b",",
            b":",
            b"null",
            b"1e999",
            b"-1",
            b"308.0",
            b"\\u0000",
            b"\\ud800",
            b"${",
            b"\"routes\": [",
            b"{}",
            b"5s",
            b"99999999999999999999h",
            b"$[?(@.a)]",
            b"$..*",
            b"\xff",
        ];
        run(targets::policy, 6000, &seeds.map(<[u8]>::to_vec), pieces);
        let deep = [b"[".repeat(100_000), b"{\"a\":".repeat(100_000)];
        run(targets::policy, 0, &deep, pieces);
    }

    #[test]
    fn header_buffers() {
        let none: &[(&str, &str)] = &[];
        let seeds = [
            HeaderMap::from_pairs(none),
            HeaderMap::from_pairs(&[(":path", "/"), ("x", ""), ("x", "1")]),
            HeaderMap::from_pairs(&[("", ""), ("cookie", "a=1; b=2")]),
        ];
        let pieces: &[&[u8]] = &[
            b"\0",
            b"\0\0\0\0",
            b"\xff\xff\xff\xff",
            b"\x01\0\0\0",
            b"\0\0\0\x80",
            b"\xff\xff\xff\x7f",
        ];
        let seeds = seeds.map(|map| map.as_wire().to_vec());
        run(targets::headers, 60_000, &seeds, pieces);
    }

    #[test]
    fn paths() {
        let seeds: [&[u8]; 7] = [
            b"\0/a/b?c=d",
            b"\xff/a;b/../c%2fd\\e//f",
            b"\x25/%2e%2e/%5c%2F/./x",
            b"\x80/..;/..%2f..\\",
            b"\0/v1/{tenant}/{rest=**}",
            "\u{0}/\u{e9}%C3%a9%e2%82%ac".as_bytes(),
            b"\0[2001:DB8::1]:443",
        ];
        let pieces: &[&[u8]] = &[
            b"/", b"//", b".", b"..", b"/..", b"%2e", b"%2F", b"%5C", b"\\", b";", b"%", b"%25",
            b"%00", b"%ff", b"#", b"?", b"\xc3", b"%a9", b":", b"]", b"{", b"=**}",
        ];
        run(targets::path, 60_000, &seeds.map(<[u8]>::to_vec), pieces);
    }

    #[test]
    fn queries() {
        let seeds: [&[u8]; 4] = [
            b"a\nb\na=1&b=2&&%61=3&c",
            b"api key\n&x=1#\napi+key=1&api%20key=2",
            b"\n\n=&==&",
            b"\xff\n\0\n%ff=%00&\xff",
        ];
        let pieces: &[&[u8]] = &[
            b"&", b"=", b"+", b"%", b"%61", b"a", b"&a=", b"\n", b"%26", b"%3D", b";",
        ];
        run(targets::query, 60_000, &seeds.map(<[u8]>::to_vec), pieces);
    }

    #[test]
    fn documents() {
        let seeds: [&[u8]; 5] = [
            b"\x13{\"a\": [{\"b\": [1, {\"c\": []}], \"d\": \"\\u00e9]\"}, null], \"a\\u0061\": {}}",
            b"\x00[[1,2],[{}],\"x\\\"\", -1.5e3]",
            b"\xf5{\"a\":[1],\"a\":{\"x\":[2]},\"a\":[[3],4]}",
            b"\x41 [ true , false ,null ] ",
            b"\x22\"one string\"",
        ];
        let pieces: &[&[u8]] = &[
            b"{", b"}", b"[", b"]", b"\"", b",", b":", b"\\", b" ", b"0", b"nul", b"1e999",
            b"\xff", b"\0", b"\"a\":", b"\\ud800", b"[[[[", b"]]]]",
        ];
        run(
            targets::document,
            12_000,
            &seeds.map(<[u8]>::to_vec),
            pieces,
        );
        let deep = [b"\x10".to_vec(), b"[".repeat(200)].concat();
        run(targets::document, 0, &[deep], pieces);
    }

    #[test]
    fn cookie_headers() {
        let seeds: [&[u8]; 4] = [
            b"key.K, chat,,",
            b"a=1; b=2",
            b" ;=;a==\";\"; c",
            b"\xff=\0;;",
        ];
        let pieces: &[&[u8]] = &[b";", b",", b"=", b" ", b"\"", b"\t", b"; "];
        run(targets::cookie, 60_000, &seeds.map(<[u8]>::to_vec), pieces);
    }

    #[test]
    fn tokens() {
        let seeds: [&[u8]; 6] = [
            b"eyJhbGciOiJSUzI1NiJ9.e30.AQI",
            b"eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJpIiwiYXVkIjpbImEiXSwiZXhwIjoxfQ.AAAA",
            b"eyJhbGciOiJub25lIn0.e30.",
            b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..c.d.e",
            b"a.b.c, d.e.f",
            b"key",
        ];
        let pieces: &[&[u8]] = &[
            b".", b"..", b"=", b"-", b"_", b"+", b",", b" ", b"\n", b"\xff", b"e30", b"W10", b"A",
        ];
        run(targets::token, 60_000, &seeds.map(<[u8]>::to_vec), pieces);
        let long = [b"a.b.".to_vec(), b"c".repeat(20_000)].concat();
        run(targets::token, 0, &[long], pieces);
    }

    /// Pieces of JSON that are difficult for a reader.
    pub(super) const JSON: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b",",
        b":",
        b"null",
        b"true",
        b"1e999",
        b"-1",
        b"1.5",
        b" ",
        b"\\ud800",
        b"\\u0061",
        b"\xff",
        b"\0",
        b"\"a\":1,",
        b"[[[[",
    ];

    #[test]
    fn jose_headers() {
        let seeds: [&[u8]; 4] = [
            br#"{"alg":"RS256","kid":"a","typ":"JWT"}"#,
            br#"{"alg":"none","crit":["b64"],"b64":false}"#,
            br#"{"alg":"dir","enc":"A128GCM","zip":"DEF","jku":"https://a"}"#,
            br#"{"\u0061lg":"HS512","x":{"a":[1.5,null,{"b":"\ud83d\ude00"}]}}"#,
        ];
        let header = [
            br#""alg":"ES256","#,
            br#""kid":7,"#.as_slice(),
            br#""crit":[],"#,
        ];
        let pieces = [JSON, &header].concat();
        run(
            targets::jose_header,
            60_000,
            &seeds.map(<[u8]>::to_vec),
            &pieces,
        );
        let deep = [br#"{"alg":"#.to_vec(), b"[".repeat(10_000)].concat();
        run(targets::jose_header, 0, &[deep], &pieces);
    }

    #[test]
    fn claims() {
        let seeds: [&[u8]; 4] = [
            br#"{"iss":"i","aud":"a","exp":1300819380,"nbf":1,"iat":1300819379.5}"#,
            br#"{"iss":"https://id.example","aud":["x","api"],"exp":18446744074,"iat":18446744073}"#,
            br#"{"exp":1,"scope":"a b","scp":["c",1]}"#,
            br#"{"iss":["i"],"aud":{},"exp":"1","nbf":null,"iat":1e300}"#,
        ];
        let claims = [
            br#""exp":1,"#.as_slice(),
            br#""iat":0,"#,
            br#""aud":"a","#,
            b"253402300799",
            b"e9",
        ];
        let pieces = [JSON, &claims].concat();
        run(targets::claims, 60_000, &seeds.map(<[u8]>::to_vec), &pieces);
    }

    /// Keys of RFC 7515, appendix A, and RFC 8037, appendix A.
    const KEYS: [&str; 4] = [
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig","kid":"ed"}"#,
        r#"{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","alg":"HS256","key_ops":["verify"]}"#,
        r#"{"kty":"RSA","e":"AQAB","kid":"rsa","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
    ];

    #[test]
    fn json_web_keys() {
        let members = [
            br#""kid":"ed","#.as_slice(),
            br#""alg":"ES256","#,
            br#""use":"enc","#,
            br#""kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","#,
            br#""d":"","#,
            b"P-384",
            b"AA",
            b"_",
        ];
        let pieces = [JSON, &members].concat();
        let seeds = KEYS.map(|key| key.as_bytes().to_vec());
        run(targets::jwk, 12_000, &seeds, &pieces);
        let sets = [
            format!(r#"{{"keys":[{}]}}"#, KEYS.join(",")),
            format!(r#"{{"keys":[{0},{0}]}}"#, KEYS[1]),
            format!(r#"{{"keys":[{}]}}"#, KEYS[2]),
            r#"{"keys":[]}"#.to_owned(),
        ];
        let sets = sets.map(String::into_bytes);
        run(
            targets::key_set,
            12_000,
            &sets,
            &[&pieces[..], &[KEYS[1].as_bytes()]].concat(),
        );
        let many = format!(r#"{{"keys":[{}1]}}"#, "1,".repeat(1000));
        run(targets::key_set, 0, &[many.into_bytes()], &pieces);
    }

    #[test]
    fn answers_of_issuers() {
        let seeds = [
            b"{\"issuer\":\"http://id.example\",\"jwks_uri\":\"http://id.example/keys?a\"}\0max-age=60, public".as_slice(),
            b"{\"issuer\":\"http://id.example\",\"jwks_uri\":\"https://KEYS.example:443\"}\0x=\"a,\\\"\", max-age=\"1\"",
            b"{\"jwks_uri\":null,\"issuer\":[]}",
        ];
        let members = [
            b"http://".as_slice(),
            b"https://[::1]:1/",
            b"keys.example",
            b"user@",
            b"#",
            b"\0",
            b"max-age=",
            b"no-store",
            b"\"",
        ];
        let pieces = [JSON, &members].concat();
        run(targets::issuer, 12_000, &seeds.map(<[u8]>::to_vec), &pieces);
    }

    #[test]
    fn answers_about_tokens() {
        let seeds = [
            b"\0{\"active\":true,\"exp\":1800000000,\"scope\":\"a b\"}".as_slice(),
            b"\0{\"active\":false}",
            b"\0{\"active\":true,\"exp\":1}",
            b"\x01{\"error\":\"unsupported_token_type\"}",
        ];
        let pieces: &[&[u8]] = &[
            b"\"active\":true,",
            b"\"active\":false,",
            b"\"\\u0061ctive\":true,",
            b"\"exp\":1e3,",
            b"\"exp\":null,",
            b"\"error\":\"unsupported_token_type\",",
            b"{",
            b"}",
            b"[",
            b"]",
            b"\0",
            b"\xff",
        ];
        run(
            targets::introspection,
            12_000,
            &seeds.map(<[u8]>::to_vec),
            pieces,
        );
    }
}

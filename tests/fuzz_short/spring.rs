//! Answers of Spring Cloud Config.

use super::targets;
use super::tests::run;

#[test]
fn spring_environments() {
    let seeds: [&[u8]; 4] = [
        br#"1{"name":"a","propertySources":[{"name":"a.yml","source":{"l":1,"r[0].p":"/a","r[1].p":"${b}"}}]}"#,
        br#"G{"name":"a","propertySources":[{"name":"a.yml","source":{"r":1}},{"name":"application.yml","source":{"r[0]":2,"m[404]":3}}]}"#,
        br#"r{"name":"a","profiles":["b"],"label":null,"version":"1","state":"","propertySources":[]}"#,
        br#"B{"propertySources":[{"source":{"a.b.c":true,"a[x.y]":null,"a.b":"{cipher}"}}]}"#,
    ];
    let pieces: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b",",
        b":",
        b".",
        b"[0]",
        b"[1]",
        b"a",
        b"1",
        b"\xff",
        b"\"a\":1,",
        b"\"a.b[0]\":1,",
        b"application",
        b"{\"source\":{}},",
    ];
    let seeds = seeds.map(<[u8]>::to_vec);
    run(targets::spring_environment, 12_000, &seeds, pieces);
}

#[test]
fn merged_documents_of_spring() {
    let seeds: [&[u8]; 4] = [
        br#"1{"a-b":{"aB":1,"c":"${d}"},"aB":[{"labels":{"x-y":1}}]}"#,
        br#"G{"m[A-b]":{"x":"{cipher}A"},"M_X":true,"mX":null}"#,
        br#"r{}"#,
        br#"B{"labels":{"labels":{"A-b":{"A-b":1},"Ab":2}},"api-key":3}"#,
    ];
    let pieces: &[&[u8]] = &[
        b"\"", b"{", b"}", b"[", b"]", b":", b",", b"-", b"_", b"a", b"A", b"b", b"labels",
        b"api-key", b"${", b"1", b"null",
    ];
    let seeds = seeds.map(<[u8]>::to_vec);
    run(targets::spring_merged, 12_000, &seeds, pieces);
}

#[test]
fn contents_of_spring_cloud_alibaba() {
    let seeds: [&[u8]; 5] = [
        b"1{\"a-b\":{\"aB\":1,\"c\":\"${d}\"},\"l\":[{\"x\":1},2]}\0{\"l\":[],\"a.b\":{},\"a[0]\":3}",
        b"Ga: {b: [1, {c: 2}]}\n\0a.b: []\n\"[X-y]\": {\"[z.W]\": 1}\n",
        b"\x91a.b=1\na[0].c=2\n\0A.B: x\nm[Acme-1]=y\n",
        b"#a 8\n=\n{\"b\":1",
        b"#a 9\n=\n{\"b\":1}b 9\n\"\n{\\\"b\\\":2}",
    ];
    let pieces: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b":",
        b",",
        b".",
        b"=",
        b"\n",
        b"\0",
        b"-",
        b"a",
        b"[0]",
        b"[]",
        b"{}",
        b"null",
        b"${",
        b"a 3\n=\n",
        b" 9\n",
        b"labels",
    ];
    let seeds = seeds.map(<[u8]>::to_vec);
    run(targets::alibaba, 12_000, &seeds, pieces);
}

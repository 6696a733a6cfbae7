//! Answers of Consul and Eureka.

use super::targets;
use super::tests::run;

#[test]
fn answers_of_consul_and_eureka() {
    let seeds: [&[u8]; 6] = [
        b"\x08\x20a{\"limit\":5}",
        b"\x01\x20a[{\"LockIndex\":0,\"Key\":\"a/b\",\"Flags\":0,\"Value\":\"eA==\"},{\"Key\":\"a/c\",\"Value\":null}]",
        b"\x0a\x20a[]\0a[{\"Key\":\"config/a/b\",\"Value\":\"eA==\"}]\x004",
        b"\x04\x20aa: {b: 1}\n\0a\"[x]\": 2\n",
        b"\x06\x20a{\"application\":{\"name\":\"A\",\"instance\":[{\"instanceId\":\"i\",\"port\":{\"$\":80,\"@enabled\":\"true\"},\"metadata\":{\"@class\":\"x\"},\"leaseInfo\":{}}]}}",
        b"\x0c\x203\0",
    ];
    let pieces: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b":",
        b",",
        b"\0",
        b"a",
        b"4",
        b"null",
        b"\"Key\":\"a/",
        b"\"Key\":\"config/a/",
        b"\"Value\":\"eA==\"",
        b"\"Value\":null",
        b"\\u0041",
        b"\"prefix\":",
    ];
    let seeds = seeds.map(<[u8]>::to_vec);
    run(targets::consul, 12_000, &seeds, pieces);
}

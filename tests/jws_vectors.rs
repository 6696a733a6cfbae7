//! The published examples of signed tokens: RFC 7515 appendix A, RFC 7520 §4 and RFC 8037 appendix A.4. Each is read by the
//! code that reads tokens of clients, and verified by a native build.
#![expect(clippy::string_slice, reason = "a test may panic")]

#[cfg(test)]
mod tests {
    use postern::internals::auth::jwt::{
        Accepts, ClaimRules, ClaimsError, CompactJws, Expiry, JoseHeader, Jwk, KeyChoiceError,
        KeySet, TokenError, decode_base64url,
    };
    use postern::internals::crypto::NativeVerifier;
    use postern::time::Timestamp;
    use serde_json::{Value, json};
    use std::time::Duration;

    /// The payload of RFC 7515 A.1, A.2, A.3 and A.5.
    const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    /// The payload of RFC 7520 §4.
    const BILBO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

    struct Example {
        name: &'static str,
        key: Value,
        header: &'static str,
        payload: &'static str,
        signature: &'static str,
    }

    fn examples() -> Vec<Example> {
        [rfc_7515(), rfc_7520(), rfc_8037()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn rfc_7515() -> Vec<Example> {
        vec![
            Example {
                name: "A.1",
                key: json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}),
                header: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
                payload: JOE,
                signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            },
            Example {
                name: "A.2",
                key: json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}),
                header: "eyJhbGciOiJSUzI1NiJ9",
                payload: JOE,
                signature: "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            },
            Example {
                name: "A.3",
                key: json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
                header: "eyJhbGciOiJFUzI1NiJ9",
                payload: JOE,
                signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            },
            Example {
                name: "A.4",
                key: json!({"kty": "EC", "crv": "P-521", "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk", "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}),
                header: "eyJhbGciOiJFUzUxMiJ9",
                payload: "UGF5bG9hZA",
                signature: "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
            },
        ]
    }

    fn rfc_7520() -> Vec<Example> {
        let kid = "bilbo.baggins@hobbiton.example";
        let rsa = json!({"kty": "RSA", "kid": kid, "use": "sig", "e": "AQAB", "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"});
        vec![
            Example {
                name: "4.1",
                key: rsa.clone(),
                header: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
                payload: BILBO,
                signature: "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
            },
            Example {
                name: "4.2",
                key: rsa,
                header: "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
                payload: BILBO,
                signature: "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
            },
            Example {
                name: "4.3",
                key: json!({"kty": "EC", "kid": kid, "use": "sig", "crv": "P-521", "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt", "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}),
                header: "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
                payload: BILBO,
                signature: "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
            },
            Example {
                name: "4.4",
                key: json!({"kty": "oct", "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "use": "sig", "alg": "HS256", "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}),
                header: "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
                payload: BILBO,
                signature: "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
            },
        ]
    }

    fn rfc_8037() -> Vec<Example> {
        vec![Example {
            name: "A.4 of RFC 8037",
            key: json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            header: "eyJhbGciOiJFZERTQSJ9",
            payload: "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        }]
    }

    /// Whether the signature of the token is good by this key.
    fn verifies(key: &Value, token: &str) -> bool {
        let token = CompactJws::split(token.as_bytes()).unwrap().unwrap();
        let header = token.header().unwrap();
        let set = KeySet::of(Jwk::read(key).unwrap());
        let key = set.select(&header, &[]).unwrap();
        let signature = token.signature().unwrap();
        key.key()
            .verify(
                header.algorithm,
                token.signing_input(),
                &signature,
                &mut NativeVerifier,
            )
            .unwrap()
    }

    #[test]
    fn the_published_tokens_are_good() {
        for Example {
            name,
            key,
            header,
            payload,
            signature,
        } in examples()
        {
            assert!(
                verifies(&key, &format!("{header}.{payload}.{signature}")),
                "{name}"
            );
        }
    }

    #[test]
    fn no_changed_token_is_good() {
        for Example {
            name,
            key,
            header,
            payload,
            signature,
        } in examples()
        {
            let other = if signature.starts_with('B') { 'C' } else { 'B' };
            for (payload, signature) in [
                (payload, format!("{other}{}", &signature[1..])),
                (payload, String::new()),
                (payload, signature[..signature.len() / 4 * 4 - 4].to_owned()),
                (
                    payload,
                    format!("{}AAAA", &signature[..signature.len() / 4 * 4]),
                ),
                ("e30", signature.to_owned()),
            ] {
                let token = format!("{header}.{payload}.{signature}");
                assert!(!verifies(&key, &token), "{name}: {token}");
            }
        }
    }

    #[test]
    fn no_key_of_another_type_is_chosen() {
        let all = examples();
        for one in &all {
            for other in &all {
                let token = format!("{}..", one.header);
                let header = CompactJws::split(token.as_bytes())
                    .unwrap()
                    .unwrap()
                    .header()
                    .unwrap();
                let key = Jwk::read(&other.key).unwrap();
                let fits = key.allows(header.algorithm);
                let kind =
                    |example: &Example| (example.key["kty"].clone(), example.key["crv"].clone());
                assert!(
                    !fits || kind(one) == kind(other),
                    "{} {}",
                    one.name,
                    other.name
                );
                let chosen = KeySet::of(key)
                    .select(
                        &JoseHeader {
                            kid: None,
                            ..header
                        },
                        &[],
                    )
                    .map(drop);
                assert_eq!(
                    chosen,
                    if fits {
                        Ok(())
                    } else {
                        Err(KeyChoiceError::NoneFits)
                    }
                );
            }
        }
    }

    #[test]
    fn the_unsecured_token_of_rfc_7515_a_5_is_refused() {
        let text = format!("eyJhbGciOiJub25lIn0.{JOE}.");
        let token = CompactJws::split(text.as_bytes()).unwrap().unwrap();
        assert_eq!(token.header(), Err(TokenError::Unsigned));
        // RFC 7515 A.6 is in another serialisation.
        let general = r#"{"payload":"e30","signatures":[{"protected":"e30","signature":""}]}"#;
        assert_eq!(CompactJws::split(general.as_bytes()), Ok(None));
    }

    #[test]
    fn the_encrypted_token_of_rfc_7516_a_1_is_refused() {
        let header = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
        let text = format!("{header}.OKOawDo.48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT");
        assert_eq!(
            CompactJws::split(text.as_bytes()),
            Err(TokenError::Encrypted)
        );
    }

    #[test]
    fn the_claims_of_rfc_7515_a_1_end_in_2011() {
        let text = format!("e30.{JOE}.");
        let claims = CompactJws::split(text.as_bytes())
            .unwrap()
            .unwrap()
            .claims()
            .unwrap();
        assert_eq!(decode_base64url(JOE.as_bytes()).unwrap().len(), 70);
        let rules = ClaimRules {
            issuers: Accepts::OneOf(["joe".into()].into()),
            audiences: Accepts::Any,
            expiry: Expiry::Required,
            leeway: Duration::ZERO,
            max_age: None,
        };
        let at = |seconds| Timestamp::default().after(Duration::from_secs(seconds));
        let end = at(1_300_819_380);
        assert_eq!(rules.check(&claims, at(1_300_819_379)), Ok(Some(end)));
        assert_eq!(rules.check(&claims, end), Err(ClaimsError::Expired));
    }
}

//! Tokens and claims.

use std::time::Duration;

use postern::internals::auth::jwt::{
    Accepts, ClaimRules, ClaimsError, ClaimsSet, CompactJws, Expiry, JoseHeader, decode_base64url,
    strict_object,
};
use postern::time::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner),
        ]
    })
}

fn object(member: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = btree_map("[a-c]{1,2}|.{0,3}", member, 0..5);
    members.prop_map(|members| Value::Object(members.into_iter().collect()))
}

proptest! {
    #![proptest_config(super::fixed(2000))]

    #[test]
    fn three_parts_are_a_token_and_others_are_not(parts in vec("[^.]{0,8}", 1..6)) {
        let text = parts.join(".");
        let split = CompactJws::split(text.as_bytes());
        if let [header, payload, _] = &*parts {
            let token = split.unwrap().unwrap();
            prop_assert_eq!(token.header_text(), header.as_bytes());
            prop_assert_eq!(token.payload_text(), payload.as_bytes());
            let signed = format!("{header}.{payload}");
            prop_assert_eq!(token.signing_input(), signed.as_bytes());
        } else {
            prop_assert!(!matches!(split, Ok(Some(_))));
        }
    }

    #[test]
    fn an_object_is_read_as_it_was_written(written in object(value())) {
        let text = written.to_string();
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(strict_object(text.as_bytes()), Some(read));
    }

    #[test]
    fn a_member_that_comes_twice_is_refused(written in object(value()), around in 0..3_u8) {
        let map = written.as_object().unwrap();
        for name in map.keys() {
            let text = written.to_string();
            let again = format!("{},{}:null}}", &text[..text.len() - 1], json!(name));
            let text = match around {
                0 => again,
                1 => format!("{{\"x\":{again}}}"),
                _ => format!("{{\"x\":[1,{again}]}}"),
            };
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            prop_assert_eq!(strict_object(text.as_bytes()), None, "{}", text);
        }
    }

    #[test]
    fn no_bytes_trap(bytes in any::<Vec<u8>>(), text in "[{}\\[\\]\":,0-9a-e.\\\\ -]{0,24}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            let _ = decode_base64url(bytes);
            let _ = JoseHeader::parse(bytes);
            let _ = ClaimsSet::parse(bytes);
            if let Ok(Some(token)) = CompactJws::split(bytes) {
                let _ = (token.header(), token.claims(), token.signature());
            }
        }
    }

    /// The times of a token as inequalities of whole seconds.
    #[test]
    fn a_token_is_good_from_its_begin_to_its_end(
        exp in proptest::option::of(0..200_i64),
        nbf in proptest::option::of(0..200_i64),
        iat in proptest::option::of(0..200_i64),
        age in proptest::option::of(0..50_i64),
        leeway in 0..30_i64,
        now in 0..200_i64,
    ) {
        let span = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        let at = |seconds| Timestamp::default().after(span(seconds));
        let rules = ClaimRules {
            issuers: Accepts::Any,
            audiences: Accepts::Any,
            expiry: Expiry::Optional,
            leeway: span(leeway),
            max_age: age.map(span),
        };
        let mut claims = json!({});
        for (name, time) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
            if let Some(time) = time {
                claims[name] = time.into();
            }
        }
        let claims = ClaimsSet::parse(claims.to_string().as_bytes()).unwrap();
        let is_early = nbf.is_some_and(|nbf| now < nbf - leeway)
            || age.is_some() && iat.is_some_and(|iat| now < iat - leeway);
        let too_old = age.and_then(|age| Some(iat? + age));
        let end = [exp, too_old].into_iter().flatten().min().map(|end| end + leeway);
        let expected = match end {
            _ if age.is_some() && iat.is_none() => Err(ClaimsError::Missing("iat")),
            _ if is_early => Err(ClaimsError::NotYetValid),
            Some(end) if now >= end => Err(ClaimsError::Expired),
            end => Ok(end.map(at)),
        };
        prop_assert_eq!(rules.check(&claims, at(now)), expected);
    }
}

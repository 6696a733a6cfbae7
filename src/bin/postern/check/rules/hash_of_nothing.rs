//! A SHA-256 of an empty text or of a line end, instead of a key.

use postern::config::{Config, KeyMaterial};

use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "hash-of-nothing",
    meaning: "A `sha256` is that of an empty text or of a line end.",
    check,
};

/// The SHA-256 of an empty text, of `\n` and of `\r\n`.
const DIGESTS: [(&str, &str); 3] = [
    (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "an empty text, which is no key",
    ),
    (
        "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
        "a line end and nothing else",
    ),
    (
        "7eb70257593da06f682a3ddda54a9d260d4fc514f645237f5ca74b08f8da61a6",
        "a line end and nothing else",
    ),
];

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        for (number, credential) in consumer.credentials.iter().enumerate() {
            let Some(credential) = credential.api_key() else {
                continue;
            };
            let KeyMaterial::Sha256(digest) = &credential.key else {
                continue;
            };
            let digest = hex(digest);
            if let Some((_, text)) = DIGESTS.iter().find(|(known, _)| *known == digest) {
                warnings.add(
                    format!("consumers[{at}].credentials[{number}].apiKey.sha256"),
                    format!("this is the SHA-256 of {text}"),
                    "hash the key itself: `printf %s \"$KEY\" | sha256sum`",
                );
            }
        }
    }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_digests_of_no_key() {
        let policy = |digest: &str| {
            format!(
                r#"{{"consumers": [{{"name": "a", "credentials": [{{"apiKey": {{"sha256": "{digest}"}}}}]}}]}}"#
            )
        };
        for (digest, _) in DIGESTS {
            let expected = ["consumers[0].credentials[0].apiKey.sha256"];
            assert_eq!(paths_of(&RULE, &policy(digest)), expected);
        }
        let good = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(paths_of(&RULE, &policy(good)).is_empty());
    }

    #[test]
    fn knows_the_right_digests() {
        for (text, (digest, _)) in ["", "\n", "\r\n"].into_iter().zip(DIGESTS) {
            assert_eq!(digest, hex(&Sha256::digest(text).into()), "{text:?}");
        }
    }
}

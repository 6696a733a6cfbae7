//! Signed tokens and their keys in case files: `{token:NAME}` and the like are replaced by their text.

use std::collections::BTreeMap;
use std::path::Path;

use postern_signing::{SigningKey, decode, encode};
use serde::Deserialize;
use serde_json::Value;

use crate::case::bytes;

/// How a token of a case file is made.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokenRecipe {
    /// A key of `tests/keys`, by its name.
    key: Option<String>,
    /// Instead of a key: the secret of HMAC, as text.
    secret: Option<String>,
    /// What the token is signed by. The default is the usual algorithm of the key.
    alg: Option<String>,
    /// The header as it is. The default has the algorithm, and the key's name as `kid`.
    header: Option<String>,
    /// The payload as it is. The default is [`CLAIMS`].
    claims: Option<String>,
    /// What is wrong with the signature.
    damage: Option<Damage>,
    /// Instead of all others: the whole token.
    text: Option<String>,
    /// Instead of all others: a token of `tests/tokens/made.json`, by its name.
    made: Option<String>,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Damage {
    /// One bit is another one.
    Flip,
    /// All bytes are zero.
    Zeros,
    /// The last byte is missing.
    Short,
    /// A zero byte is behind it.
    Long,
    /// The two numbers of ECDSA are in ASN.1 (DER).
    Der,
    /// The last letter of its base64url has bits that are left over, and one of them is set.
    LeftoverBits,
}

/// The payload of a token that has no `claims`. It is valid until 2100.
const CLAIMS: &str =
    r#"{"iss":"https://id.example","sub":"alice","aud":"api","exp":4102444800,"iat":1700000000}"#;

/// The tokens of a file, and the text that each has.
#[derive(Debug)]
pub(crate) struct Tokens<'f> {
    recipes: &'f BTreeMap<String, TokenRecipe>,
    keys: &'f mut Keys,
    made: BTreeMap<String, String>,
    /// The tokens that are being made. One refers to the next.
    open: Vec<String>,
}

/// The keys of `tests/keys` that were read. It takes a while to read an RSA key.
#[derive(Debug, Default)]
pub(crate) struct Keys(BTreeMap<String, SigningKey>);

impl Keys {
    fn named(&mut self, name: &str) -> Result<&SigningKey, String> {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), read_key(name)?);
        }
        Ok(&self.0[name])
    }
}

fn read_key(name: &str) -> Result<SigningKey, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let key = if let Ok(pem) = std::fs::read_to_string(folder.join(format!("{name}.pem"))) {
        SigningKey::from_pem(&pem)
    } else {
        let jwk = std::fs::read_to_string(folder.join(format!("{name}.jwk")))
            .map_err(|_| format!("tests/keys has no key `{name}`"))?;
        SigningKey::from_jwk(&serde_json::from_str(&jwk).unwrap_or_default())
    };
    key.map_err(|error| format!("the key `{name}`: {error}"))
}

impl<'f> Tokens<'f> {
    pub(crate) fn new(recipes: &'f BTreeMap<String, TokenRecipe>, keys: &'f mut Keys) -> Self {
        Self {
            recipes,
            keys,
            made: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    /// Replaces every reference in every text of a value.
    pub(crate) fn fill(&mut self, value: &mut toml::Value) -> Result<(), String> {
        match value {
            toml::Value::String(text) => *text = self.filled(text)?,
            toml::Value::Array(items) => {
                for item in items {
                    self.fill(item)?;
                }
            }
            toml::Value::Table(fields) => {
                for (_, field) in fields.iter_mut() {
                    self.fill(field)?;
                }
            }
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_) => {}
        }
        Ok(())
    }

    /// The text with every reference replaced. What looks like one and is of no known kind stays.
    fn filled(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, reference) = rest.split_at(at);
            out.push_str(before);
            let found = inside(reference);
            let replaced = match found.and_then(|(inside, _)| inside.split_once(':')) {
                Some((kind, name)) => self.replaced(kind, name)?,
                None => None,
            };
            if let (Some(replaced), Some((_, after))) = (replaced, found) {
                out.push_str(&replaced);
                rest = after;
            } else {
                out.push('{');
                rest = reference.strip_prefix('{').unwrap_or_default();
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    /// What stands for a reference; none if there is no such kind, or a space after the colon: `{header: x-a}` is YAML.
    fn replaced(&mut self, kind: &str, name: &str) -> Result<Option<String>, String> {
        if name.starts_with(|first: char| !first.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let pem = |key: &SigningKey| {
            let pem = key.public_pem();
            pem.ok_or_else(|| format!("`{name}` is a secret, which has no PEM"))
        };
        Ok(Some(match kind {
            "token" => self.token(name)?,
            "header" => self.part(name, 0)?,
            "payload" => self.part(name, 1)?,
            "signature" => self.part(name, 2)?,
            "pem-text" => pem(self.keys.named(name)?)?,
            "pem" => Value::from(pem(self.keys.named(name)?)?).to_string(),
            "secret" => {
                let jwk = self.keys.named(name)?.verifying_jwk();
                let secret = jwk["k"].as_str().and_then(decode);
                let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
                secret.ok_or_else(|| format!("`{name}` isn't a secret of text"))?
            }
            "jwk" => {
                let (name, members) = name.split_once(',').unwrap_or((name, ""));
                let mut jwk = self.keys.named(name)?.verifying_jwk();
                jwk["kid"] = name.into();
                let members = format!("{{{}}}", self.filled(members)?);
                change(&mut jwk, &members)
                    .map_err(|error| format!("the members of {name}: {error}"))?;
                jwk.to_string()
            }
            _ => return Ok(None),
        }))
    }

    fn part(&mut self, name: &str, at: usize) -> Result<String, String> {
        let token = self.token(name)?;
        let part = token.split('.').nth(at);
        part.map(str::to_owned)
            .ok_or_else(|| format!("the token `{name}` has too few parts"))
    }

    fn token(&mut self, name: &str) -> Result<String, String> {
        if let Some(known) = self.made.get(name) {
            return Ok(known.clone());
        }
        let recipe = self.recipes.get(name);
        let recipe = recipe.ok_or_else(|| format!("the file has no token `{name}`"))?;
        let wrong = |error| format!("the token `{name}`: {error}");
        if self.open.iter().any(|open| open == name) {
            return Err(format!("the token `{name}` refers to itself"));
        }
        self.open.push(name.to_owned());
        let made = self.make(recipe).map_err(wrong)?;
        self.open.pop();
        self.made.insert(name.to_owned(), made.clone());
        Ok(made)
    }

    fn make(&mut self, recipe: &TokenRecipe) -> Result<String, String> {
        match recipe {
            TokenRecipe {
                text: Some(text), ..
            } => return self.filled(text),
            TokenRecipe {
                made: Some(name), ..
            } => return made_elsewhere(name),
            _ => {}
        }
        let (key, kid) = match (&recipe.key, &recipe.secret) {
            (Some(name), None) => (self.keys.named(name)?.clone(), name.as_str()),
            (None, Some(secret)) => (SigningKey::oct(self.filled(secret)?.as_bytes()), "secret"),
            _ => return Err("it needs exactly one of `key`, `secret`, `text` and `made`".into()),
        };
        let algorithm = recipe.alg.as_deref().unwrap_or(key.default_algorithm());
        let header = match &recipe.header {
            Some(header) => self.filled(header)?,
            None => format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#),
        };
        let claims = self.filled(recipe.claims.as_deref().unwrap_or(CLAIMS))?;
        let input = format!("{}.{}", encode(&bytes(&header)), encode(&bytes(&claims)));
        let signature = key.sign(algorithm, input.as_bytes());
        let signature = signature.map_err(|error| error.to_string())?;
        let signature = match recipe.damage {
            None => encode(&signature),
            Some(damage) => damaged(signature, damage)?,
        };
        Ok(format!("{input}.{signature}"))
    }
}

/// What is within the first brace and the one that closes it, and what is after them.
fn inside(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth = depth.saturating_add(1),
            b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some((text.get(1..at)?, text.get(at..)?.strip_prefix('}')?));
        }
    }
    None
}

/// Sets the members of `json` in a JWK. A member that is null is left out.
fn change(jwk: &mut Value, json: &str) -> Result<(), serde_json::Error> {
    let members: serde_json::Map<String, Value> = serde_json::from_str(json)?;
    for (name, value) in members {
        jwk[name] = value;
    }
    if let Some(all) = jwk.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    Ok(())
}

fn damaged(mut signature: Vec<u8>, damage: Damage) -> Result<String, String> {
    match damage {
        Damage::Flip => signature[10] ^= 4,
        Damage::Zeros => signature.fill(0),
        Damage::Short => drop(signature.pop()),
        Damage::Long => signature.push(0),
        Damage::Der => signature = der(&signature),
        Damage::LeftoverBits => {
            const LETTERS: &str =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let mut text = encode(&signature);
            let last = text.pop().and_then(|last| LETTERS.find(last));
            if signature.len() % 3 == 0 {
                return Err("no bits of its signature are left over".into());
            }
            text.extend(last.and_then(|last| LETTERS.chars().nth(last | 1)));
            return Ok(text);
        }
    }
    Ok(encode(&signature))
}

/// The two halves of a signature as a sequence of two integers.
fn der(signature: &[u8]) -> Vec<u8> {
    fn block(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("a short block");
        let head: &[u8] = if length < 128 {
            &[tag, length]
        } else {
            &[tag, 0x81, length]
        };
        [head, content].concat()
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    let integer = |half: &[u8]| {
        let start = half.iter().position(|byte| *byte != 0).unwrap_or(0);
        let mut digits = half[start..].to_vec();
        if digits[0] > 127 {
            digits.insert(0, 0);
        }
        block(2, &digits)
    };
    block(0x30, &[integer(r), integer(s)].concat())
}

/// A token that another library has made: `ALGORITHM good` or `ALGORITHM damaged`.
fn made_elsewhere(name: &str) -> Result<String, String> {
    const MADE: &str = include_str!("../tokens/made.json");
    let all: Value = serde_json::from_str(MADE).map_err(|error| error.to_string())?;
    let token = name
        .split_once(' ')
        .and_then(|(algorithm, form)| all["tokens"][algorithm][form].as_str());
    let token = token.ok_or_else(|| format!("tests/tokens/made.json has no token `{name}`"))?;
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(recipes: &str, text: &str) -> Result<String, String> {
        let recipes = toml::from_str(recipes).unwrap();
        Tokens::new(&recipes, &mut Keys::default()).filled(text)
    }

    #[test]
    fn replaces_references_and_nothing_else() {
        let text = "/{tenant}/${header.x}/{header: b}/{}/{token";
        assert_eq!(filled("", text).as_deref(), Ok(text));
        let recipes = "a = {key = 'oct32', header = '{}', claims = '\\xff'}";
        let token = filled(recipes, "Bearer {token:a}!").unwrap();
        assert!(
            token.starts_with("Bearer e30._w.") && token.ends_with('!'),
            "{token}"
        );
        assert_eq!(token.len(), 58);
        let parts = "{header:a}.{payload:a}.{signature:a}";
        assert_eq!(filled(recipes, parts), filled(recipes, "{token:a}"));
        let text = "b = {text = '{header:a}..'}";
        let text = format!("{recipes}\n{text}");
        assert_eq!(filled(&text, "{token:b}").as_deref(), Ok("e30.."));
    }

    #[test]
    fn writes_keys_as_a_verifier_reads_them() {
        let pem = filled("", "{pem:p256}").unwrap();
        assert!(pem.starts_with("\"-----BEGIN PUBLIC KEY-----\\n"), "{pem}");
        let text = filled("", "{pem-text:p256}").unwrap();
        assert_eq!(Value::from(text).to_string(), pem);
        assert_eq!(
            filled("", "{secret:oct16} {jwk:oct16}").unwrap(),
            r#"short secret, 16 {"k":"c2hvcnQgc2VjcmV0LCAxNg","kid":"oct16","kty":"oct"}"#
        );
        assert_eq!(
            filled("", r#"[{jwk:oct16, "kid": null, "kty": {"a": 1}}]"#).unwrap(),
            r#"[{"k":"c2hvcnQgc2VjcmV0LCAxNg","kty":{"a":1}}]"#
        );
    }

    #[test]
    fn damages_only_the_signature() {
        let token = |damage: &str| {
            let recipe = format!("a = {{key = 'p256'{damage}}}");
            filled(&recipe, "{token:a}").unwrap()
        };
        let good = token("");
        let mut seen = vec![good.clone()];
        for damage in ["flip", "zeros", "short", "long", "der", "leftover_bits"] {
            let other = token(&format!(", damage = '{damage}'"));
            assert_eq!(
                other.rsplit_once('.').unwrap().0,
                good.rsplit_once('.').unwrap().0
            );
            assert!(!seen.contains(&other), "{damage}");
            seen.push(other);
        }
        // Decoders that ignore the bits read the same signature.
        let (mut loose, mut strict) = (seen.pop().unwrap(), good);
        assert_ne!(loose.pop(), strict.pop());
        assert_eq!(loose, strict);
    }

    #[test]
    fn refuses_what_it_cannot_make() {
        for (recipes, text, error) in [
            ("", "{token:a}", "no token `a`"),
            ("", "{pem:unknown}", "no key `unknown`"),
            ("", "{pem:oct32}", "is a secret"),
            ("", "{secret:rsa}", "isn't a secret"),
            ("a = {}", "{token:a}", "exactly one of"),
            (
                "a = {key = 'p256', secret = 'a'}",
                "{token:a}",
                "exactly one of",
            ),
            (
                "a = {key = 'p256', alg = 'RS256'}",
                "{token:a}",
                "can't sign",
            ),
            (
                "a = {made = 'XX256 good'}",
                "{token:a}",
                "no token `XX256 good`",
            ),
            ("a = {text = ''}", "{signature:a}", "too few parts"),
            ("a = {text = '{token:a}'}", "{token:a}", "refers to itself"),
        ] {
            let found = filled(recipes, text).unwrap_err();
            assert!(found.contains(error), "{recipes} {text}: {found}");
        }
        assert!(toml::from_str::<TokenRecipe>("typo = 1").is_err());
    }
}

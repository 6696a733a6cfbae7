//! Who may be let in, and by what they prove it.

use std::fmt;

use super::decode::{Decode, Named, expected};
use super::node::Node;
use super::record::Rule;
use super::scalar::{Percent, digest};
use super::text::{group_names, json_path, line, values_by_name};
use super::{ConfigErrors, Path, lenient, plain};
use crate::secret::Secret;

record! {
    /// Somebody who sends requests: an application, a partner, a team.
    pub struct Consumer {
        /// The name by which the upstream, conditions and logs know it. Not empty, unique in the policy.
        "name" name: String as line = required;
        /// The groups that it belongs to, for conditions.
        "groups" groups: Vec<String> as group_names = [];
        /// Facts about it by name, for conditions and templates.
        "labels" labels: Vec<Named<String>> as values_by_name = {};
        /// What it proves its identity by: any one of them.
        "credentials" credentials: Vec<Credential> = [];
    }
}

one_of! {
    /// Something that proves who sent a request.
    pub enum Credential {
        /// A key that the client sends with each request.
        "apiKey" ApiKey(ApiKeyCredential);
    }
}

/// An API key of a consumer.
#[derive(Clone, Debug)]
pub struct ApiKeyCredential {
    /// The provider that it belongs to; `None` where it was left out, because the policy has one `apiKey` provider only.
    pub provider: Option<String>,
    /// A public name of this key, for `identity.credential` and `${credential.id}`. Never the key.
    pub id: Option<String>,
    /// The key, or what is known of it.
    pub key: KeyMaterial,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum KeyMaterial {
    /// Its SHA-256: the key can't be read from the policy.
    Sha256([u8; 32]),
    /// The key itself. Not empty.
    Value(Secret),
    /// The name of the variable in the VM's environment that holds the key.
    Env(String),
}

record! {
    /// An API key of a consumer.
    pub(super) struct WrittenApiKey {
        /// The provider that it belongs to. It may be left out where the policy has only one `apiKey` provider.
        "provider" provider: Option<String> as line = optional;
        /// A public name of this key, for `identity.credential` and `${credential.id}`. Never the key.
        "id" id: Option<String> as line = optional;
        /// The SHA-256 of the key, 64 hexadecimal digits: the key can't be read from the policy.
        "sha256" sha256: Option<[u8; 32]> as digest = optional;
        /// The key itself, or `{env: NAME}`.
        "value" value: Option<TextOrEnv> = optional;
        /// The name of the variable in the VM's environment that holds the key.
        "env" env: Option<String> as line = optional;
    }
    rules [Rule::One(&["sha256", "value", "env"]), Rule::Unnamed]
}

impl Decode for ApiKeyCredential {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenApiKey::decode(node, at, errors)?;
        let key = match (written.sha256, written.value, written.env) {
            (Some(digest), _, _) => KeyMaterial::Sha256(digest),
            (_, Some(TextOrEnv::Text(secret)), _) => KeyMaterial::Value(secret),
            (_, Some(TextOrEnv::Env(name)), _) | (_, _, Some(name)) => KeyMaterial::Env(name),
            (None, None, None) => return None,
        };
        let (provider, id) = (written.provider, written.id);
        Some(Self { provider, id, key })
    }
}

/// Text that may be a secret, or the name of the variable that holds it.
#[derive(Clone, Debug)]
pub enum TextOrEnv {
    /// The text. Not empty, without control characters.
    Text(Secret),
    /// The name of a variable in the VM's environment: `{env: NAME}`.
    Env(String),
}

impl Decode for TextOrEnv {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) | Node::Bool(_) | Node::Number(_) => {
                let text = line(node, at, errors)?;
                Some(Self::Text(Secret::new(text.into_bytes())))
            }
            Node::Map(entries) => match entries.as_slice() {
                [(key, name)] if key == "env" => {
                    line(name, &at.field("env"), errors).map(Self::Env)
                }
                // Its keys may be a secret in the wrong place: `{Bearer abc}`.
                _ => {
                    errors.push(at, "expected text or `{env: NAME}`");
                    None
                }
            },
            Node::Null | Node::List(_) => expected("text or `{env: NAME}`", node, at, errors),
        }
    }
}

record! {
    /// A source that holds consumers, read anew at each refresh.
    pub struct ConsumersFrom {
        /// The name of the source.
        "source" source: String as line = required;
        /// A JSONPath: each value that it finds in the document is a consumer.
        "items" items: String as json_path = required;
        /// By how much the number of consumers may shrink from one document to the next; a document that loses more is
        /// refused as broken, and the last good one stays. Without it, any.
        "maxShrink" max_shrink: Option<Percent> = optional;
    }
}

/// A consumer as it was read, borrowed from where it was.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct ConsumerRef<'a> {
    pub(crate) name: &'a str,
    pub(crate) groups: Vec<&'a str>,
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    pub(crate) credentials: Vec<ApiKeyRef<'a>>,
}

/// An API key as it was read.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct ApiKeyRef<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) key: KeyRef<'a>,
}

/// What is known of a key, as it was read.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum KeyRef<'a> {
    Sha256([u8; 32]),
    Value(&'a [u8]),
    Env(&'a str),
}

impl fmt::Debug for KeyRef<'_> {
    /// Neither a key nor its digest is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256(_) => "Sha256(…)",
            Self::Value(_) => "Value(…)",
            Self::Env(_) => "Env(…)",
        })
    }
}

impl<'a> ConsumerRef<'a> {
    /// Reads the usual record of a source's document where `text` begins with one, which is quick, and says how long it is;
    /// `None` where it has to be read as JSON, and then by [`Consumer::from_document`].
    pub(crate) fn plain(text: &'a [u8]) -> Option<(Self, usize)> {
        plain::consumer(text)
    }
}

/// So many errors are told of a record of a document.
pub(crate) const MOST_OF_RECORD: usize = 8;

impl Consumer {
    /// The same, borrowed.
    pub(crate) fn as_ref(&self) -> ConsumerRef<'_> {
        ConsumerRef {
            name: &self.name,
            groups: self.groups.iter().map(String::as_str).collect(),
            labels: self
                .labels
                .iter()
                .map(|label| (label.name.as_str(), label.value.as_str()))
                .collect(),
            credentials: self.credentials.iter().map(Credential::as_ref).collect(),
        }
    }

    /// Reads one record of a source's document (`consumersFrom`), and says what is wrong with those of its credentials that
    /// were left out. It is read as in the policy, but for two things. It was written by a program, perhaps: `null` is left
    /// out, a number is its text where a name is wanted, and a bad credential is left out as long as there is a good one.
    /// And `{env: NAME}` is refused: who writes documents has no business with the gateway's environment. It is read in one
    /// go: see that it isn't long.
    ///
    /// # Errors
    /// The first eight things that are wrong with the record, each with its path from the record's root.
    pub fn from_document(record: &serde_json::Value) -> Result<(Self, ConfigErrors), ConfigErrors> {
        let mut node = lenient::consumer(record);
        let credentials = take_credentials(&mut node);
        let mut errors = ConfigErrors::first(MOST_OF_RECORD);
        let read = Self::decode(&node, &Path::Root, &mut errors);
        let mut left_out = ConfigErrors::first(MOST_OF_RECORD);
        let path = Path::Root;
        let path = path.field("credentials");
        let mut good = Vec::with_capacity(credentials.len());
        for (index, credential) in credentials.iter().enumerate() {
            let at = path.index(index);
            let mut own = ConfigErrors::first(MOST_OF_RECORD);
            let read = Credential::decode(credential, &at, &mut own);
            refuse_environment(credential, &at, &mut own);
            match read.filter(|_| own.is_empty()) {
                Some(credential) => good.push(credential),
                None => left_out.append(own),
            }
        }
        if good.is_empty() || read.is_none() || !errors.is_empty() {
            errors.append(std::mem::take(&mut left_out));
        }
        let mut consumer = errors.decoded(read)?;
        consumer.credentials = good;
        Ok((consumer, left_out))
    }
}

impl Credential {
    fn as_ref(&self) -> ApiKeyRef<'_> {
        let Self::ApiKey(credential) = self;
        ApiKeyRef {
            provider: credential.provider.as_deref(),
            id: credential.id.as_deref(),
            key: match &credential.key {
                KeyMaterial::Sha256(digest) => KeyRef::Sha256(*digest),
                KeyMaterial::Value(secret) => KeyRef::Value(secret.expose()),
                KeyMaterial::Env(name) => KeyRef::Env(name),
            },
        }
    }
}

/// Takes the list of credentials out of a record, which has an empty one then.
fn take_credentials<'a>(record: &mut Node<'a>) -> Vec<Node<'a>> {
    let Node::Map(entries) = record else {
        return Vec::new();
    };
    for (name, value) in entries {
        if let (Node::List(list), "credentials") = (value, name.as_ref()) {
            return std::mem::take(list);
        }
    }
    Vec::new()
}

fn refuse_environment(credential: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) {
    let Some(api_key) = credential.entry("apiKey") else {
        return;
    };
    let at = at.field("apiKey");
    let value = at.field("value");
    let places = [
        (api_key, at),
        (api_key.entry("value").unwrap_or(&Node::Null), value),
    ];
    for (node, at) in places {
        if node.entry("env").is_some() {
            let reason = "the environment can't be read from a document";
            errors.suggest(&at.field("env"), reason, "write `sha256`");
        }
    }
}

//! The content of a request, as it is written.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, expected};
use crate::config::values::text::values_by_name;
use crate::config::{ConfigErrors, Path};

use super::HttpSourceField;

/// The content of a request.
#[derive(Clone, Debug)]
pub enum HttpBody {
    /// This text.
    Text(String),
    /// This value, as JSON. In requests by template its texts are templates.
    Json(serde_json::Value),
    /// These fields, as a form (`application/x-www-form-urlencoded`): templates.
    Form(Vec<Named<String>>),
}

one_of! {
    /// A content that is no text.
    pub(in crate::config) enum WrittenHttpBody {
        /// A value that is sent as JSON. Its texts are templates.
        "json" Json(serde_json::Value);
        /// Fields of a form by name: templates.
        "form" Form(Vec<Named<String>>) as values_by_name;
    }
}

impl Decode for HttpBody {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(text) => Some(Self::Text(text.as_ref().to_owned())),
            Node::Map(_) => Some(match WrittenHttpBody::decode(node, at, errors)? {
                WrittenHttpBody::Json(value) => Self::Json(value),
                WrittenHttpBody::Form(fields) => Self::Form(fields),
            }),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => {
                expected("text, `{json: …}` or `{form: …}`", node, at, errors)
            }
        }
    }
}

impl HttpBody {
    /// Adds all texts in it.
    pub(super) fn collect<'c>(&'c self, texts: &mut Vec<(HttpSourceField<'c>, &'c str)>) {
        match self {
            Self::Text(text) => texts.push((HttpSourceField::Body, text)),
            Self::Json(value) => collect(value, texts),
            Self::Form(fields) => {
                let fields = fields.iter();
                texts.extend(fields.map(|field| (HttpSourceField::Body, &*field.value)));
            }
        }
    }
}

/// A value of the config isn't deeper than the decoder allows.
fn collect<'c>(value: &'c serde_json::Value, texts: &mut Vec<(HttpSourceField<'c>, &'c str)>) {
    use serde_json::Value;
    match value {
        Value::String(text) => texts.push((HttpSourceField::Body, text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|item| collect(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

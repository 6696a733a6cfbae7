//! Spring Cloud Alibaba: a document is what several data IDs of Nacos hold together.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::centre::{Centre, DOCUMENTS, poison, record};
use crate::front::{Asked, Pick};

/// A running Nacos, read as an application of Spring reads it. The data ID of the profile has the document, and covers another one,
/// which must not be used. The data ID without an extension isn't there.
pub(crate) struct Alibaba {
    nacos: Box<dyn Centre>,
}

impl Alibaba {
    pub(crate) fn new(mut nacos: Box<dyn Centre>) -> Self {
        for document in DOCUMENTS {
            nacos.delete(document);
            nacos.put(&format!("{document}.yaml"), &poison());
        }
        Self { nacos }
    }
}

fn of_profile(document: &str) -> String {
    format!("{document}-prod.yaml")
}

impl Centre for Alibaba {
    fn version(&self) -> String {
        format!("{} for Spring Cloud Alibaba", self.nacos.version())
    }

    fn address(&self) -> SocketAddr {
        self.nacos.address()
    }

    fn source(&self, document: &str) -> Value {
        let mut own = self.nacos.source(document);
        let fields = own.as_object_mut().expect("a record");
        fields.remove("dataId");
        own["application"] = json!(document);
        own["profiles"] = json!(["prod"]);
        own["extension"] = json!("yaml");
        record(&own)
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        self.nacos.put(&of_profile(document), text)
    }

    fn delete(&mut self, document: &str) {
        self.nacos.delete(&of_profile(document));
    }

    fn reads(&self) -> Pick {
        self.nacos.reads()
    }

    fn looks(&self) -> Pick {
        // A look asks the listener, or reads the first data ID.
        |asked| {
            let is_first = DOCUMENTS.iter().any(|document| {
                let first = format!("dataId={document}&");
                asked.path.contains(&first)
            });
            let is_read = asked.path.starts_with("/nacos/v1/cs/configs?");
            is_first && asked.path.contains("/cs/config") && !is_read
        }
    }

    fn logs_in(&self) -> Pick {
        self.nacos.logs_in()
    }

    // It goes on behind the front, which is down: the starts of Nacos are what takes time in this suite, and its own test has them.
    fn stop(&mut self) {}

    fn start(&mut self) {}

    fn secrets(&self, asked: &[Asked]) -> Vec<String> {
        self.nacos.secrets(asked)
    }
}

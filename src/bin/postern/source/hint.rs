//! What to look at where a source has no document.

use postern::http::CalloutError;
use postern::internals::source::SourceError;

/// A hint for people. `kind` is the source's kind in the policy.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an error without a hint speaks for itself"
)]
pub(super) fn hint(error: &SourceError, kind: &str) -> &'static str {
    match error {
        SourceError::Callout(CalloutError::UnknownCluster | CalloutError::Unsendable) => "",
        SourceError::Callout(CalloutError::Unreached { .. }) => {
            "is the address right, and does the server listen there? (--cluster, --bootstrap; for TLS --ca)"
        }
        SourceError::Callout(CalloutError::NoReply) => {
            "does the server speak HTTP/1.1 at this port, without TLS or with it? A slow one needs a longer `timeout`"
        }
        SourceError::Refused(401) if kind == "kubernetes" => "the token is wrong, or it has ended",
        SourceError::Refused(403) if kind == "kubernetes" => {
            "the service account needs `get` for this object, and `watch` where there is `wait`; without a token it is nobody"
        }
        SourceError::Refused(_) if matches!(kind, "acm" | "apollo") => {
            "is the key right, may it read the document, and is this machine's clock right?"
        }
        SourceError::Refused(_) => {
            "are the user, the password or the token right, and may this user read the document?"
        }
        SourceError::ClientRefused(_) => {
            "is the credential in the request right? With `missing: [401]` such an answer isn't a failure"
        }
        SourceError::Missing => missing(kind),
        SourceError::Status(500..) => "the server is in trouble: its own log says why",
        SourceError::Status(_) => "is this the address of the centre, and the path that it knows?",
        SourceError::TooLarge { .. } => "raise `maxBytes`, or make the document smaller",
        SourceError::Encoded(_) => "let the server answer without compression for this client",
        SourceError::Malformed(_) => "does the document have the `format` of the source?",
        SourceError::Unusable(_) => {
            "do `index`, `consumersFrom` and the lists of conditions fit the document?"
        }
        _ => "",
    }
}

fn missing(kind: &str) -> &'static str {
    match kind {
        "nacos" | "acm" => "look at `namespace` (its id, not its name), `group` and `dataId`",
        "springCloudAlibaba" => {
            "look at `namespace` (its id, not its name), `group`, `application`, `profiles` and `extension`"
        }
        "apollo" => {
            "look at `appId`, `clusterName` and `namespace`: does the portal show a release there?"
        }
        "etcd" => "look at `key`, or at `prefix`: is there a key, and may this user read it?",
        "consul" => {
            "look at `key`, or at `prefix`, and at `datacenter`: is there a key, and may this token read it?"
        }
        "springCloudConsul" => {
            "look at `prefix`, `application`, `profiles` and `format`: is there a key in one of the folders?"
        }
        "kubernetes" => "look at `namespace`, `configMap` or `secret`, and `key`",
        "eureka" => "look at `path` and `application`: is an instance registered?",
        "springCloudConfig" => "look at `application`, `profile` and `label`",
        _ => "look at the `path`",
    }
}

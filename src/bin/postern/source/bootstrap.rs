//! The clusters in a configuration of Envoy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::address::{Address, Target};
use super::tls::Tls;
use crate::exit::Failure;
use crate::input;
use crate::yaml::{self, Node, Value};

/// Reads the clusters of a bootstrap, or of a file that is a list `clusters`. A cluster that can't be used has the reason.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Result<Address, String>>, Failure> {
    let text = input::read_text(path)?;
    let documents =
        yaml::read(&text).map_err(|error| Failure(format!("{}:{error}", path.display())))?;
    let mut found = BTreeMap::new();
    for document in &documents {
        let root = &document.root;
        let resources = root.field(&["static_resources", "staticResources"]);
        for cluster in list(resources.unwrap_or(root), &["clusters"]) {
            if let Some(name) = cluster.field(&["name"]).and_then(Node::as_text) {
                let address = address(cluster).map_err(|reason| {
                    format!("the cluster `{name}` of {}: {reason}", path.display())
                });
                found.insert(name.to_owned(), address);
            }
        }
    }
    if found.is_empty() {
        let reason = "there are no `clusters` in it";
        return Err(Failure(format!("{}: {reason}", path.display())));
    }
    Ok(found)
}

fn list<'t, 'a>(node: &'t Node<'a>, keys: &[&str]) -> &'t [Node<'a>] {
    match node.field(keys).map(|node| &node.value) {
        Some(Value::List(list)) => list,
        _ => &[],
    }
}

/// Follows fields, each with the names that it may have.
fn follow<'t, 'a>(node: &'t Node<'a>, path: &[&[&str]]) -> Option<&'t Node<'a>> {
    path.iter().try_fold(node, |node, keys| node.field(keys))
}

fn text(node: &Node<'_>, path: &[&[&str]]) -> Option<String> {
    match &follow(node, path)?.value {
        Value::Text(text, _) | Value::Literal(text) => Some(text.to_string()),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// The first endpoint of a cluster, with the cluster's TLS.
fn address(cluster: &Node<'_>) -> Result<Address, String> {
    let first = first_endpoint(cluster).ok_or("it has no endpoint of its own; use --cluster")?;
    let socket: &[&str] = &["socket_address", "socketAddress"];
    let target = if let Some(path) = text(first, &[&["pipe"], &["path"]]) {
        Target::Unix(path.into())
    } else {
        let host = text(first, &[socket, &["address"]]);
        let port = text(first, &[socket, &["port_value", "portValue"]]);
        let port = port.and_then(|port| port.parse().ok());
        let (host, port) = host
            .zip(port)
            .ok_or("its endpoint has no address and port")?;
        Target::Tcp(host, port)
    };
    let secure = cluster.field(&["transport_socket", "transportSocket"]);
    let tls = match secure {
        Some(socket) => Some(tls(socket, &target)?),
        None => None,
    };
    Ok(Address { target, tls })
}

fn first_endpoint<'t, 'a>(cluster: &'t Node<'a>) -> Option<&'t Node<'a>> {
    let assignment = cluster.field(&["load_assignment", "loadAssignment"])?;
    let locality = list(assignment, &["endpoints"]).first()?;
    let endpoint = list(locality, &["lb_endpoints", "lbEndpoints"]).first()?;
    follow(endpoint, &[&["endpoint"], &["address"]])
}

/// The TLS of a cluster. Whoever has a certificate for the name that is checked is believed, so a cluster without such a
/// name is none that can be shown as good.
fn tls(socket: &Node<'_>, target: &Target) -> Result<Tls, String> {
    let config = follow(socket, &[&["typed_config", "typedConfig"]]);
    let kind = config.and_then(|config| text(config, &[&["@type"]]));
    let Some(config) =
        config.filter(|_| kind.is_some_and(|kind| kind.ends_with("UpstreamTlsContext")))
    else {
        return Err("its transport socket is none that this tool knows".to_owned());
    };
    let common: &[&str] = &["common_tls_context", "commonTlsContext"];
    let validation: &[&str] = &["validation_context", "validationContext"];
    let trusted: &[&str] = &["trusted_ca", "trustedCa"];
    let authorities = text(config, &[common, validation, trusted, &["filename"]])
        .ok_or("its TLS checks no certificate (`trusted_ca` with a `filename`): whoever answers is believed")?;
    let names = follow(config, &[common, validation]).map(|context| {
        list(
            context,
            &["match_typed_subject_alt_names", "matchTypedSubjectAltNames"],
        )
    });
    let exact = names
        .unwrap_or_default()
        .iter()
        .find_map(|name| text(name, &[&["matcher"], &["exact"]]));
    let of_target = match target {
        Target::Tcp(host, _) => Some(host.clone()),
        Target::Unix(_) => None,
    };
    let name = exact
        .or_else(|| text(config, &[&["sni"]]))
        .or(of_target)
        .ok_or("its TLS has no `sni`")?;
    Ok(Tls {
        name,
        authorities: Some(authorities.into()),
        client: client(config, common),
    })
}

fn client(config: &Node<'_>, common: &[&str]) -> Option<(PathBuf, PathBuf)> {
    let own = list(
        config.field(common)?,
        &["tls_certificates", "tlsCertificates"],
    )
    .first()?;
    let chain = text(
        own,
        &[&["certificate_chain", "certificateChain"], &["filename"]],
    )?;
    let key = text(own, &[&["private_key", "privateKey"], &["filename"]])?;
    Some((chain.into(), key.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(text: &str) -> Result<Address, String> {
        let documents = yaml::read(text).unwrap();
        address(&documents[0].root)
    }

    const ENDPOINT: &str = "load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: c.test, port_value: 443}}}}]}]}\n";

    #[test]
    fn reads_addresses() {
        assert_eq!(cluster(ENDPOINT).unwrap().to_string(), "http://c.test:443");
        let pipe = "loadAssignment: {endpoints: [{lbEndpoints: [{endpoint: {address: {pipe: {path: /run/a.sock}}}}]}]}";
        assert_eq!(cluster(pipe).unwrap().to_string(), "unix:/run/a.sock");
        assert!(cluster("name: a").unwrap_err().contains("no endpoint"));
    }

    #[test]
    fn reads_tls() {
        let tls = |context: &str| {
            let text = format!(
                "{ENDPOINT}transport_socket: {{typed_config: {{\"@type\": a/b.UpstreamTlsContext, sni: s.test, common_tls_context: {{{context}}}}}}}"
            );
            cluster(&text).map(|address| address.tls.unwrap())
        };
        let full = tls(
            "validation_context: {trusted_ca: {filename: /ca.pem}, match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: n.test}}]}, tls_certificates: [{certificate_chain: {filename: /c.pem}, private_key: {filename: /k.pem}}]",
        );
        let expected = Tls {
            name: "n.test".to_owned(),
            authorities: Some("/ca.pem".into()),
            client: Some(("/c.pem".into(), "/k.pem".into())),
        };
        assert_eq!(full, Ok(expected));
        let by_sni = tls("validation_context: {trusted_ca: {filename: /ca.pem}}").unwrap();
        assert_eq!((&*by_sni.name, by_sni.client), ("s.test", None));
        assert!(tls("").unwrap_err().contains("checks no certificate"));
    }
}

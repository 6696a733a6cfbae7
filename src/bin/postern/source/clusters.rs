//! Where the clusters of a policy are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::address::Address;
use super::bootstrap;
use crate::exit::Failure;

/// The clusters that are known.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    known: BTreeMap<String, Result<Address, String>>,
    /// Whom to trust for TLS, if Envoy's configuration doesn't say.
    authorities: Option<PathBuf>,
}

impl Clusters {
    /// Those of the command line, and those of a bootstrap.
    pub(super) fn new(
        given: &[(String, Address)],
        bootstrap: Option<&Path>,
        authorities: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let mut known = match bootstrap {
            Some(path) => bootstrap::read(path)?,
            None => BTreeMap::new(),
        };
        for (name, address) in given {
            known.insert(name.clone(), Ok(address.clone()));
        }
        Ok(Self { known, authorities })
    }

    /// Where a request to this cluster goes: to the cluster, if its address is known, or else to the one that the request names (as a
    /// cluster of the type `ORIGINAL_DST` does), or else to the authority.
    pub(super) fn find(
        &self,
        cluster: &str,
        named: Option<&str>,
        authority: &str,
        scheme: &str,
    ) -> Result<Address, String> {
        let authority = named.unwrap_or(authority);
        let mut address = match self.known.get(cluster) {
            Some(Ok(known)) => known.clone(),
            Some(Err(reason)) if named.is_none() => return Err(reason.clone()),
            Some(Err(_)) | None => {
                let names_host = authority == "localhost" || authority.contains(['.', ':']);
                let address = Address::of_authority(authority, scheme == "https");
                address.filter(|_| names_host).ok_or_else(|| {
                    format!(
                        "`{cluster}` is a cluster of Envoy. Say where it is: \
                         --cluster '{cluster}=http://HOST:PORT', or --bootstrap FILE"
                    )
                })?
            }
        };
        if let (Some(tls), Some(own)) = (&mut address.tls, &self.authorities) {
            tls.authorities = Some(own.clone());
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::address::parse_cluster;

    #[test]
    fn finds_a_cluster_by_its_name_or_by_the_authority() {
        let given = [parse_cluster("a=http://127.0.0.1:1").unwrap()];
        let clusters = Clusters::new(&given, None, Some("ca.pem".into())).unwrap();
        let find = |cluster: &str, authority: &str, scheme: &str| {
            let found = clusters.find(cluster, None, authority, scheme);
            found.map(|address| address.to_string()).ok()
        };
        assert_eq!(find("a", "x.test", "https").unwrap(), "http://127.0.0.1:1");
        assert_eq!(find("b", "x.test", "https").unwrap(), "https://x.test:443");
        assert_eq!(find("b", "x.test:9", "http").unwrap(), "http://x.test:9");
        for authority in ["b", "outbound|80||x.test", ""] {
            assert_eq!(find("b", authority, "http"), None, "{authority}");
        }
        let named = clusters.find("b", Some("10.0.0.1:8080"), "x.test", "http");
        assert_eq!(named.unwrap().to_string(), "http://10.0.0.1:8080");
        let known = clusters.find("a", Some("10.0.0.1:8080"), "x.test", "http");
        assert_eq!(known.unwrap().to_string(), "http://127.0.0.1:1");
        let secure = clusters.find("b", None, "x.test", "https").unwrap();
        assert_eq!(secure.tls.unwrap().authorities, Some("ca.pem".into()));
    }
}

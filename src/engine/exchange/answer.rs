//! Responses that the policy itself gives.

use crate::http::{Response, Text};
use crate::policy::{Denial, DirectResponse, Policy, Redirect, Route};
use crate::route::canonical_host;

use super::respond::respond;
use super::response_edits::{InvalidValue, late_edits};
use super::strip::StrippedCredentials;
use super::target::{new_query, put_path, put_query};
use super::values::{Attributes, blame, whose};

/// The response of the policy.
#[inline(never)]
pub(in crate::engine) fn answered(
    answer: &DirectResponse,
    attributes: &Attributes<'_>,
    route: &Route,
    policy: &Policy,
) -> Result<Box<Response>, Denial> {
    let mut response = Box::new(match answer {
        DirectResponse::Redirect(written) => redirect(attributes, route, written, policy)?,
        DirectResponse::Respond(written) => respond(written, attributes)?,
    });
    if let Some(edits) = route.spec.edits_of_answers() {
        response.edit(&*late_edits(edits, attributes, InvalidValue::Deny)?);
    }
    Ok(response)
}

/// Redirects the client. The location is always absolute: clients read a path that begins with `//` as another host.
fn redirect(
    attributes: &Attributes<'_>,
    route: &Route,
    redirect: &Redirect,
    policy: &Policy,
) -> Result<Response, Denial> {
    let mut path = Vec::new();
    match &redirect.path {
        Some(new) => put_path(&mut path, new, attributes, policy)?,
        None => path.extend_from_slice(attributes.head.path.forward()),
    }
    let stripped = StrippedCredentials::of(attributes.authenticated, route, policy);
    let query = new_query(attributes, &stripped, Some(&redirect.query))?;
    let mut location = Vec::new();
    origin(&mut location, attributes, redirect)?;
    location.extend(path);
    put_query(&mut location, query.as_deref());
    let mut headers = Vec::with_capacity(redirect.headers.len().saturating_add(1));
    headers.push(("location".into(), location.into()));
    headers.extend(redirect.headers.iter().cloned());
    Ok(Response {
        status: redirect.status,
        headers,
        body: Text::Static(b""),
        grpc_status: None,
        details: "postern_redirect".into(),
    })
}

/// Scheme, host and port. The port is the one that the policy writes, alone or with the host. Otherwise a new scheme has its
/// default port, and without a new scheme the request's port stays.
fn origin(
    location: &mut Vec<u8>,
    attributes: &Attributes<'_>,
    redirect: &Redirect,
) -> Result<(), Denial> {
    let is_https = attributes.head.request.headers().first(b":scheme") == Some(b"https");
    let came = if is_https { "https" } else { "http" };
    let scheme = redirect.scheme.unwrap_or(came);
    location.extend_from_slice(scheme.as_bytes());
    location.extend_from_slice(b"://");
    let own = match &redirect.host {
        Some(template) => {
            let host = attributes.needed(template)?;
            let name = canonical_host(&host).map_err(|_| blame(whose(template)))?;
            location.extend_from_slice(&name);
            port(&host)
        }
        None => {
            location.extend_from_slice(&attributes.head.host);
            None
        }
    };
    let kept = || match redirect.scheme {
        Some(_) => None,
        None => port(attributes.head.authority),
    };
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = redirect.port.or(own).or_else(kept);
    if let Some(port) = port.filter(|port| *port != usual) {
        location.extend(format!(":{port}").into_bytes());
    }
    Ok(())
}

fn port(authority: &[u8]) -> Option<u16> {
    let after = authority.rsplit(|byte| *byte == b':').next()?;
    if after.len() == authority.len() {
        return None;
    }
    std::str::from_utf8(after).ok()?.parse().ok()
}

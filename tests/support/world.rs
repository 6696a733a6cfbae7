//! A case file's config centre, without a network.

use std::collections::BTreeMap;

use crate::case::{CaseFile, WorldReply};

/// Answers callouts from a case file's world, and records their paths.
#[derive(Debug)]
pub(crate) struct World {
    replies: BTreeMap<String, WorldReply>,
    authority: String,
    watched: Vec<String>,
    asked: Vec<String>,
}

/// The result of a callout.
#[derive(Debug)]
pub(crate) enum CalloutResult {
    /// A reply with these headers, which include `:status`.
    Reply(Vec<(String, String)>, Vec<u8>),
    /// The callout fails at once.
    Down,
    /// There is no reply before the timeout.
    Silent,
}

impl World {
    pub(crate) fn new(file: &CaseFile) -> Self {
        Self {
            replies: file.world.clone(),
            authority: file.stem.clone(),
            watched: file.watched_paths(),
            asked: Vec::new(),
        }
    }

    /// Answers one callout. Its authority must be this file's.
    pub(crate) fn ask<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        cluster: &[u8],
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<CalloutResult, String> {
        if cluster != b"centre" {
            return Ok(CalloutResult::Down);
        }
        let (mut path, mut authority) = (String::new(), String::new());
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_ref()).into_owned();
            match name.as_ref() {
                b":path" => path = value,
                b":authority" => authority = value,
                _ => {}
            }
        }
        if authority != self.authority {
            return Err(format!(
                "the callout is for {authority}, not for {}",
                self.authority
            ));
        }
        let reply = self.replies.get(&path);
        if !self.watched.contains(&path) {
            self.asked.push(path);
        }
        let missing = WorldReply {
            status: Some(404),
            ..WorldReply::default()
        };
        let reply = reply.unwrap_or(&missing);
        if reply.silent {
            return Ok(CalloutResult::Silent);
        }
        if reply.down {
            return Ok(CalloutResult::Down);
        }
        let status = reply.status.unwrap_or(200).to_string();
        let mut headers = vec![(":status".to_owned(), status)];
        headers.extend(reply.headers.iter().cloned());
        Ok(CalloutResult::Reply(
            headers,
            reply.body.clone().into_bytes(),
        ))
    }

    /// The paths of the callouts since the last call, without watched documents.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }
}

//! A case file's config centre, without a network.

use std::collections::{BTreeMap, VecDeque};

use crate::case::{CaseFile, WorldReply};

/// Answers callouts from a case file's world, and records their paths.
#[derive(Debug)]
pub(crate) struct World {
    /// The replies of each path that are still to come, in order. The last one stays.
    replies: BTreeMap<String, VecDeque<WorldReply>>,
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
        let turns = |reply: &WorldReply| reply.turns().cloned().collect();
        let replies = file.world.iter();
        Self {
            replies: replies
                .map(|(path, reply)| (path.clone(), turns(reply)))
                .collect(),
            authority: file.stem.clone(),
            watched: file.watched_paths(),
            asked: Vec::new(),
        }
    }

    /// Answers one callout. Its authority must be this file's, or one that the file's paths name.
    pub(crate) fn ask<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        cluster: &[u8],
        headers: impl IntoIterator<Item = (N, V)>,
        content: &[u8],
    ) -> Result<CalloutResult, String> {
        if cluster != b"centre" {
            return Ok(CalloutResult::Down);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields: BTreeMap<String, String> = headers
            .into_iter()
            .map(|(name, value)| (text(name.as_ref()), text(value.as_ref())))
            .collect();
        let field = |name: &str| match name {
            ":content" => Some(text(content)),
            name => fields.get(name).cloned(),
        };
        let mut path = asked_for(field(":path").unwrap_or_default(), content);
        let authority = field(":authority").unwrap_or_default();
        if authority != self.authority {
            let start = format!("//{authority}/");
            if !self.replies.keys().any(|known| known.starts_with(&start)) {
                let own = &self.authority;
                return Err(format!("the callout is for {authority}, not for {own}"));
            }
            path = format!("//{authority}{path}");
        }
        let reply = self.next(&path);
        if !CaseFile::is_watched(&self.watched, &path) {
            self.asked.push(path);
        }
        for (name, wanted) in &reply.asked {
            let found = field(name).unwrap_or_default();
            if found != *wanted {
                return Err(format!("{name} of the callout is {found}, not {wanted}"));
            }
        }
        if reply.silent {
            return Ok(CalloutResult::Silent);
        }
        if reply.down {
            return Ok(CalloutResult::Down);
        }
        let status = reply.status.unwrap_or(200).to_string();
        let mut headers = vec![(":status".to_owned(), status)];
        headers.extend(reply.headers.iter().cloned());
        Ok(CalloutResult::Reply(headers, reply.body.into_bytes()))
    }

    fn next(&mut self, path: &str) -> WorldReply {
        let missing = || WorldReply {
            status: Some(404),
            ..WorldReply::default()
        };
        let of_path = path.split(' ').next().unwrap_or_default();
        let known = [path, of_path];
        let known = known.into_iter().find(|at| self.replies.contains_key(*at));
        let Some(turns) = known.and_then(|at| self.replies.get_mut(at)) else {
            return missing();
        };
        match turns.len() {
            1 => turns.front().cloned(),
            _ => turns.pop_front(),
        }
        .unwrap_or_else(missing)
    }

    /// The paths of the callouts since the last call, without watched documents.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }
}

/// What a request asks for: its path, and behind a blank the first field of its form.
fn asked_for(mut path: String, content: &[u8]) -> String {
    if !content.is_empty() {
        let first = content.split(|byte| *byte == b'&').next();
        path.push(' ');
        path.push_str(&String::from_utf8_lossy(first.unwrap_or_default()));
    }
    path
}

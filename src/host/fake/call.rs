//! The calls of the fake host, with the numbers of the ABI.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::host::{CallToken, ContextId, Status};
use crate::http::HeaderMap;
use crate::source::SharedData;

use super::state::{FakeHost, LocalResponse, SentCallout};
use super::{Pairs, pairs};

/// A host that is being called, and the contexts of the callback.
struct Frame {
    host: Rc<RefCell<FakeHost>>,
    current: u32,
    effective: u32,
}

thread_local! {
    /// The callbacks that this thread is in, the innermost last.
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// A callback under way: until it is dropped, calls go to its host.
#[derive(Debug)]
pub(super) struct Entered;

impl Entered {
    pub(super) fn new(host: &Rc<RefCell<FakeHost>>, context: ContextId) -> Self {
        let frame = Frame {
            host: Rc::clone(host),
            current: context.0,
            effective: 0,
        };
        FRAMES.with(|frames| frames.borrow_mut().push(frame));
        Self
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        FRAMES.with(|frames| frames.borrow_mut().pop());
    }
}

pub(super) type Answer<T> = Result<T, u32>;

const NOT_FOUND: u32 = Status::NOT_FOUND.0;
pub(super) const BAD_ARGUMENT: u32 = Status::BAD_ARGUMENT.0;

/// Makes a call: counted, failed where the script says so, else done for the effective context.
pub(super) fn make<T>(
    name: &'static str,
    work: impl FnOnce(&mut FakeHost, u32) -> Answer<T>,
) -> Answer<T> {
    let frame = FRAMES.with(|frames| {
        let frames = frames.borrow();
        let frame = frames.last()?;
        Some((Rc::clone(&frame.host), frame.current, frame.effective))
    });
    // Outside of any callback there is no host.
    let (host, current, effective) = frame.ok_or(Status::INTERNAL_FAILURE.0)?;
    let mut host = host.borrow_mut();
    let count = host.calls.entry(name).or_default();
    *count = count.saturating_add(1);
    if let Some(status) = host.failures.get(name) {
        return Err(status.0);
    }
    // As in the C++ host: where the effective context is gone, the callback's own is used instead.
    let known = effective != 0 && host.contexts.contains_key(&effective);
    work(&mut host, if known { effective } else { current })
}

pub(crate) fn log(level: u32, line: &[u8]) -> Answer<()> {
    make("proxy_log", |host, _| {
        if level >= host.log_level {
            let line = String::from_utf8_lossy(line).into_owned();
            host.logs.push((level, line));
        }
        Ok(())
    })
}

pub(crate) fn log_level() -> Answer<u32> {
    make("proxy_get_log_level", |host, _| Ok(host.log_level))
}

pub(crate) fn variable(name: &str) -> Option<String> {
    let found = make("environ_get", |host, _| {
        Ok(host.world.variables.borrow().get(name).cloned())
    });
    found.ok().flatten()
}

fn wire(headers: &Pairs) -> Vec<u8> {
    // An empty map comes as nothing at all.
    if headers.is_empty() {
        Vec::new()
    } else {
        HeaderMap::from_pairs(headers).as_wire().to_vec()
    }
}

pub(crate) fn header_map(map: u32) -> Answer<Vec<u8>> {
    make("proxy_get_header_map_pairs", |host, context| {
        if map == 6 {
            return Ok(host.reply.clone().map(|reply| reply.0).unwrap_or_default());
        }
        if let (0, Some(raw)) = (map, &host.raw_map) {
            return Ok(raw.clone());
        }
        // The C++ host says "ok" of a map that isn't there, and hands an empty one over.
        Ok(match (map, host.contexts.get(&context)) {
            (0, Some(context)) if context.request_open => wire(&context.request),
            (2, Some(context)) if context.response_open => wire(&context.response),
            _ => Vec::new(),
        })
    })
}

fn edit(name: &'static str, map: u32, change: impl FnOnce(&mut Pairs)) -> Answer<()> {
    make(name, |host, context| {
        let found = host.contexts.get_mut(&context);
        let headers = match (map, found) {
            (0, Some(context)) if context.request_open && context.local.is_none() => {
                &mut context.request
            }
            (2, Some(context)) if context.response_open => &mut context.response,
            _ => {
                host.violation("an edit of headers that aren't there", context);
                return Err(BAD_ARGUMENT);
            }
        };
        change(headers);
        Ok(())
    })
}

fn same(name: &[u8], other: &[u8]) -> bool {
    name.eq_ignore_ascii_case(other)
}

pub(crate) fn add_header(map: u32, name: &[u8], value: &[u8]) -> Answer<()> {
    edit("proxy_add_header_map_value", map, |headers| {
        headers.push((name.to_ascii_lowercase(), value.to_vec()));
    })
}

pub(crate) fn replace_header(map: u32, name: &[u8], value: &[u8]) -> Answer<()> {
    edit("proxy_replace_header_map_value", map, |headers| {
        let index = headers.iter().position(|(key, _)| same(key, name));
        headers.retain(|(key, _)| !same(key, name));
        let index = index.unwrap_or(headers.len()).min(headers.len());
        headers.insert(index, (name.to_ascii_lowercase(), value.to_vec()));
    })
}

pub(crate) fn remove_header(map: u32, name: &[u8]) -> Answer<()> {
    edit("proxy_remove_header_map_value", map, |headers| {
        headers.retain(|(key, _)| !same(key, name));
    })
}

pub(crate) fn send_local_response(
    status: u32,
    headers: &[u8],
    body: &[u8],
    details: &[u8],
    grpc_status: i32,
) -> Answer<()> {
    make("proxy_send_local_response", |host, context| {
        let response = LocalResponse {
            status,
            headers: pairs(headers),
            body: body.to_vec(),
            details: String::from_utf8_lossy(details).replace(' ', "_"),
            grpc_status,
            path: host.request_path(context),
        };
        host.answer(context, response);
        Ok(())
    })
}

pub(crate) fn continue_stream(stream: u32) -> Answer<()> {
    make("proxy_continue_stream", |host, context| {
        if stream != 0 {
            return Err(BAD_ARGUMENT);
        }
        let Some(entry) = host.contexts.get_mut(&context) else {
            return Ok(());
        };
        if host.deciding == Some(context) {
            host.violation("a stream was continued in its own callback", context);
        } else if entry.parent == 0 {
            host.violation("a root was continued", context);
        } else if entry.gone_on || entry.local.is_some() || !entry.request_open {
            host.violation("a stream was continued that wasn't held", context);
        } else {
            entry.gone_on = true;
            entry.request_open = false;
        }
        Ok(())
    })
}

pub(crate) fn http_call(cluster: &[u8], headers: &[u8], body: &[u8], timeout: u32) -> Answer<u32> {
    let (token, at_once) = make("proxy_http_call", |host, context| {
        let cluster = String::from_utf8_lossy(cluster).into_owned();
        if !host.clusters.is_empty() && !host.clusters.contains(&cluster) {
            return Err(BAD_ARGUMENT);
        }
        let headers = pairs(headers);
        for name in [&b":method"[..], b":path", b":authority"] {
            if !headers.iter().any(|(key, _)| key == name) {
                return Err(BAD_ARGUMENT);
            }
        }
        host.tokens = host.tokens.saturating_add(1);
        let token = host.tokens;
        if host.answer_at_once.is_none() {
            host.pending.push(SentCallout {
                token: CallToken(token),
                context: ContextId(context),
                cluster,
                headers,
                body: body.to_vec(),
                timeout: Duration::from_millis(u64::from(timeout)),
            });
        }
        Ok((token, host.answer_at_once))
    })?;
    if let Some(status) = at_once {
        call_back(token, status);
    }
    Ok(token)
}

/// Answers a callout before the call that sent it returns.
fn call_back(token: u32, status: u16) {
    let frame = FRAMES.with(|frames| {
        let frames = frames.borrow();
        frames
            .last()
            .map(|frame| (Rc::clone(&frame.host), frame.effective))
    });
    let Some((host, root)) = frame else { return };
    let reply = HeaderMap::from_pairs(&[(":status", status.to_string())]);
    let vm = {
        let mut host = host.borrow_mut();
        host.reply = Some((reply.as_wire().to_vec(), b"{}".to_vec()));
        Rc::clone(&host.vm)
    };
    {
        let _entered = Entered::new(&host, ContextId(root));
        vm.on_http_call_response(CallToken(token), 1, 2);
    }
    host.borrow_mut().reply = None;
}

pub(crate) fn buffer(kind: u32, start: usize, most: usize) -> Answer<Vec<u8>> {
    make("proxy_get_buffer_bytes", |host, _| {
        let bytes = match kind {
            4 => host.reply.as_ref().map(|reply| &reply.1),
            7 => host.configuration.as_ref(),
            _ => None,
        };
        let bytes = bytes.ok_or(NOT_FOUND)?;
        let end = start.saturating_add(most).min(bytes.len());
        let piece = bytes.get(start..end).unwrap_or_default().to_vec();
        host.longest_read = host.longest_read.max(piece.len());
        Ok(piece)
    })
}

pub(crate) fn set_tick_period(period: u32) -> Answer<()> {
    make("proxy_set_tick_period_milliseconds", |host, context| {
        // Of a stream it is that of its root, as in Envoy.
        let parent = host.contexts.get(&context).map(|context| context.parent);
        let root = parent.filter(|parent| *parent != 0).unwrap_or(context);
        host.ticks.insert(ContextId(root), period);
        Ok(())
    })
}

pub(crate) fn now() -> Answer<u64> {
    make("proxy_get_current_time_nanoseconds", |host, _| {
        Ok(host.world.clock.get().as_nanos())
    })
}

pub(crate) fn shared_data(key: &[u8]) -> Answer<(Vec<u8>, u32)> {
    make("proxy_get_shared_data", |host, _| {
        let key = String::from_utf8_lossy(key);
        host.world.shared.borrow().get(&key).ok_or(NOT_FOUND)
    })
}

pub(crate) fn set_shared_data(key: &[u8], value: &[u8], token: u32) -> Answer<()> {
    make("proxy_set_shared_data", |host, _| {
        let key = String::from_utf8_lossy(key);
        let mut shared = host.world.shared.borrow_mut();
        if shared.write(&key, value, (token != 0).then_some(token)) {
            Ok(())
        } else {
            Err(Status::CAS_MISMATCH.0)
        }
    })
}

pub(crate) fn set_effective_context(context: u32) -> Answer<()> {
    make("proxy_set_effective_context", |host, _| {
        if host.contexts.contains_key(&context) {
            Ok(())
        } else {
            Err(BAD_ARGUMENT)
        }
    })?;
    FRAMES.with(|frames| {
        if let Some(frame) = frames.borrow_mut().last_mut() {
            frame.effective = context;
        }
    });
    Ok(())
}

pub(crate) fn property(path: &[u8]) -> Answer<Vec<u8>> {
    make("proxy_get_property", |host, context| {
        let entry = host.contexts.get(&context);
        let is_stream = entry.is_some_and(|entry| entry.parent != 0);
        let plugin = entry.map(|entry| &entry.plugin);
        match (path, plugin) {
            (b"plugin_name", Some(plugin)) => Ok(plugin.clone().into_bytes()),
            (b"source\0address", Some(_)) if is_stream => Ok(b"127.0.0.1:40000".to_vec()),
            _ => Err(NOT_FOUND),
        }
    })
}

pub(crate) fn set_property(name: &[u8], value: &[u8]) -> Answer<()> {
    make("proxy_set_property", |host, context| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, entry) = (text(name), host.contexts.get(&context));
        let Some(entry) = entry.filter(|entry| entry.parent != 0) else {
            host.violation("a property of a root", context);
            return Err(NOT_FOUND);
        };
        host.properties.insert((entry.exchange, name), text(value));
        Ok(())
    })
}

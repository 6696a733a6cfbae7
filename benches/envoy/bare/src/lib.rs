//! A filter that does only the job J1, with a table of keys and a table of routes.
//!
//! It has Postern's callbacks, gets the headers as Postern does, denies paths that are not plain, and makes the same three
//! edits. It has no policy, no other kind of route and no reasons, and counts in three arrays. The difference between the
//! row `edits` and this one is the least cost of such a decision. The difference between this one and `J1` is the cost of
//! everything else that Postern can do. With a line `call` in its configuration it asks a service for each request, too.

use std::cell::RefCell;
use std::ptr::{null, null_mut};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        most: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        length: usize,
        value: *const u8,
        size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, length: usize) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        milliseconds: u32,
        token: *mut u32,
    ) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

const REQUEST: u32 = 0;
const REPLY: u32 = 6;
const REPLY_BODY: u32 = 4;
const PLUGIN_CONFIGURATION: u32 = 7;

const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;

/// The buffer for data from the host. Each call overwrites it.
const ROOM: usize = 256 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; ROOM]);
    static GATE: RefCell<Gate> = RefCell::default();
}

#[derive(Default)]
struct Gate {
    /// Consumers by key. The second text is empty.
    keys: Table,
    /// New prefixes by host and first segment.
    routes: Table,
    /// The numbers of decisions by route, of decisions by key, and of accepted requests.
    counts: (Vec<u64>, Vec<u64>, u64),
    /// The buffer for new paths.
    path: Vec<u8>,
    /// The cluster of the service, and the beginning of the paths that are asked there.
    call: Option<[Vec<u8>; 2]>,
    /// The tokens of calls, with the streams that wait for them.
    waiting: Vec<(u32, u32)>,
}

struct Entry {
    key: [Vec<u8>; 2],
    value: Vec<u8>,
}

/// A hash table with open addressing. The number of slots is a power of two, and at most half of them are used.
#[derive(Default)]
struct Table(Vec<Option<Entry>>);

impl Table {
    fn of(entries: Vec<Entry>) -> Self {
        let size = (2 * entries.len() + 1).next_power_of_two();
        let mut places: Vec<Option<Entry>> = (0..size).map(|_| None).collect();
        for entry in entries {
            let [first, second] = &entry.key;
            let mut at = hash(first, second) % size;
            while places[at].is_some() {
                at = (at + 1) % size;
            }
            places[at] = Some(entry);
        }
        Self(places)
    }

    fn get(&self, first: &[u8], second: &[u8]) -> Option<(usize, &[u8])> {
        let mask = self.0.len() - 1;
        let mut at = hash(first, second) & mask;
        loop {
            let entry = self.0[at].as_ref()?;
            if entry.key[0] == first && entry.key[1] == second {
                return Some((at, &entry.value));
            }
            at = (at + 1) & mask;
        }
    }
}

fn hash(first: &[u8], second: &[u8]) -> usize {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = FACTOR;
    for part in [first, second] {
        for word in part.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            state = (state ^ u64::from_le_bytes(bytes)).wrapping_mul(FACTOR);
            state ^= state >> 32;
        }
    }
    state as usize
}

/// The headers that a request must have.
#[derive(Default)]
struct Head<'r> {
    host: Option<&'r [u8]>,
    path: Option<&'r [u8]>,
    key: Option<&'r [u8]>,
    tenant: &'r [u8],
}

impl<'r> Head<'r> {
    /// Reads a header map in the host's format. None if a header is repeated or if the client sends an identity header.
    fn read(map: &'r [u8]) -> Option<Self> {
        let count = u32::from_le_bytes(*map.first_chunk()?) as usize;
        let mut head = Self::default();
        let mut at = 4 + 8 * count;
        for lengths in map.get(4..at)?.chunks_exact(8) {
            let lengths = u64::from_le_bytes(lengths.try_into().ok()?);
            let (name, value) = (lengths as u32 as usize, (lengths >> 32) as usize);
            let (start, end) = (at + name + 1, at + name + 1 + value);
            let is_twice = match (name, map.get(at..at + name)?) {
                (10, b":authority") => head.host.replace(map.get(start..end)?).is_some(),
                (5, b":path") => head.path.replace(map.get(start..end)?).is_some(),
                (9, b"x-api-key") => head.key.replace(map.get(start..end)?).is_some(),
                (8, b"x-tenant") => {
                    head.tenant = map.get(start..end)?;
                    false
                }
                (15, b"x-consumer-name") => true,
                _ => false,
            };
            if is_twice {
                return None;
            }
            at = end + 1;
        }
        Some(head)
    }
}

/// The end of the first segment of a plain path; None if the path is not plain.
fn first_segment(path: &[u8]) -> Option<usize> {
    let (mut end, mut before, mut at) = (None, 0, 0);
    for &byte in path {
        match byte {
            b'?' => break,
            b'/' | b'.' if before == b'/' => return None,
            b'/' if at > 0 => end = end.or(Some(at)),
            b'%' | b'\\' | b';' | b'#' | ..=b' ' | 0x7f.. => return None,
            _ => {}
        }
        before = byte;
        at += 1;
    }
    let query = path.get(at..)?;
    let is_plain = !query
        .iter()
        .any(|byte| matches!(byte, b'#' | ..=b' ' | 0x7f));
    is_plain.then_some(end.unwrap_or(at))
}

impl Gate {
    /// Reads lines `key KEY CONSUMER`, `route HOST SEGMENT PREFIX` and `call CLUSTER PATH`, separated by tabs.
    fn of(text: &str) -> Self {
        let (mut keys, mut routes, mut call) = (Vec::new(), Vec::new(), None);
        for line in text.lines() {
            let words: Vec<Vec<u8>> = line.split('\t').map(|word| word.into()).collect();
            match words.as_slice() {
                [kind, key, value] if kind == b"key" => {
                    keys.push(Entry {
                        key: [key.clone(), Vec::new()],
                        value: value.clone(),
                    });
                }
                [kind, host, segment, value] if kind == b"route" => {
                    routes.push(Entry {
                        key: [host.clone(), segment.clone()],
                        value: value.clone(),
                    });
                }
                [kind, cluster, path] if kind == b"call" => {
                    call = Some([cluster.clone(), path.clone()]);
                }
                _ => {}
            }
        }
        let (keys, routes) = (Table::of(keys), Table::of(routes));
        let counts = (vec![0; routes.0.len()], vec![0; keys.0.len()], 0);
        Self {
            keys,
            routes,
            counts,
            path: Vec::with_capacity(4096),
            call,
            waiting: Vec::new(),
        }
    }

    /// Edits a request that is accepted. It goes on, or waits for the service; None if it is denied.
    fn decide(&mut self, stream: u32, map: &[u8]) -> Option<u32> {
        let Head {
            host: Some(host),
            path: Some(path),
            key: Some(key),
            tenant,
        } = Head::read(map)?
        else {
            return None;
        };
        let end = first_segment(path)?;
        let (route, prefix) = self.routes.get(host, path.get(1..end)?)?;
        let (known, consumer) = self.keys.get(key, b"")?;
        self.path.clear();
        self.path.extend_from_slice(prefix);
        self.path.extend_from_slice(path.get(end..)?);
        self.counts.0[route] += 1;
        self.counts.1[known] += 1;
        self.counts.2 += 1;
        remove(b"x-api-key")?;
        replace(b":path", &self.path)?;
        replace(b"x-consumer-name", consumer)?;
        let Some([cluster, path]) = &self.call else {
            return Some(CONTINUE);
        };
        self.waiting
            .push((call(cluster, &[path, tenant].concat())?, stream));
        Some(PAUSE)
    }

    /// Lets the stream go on that waits for this call, with the upstream that the reply names.
    fn resume(&mut self, token: u32, reply: &[u8]) -> Option<()> {
        let at = self.waiting.iter().position(|(of, _)| *of == token)?;
        let (_, stream) = self.waiting.swap_remove(at);
        let upstream = std::str::from_utf8(reply).ok()?.split('"').nth(3)?;
        // SAFETY: the calls read no memory.
        unsafe { proxy_set_effective_context(stream) };
        replace(b"x-postern-upstream", upstream.as_bytes())?;
        unsafe { proxy_continue_stream(REQUEST) };
        Some(())
    }
}

/// Asks a cluster for a path. Returns the token of the call.
fn call(cluster: &[u8], path: &[u8]) -> Option<u32> {
    let pairs: [(&[u8], &[u8]); 4] = [
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":authority", cluster),
        (b":path", path),
    ];
    let mut map = 4_u32.to_le_bytes().to_vec();
    for (name, value) in pairs {
        map.extend((name.len() as u32).to_le_bytes());
        map.extend((value.len() as u32).to_le_bytes());
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        map.extend_from_slice(text);
        map.push(0);
    }
    let mut token = 0;
    // SAFETY: the host reads the slices and writes the token during the call.
    let status = unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            map.as_ptr(),
            map.len(),
            null(),
            0,
            null(),
            0,
            20_000,
            &raw mut token,
        )
    };
    (status == 0).then_some(token)
}

fn remove(name: &[u8]) -> Option<()> {
    // SAFETY: the host reads the slice during the call.
    let status = unsafe { proxy_remove_header_map_value(REQUEST, name.as_ptr(), name.len()) };
    (status == 0).then_some(())
}

fn replace(name: &[u8], value: &[u8]) -> Option<()> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        proxy_replace_header_map_value(
            REQUEST,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    (status == 0).then_some(())
}

/// Calls `read` with the data that the host returns, in place.
fn received<T>(
    ask: impl FnOnce(*mut *mut u8, *mut usize) -> u32,
    read: impl FnOnce(&[u8]) -> T,
) -> Option<T> {
    let (mut data, mut size) = (null_mut(), 0);
    if ask(&raw mut data, &raw mut size) != 0 {
        return None;
    }
    BUFFER.with_borrow(|buffer| buffer.get(..size).map(read))
}

fn deny() -> u32 {
    // SAFETY: the call reads no memory.
    unsafe { proxy_send_local_response(401, null(), 0, null(), 0, null(), 0, -1) };
    PAUSE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        if size <= ROOM {
            buffer.as_mut_ptr()
        } else {
            null_mut()
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(_root: u32, size: usize) -> u32 {
    // SAFETY: the host writes both words during the call.
    let ask = |data, length| unsafe {
        proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, data, length)
    };
    let gate = received(ask, |text| std::str::from_utf8(text).map(Gate::of));
    let Some(Ok(gate)) = gate else { return 0 };
    GATE.set(gate);
    1
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(stream: u32, _count: u32, _end: u32) -> u32 {
    // SAFETY: the host writes both words during the call.
    let ask = |data, size| unsafe { proxy_get_header_map_pairs(REQUEST, data, size) };
    let decided = received(ask, |map| GATE.with_borrow_mut(|gate| gate.decide(stream, map)));
    decided.flatten().unwrap_or_else(deny)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    _root: u32,
    token: u32,
    _headers: u32,
    body: u32,
    _trailers: u32,
) {
    // SAFETY: the host writes both words during the call.
    let ask = |data, size| unsafe { proxy_get_header_map_pairs(REPLY, data, size) };
    let is_good = received(ask, |map| map.windows(3).any(|part| part == b"200"));
    // SAFETY: the same.
    let ask = |data, size| unsafe {
        proxy_get_buffer_bytes(REPLY_BODY, 0, body as usize, data, size)
    };
    if is_good == Some(true) {
        let _ = received(ask, |reply| {
            GATE.with_borrow_mut(|gate| gate.resume(token, reply))
        });
    }
}

// The other callbacks of Postern. The host calls them for every request.

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(_context: u32, _parent: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(_root: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(_stream: u32, _count: u32, _end: u32) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(_context: u32) {}

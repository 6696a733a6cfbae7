//! A minimal proxy-wasm host, for the typical requests.

use wasmi::{
    Caller, Config, Engine, ExternType, FuncType, Instance, Linker, Memory, Module, Store, Val,
};

use crate::instrument::{BRANCHED, ENTERED};

use super::Workload;
use super::trace::Trace;

/// The root's context id. The ids of streams follow.
const ROOT: u32 = 1;

/// The token of the only callout.
const TOKEN: u32 = 1;

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is forwarded, with this number of edits.
    Forwarded(usize),
    /// It is answered with this status.
    Denied(u32),
    /// It waits.
    Waiting,
}

/// The state of the host's functions.
#[derive(Default)]
struct State {
    /// The policy until the module has read it, then the body of a reply.
    buffer: Vec<u8>,
    /// A header map in the ABI's format.
    headers: Vec<u8>,
    /// The trace of the current request.
    trace: Trace,
    edits: usize,
    denied: Option<u32>,
    called: bool,
    /// A request that waited goes on.
    continued: bool,
    log: String,
}

/// A running module with its policy and its document.
pub(super) struct Host {
    store: Store<State>,
    instance: Instance,
    last_context: u32,
    /// What the service says of the `cache-control` of its answers.
    service: Option<&'static str>,
}

/// What the service answers.
const ANSWER: &str = r#"{"upstream": "blue"}"#;

impl Host {
    /// Starts a module, configures its policy and delivers the document of its source, if it has one.
    pub(super) fn start(module: &[u8], workload: &Workload) -> Result<Self, String> {
        let mut config = Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, module).map_err(text)?;
        let mut store = Store::new(&engine, State::default());
        store.set_fuel(u64::MAX).map_err(text)?;
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let ExternType::Func(shape) = import.ty() else {
                return Err(format!(
                    "imports {}, which is not a function",
                    import.name()
                ));
            };
            define(&mut linker, import.module(), import.name(), shape)?;
        }
        let instance = linker.instantiate(&mut store, &module).map_err(text)?;
        let instance = instance.start(&mut store).map_err(text)?;
        let mut host = Self {
            store,
            instance,
            last_context: ROOT,
            service: workload.service,
        };
        host.configure(workload.policy, workload.document)?;
        Ok(host)
    }

    fn configure(&mut self, policy: &str, document: Option<&str>) -> Result<(), String> {
        self.call("_initialize", &[])?;
        self.call("proxy_on_context_create", &[ROOT, 0])?;
        self.store.data_mut().buffer = policy.into();
        if self.call("proxy_on_configure", &[ROOT, size(policy.len())])? != 1 {
            return Err(format!("the policy is refused:\n{}", self.log()));
        }
        self.call("proxy_on_tick", &[ROOT])?;
        let Some(document) = document else {
            return Ok(());
        };
        if !std::mem::take(&mut self.store.data_mut().called) {
            return Err(format!("the module fetches no document:\n{}", self.log()));
        }
        self.reply(document, &[(":status", "200")])
    }

    /// Delivers the reply to the only callout.
    fn reply(&mut self, body: &str, headers: &[(&str, &str)]) -> Result<(), String> {
        self.store.data_mut().buffer = body.into();
        self.store.data_mut().headers = wire(headers);
        let reply = [ROOT, TOKEN, size(headers.len()), size(body.len()), 0];
        self.call("proxy_on_http_call_response", &reply)?;
        Ok(())
    }

    /// Calls all callbacks of a stream for a request. Returns the outcome and the trace.
    pub(super) fn request(&mut self, headers: &[(&str, &str)]) -> Result<(Outcome, Trace), String> {
        *self.store.data_mut() = State {
            headers: wire(headers),
            ..State::default()
        };
        self.last_context = self.last_context.saturating_add(1);
        let stream = self.last_context;
        self.call("proxy_on_context_create", &[stream, ROOT])?;
        let count = size(headers.len());
        let action = self.call("proxy_on_request_headers", &[stream, count, 1])?;
        if let (true, Some(storage)) = (self.store.data().called, self.service) {
            let headers = [
                (":status", "200"),
                ("content-type", "application/json"),
                ("cache-control", storage),
                ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            ];
            self.reply(ANSWER, &headers)?;
        }
        self.call("proxy_on_response_headers", &[stream, 1, 0])?;
        self.call("proxy_on_delete", &[stream])?;
        let state = self.store.data_mut();
        let outcome = match (state.denied, action) {
            (Some(status), _) => Outcome::Denied(status),
            (None, _) if action == 0 || state.continued => Outcome::Forwarded(state.edits),
            (None, _) => Outcome::Waiting,
        };
        Ok((outcome, std::mem::take(&mut state.trace)))
    }

    /// The number of operations that the module can still run. Each operation uses one or more.
    pub(super) fn fuel(&self) -> u64 {
        self.store.get_fuel().unwrap_or_default()
    }

    /// The module's log lines since the request began.
    pub(super) fn log(&self) -> &str {
        &self.store.data().log
    }

    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<u32, String> {
        let function = self.instance.get_func(&self.store, name);
        let function = function.ok_or_else(|| format!("no function {name}"))?;
        let arguments: Vec<Val> = arguments.iter().copied().map(value).collect();
        let count = function.ty(&self.store).results().len();
        let mut results = vec![Val::I32(0); count];
        function
            .call(&mut self.store, &arguments, &mut results)
            .map_err(|error| format!("{name}: {error}; its log:\n{}", self.log()))?;
        Ok(results.first().map_or(0, word))
    }
}

fn text(error: impl Into<wasmi::Error>) -> String {
    error.into().to_string()
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn index(word: u32) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX)
}

fn word(value: &Val) -> u32 {
    let word = value.i32().unwrap_or_default();
    u32::from_le_bytes(word.to_le_bytes())
}

fn value(word: u32) -> Val {
    Val::I32(i32::from_le_bytes(word.to_le_bytes()))
}

/// A header map in the ABI's format.
fn wire(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut wire = size(pairs.len()).to_le_bytes().to_vec();
    for (name, value) in pairs {
        wire.extend(size(name.len()).to_le_bytes());
        wire.extend(size(value.len()).to_le_bytes());
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        wire.extend(text.as_bytes());
        wire.push(0);
    }
    wire
}

/// Defines a function of the host for the module.
fn define(
    linker: &mut Linker<State>,
    module: &str,
    name: &str,
    shape: &FuncType,
) -> Result<(), String> {
    let called = name.to_owned();
    linker
        .func_new(
            module,
            name,
            shape.clone(),
            move |caller, given, results| {
                let arguments: Vec<u32> = given.iter().map(word).collect();
                let status = perform(&called, caller, &arguments)?;
                if let Some(result) = results.first_mut() {
                    *result = value(status);
                }
                Ok(())
            },
        )
        .map(|_| ())
        .map_err(text)
}

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;

/// Performs a host call. Calls that are not listed here do nothing and return OK.
fn perform(
    name: &str,
    mut caller: Caller<'_, State>,
    arguments: &[u32],
) -> Result<u32, wasmi::Error> {
    match (name, arguments) {
        (ENTERED, &[function]) => caller.data_mut().trace.entered(function),
        (BRANCHED, &[condition, offset]) => {
            caller.data_mut().trace.branched(offset, condition != 0);
            return Ok(condition);
        }
        ("proxy_get_buffer_bytes", &[_, start, most, data, length]) => {
            let rest = caller.data().buffer.get(index(start)..).unwrap_or_default();
            let part = rest.get(..index(most)).unwrap_or(rest).to_vec();
            return_bytes(&mut caller, &part, data, length)?;
        }
        ("proxy_get_header_map_pairs", &[_, data, length]) => {
            let headers = caller.data().headers.clone();
            return_bytes(&mut caller, &headers, data, length)?;
        }
        ("proxy_get_current_time_nanoseconds", &[at]) => {
            write(&mut caller, at, &NOW.to_le_bytes())?
        }
        // The level is info, and the environment is empty.
        ("proxy_get_log_level", &[at]) => write(&mut caller, at, &2_u32.to_le_bytes())?,
        ("environ_sizes_get", &[count, bytes]) => {
            write(&mut caller, count, &[0; 4])?;
            write(&mut caller, bytes, &[0; 4])?;
        }
        ("random_get", &[at, length]) => write(&mut caller, at, &vec![7; index(length)])?,
        ("proxy_define_metric", &[_, _, _, at]) => write(&mut caller, at, &1_u32.to_le_bytes())?,
        ("proxy_get_shared_data" | "proxy_get_property", _) => return Ok(NOT_FOUND),
        ("proxy_http_call", &[.., at]) => {
            caller.data_mut().called = true;
            write(&mut caller, at, &TOKEN.to_le_bytes())?;
        }
        (
            "proxy_add_header_map_value"
            | "proxy_replace_header_map_value"
            | "proxy_remove_header_map_value",
            _,
        ) => {
            let state = caller.data_mut();
            state.edits = state.edits.saturating_add(1);
        }
        ("proxy_continue_stream", _) => caller.data_mut().continued = true,
        ("proxy_send_local_response", &[status, ..]) => caller.data_mut().denied = Some(status),
        ("proxy_log", &[_, at, length]) => {
            let mut line = vec![0; index(length)];
            memory(&caller)?.read(&caller, index(at), &mut line)?;
            let log = &mut caller.data_mut().log;
            log.push_str(&String::from_utf8_lossy(&line));
            log.push('\n');
        }
        _ => {}
    }
    Ok(OK)
}

/// The host's time, in nanoseconds since 1970.
const NOW: u64 = 1_700_000_000_000_000_000;

fn memory(caller: &Caller<'_, State>) -> Result<Memory, wasmi::Error> {
    let memory = caller.get_export("memory");
    let memory = memory.and_then(wasmi::Extern::into_memory);
    memory.ok_or_else(|| wasmi::Error::new("no memory"))
}

fn write(caller: &mut Caller<'_, State>, at: u32, bytes: &[u8]) -> Result<(), wasmi::Error> {
    Ok(memory(caller)?.write(caller, index(at), bytes)?)
}

/// Returns bytes to the module: allocates memory in it, writes the bytes there, and writes their address and length.
fn return_bytes(
    caller: &mut Caller<'_, State>,
    bytes: &[u8],
    data: u32,
    length: u32,
) -> Result<(), wasmi::Error> {
    let allocate = caller.get_export("proxy_on_memory_allocate");
    let allocate = allocate.and_then(wasmi::Extern::into_func);
    let allocate = allocate.ok_or_else(|| wasmi::Error::new("no allocator"))?;
    let mut results = [Val::I32(0)];
    let arguments = [value(size(bytes.len()))];
    allocate.call(&mut *caller, &arguments, &mut results)?;
    let at = results.first().map_or(0, word);
    write(caller, at, bytes)?;
    write(caller, data, &at.to_le_bytes())?;
    write(caller, length, &size(bytes.len()).to_le_bytes())
}

//! The functions that the module must export and those that it may import. To
//! add or remove a callback of the filter, change this table.

/// The type of a callback. Every parameter and the result, if there is one, is
/// an `i32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The number of parameters.
    pub params: usize,
    /// The number of results: 0 or 1.
    pub results: usize,
}

const fn shape(params: usize, results: usize) -> Shape {
    Shape { params, results }
}

/// A function of the linked module, the name by which the host calls it, and
/// its type.
#[derive(Clone, Copy, Debug)]
pub struct Needed {
    /// The export's name after the link.
    pub linked: &'static str,
    /// Its name in the finished module.
    pub wire: &'static str,
    /// Its type.
    pub shape: Shape,
}

const fn needed(linked: &'static str, wire: &'static str, shape: Shape) -> Needed {
    Needed {
        linked,
        wire,
        shape,
    }
}

/// The exported functions, each with its final name. The host calls every
/// exported stream callback for every request, so only callbacks that the filter
/// needs are here.
pub const NEEDED: &[Needed] = &[
    // The SDK's marker of the ABI's version.
    needed(
        "proxy_abi_version_0_2_1",
        "proxy_abi_version_0_2_1",
        shape(0, 0),
    ),
    // The filter's callbacks. With the host's names, they would conflict with the
    // SDK's in the link.
    needed("postern_initialize", "_initialize", shape(0, 0)),
    needed(
        "postern_on_memory_allocate",
        "proxy_on_memory_allocate",
        shape(1, 1),
    ),
    needed(
        "postern_on_context_create",
        "proxy_on_context_create",
        shape(2, 0),
    ),
    needed("postern_on_configure", "proxy_on_configure", shape(2, 1)),
    needed("postern_on_tick", "proxy_on_tick", shape(1, 0)),
    needed(
        "postern_on_request_headers",
        "proxy_on_request_headers",
        shape(3, 1),
    ),
    needed(
        "postern_on_response_headers",
        "proxy_on_response_headers",
        shape(3, 1),
    ),
    needed(
        "postern_on_http_call_response",
        "proxy_on_http_call_response",
        shape(5, 0),
    ),
    needed("postern_on_delete", "proxy_on_delete", shape(1, 0)),
];

/// The memory, which the host reads and writes.
pub const MEMORY: &str = "memory";

/// The prefix of the filter's callbacks in the linked module. Each export with it
/// must be in [`NEEDED`].
pub const PREFIX: &str = "postern_";

/// Envoy's functions in the module `env` for ABI 0.2.1.
pub const ENV: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_buffer_bytes",
    "proxy_get_buffer_status",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_size",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

/// Envoy's WASI functions that a filter may need: time, random bits, environment,
/// the end of the program, and writing to standard output and error (which become
/// log lines). There are no files and no sockets.
pub const WASI: &[&str] = &[
    "args_get",
    "args_sizes_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "random_get",
    "sched_yield",
];

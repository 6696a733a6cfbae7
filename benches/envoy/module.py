"""Builds the programs of the benchmark: the empty filter, the bare filter and the client."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Each callback of the ABI, with a body that does nothing.
CALLBACKS = {
    "proxy_on_context_create": "(param i32 i32)",
    "proxy_on_vm_start": "(param i32 i32) (result i32) i32.const 1",
    "proxy_on_configure": "(param i32 i32) (result i32) i32.const 1",
    "proxy_on_tick": "(param i32)",
    "proxy_on_http_call_response": "(param i32 i32 i32 i32 i32)",
    "proxy_on_request_body": "(param i32 i32 i32) (result i32) i32.const 0",
    "proxy_on_request_trailers": "(param i32 i32) (result i32) i32.const 0",
    "proxy_on_response_headers": "(param i32 i32 i32) (result i32) i32.const 0",
    "proxy_on_response_body": "(param i32 i32 i32) (result i32) i32.const 0",
    "proxy_on_response_trailers": "(param i32 i32) (result i32) i32.const 0",
    "proxy_on_done": "(param i32) (result i32) i32.const 1",
    "proxy_on_log": "(param i32)",
    "proxy_on_delete": "(param i32)",
}

# The part that every module has. It gets all headers once, into memory that the next request reuses.
ALWAYS = """
  (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 1024))
  (func (export "_initialize"))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free)
      (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16))))
    local.get $at)
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (global.set $free (i32.const 1024))
    (drop (call $pairs (i32.const 0) (i32.const 16) (i32.const 20)))
    EDITS
    i32.const 0)
"""

# J1's three edits with fixed values: their cost without a decision.
EDITS = """
    (drop (call $replace (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 128) (i32.const 38)))
    (drop (call $remove (i32.const 0) (i32.const 72) (i32.const 9)))
    (drop (call $replace (i32.const 0) (i32.const 88) (i32.const 15) (i32.const 192) (i32.const 15)))
"""
DATA = """
  (data (i32.const 64) ":path") (data (i32.const 72) "x-api-key") (data (i32.const 88) "x-consumer-name")
  (data (i32.const 128) "/internal/svc00000/items/000000?page=2") (data (i32.const 192) "consumer-000000")
"""
KNOWN = {"memory", "_initialize", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate", "proxy_on_request_headers"}


def number(data, at):
    """An unsigned LEB128 number: (value, the offset after it)."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def exports(path):
    """The names that a module exports."""
    data = path.read_bytes()
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = number(data, at + 1)
        if kind != 7:
            at += size
            continue
        names = set()
        count, at = number(data, at)
        for _ in range(count):
            length, at = number(data, at)
            names.add(data[at:at + length].decode())
            _, at = number(data, at + length + 1)
        return names
    return set()


def build_empty(like, path, edits=False):
    """Assembles the empty filter with the exports of the module `like`. With `edits` it makes J1's edits of fixed values."""
    others = exports(like) - KNOWN
    unknown = others - CALLBACKS.keys()
    if unknown:
        raise SystemExit(f"bench: the module exports {sorted(unknown)}, which benches/envoy/module.py does not know")
    lines = [f'  (func (export "{name}") {CALLBACKS[name]})' for name in sorted(others)]
    text = path.with_suffix(".wat")
    always = ALWAYS.replace("EDITS", EDITS if edits else "")
    text.write_text("(module" + always + "\n".join(lines) + DATA + ")\n")
    subprocess.run(["wat2wasm", text, "-o", path], check=True)


def build_bare(path):
    """Builds benches/envoy/bare."""
    shutil.copy(built("bare", "wasm_cargo") / "wasm32-wasip1" / "release" / "bare.wasm", path)


def build_client(name):
    """Builds the clients, benches/envoy/asker. Returns the path of this one."""
    return built("asker", "cargo") / "release" / name


def build_signer():
    """Builds the program that signs tokens, crates/signing/examples/many.rs. Returns its path."""
    command = ["cargo", "build", "--quiet", "--release", "--package", "postern-signing", "--example", "many"]
    subprocess.run(command, check=True, cwd=ROOT)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "examples" / "many"


def built(name, cargo):
    """Builds a crate of the benchmark with the compiler that scripts/setup found. Returns its target directory."""
    command = f""". scripts/lib.sh; load_env
                  {cargo} build --quiet --release --manifest-path benches/envoy/{name}/Cargo.toml"""
    target = ROOT / "target" / name
    subprocess.run(["bash", "-c", command], check=True, cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
    return target

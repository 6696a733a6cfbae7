//! `regex-lite` under the name of `regex`.
//!
//! `jsonpath-rust` uses `regex` for `match()` and `search()` alone, and `regex` brings tables and engines that are larger
//! than all of Postern. `regex-lite` has the same face and no Unicode classes, which I-Regexp (RFC 9485) hardly needs here.

pub use regex_lite::*;

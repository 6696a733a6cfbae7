//! Values with a grammar of their own: names, numbers, durations, sizes, versions, texts.

pub(in crate::config) mod names;
pub(in crate::config) mod scalar;
pub(in crate::config) mod text;
pub(in crate::config) mod text_or_env;
pub(in crate::config) mod units;
pub(in crate::config) mod version;

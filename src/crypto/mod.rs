//! Signatures and authentication codes of JSON Web Algorithms (RFC 7518, RFC 8037): keys, and whether a signature is good.
//!
//! | algorithms | who verifies |
//! |---|---|
//! | RS256, RS384, RS512 | the proxy; the operation here where the proxy can't |
//! | ES256, ES384, ES512 | the proxy; a native build has [`NativeVerifier`] |
//! | PS256, PS384, PS512 | the operation here: no proxy offers it |
//! | `EdDSA` (Ed25519), HS256, HS384, HS512 | crates |
//!
//! The proxy is reached through [`HostVerifier`]. It verifies in compiled code what would take ten times as long here. A
//! verification has no secrets except the key of an HMAC, so only the HMAC needs constant time.

mod algorithm;
mod cost;
mod curve;
mod der;
mod ec;
mod error;
mod hash_function;
mod host;
mod key;
mod modulus;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod pem;
mod rsa;
mod spki;

pub use algorithm::Algorithm;
pub use curve::Curve;
pub use error::KeyError;
pub use hash_function::HashFunction;
pub use host::{HostKey, HostVerifier, SignatureCheck, Unsupported};
pub use key::VerifyingKey;
#[cfg(not(target_arch = "wasm32"))]
pub use native::NativeVerifier;

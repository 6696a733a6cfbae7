//! JSON Web Tokens (RFC 7519): how their text, their keys and their claims are read and checked. Everything is strict: a
//! token that could be read in two ways is refused.
//!
//! A token comes from a client. [`CompactJws`] separates its parts. [`JoseHeader`] says which key it needs, [`KeySet`] chooses
//! it, and [`ClaimRules`] checks the [`ClaimsSet`]. Nothing here verifies a signature, and nothing knows a policy.

mod base64url;
mod claim_rules;
mod claim_test;
mod claims_set;
mod compact;
mod error;
mod header;
mod jwk;
mod key_set;
mod numeric_date;
mod thumbprint;
mod token_types;

pub use base64url::decode as decode_base64url;
pub use claim_rules::{Accepts, ClaimRules, ClaimsError, Expiry};
pub use claim_test::ClaimTest;
pub use claims_set::{ClaimsSet, scopes};
pub use compact::CompactJws;
pub use error::{TokenError, TokenPart};
pub use header::JoseHeader;
pub use jwk::{Jwk, JwkError};
pub use key_set::{KeyChoiceError, KeySet, KeySetError, KeyWarning};
pub use thumbprint::Thumbprint;
pub use token_types::TokenTypes;

pub use crate::strict_json::{PartCount, object as strict_object};

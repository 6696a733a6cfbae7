//! What is done to an exchange: decided first, performed by the driver afterwards.

use super::Text;

/// One change to a header map. Names are lower case; pseudo-headers (`:path`) are names like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// All values of this name give way to this one.
    Set(Text, Text),
    /// One more value of this name.
    Add(Text, Text),
    /// No value of this name stays.
    Remove(Text),
}

impl Edit {
    /// The header's name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let (Self::Set(name, _) | Self::Add(name, _) | Self::Remove(name)) = self;
        name
    }
}

/// Everything that is done to one exchange that goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Changes to the request's headers, in order. Empty where the request passes as it came.
    pub request: Vec<Edit>,
    /// Changes to the response's headers, in order; empty for routes that ask for none.
    pub response: Vec<Edit>,
}

/// An answer of the gate's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// Header fields, lower case.
    pub headers: Vec<(Text, Text)>,
    /// The content; empty for gRPC clients.
    pub body: Text,
    /// The gRPC status where the client speaks gRPC.
    pub grpc_status: Option<u8>,
    /// Why, for the access log: `postern_<reason>`, without blanks.
    pub details: Text,
}

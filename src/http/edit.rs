//! What is done to an exchange: decided first, performed by the driver afterwards.

use super::{HeaderName, NewPath, Text, same_name};

/// One change to a header map. Names are lower case; pseudo-headers (`:path`) are names like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// All values of this name give way to this one.
    Set(HeaderName, Text),
    /// One more value of this name.
    Add(HeaderName, Text),
    /// No value of this name stays.
    Remove(HeaderName),
}

impl Edit {
    /// The header's name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let (Self::Set(name, _) | Self::Add(name, _) | Self::Remove(name)) = self;
        name
    }
}

/// Everything that is done to one exchange that goes on; of one that is answered, to its path.
///
/// A driver has one of these and gives it to each exchange anew: so most requests cost no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    pub(crate) path: NewPath,
    pub(crate) request: Vec<Edit>,
    pub(crate) response: Vec<Edit>,
}

/// More edits than these aren't kept room for.
const MOST_EDITS: usize = 32;

impl Edits {
    /// The request's new `:path`; none where it stays as it came.
    #[must_use]
    pub fn path(&self) -> Option<&[u8]> {
        self.path.get()
    }

    /// Changes to the request's other headers, in order. Empty where they pass as they came.
    #[must_use]
    pub fn request(&self) -> &[Edit] {
        &self.request
    }

    /// Changes to the response's headers, in order; empty for routes that ask for none.
    #[must_use]
    pub fn response(&self) -> &[Edit] {
        &self.response
    }

    /// Nothing is changed. The memory stays, unless it is much.
    pub(crate) fn clear(&mut self) {
        self.path.clear();
        self.request.clear();
        self.response.clear();
        if self.request.capacity() > MOST_EDITS {
            self.request = Vec::new();
        }
    }
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

impl Response {
    /// Changes its headers, in order.
    pub(crate) fn edit(&mut self, edits: std::vec::Drain<'_, Edit>) {
        for edit in edits {
            if !matches!(edit, Edit::Add(..)) {
                self.headers
                    .retain(|(name, _)| !same_name(name, edit.name()));
            }
            if let Edit::Set(name, value) | Edit::Add(name, value) = edit {
                self.headers.push((Text::shared(&name), value));
            }
        }
    }
}

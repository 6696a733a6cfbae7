//! Changes to a request and its response. The core decides them, the driver performs them.

use super::{HeaderMap, HeaderName, LateEdits, NewPath, Text, same_name};

/// One change to a header map. Names are lower case. Pseudo-headers (`:path`) are ordinary names here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Removes all values of this name and adds this one.
    Set(HeaderName, Text),
    /// Adds a value of this name.
    Add(HeaderName, Text),
    /// Removes all values of this name.
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

/// All changes to an exchange that continues. For an exchange that is answered, only the path is set.
///
/// A driver reuses one `Edits` for all exchanges, so that most requests allocate nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    pub(crate) path: NewPath,
    pub(crate) request: Vec<Edit>,
    pub(crate) response: Vec<Edit>,
    pub(crate) late: Option<Box<LateEdits>>,
}

/// A longer list is freed after its exchange.
const MOST_EDITS: usize = 32;

impl Edits {
    /// The request's new `:path`; `None` where it isn't changed.
    #[must_use]
    pub fn path(&self) -> Option<&[u8]> {
        self.path.get()
    }

    /// Changes to the request's other headers, in order. Empty where nothing changes.
    #[must_use]
    pub fn request(&self) -> &[Edit] {
        &self.request
    }

    /// Changes to the response's headers, in order. Empty where the route changes none, and where `late` has them.
    #[must_use]
    pub fn response(&self) -> &[Edit] {
        &self.response
    }

    /// Changes to the response that its status or its headers decide: [`LateEdits::decide`] says what they are.
    #[must_use]
    pub fn late(&self) -> Option<&LateEdits> {
        self.late.as_deref()
    }

    /// Removes all changes. Keeps the memory unless it is large.
    pub(crate) fn clear(&mut self) {
        self.path.clear();
        self.request.clear();
        self.response.clear();
        self.late = None;
        if self.request.capacity() > MOST_EDITS {
            self.request = Vec::new();
        }
    }
}

/// A response that the filter sends itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// Header fields, lower case.
    pub headers: Vec<(Text, Text)>,
    /// The body; empty for gRPC clients.
    pub body: Text,
    /// The gRPC status, if the client uses gRPC.
    pub grpc_status: Option<u8>,
    /// The response code details for the access log: `postern_<reason>`, without blanks.
    pub details: Text,
}

impl Response {
    /// Changes the response's headers.
    #[inline(never)]
    pub(crate) fn edit(&mut self, edits: &LateEdits) {
        let came = HeaderMap::from_pairs(&self.headers);
        for edit in edits.decide_for(self.status, &came.view()) {
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

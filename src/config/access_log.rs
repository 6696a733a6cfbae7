//! What the access log can show of the gate's decision.

record! {
    /// What Envoy's access log can show besides the reason, which is in the response-code details always. Each costs a
    /// host call a request.
    pub struct AccessLog {
        /// What is set for each decided request, for `%FILTER_STATE(wasm.postern_NAME:PLAIN)%` in the log's format.
        "properties" properties: Vec<Property> = [];
    }
}

choice! {
    /// Something that the access log can show.
    pub enum Property {
        /// `postern_consumer`: who asked, where that is known.
        "consumer" Consumer;
        /// `postern_route`: the route, where one matched.
        "route" Route;
        /// `postern_policy`: which policy decided, twelve hexadecimal digits.
        "policy" Policy;
        /// `postern_reason`: why it was denied, where it was.
        "reason" Reason;
    }
}

impl Property {
    /// The property's name in Envoy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consumer => "postern_consumer",
            Self::Route => "postern_route",
            Self::Policy => "postern_policy",
            Self::Reason => "postern_reason",
        }
    }
}

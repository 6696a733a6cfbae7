//! What the access log can show about a decision.

record! {
    /// What Envoy's access log can show besides the reason, which is always in the response-code details. Each costs a
    /// host call a request.
    pub struct AccessLog {
        /// The properties to set for each request, for `%FILTER_STATE(wasm.postern_NAME:PLAIN)%` in the log's format.
        "properties" properties: Vec<Property> = [];
    }
}

choice! {
    /// A property for the access log.
    pub enum Property {
        /// `postern_consumer`: the consumer, if it is known.
        "consumer" Consumer;
        /// `postern_route`: the route, if one matched.
        "route" Route;
        /// `postern_policy`: the fingerprint of the policy, twelve hexadecimal digits.
        "policy" Policy;
        /// `postern_reason`: the reason of a denial.
        "reason" Reason;
    }
}

impl Property {
    /// The name of the property in Envoy.
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

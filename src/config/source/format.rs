//! The formats of documents, as they are written.

choice! {
    /// How the content of a document becomes a value.
    pub enum ContentFormat {
        /// JSON.
        "json" Json;
        /// Plain text: the value is the text.
        "text" Text;
    }
}

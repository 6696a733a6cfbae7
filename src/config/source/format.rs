//! The formats of documents, as they are written.

choice! {
    /// How the content of a document becomes a value.
    pub enum ContentFormat {
        /// JSON.
        "json" Json;
        /// A part of YAML 1.2, without what programs read differently.
        "yaml" Yaml;
        /// Properties, as Java reads them: flat names become a tree.
        "properties" Properties;
        /// Plain text: the value is the text.
        "text" Text;
    }
}

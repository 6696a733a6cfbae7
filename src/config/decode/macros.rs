//! Macros for the three kinds of types in the config: a record, a choice of one field, a choice of one word.

/// A struct, its table of fields and its decoder. A field is written
/// `"jsonName" rust_name: Type as decoder = presence;` where `as decoder` is left out for the type's own (no decoder may
/// have the name of a field of its record), and the presence is `required`, `optional` or the default as JSON. `rules` say
/// what holds between fields. `..service: Service {…}` adds the fields of a `Service`, with docs for some of them.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident {
            $(..$service:ident : Service {
                $($(#[doc = $service_doc:literal])* $service_json:literal;)*
            })?
            $(
                $(#[doc = $field_doc:literal])*
                $json:literal $field:ident : $ty:ty $(as $by:path)? = $presence:tt ;
            )*
        }
        $(rules [ $($rule:expr),* $(,)? ])?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $(
                /// Who is asked, and how.
                $vis $service: $crate::config::Service,
            )?
            $(
                $(#[doc = $field_doc])*
                $vis $field: $ty,
            )*
        }

        impl $crate::config::Record for $name {
            const FIELDS: &'static [$crate::config::Field] = {
                const OWN: &[$crate::config::Field] = &[
                    $($crate::config::Field {
                        name: $json,
                        presence: record!(@presence $presence),
                        docs: concat!($($field_doc, "\n"),*),
                        kind: stringify!($ty),
                        reader: record!(@reader $($by)?),
                    },)*
                ];
                record!(@among $crate::config::Field, [$($json),*], OWN $(,
                    $service: $crate::config::Service::documented(
                        &[$(($service_json, concat!($($service_doc, "\n"),*))),*],
                    )
                )?)
            };
            const RULES: &'static [$crate::config::FieldRule] = &[$($($rule),*)?];
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::decode::node::Node<'_>,
                at: &$crate::config::Path<'_>,
                errors: &mut $crate::config::ConfigErrors,
            ) -> Option<Self> {
                use $crate::config::decode::record::{Entries, Slot, UsualValue, position};
                const OWN: &[&str] = &[$($json),*];
                const NAMES: &[&str] = record!(@among &str, [$($json),*], OWN $(,
                    $service: $crate::config::Service::NAMES
                )?);
                const OWN_DEFAULTS: &[UsualValue] = &[$(record!(@default $presence)),*];
                const DEFAULTS: &[UsualValue] = record!(@among UsualValue, [$($json),*], OWN_DEFAULTS $(,
                    $service: $crate::config::Service::DEFAULTS
                )?);
                let rules = <Self as $crate::config::Record>::RULES;
                let mut entries = Entries::new(node, NAMES, DEFAULTS, rules, at, errors)?;
                $(let mut $service = $crate::config::Service::slots();)?
                $(let mut $field = Slot::Absent;)*
                while let Some((index, name, value)) = entries.next(at, errors) {
                    let at = at.field(name);
                    $(
                        // A comparison of numbers is shorter code than one of texts.
                        if index == const { position(NAMES, $json) } {
                            let read = record!(@by $($by)?)(value, &at, errors);
                            $field = Slot::Given(read);
                            continue;
                        }
                    )*
                    $($service.read(name, value, &at, errors);)?
                }
                $(let $service = $service.finish(at, errors);)?
                $(
                    let $field = record!(
                        @finish $presence, $field, &at.field($json), errors
                    );
                )*
                entries.finish(at, errors);
                // One test for all fields: an early return for each field would repeat the clean-up code.
                if let ($(Some($service),)? $(Some($field),)*) = ($($service,)? $($field,)*) {
                    return Some(Self { $($service,)? $($field),* });
                }
                None
            }
        }
    };
    (@among $ty:ty, $names:tt, $own:ident) => { $own };
    (@among $ty:ty, $names:tt, $own:ident, $service:ident : $fields:expr) => {{
        const ALL: [$ty; $own.len() + $crate::config::Service::COUNT] =
            $crate::config::Service::among(&$names, $own, $fields);
        &ALL
    }};
    (@presence required) => { $crate::config::Presence::Required };
    (@presence optional) => { $crate::config::Presence::Optional };
    (@presence $default:tt) => { $crate::config::Presence::Default(stringify!($default)) };
    (@reader) => { None };
    (@reader $by:path) => { Some(stringify!($by)) };
    (@by) => { $crate::config::decode::Decode::decode };
    (@by $by:path) => { $by };
    (@default required) => { None };
    (@default optional) => { None };
    (@default $default:tt) => { Some(|| node!($default)) };
    (@finish required, $slot:ident, $at:expr, $errors:ident) => {
        $slot.required($at, $errors)
    };
    (@finish optional, $slot:ident, $at:expr, $errors:ident) => {
        $slot.optional()
    };
    (@finish $default:tt, $slot:ident, $at:expr, $errors:ident) => {
        $slot.defaulted()
    };
}

/// A constant node.
macro_rules! node {
    ([]) => {
        $crate::config::decode::node::Node::List(Vec::new())
    };
    ([ $value:tt ]) => {
        $crate::config::decode::node::Node::List(vec![node!($value)])
    };
    ({}) => {
        $crate::config::decode::node::Node::Map(Vec::new())
    };
    ({ $($key:literal : $value:tt),+ }) => {
        $crate::config::decode::node::Node::Map(vec![$((
            ::std::borrow::Cow::Borrowed($key),
            node!($value),
        )),+])
    };
    ($scalar:literal) => {
        $crate::config::decode::node::Node::from($scalar)
    };
}

/// An enum that is written as a map with exactly one of these fields: `"jsonName" Variant(Type) as decoder;`.
macro_rules! one_of {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $name:ident {
            $(
                $(#[doc = $variant_doc:literal])*
                $json:literal $variant:ident ( $ty:ty ) $(as $by:path)? ;
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        $vis enum $name {
            $(
                $(#[doc = $variant_doc])*
                $variant($ty),
            )*
        }

        impl $crate::config::Record for $name {
            const FIELDS: &'static [$crate::config::Field] = &[
                $($crate::config::Field {
                    name: $json,
                    presence: $crate::config::Presence::Optional,
                    docs: concat!($($variant_doc, "\n"),*),
                    kind: stringify!($ty),
                    reader: record!(@reader $($by)?),
                },)*
            ];
            const RULES: &'static [$crate::config::FieldRule] =
                &[$crate::config::FieldRule::One(&[$($json),*])];
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::decode::node::Node<'_>,
                at: &$crate::config::Path<'_>,
                errors: &mut $crate::config::ConfigErrors,
            ) -> Option<Self> {
                const NAMES: &[&str] = &[$($json),*];
                let rules = <Self as $crate::config::Record>::RULES;
                let mut entries =
                    $crate::config::decode::record::Entries::new(node, NAMES, &[], rules, at, errors)?;
                let mut chosen = None;
                while let Some((_, name, value)) = entries.next(at, errors) {
                    let at = at.field(name);
                    let read = match name {
                        $($json => record!(@by $($by)?)(value, &at, errors).map(Self::$variant),)*
                        _ => None,
                    };
                    chosen = chosen.or(read);
                }
                entries.finish(at, errors);
                chosen
            }
        }
    };
}

/// An enum that is written as one of these words: `"word" Variant;`.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident {
            $(
                $(#[doc = $variant_doc:literal])*
                $json:literal $variant:ident ;
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(
                $(#[doc = $variant_doc])*
                $variant,
            )*
        }

        impl $crate::config::Choice for $name {
            const WORDS: &'static [$crate::config::Keyword] = &[
                $($crate::config::Keyword {
                    name: $json,
                    docs: concat!($($variant_doc, "\n"),*),
                },)*
            ];
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::decode::node::Node<'_>,
                at: &$crate::config::Path<'_>,
                errors: &mut $crate::config::ConfigErrors,
            ) -> Option<Self> {
                match node.as_text() {
                    $(Some($json) => Some(Self::$variant),)*
                    _ => $crate::config::decode::expected_word(&[$($json),*], node, at, errors),
                }
            }
        }
    };
}

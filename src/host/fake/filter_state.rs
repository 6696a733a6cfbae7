//! What the filters of an exchange say of it, as Envoy keeps it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::host::Status;

/// Properties by exchange and name. All filters of an exchange see them.
#[derive(Debug, Default)]
pub(super) struct FilterState(BTreeMap<(u32, String), Property>);

#[derive(Debug)]
struct Property {
    value: String,
    /// It is never set again, because whoever set it first wanted it so.
    once: bool,
}

impl FilterState {
    /// Sets a property; where it is new, `once` says whether it may be set again.
    ///
    /// # Errors
    /// [`Status::BAD_ARGUMENT`].
    pub(super) fn set(
        &mut self,
        exchange: u32,
        name: String,
        value: String,
        once: bool,
    ) -> Result<(), Status> {
        match self.0.entry((exchange, name)) {
            Entry::Vacant(place) => {
                place.insert(Property { value, once });
            }
            Entry::Occupied(place) if place.get().once => return Err(Status::BAD_ARGUMENT),
            Entry::Occupied(mut place) => place.get_mut().value = value,
        }
        Ok(())
    }

    /// The values of an exchange.
    pub(super) fn of(&self, exchange: u32) -> BTreeMap<String, String> {
        let all = self.0.iter();
        all.filter(|((of, _), _)| *of == exchange)
            .map(|((_, name), property)| (name.clone(), property.value.clone()))
            .collect()
    }
}

/// The name in Envoy's `DeclarePropertyArguments`, where all that they say besides is that it may be set only once.
pub(super) fn declared_once(arguments: &[u8]) -> Option<String> {
    let [0x0a, length, rest @ ..] = arguments else {
        return None;
    };
    match rest.split_at_checked(usize::from(*length))? {
        (name, [0x10, 1]) => String::from_utf8(name.to_vec()).ok(),
        _ => None,
    }
}

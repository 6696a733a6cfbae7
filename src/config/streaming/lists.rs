//! The two long lists of a config, read record by record.

use crate::config::{Config, ConfigErrors, Consumer, Route};

/// A decoded record of a list.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'r, T> {
    /// The record is complete.
    Whole(&'r T),
    /// The record has an unknown field or a duplicate field besides. That field may have been meant to be another one.
    Partly(&'r T),
}

/// Receives the records of a list, each with its index.
pub type RecordSink<'e, T> = &'e mut dyn FnMut(usize, Decoded<'_, T>);

/// The long lists of a config. Each record is read, used and dropped before the next one. The lists can be read again.
pub trait ConfigLists {
    /// Passes each consumer with its index to `each`, except those that can't be decoded.
    ///
    /// # Errors
    /// The reason why the list can't be read.
    fn consumers(&mut self, each: RecordSink<'_, Consumer>) -> Result<(), ConfigErrors>;

    /// Passes each route with its index to `each`, except those that can't be decoded.
    ///
    /// # Errors
    /// The reason why the list can't be read.
    fn routes(&mut self, each: RecordSink<'_, Route>) -> Result<(), ConfigErrors>;

    /// The approximate number of routes.
    fn about_routes(&self) -> usize;

    /// The result of reading the whole config.
    ///
    /// # Errors
    /// All errors of the config.
    fn verdict(&self) -> Result<(), ConfigErrors>;
}

/// A config that is completely in memory.
impl ConfigLists for &Config {
    fn consumers(&mut self, each: RecordSink<'_, Consumer>) -> Result<(), ConfigErrors> {
        let consumers = self.consumers.iter().enumerate();
        consumers.for_each(|(at, consumer)| each(at, Decoded::Whole(consumer)));
        Ok(())
    }

    fn routes(&mut self, each: RecordSink<'_, Route>) -> Result<(), ConfigErrors> {
        let routes = self.routes.iter().enumerate();
        routes.for_each(|(at, route)| each(at, Decoded::Whole(route)));
        Ok(())
    }

    fn about_routes(&self) -> usize {
        self.routes.len()
    }

    fn verdict(&self) -> Result<(), ConfigErrors> {
        Ok(())
    }
}

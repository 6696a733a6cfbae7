//! The two long lists of a policy, handed over record by record.

use crate::config::{Config, ConfigErrors, Consumer, Route};

/// A record of a list, as far as it could be read.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'r, T> {
    /// All of it is what was written.
    Whole(&'r T),
    /// Each field that it has is, but there is one besides that isn't known, or that stands twice: it may have been meant to
    /// be another one.
    Partly(&'r T),
}

/// What takes the records of a list, each with its place.
pub type RecordSink<'e, T> = &'e mut dyn FnMut(usize, Decoded<'_, T>);

/// What a policy may have very many of, each read, used and forgotten before the next. May be asked for again.
pub trait ConfigLists {
    /// Hands over each consumer with its place, but for those that are no consumers.
    ///
    /// # Errors
    /// Why they can't be read at all.
    fn consumers(&mut self, each: RecordSink<'_, Consumer>) -> Result<(), ConfigErrors>;

    /// Hands over each route with its place, but for those that are no routes.
    ///
    /// # Errors
    /// Why they can't be read at all.
    fn routes(&mut self, each: RecordSink<'_, Route>) -> Result<(), ConfigErrors>;

    /// How many routes there are, roughly.
    fn about_routes(&self) -> usize;

    /// Whether all that was handed over, and all besides, is what was written.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn verdict(&self) -> Result<(), ConfigErrors>;
}

/// A config that was read whole.
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

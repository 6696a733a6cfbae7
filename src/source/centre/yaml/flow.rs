//! Lists and maps in brackets (YAML 1.2.2 §7.4). Their lines may be indented in any way.

use serde_json::{Map, Value};

use crate::source::SourceError;

use super::open::Open;
use super::plain::{Within, plain};
use super::quoted::quoted;
use super::resolve::resolve;
use super::{Expect, YamlReader, refuse_merge};
use crate::source::centre::cursor::Cursor;

impl YamlReader {
    /// Reads what begins here within brackets.
    pub(super) fn in_brackets(
        &mut self,
        byte: u8,
        cursor: &mut Cursor<'_>,
    ) -> Result<(), SourceError> {
        let is_map = matches!(self.tree.last(), Some(Open::Braces(..)));
        let is_end = byte == if is_map { b'}' } else { b']' };
        match self.expect {
            Expect::Item | Expect::Next if is_end => {
                cursor.move_by(1);
                self.close_brackets();
                Ok(())
            }
            Expect::Item if is_map => self.key_in_braces(byte, cursor),
            Expect::Next if byte == b',' => {
                cursor.move_by(1);
                self.expect = Expect::Item;
                Ok(())
            }
            Expect::Next => Err(cursor.malformed("neither a comma nor the end of the brackets")),
            Expect::Colon if byte == b':' => {
                cursor.move_by(1);
                self.expect = Expect::Value;
                Ok(())
            }
            Expect::Colon => Err(cursor.refused("a key without a value")),
            Expect::Value if is_end || byte == b',' => {
                self.tree.put(Value::Null);
                self.expect = Expect::Next;
                Ok(())
            }
            Expect::Item
            | Expect::Value
            | Expect::Line { .. }
            | Expect::Inline { .. }
            | Expect::Rest
            | Expect::Nothing => self.value_in_brackets(byte, cursor),
        }
    }

    pub(super) fn open_brackets(
        &mut self,
        byte: u8,
        cursor: &mut Cursor<'_>,
    ) -> Result<(), SourceError> {
        let open = if byte == b'[' {
            Open::Brackets(Vec::new())
        } else {
            Open::Braces(Map::new(), String::new())
        };
        self.open(open, cursor)?;
        cursor.move_by(1);
        self.expect = Expect::Item;
        Ok(())
    }

    fn close_brackets(&mut self) {
        self.tree.close();
        let is_inside = matches!(
            self.tree.last(),
            Some(Open::Brackets(..) | Open::Braces(..))
        );
        self.expect = if is_inside {
            Expect::Next
        } else {
            Expect::Rest
        };
    }

    fn key_in_braces(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        let begin = *cursor;
        let key = match byte {
            b'[' | b'{' => return Err(cursor.refused("a key that isn't text")),
            b'"' | b'\'' => quoted(cursor, byte)?.text,
            _ => {
                let plain = plain(cursor, Within::Flow)?;
                refuse_merge(&plain.text, &begin)?;
                plain.text
            }
        };
        if !self.tree.name(key) {
            return Err(begin.malformed("a key that its map has already"));
        }
        self.expect = Expect::Colon;
        Ok(())
    }

    fn value_in_brackets(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        let value = match byte {
            b'[' | b'{' => return self.open_brackets(byte, cursor),
            b'"' | b'\'' => Value::String(quoted(cursor, byte)?.text),
            _ => {
                let plain = plain(cursor, Within::Flow)?;
                if plain.is_key {
                    return Err(cursor.refused("a key without braces around it"));
                }
                resolve(plain.text)
            }
        };
        self.tree.put(value);
        self.expect = Expect::Next;
        Ok(())
    }
}

//! Reads a source file's imports and words, without a full parser.

use std::collections::BTreeSet;

/// A source file without its comments and literals.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Relative to the project's root.
    pub(crate) path: String,
    /// Its module: `src/http/edit.rs` is `http`, `edit`.
    pub(crate) module: Vec<String>,
    pub(crate) code: String,
    own_lines: usize,
    all_lines: usize,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let inner = path.strip_prefix("src/").unwrap_or(path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let mut module: Vec<_> = inner.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|name| name == "mod") {
            module.pop();
        }
        let all_lines = text.lines().count();
        let tests = text
            .lines()
            .position(|line| line.starts_with("#[cfg(test)]"));
        Self {
            path: path.to_owned(),
            module,
            code: code(text),
            own_lines: tests.unwrap_or(all_lines),
            all_lines,
        }
    }

    /// The first part of its module.
    pub(crate) fn room(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The number of lines before the tests, and of all lines.
    pub(crate) fn lines(&self) -> (usize, usize) {
        (self.own_lines, self.all_lines)
    }

    /// Whether the code names this path, alone or in a group (`a::{b, c}`).
    pub(crate) fn names(&self, path: &str) -> bool {
        match path.split_once("::") {
            None => words(&self.code).any(|word| word == path),
            Some((root, rest)) => paths(&self.code, root)
                .iter()
                .any(|found| found.first().is_some_and(|first| first == rest)),
        }
    }

    /// The types that the file declares outside its tests.
    pub(crate) fn types(&self) -> Vec<&str> {
        let tests = self.code.find("#[cfg(test)]\nmod ");
        declared(
            self.code
                .get(..tests.unwrap_or(self.code.len()))
                .unwrap_or_default(),
        )
    }

    /// The paths that lead out of the file's own room, by `crate` or, in a program, by the crate's name.
    pub(crate) fn foreign(&self) -> BTreeSet<Vec<String>> {
        let mut all = self.imports();
        all.extend(paths(&self.code, "postern"));
        all.retain(|path| path.first().is_some_and(|first| first != self.room()));
        all
    }

    /// Every path of the crate that the code names, from the crate's root.
    pub(crate) fn imports(&self) -> BTreeSet<Vec<String>> {
        let mut all: BTreeSet<_> = paths(&self.code, "crate").into_iter().collect();
        for found in paths(&self.code, "super") {
            // In an inline module (`mod tests`) `super` means this file. Here it is read as the parent module, which
            // changes nothing: a file's own module is not an import.
            let ups = found.iter().take_while(|word| *word == "super").count();
            let depth = self.module.len().saturating_sub(ups.saturating_add(1));
            let mut path = self.module.get(..depth).unwrap_or_default().to_vec();
            path.extend(found.into_iter().skip(ups));
            all.insert(path);
        }
        all.remove(&Vec::new());
        all
    }
}

/// The types that code declares: structs, enums, traits, unions and names for other types.
fn declared(code: &str) -> Vec<&str> {
    let mut all = words(code).peekable();
    let mut found = Vec::new();
    while let Some(word) = all.next() {
        if matches!(word, "struct" | "enum" | "trait" | "type" | "union") {
            found.extend(all.peek().copied());
        }
    }
    found
}

/// The words of code: names and keywords.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

/// Every path after `root::`. A group counts as several paths.
fn paths(code: &str, root: &str) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = tokens[at] == root && tokens.get(at + 1).is_some_and(|next| next == "::");
        let continues = at > 0 && tokens[at - 1] == "::";
        if starts && !continues {
            at = tree(&tokens, at + 2, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one tree of paths (`a::b`, `a::{b, c::d}`) from `at`. Returns the index after its end.
fn tree(
    tokens: &[String],
    mut at: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    let next = tree(tokens, at, &path, found);
                    at = next.max(at + 1);
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(word) if words(word).next().is_some() || word == "*" => {
                path.push(word.to_owned());
                at += 1;
                if tokens.get(at).is_none_or(|token| token != "::") {
                    found.push(path);
                    // `as name` is not another import.
                    let renamed = tokens.get(at).is_some_and(|token| token == "as");
                    return if renamed { at + 2 } else { at };
                }
                at += 1;
            }
            _ => {
                found.push(path);
                return at;
            }
        }
    }
}

fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut token = String::from(letter);
        let name = |letter: char| letter.is_alphanumeric() || letter == '_';
        if name(letter) {
            while let Some(next) = letters.next_if(|next| name(*next)) {
                token.push(next);
            }
        } else if letter == ':' && letters.next_if_eq(&':').is_some() {
            token.push(':');
        } else if letter.is_whitespace() {
            continue;
        }
        tokens.push(token);
    }
    tokens
}

/// The text without comments. Each literal becomes a blank.
fn code(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied();
        let end = match (letter, next) {
            ('/', Some('/')) => find(&letters, at, |rest| rest[0] == '\n'),
            ('/', Some('*')) => block_end(&letters, at),
            ('"', _) => text_end(&letters, at + 1),
            ('r', Some('"' | '#')) => raw_end(&letters, at),
            ('\'', Some('\\')) => find(&letters, at + 3, |rest| rest[0] == '\'') + 1,
            ('\'', Some(_)) if letters.get(at + 2) == Some(&'\'') => at + 3,
            _ => at,
        };
        if end == at {
            out.push(letter);
            at += 1;
        } else {
            out.push(' ');
            at = end;
        }
    }
    out
}

fn find(letters: &[char], from: usize, wanted: impl Fn(&[char]) -> bool) -> usize {
    (from..letters.len())
        .find(|at| wanted(&letters[*at..]))
        .unwrap_or(letters.len())
}

fn block_end(letters: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = at;
    while at < letters.len() {
        match letters[at..] {
            ['/', '*', ..] => {
                depth += 1;
                at += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn text_end(letters: &[char], mut at: usize) -> usize {
    while let Some(letter) = letters.get(at) {
        match letter {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    letters.len()
}

/// The index after `r"…"` or `r#"…"#`. It is `at` if there is no raw string (`r#type`, or a name that ends in `r`).
fn raw_end(letters: &[char], at: usize) -> usize {
    let hashes = letters[at + 1..]
        .iter()
        .take_while(|letter| **letter == '#')
        .count();
    let begins_a_word = at == 0 || !(letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    let prefixed = at > 0 && letters[at - 1] == 'b';
    if letters.get(at + 1 + hashes) != Some(&'"') || !(begins_a_word || prefixed) {
        return at;
    }
    let closing: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    find(letters, at + 2 + hashes, |rest| rest.starts_with(&closing)) + closing.len()
}

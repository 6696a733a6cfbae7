//! Holds the rules of the source tree: imports only go down the floors, modules form no cycle, files stay short, and
//! only the top floor names the host's ABI, the clock and the environment.

#[path = "architecture/source.rs"]
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod source;

#[path = "architecture/names.rs"]
#[cfg(test)]
mod names;

#[cfg(test)]
use checks::sources;

#[cfg(test)]
mod checks {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::source::{Source, words};

    /// The floor of each room. The crate's root and programs see all of them.
    fn floor(room: &str) -> Option<usize> {
        Some(match room {
            "http" | "time" | "secret" | "hash" | "number" | "random" | "regex" | "sort"
            | "strict_json" | "arena" => 0,
            "config" | "route" | "rewrite" | "auth" | "crypto" | "source" | "template"
            | "cache" | "draw" => 1,
            "policy" => 2,
            "engine" => 3,
            "host" | "lib" | "main" | "bin" => 4,
            _ => return None,
        })
    }

    /// The floor whose rooms must not import each other. `NEIGHBOURS` lists the exceptions.
    const MECHANISMS: usize = 1;

    /// The imports that are allowed between two mechanisms: from, to, reason.
    const NEIGHBOURS: &[(&str, &str, &str)] = &[
        (
            "source",
            "cache",
            "the answers of an on-demand source are cached with a bound, and the cache imports no other mechanism",
        ),
        (
            "auth",
            "crypto",
            "the keys of tokens are written as JSON and verify signatures, and crypto imports no other mechanism",
        ),
    ];

    /// The only folder where `unsafe` is allowed: the raw host calls.
    const UNSAFE: &str = "src/host/wasm/abi/";

    /// Names that only the host and programs may use: the ABI, the clock, the environment.
    const HOSTS: [&str; 4] = ["proxy_wasm", "SystemTime", "Instant", "std::env"];

    /// The driver of the Wasm module. What is above `host/hostcalls.rs` works with any driver, so it names none of [`OF_WASM`].
    const WASM: &str = "src/host/wasm/";

    /// Items of that driver, and the attribute that asks for its target.
    const OF_WASM: [&str; 5] = ["proxy_wasm", "wasm", "Wasm", "abi", "target_arch"];

    /// What may name them besides: the module that declares the driver, and the fake host, which stands below it too.
    const DRIVERS: [&str; 2] = ["src/host/mod.rs", "src/host/fake/"];

    /// The files that may name the standard tables, because they give them a hasher of their own.
    const SEEDED: [&str; 2] = ["src/hash.rs", "src/host/id.rs"];

    /// The most lines of a file in `src/`, without and with its tests.
    const LIMITS: (usize, usize) = (400, 500);

    /// The folders of test code. A file there may have as many lines as a source file with its tests.
    const TEST_FOLDERS: [&str; 3] = ["tests", "benches", "fuzz"];

    /// Files that are longer than the limit, each with the reason. There are none.
    const LONG: &[(&str, &str)] = &[];

    /// The violations in one file, and the modules of the crate that it names.
    fn check(source: &Source) -> (Vec<String>, BTreeSet<Vec<String>>) {
        let mut found = Vec::new();
        let imports = source.imports();
        found.extend(direction(source, &imports));
        found.extend(restricted_names(source));
        found.extend(length(source));
        (found, imports)
    }

    fn direction(source: &Source, imports: &BTreeSet<Vec<String>>) -> Vec<String> {
        let own = source.room();
        let Some(own_floor) = floor(own) else {
            return vec![format!("{}: the room `{own}` has no floor", source.path)];
        };
        let mut found = Vec::new();
        let rooms: BTreeSet<&str> = imports
            .iter()
            .filter_map(|path| Some(path.first()?.as_str()))
            .collect();
        for room in rooms {
            // A name of the crate's root that is not a room: a macro, or a re-export of `lib.rs`.
            let Some(its_floor) = floor(room) else {
                continue;
            };
            let known = NEIGHBOURS
                .iter()
                .any(|(from, to, _)| (*from, *to) == (own, room));
            let sideways =
                its_floor == own_floor && own_floor == MECHANISMS && room != own && !known;
            if its_floor > own_floor || sideways {
                found.push(format!("{}: `{own}` must not import `{room}`", source.path));
            }
        }
        found
    }

    fn restricted_names(source: &Source) -> Vec<String> {
        let mut found = Vec::new();
        if !source.path.starts_with(UNSAFE) && words(&source.code).any(|word| word == "unsafe") {
            found.push(format!("{}: `unsafe` outside of {UNSAFE}", source.path));
        }
        let is_above_drivers = source.path.starts_with("src/host/")
            && !source.path.starts_with(WASM)
            && !DRIVERS.iter().any(|path| source.path.starts_with(path));
        if is_above_drivers {
            for word in words(&source.code).filter(|word| OF_WASM.contains(word)) {
                found.push(format!("{}: only {WASM} may name `{word}`", source.path));
            }
        }
        // The standard tables take their seed from the system, and panic if that fails.
        for table in ["std::collections::HashMap", "std::collections::HashSet"] {
            if !SEEDED.contains(&source.path.as_str()) && source.names(table) {
                found.push(format!(
                    "{}: `{table}` instead of `crate::hash`",
                    source.path
                ));
            }
        }
        if floor(source.room()) != Some(4) {
            for name in HOSTS {
                if source.names(name) {
                    found.push(format!("{}: only the host may name `{name}`", source.path));
                }
            }
        }
        found
    }

    fn is_too_long(source: &Source) -> bool {
        let (own, all) = source.lines();
        all > LIMITS.1 || (source.path.starts_with("src/") && own > LIMITS.0)
    }

    fn length(source: &Source) -> Option<String> {
        let listed = LONG.iter().any(|(path, _)| *path == source.path);
        let (own, all) = source.lines();
        (is_too_long(source) && !listed).then(|| {
            format!(
                "{}: too long with {own} lines, {all} with its tests",
                source.path
            )
        })
    }

    /// The test double of the host. It stands below the raw calls and drives the code above them, so it is left out of
    /// the search for cycles.
    const DOUBLE: [&str; 2] = ["host", "fake"];

    /// The import cycles, each once. Only imports between sibling modules count: a parent and its parts may import each
    /// other.
    fn cycles(imports: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Vec<Vec<String>> {
        let beside = |from: &[String], to: &[String]| -> Option<(Vec<String>, Vec<String>)> {
            let common = from
                .iter()
                .zip(to)
                .take_while(|(left, right)| left == right)
                .count();
            let from = from.get(..=common)?.to_vec();
            let to = to.get(..=common)?.to_vec();
            Some((from, to))
        };
        let modules: BTreeSet<&[String]> = imports.keys().map(Vec::as_slice).collect();
        let mut edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
        let double = |module: &[String]| module.iter().take(2).eq(DOUBLE.iter());
        for (from, targets) in imports.iter().filter(|(from, _)| !double(from)) {
            for target in targets {
                // The longest prefix that is a module. The rest names its items.
                let module = (1..=target.len()).rev().find_map(|end| {
                    let part = target.get(..end)?;
                    modules.contains(part).then(|| part.to_vec())
                });
                if let Some((from, to)) = module.and_then(|module| beside(from, &module)) {
                    edges.entry(from).or_default().insert(to);
                }
            }
        }
        let mut known: BTreeSet<BTreeSet<Vec<String>>> = BTreeSet::new();
        let mut found = Vec::new();
        for start in edges.keys() {
            let mut way = vec![start.clone()];
            let Some(way) = walk(&edges, start, &mut way, &mut BTreeSet::new()) else {
                continue;
            };
            if known.insert(way.iter().cloned().collect()) {
                found.push(way.iter().map(|module| module.join("::")).collect());
            }
        }
        found
    }

    fn walk(
        edges: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
        start: &Vec<String>,
        way: &mut Vec<Vec<String>>,
        seen: &mut BTreeSet<Vec<String>>,
    ) -> Option<Vec<Vec<String>>> {
        let here = way.last()?.clone();
        for next in edges.get(&here).into_iter().flatten() {
            if next == start {
                way.push(next.clone());
                return Some(way.clone());
            }
            if seen.insert(next.clone()) {
                way.push(next.clone());
                if let Some(found) = walk(edges, start, way, seen) {
                    return Some(found);
                }
                way.pop();
            }
        }
        None
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // Cargo's own folder.
                if !path.ends_with("target") {
                    all.extend(files(&path));
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                all.push(path);
            }
        }
        all.sort();
        all
    }

    /// Every Rust file below these folders of the project.
    pub(super) fn sources(folders: &[&str]) -> Vec<Source> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: PathBuf| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            Source::new(name, &fs::read_to_string(&path).unwrap())
        };
        let paths = folders.iter().flat_map(|folder| files(&root.join(folder)));
        paths.map(read).collect()
    }

    #[test]
    fn sources_follow_the_rules() {
        let sources = sources(&["src"]);
        let mut found = Vec::new();
        let mut imports = BTreeMap::new();
        for source in &sources {
            let (wrong, named) = check(source);
            found.extend(wrong);
            if source.room() != "lib" {
                imports.insert(source.module.clone(), named);
            }
        }
        for way in cycles(&imports) {
            found.push(format!("a cycle: {}", way.join(" → ")));
        }
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
        assert!(
            sources.len() > 50,
            "only {} sources were found",
            sources.len()
        );
    }

    #[test]
    fn test_files_are_short() {
        let sources = sources(&TEST_FOLDERS);
        let found: Vec<_> = sources.iter().filter_map(length).collect();
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
        assert!(
            sources.len() > 50,
            "only {} files were found",
            sources.len()
        );
    }

    #[test]
    fn each_file_in_the_list_of_long_files_is_too_long() {
        let mut sources = sources(&["src"]);
        sources.extend(self::sources(&TEST_FOLDERS));
        for (path, _) in LONG {
            let long = sources
                .iter()
                .any(|source| source.path == *path && is_too_long(source));
            assert!(long, "{path} is short now: remove it from `LONG`");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn finds_violations() {
        for (path, text, expected) in [
            (
                "src/http/a.rs",
                "use crate::config::Config;",
                "must not import `config`",
            ),
            (
                "src/policy/a.rs",
                "fn f() { crate::engine::Engine::new() }",
                "must not import `engine`",
            ),
            (
                "src/policy/a.rs",
                "use crate::{http::Text, host};",
                "must not import `host`",
            ),
            (
                "src/route/a.rs",
                "use crate::rewrite::PathLiteral;",
                "must not import `rewrite`",
            ),
            (
                "src/route/a/b.rs",
                "use super::super::super::rewrite::X;",
                "must not import `rewrite`",
            ),
            (
                "src/config/mod.rs",
                "use super::policy::Policy;",
                "must not import `policy`",
            ),
            (
                "src/cache.rs",
                "use super::source::X;",
                "must not import `source`",
            ),
            (
                "src/route/a.rs",
                "use crate::cache::Cache;",
                "must not import `cache`",
            ),
            (
                "src/source/a.rs",
                "macro_rules! m { () => { $crate::template::x() } }",
                "must not import `template`",
            ),
            (
                "src/host/vm.rs",
                "use super::wasm::Wasm;",
                "may name `Wasm`",
            ),
            ("src/attic/a.rs", "", "has no floor"),
            (
                "src/http/a.rs",
                "fn f() { unsafe { g() } }",
                "`unsafe` outside",
            ),
            (
                "src/host/vm.rs",
                "#[unsafe(no_mangle)] fn f() {}",
                "`unsafe` outside",
            ),
            (
                "src/engine/a.rs",
                "use std::time::{Duration, SystemTime};",
                "only the host may name `SystemTime`",
            ),
            (
                "src/engine/a.rs",
                "fn f() { std::env::var(\"A\"); }",
                "only the host may name `std::env`",
            ),
            (
                "src/engine/a.rs",
                "use std::{env, fmt};",
                "only the host may name `std::env`",
            ),
            (
                "src/engine/a.rs",
                "use proxy_wasm::types::Action;",
                "only the host may name `proxy_wasm`",
            ),
        ] {
            let (found, _) = check(&Source::new(path, text));
            let all = found.join("\n");
            assert!(all.contains(expected), "{path}: {text}: {all:?}");
        }
        let long = "fn f() {}\n".repeat(401);
        assert!(!check(&Source::new("src/http/a.rs", &long)).0.is_empty());
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "//\n".repeat(390),
            "//\n".repeat(120)
        );
        assert!(!check(&Source::new("src/http/a.rs", &tested)).0.is_empty());
        // All of a test file is test code.
        let all_tests = |lines| Source::new("tests/a.rs", &"fn f() {}\n".repeat(lines));
        assert_eq!(length(&all_tests(500)), None);
        assert!(length(&all_tests(501)).is_some());
    }

    #[test]
    fn accepts_correct_sources() {
        for (path, text) in [
            (
                "src/engine/a.rs",
                "use crate::{http::{Text, Edit}, policy::Policy, source::SharedData};\nuse super::step::Step;",
            ),
            (
                "src/route/a.rs",
                "use super::host::HostPattern;\nuse crate::http::Text;",
            ),
            (
                "src/http/a.rs",
                "// crate::engine::Engine, unsafe\n/* std::env */ const A: &str = \"crate::engine\";",
            ),
            (
                "src/http/a.rs",
                "const A: &str = r#\"a \" unsafe\"#; const B: char = '\"'; fn f<'a>(a: &'a str) {}",
            ),
            ("src/host/wasm/abi/mod.rs", "fn f() { unsafe { g() } }"),
            ("src/host/clock.rs", "use std::time::SystemTime;"),
            ("src/main.rs", "use std::env;"),
        ] {
            let (found, _) = check(&Source::new(path, text));
            assert!(found.is_empty(), "{path}: {text}: {found:?}");
        }
    }

    #[test]
    fn finds_cycles() {
        let graph = |files: &[(&str, &str)]| -> BTreeMap<_, _> {
            let source = |(path, text): &(&str, &str)| {
                let source = Source::new(path, text);
                (source.module.clone(), source.imports())
            };
            files.iter().map(source).collect()
        };
        let parts = graph(&[
            ("src/http/mod.rs", "pub use a::A; use super::time::T;"),
            ("src/http/a.rs", "use super::b::B;"),
            ("src/http/b.rs", "use super::c::C;"),
            ("src/http/c.rs", "use crate::http::a::A;"),
            ("src/time.rs", ""),
        ]);
        assert_eq!(cycles(&parts).first().map(Vec::len), Some(4));
        let rooms = graph(&[
            ("src/http/mod.rs", ""),
            ("src/http/a.rs", "use crate::time::Timestamp;"),
            ("src/time.rs", "use crate::http::Text;"),
        ]);
        assert_eq!(cycles(&rooms).len(), 1);
        let parent = graph(&[
            ("src/http/mod.rs", "use self::a::A;"),
            ("src/http/a.rs", "use super::B;"),
        ]);
        assert!(cycles(&parent).is_empty());
    }
}

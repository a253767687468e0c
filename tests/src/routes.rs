//! Every route of the window's pages, read from the routers' own source: a test that goes through them leaves none out, the ones of tomorrow included.

use std::path::Path;

use crate::tree::{files, text};

/// The parts of the window that serve pages.
pub const PARTS: [&str; 4] = ["web", "console", "floor", "tracking"];

/// A path of a router, with its variables in braces, and what may be asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// As the router has it: `/console/cases/{case}`.
    pub path: String,
    /// Whether it is looked at.
    pub looked_at: bool,
    /// Whether something is sent to it.
    pub sent_to: bool,
}

impl Route {
    /// The path with this in the place of every variable.
    pub fn with(&self, value: &str) -> String {
        let mut path = String::new();
        for (index, piece) in self.path.split(['{', '}']).enumerate() {
            path.push_str(if index % 2 == 0 { piece } else { value });
        }
        path
    }
}

/// All of them.
///
/// # Panics
/// When a router is written in a way that is not understood here: a route must not go unseen.
pub fn of_pages() -> Vec<Route> {
    let mut routes = Vec::new();
    for part in PARTS {
        let sources = files(&format!("services/gateway/{part}/src"), "rs");
        let code: Vec<String> = sources.iter().map(|file| code_of(file)).collect();
        let all = code.join("\n");
        for file in &code {
            routes.extend(routes_in(file, &all));
        }
    }
    assert!(routes.len() > 40, "the routers are found: {}", routes.len());
    routes
}

/// A file without its unit tests.
fn code_of(file: &Path) -> String {
    text(file).split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The routes of a file; names of constants are looked for in `all`.
fn routes_in(file: &str, all: &str) -> Vec<Route> {
    let calls = file.match_indices(".route(").map(|(at, call)| inside(&file[at + call.len()..]));
    calls
        .map(|call| {
            let call = call.trim_start();
            let (path, handlers) = match call.strip_prefix('"') {
                Some(rest) => rest.split_once('"').map(|(path, rest)| (path.to_owned(), rest)),
                None => call.split_once(',').map(|(name, rest)| (constant(name.trim(), all), rest)),
            }
            .unwrap_or_else(|| panic!("a route without a path: {call}"));
            let word = |name: &str| {
                let before =
                    |at: usize| handlers[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
                handlers.match_indices(name).any(|(at, _)| before(at))
            };
            let others = ["any(", "put(", "patch(", "delete(", "on(", "get_service(", "post_service(", "any_service("];
            if let Some(other) = others.into_iter().find(|other| word(other)) {
                panic!("{path} is routed by {other}…), which nothing here understands");
            }
            let route = Route { looked_at: word("get("), sent_to: word("post("), path };
            assert!(route.looked_at || route.sent_to, "{} is neither looked at nor sent to", route.path);
            route
        })
        .collect()
}

/// What stands before the bracket that closes the one just opened.
fn inside(rest: &str) -> &str {
    let mut depth = 1;
    let end = rest.char_indices().find(|(_, c)| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.map_or(rest, |(at, _)| &rest[..at])
}

fn constant(name: &str, all: &str) -> String {
    let place = format!("const {name}: &str = \"");
    let value = all.split(&place).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("{name} is no path that is found")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_a_route_is_written_is_read() {
        let file = "pub(crate) const OUT: &str = \"/out\";\n Router::new()
            .route(\"/a/{b}/c\", get(x::show).post(x::take))
            .route(OUT, post(out).get(async || Redirect::to(\"/\")))
            .route(
                \"/d\",
                // a word
                post(people::act),
            )";
        let read = routes_in(file, file);
        let told: Vec<_> = read.iter().map(|r| (r.path.as_str(), r.looked_at, r.sent_to)).collect();
        assert_eq!(told, [("/a/{b}/c", true, true), ("/out", true, true), ("/d", false, true)]);
        assert_eq!(read[0].with("7"), "/a/7/c");
    }

    #[test]
    #[should_panic(expected = "nothing here understands")]
    fn a_route_that_takes_everything_does_not_go_unseen() {
        routes_in(".route(\"/a\", any(x))", "");
    }
}

//! Which operation a path and a method mean: a radix tree over segments, built once.

use std::collections::{BTreeMap, HashMap};

use http::Method;

use crate::template::{Segment, Template};

/// Operations by path and method.
#[derive(Debug)]
pub(crate) struct Table<T> {
    root: Node,
    entries: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { root: Node::default(), entries: Vec::new() }
    }
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Node>,
    one: Option<Box<Node>>,
    here: Leaf,
    rest: Leaf,
}

/// What ends at a node: by verb, then by method.
type Leaf = HashMap<Option<String>, BTreeMap<&'static str, usize>>;

/// What a path and a method mean.
#[derive(Debug)]
pub(crate) enum Found<'t, T> {
    /// This operation.
    One(&'t T),
    /// There is something at the path, but for these methods.
    Other(Vec<&'static str>),
    /// Nothing is at the path.
    Nothing,
}

/// Two operations have the same path and method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is taken at the same path")]
pub(crate) struct Taken(&'static str);

impl<T> Table<T> {
    /// Takes in an operation.
    ///
    /// # Errors
    /// [`Taken`] when another has its place already.
    pub(crate) fn insert(&mut self, method: &'static str, template: &Template, entry: T) -> Result<(), Taken> {
        let mut node = &mut self.root;
        let mut rest = false;
        for segment in &template.segments {
            match segment {
                Segment::Literal(text) => node = node.literals.entry(text.clone()).or_default(),
                Segment::One => node = node.one.get_or_insert_default(),
                Segment::Rest => rest = true,
            }
        }
        let leaf = if rest { &mut node.rest } else { &mut node.here };
        let methods = leaf.entry(template.verb.clone()).or_default();
        if methods.contains_key(method) {
            return Err(Taken(method));
        }
        methods.insert(method, self.entries.len());
        self.entries.push(entry);
        Ok(())
    }

    /// What `method` on `segments`, which a verb may follow, means. A literal goes before a wildcard, and a text after
    /// the last colon is a verb wherever there is such a verb.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_, T> {
        let segments = segments(path);
        let mut others = Vec::new();
        for (segments, verb) in readings(&segments) {
            let mut leaves = Vec::new();
            self.root.collect(&segments, &verb, &mut leaves);
            for methods in leaves {
                if let Some(place) = methods.get(method.as_str()) {
                    return Found::One(&self.entries[*place]);
                }
                others.extend(methods.keys().copied());
            }
            // A verb that is known there is a verb for every method, and no end of a name.
            if !others.is_empty() {
                break;
            }
        }
        if others.is_empty() {
            return Found::Nothing;
        }
        others.sort_unstable();
        others.dedup();
        Found::Other(others)
    }
}

impl Node {
    fn collect<'n>(
        &'n self,
        segments: &[&str],
        verb: &Option<String>,
        found: &mut Vec<&'n BTreeMap<&'static str, usize>>,
    ) {
        let Some((first, rest)) = segments.split_first() else {
            found.extend(self.here.get(verb));
            return;
        };
        if let Some(node) = self.literals.get(*first) {
            node.collect(rest, verb, found);
        }
        if let Some(node) = &self.one
            && !first.is_empty()
        {
            node.collect(rest, verb, found);
        }
        if !first.is_empty() {
            found.extend(self.rest.get(verb));
        }
    }
}

/// The segments of a path as it was sent, percent-encoding and all.
pub(crate) fn segments(path: &str) -> Vec<&str> {
    path.strip_prefix('/').unwrap_or(path).split('/').collect()
}

/// A path read with the text behind the last colon as a verb, then as it is.
fn readings<'p>(segments: &[&'p str]) -> Vec<(Vec<&'p str>, Option<String>)> {
    let mut readings = Vec::with_capacity(2);
    if let Some((last, before)) = segments.split_last()
        && let Some((name, verb)) = last.rsplit_once(':')
    {
        let mut with_verb = before.to_vec();
        with_verb.push(name);
        readings.push((with_verb, Some(verb.to_owned())));
    }
    readings.push((segments.to_vec(), None));
    readings
}

/// The text of each variable of a template, percent-decoded. In a variable of several segments an encoded slash stays
/// encoded, or it would make another path of it. `None` for one that is no UTF-8.
pub(crate) fn captures(template: &Template, path: &str) -> Vec<Option<String>> {
    let mut segments = segments(path);
    if let (Some(verb), Some(last)) = (&template.verb, segments.last_mut()) {
        *last = last.strip_suffix(verb.as_str()).and_then(|name| name.strip_suffix(':')).unwrap_or(last);
    }
    let open_end = template.segments.last() == Some(&Segment::Rest);
    template
        .variables
        .iter()
        .map(|variable| {
            let to = if open_end && variable.to == template.segments.len() { segments.len() } else { variable.to };
            let own = segments.get(variable.from..to)?;
            let many = own.len() > 1;
            let decoded: Option<Vec<String>> = own.iter().map(|segment| decode(segment, many)).collect();
            decoded.map(|parts| parts.join("/"))
        })
        .collect()
}

fn decode(segment: &str, keep_slashes: bool) -> Option<String> {
    let text = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
    Some(if keep_slashes { text.replace('/', "%2F") } else { text.into_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEMPLATES: &[(&str, &str)] = &[
        ("GET", "/v1/tickets"),
        ("POST", "/v1/tickets"),
        ("POST", "/v1/tickets:search"),
        ("GET", "/v1/{name=tickets/*}"),
        ("POST", "/v1/{name=tickets/*}:resolve"),
        ("GET", "/v1/{name=tickets/*/receipt}:document"),
        ("GET", "/v1/{parent=tickets/*}/promises"),
        ("POST", "/v1/{name=tickets/*/promises/*}:settle"),
        ("PUT", "/v1/{view.name=views/*}"),
        ("GET", "/v1/yearlyReports/{year}"),
        ("GET", "/v1/files/{path=**}"),
    ];

    fn table() -> Table<(Template, &'static str)> {
        let mut table = Table::default();
        for (method, text) in TEMPLATES {
            let template: Template = text.parse().unwrap();
            table.insert(method, &template, (template.clone(), *text)).unwrap();
        }
        table
    }

    fn meaning(method: Method, path: &str) -> Result<(&'static str, Vec<String>), Vec<&'static str>> {
        match table().find(&method, path) {
            Found::One((template, text)) => {
                Ok((text, captures(template, path).into_iter().map(Option::unwrap).collect()))
            }
            Found::Other(allowed) => Err(allowed),
            Found::Nothing => Err(Vec::new()),
        }
    }

    #[test]
    fn a_path_gives_its_operation_and_what_its_variables_hold() {
        let (text, values) = meaning(Method::POST, "/v1/tickets/7/promises/8:settle").unwrap();
        assert_eq!((text, values), ("/v1/{name=tickets/*/promises/*}:settle", vec!["tickets/7/promises/8".to_owned()]));
        assert_eq!(meaning(Method::GET, "/v1/yearlyReports/2026").unwrap().1, ["2026"]);
        assert_eq!(meaning(Method::GET, "/v1/files/a/b/c").unwrap().1, ["a/b/c"]);
    }

    #[test]
    fn a_colon_is_part_of_a_name_where_no_such_verb_is_known() {
        assert_eq!(meaning(Method::GET, "/v1/tickets/a:b").unwrap().1, ["tickets/a:b"]);
        assert_eq!(meaning(Method::POST, "/v1/tickets/a:b:resolve").unwrap().1, ["tickets/a:b"]);
    }

    #[test]
    fn another_method_is_told_from_another_path() {
        assert_eq!(meaning(Method::DELETE, "/v1/tickets").unwrap_err(), ["GET", "POST"]);
        assert_eq!(meaning(Method::GET, "/v1/tickets/7:resolve").unwrap_err(), ["POST"]);
        assert!(meaning(Method::GET, "/v1/tickets/").unwrap_err().is_empty());
        assert!(meaning(Method::GET, "/v1/nothing").unwrap_err().is_empty());
        assert!(meaning(Method::GET, "/v1/tickets/1/2/3/4").unwrap_err().is_empty());
    }

    #[test]
    fn an_encoded_slash_makes_no_other_path() {
        assert_eq!(meaning(Method::GET, "/v1/tickets/a%2Fpromises%2Fb").unwrap().1, ["tickets/a%2Fpromises%2Fb"]);
        assert_eq!(meaning(Method::GET, "/v1/tickets/%C3%B1").unwrap().1, ["tickets/ñ"]);
    }

    #[test]
    fn a_place_is_given_once() {
        let template: Template = "/v1/{other=tickets/*}".parse().unwrap();
        let again = table().insert("GET", &template, (template.clone(), ""));
        assert_eq!(again, Err(Taken("GET")));
    }

    proptest! {
        #[test]
        fn no_path_is_too_strange(path in "\\PC{0,60}") {
            for method in [Method::GET, Method::POST] {
                if let Found::One((template, _)) = table().find(&method, &path) {
                    captures(template, &path);
                }
            }
        }

        #[test]
        fn a_path_made_from_a_template_means_that_template(which in 0..TEMPLATES.len(), ids in prop::collection::vec("[a-z0-9.-]{1,12}", 6)) {
            let (method, text) = TEMPLATES[which];
            let template: Template = text.parse().unwrap();
            let mut ids = ids.into_iter();
            let mut path: String = template.segments.iter().map(|segment| match segment {
                Segment::Literal(text) => format!("/{text}"),
                Segment::One | Segment::Rest => format!("/{}", ids.next().unwrap()),
            }).collect();
            if let Some(verb) = &template.verb {
                path.push_str(&format!(":{verb}"));
            }
            let (found, values) = meaning(method.parse().unwrap(), &path).unwrap();
            prop_assert_eq!(found, text);
            for value in values {
                prop_assert!(path.contains(&value));
            }
        }
    }
}

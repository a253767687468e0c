//! Path templates of `google.api.http`: `/v1/{name=tickets/*}:resolve`.
//!
//! A template is segments, of which some belong to a variable, and perhaps a verb after the last colon.

use std::str::FromStr;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// This text.
    Literal(String),
    /// Any one segment.
    One,
    /// Everything that is left, of at least one segment. Only at the end.
    Rest,
}

/// A field of the request that the path gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The field, by its names from the request on.
    pub(crate) field: Vec<String>,
    /// Its first segment.
    pub(crate) from: usize,
    /// The segment after its last.
    pub(crate) to: usize,
}

/// A path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) segments: Vec<Segment>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) verb: Option<String>,
}

/// Why a text is no path template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no path template")]
pub(crate) struct NoTemplate(String);

impl FromStr for Template {
    type Err = NoTemplate;

    fn from_str(text: &str) -> Result<Self, NoTemplate> {
        parse(text).ok_or_else(|| NoTemplate(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Template> {
    let mut template = Template { segments: Vec::new(), variables: Vec::new(), verb: None };
    let path = text.strip_prefix('/')?;
    let (path, verb) = match path.rfind(':').filter(|colon| path[*colon..].find(['/', '}']).is_none()) {
        Some(colon) => (&path[..colon], Some(&path[colon + 1..])),
        None => (path, None),
    };
    template.verb = match verb {
        Some(verb) => Some(word(verb)?.to_owned()),
        None => None,
    };
    let mut rest = path;
    loop {
        rest = match rest.strip_prefix('{') {
            Some(inner) => {
                let (variable, after) = inner.split_once('}')?;
                let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
                let from = template.segments.len();
                for step in pattern.split('/') {
                    template.segments.push(segment(step)?);
                }
                let field = field.split('.').map(|name| word(name).map(str::to_owned)).collect::<Option<_>>()?;
                template.variables.push(Variable { field, from, to: template.segments.len() });
                after
            }
            None => {
                let end = rest.find('/').unwrap_or(rest.len());
                template.segments.push(segment(&rest[..end])?);
                &rest[end..]
            }
        };
        match rest.strip_prefix('/') {
            Some(next) => rest = next,
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    let before_last = template.segments.len().checked_sub(1)?;
    let rest_inside = template.segments[..before_last].contains(&Segment::Rest);
    (!rest_inside).then_some(template)
}

fn segment(text: &str) -> Option<Segment> {
    match text {
        "*" => Some(Segment::One),
        "**" => Some(Segment::Rest),
        literal => word(literal).map(|literal| Segment::Literal(literal.to_owned())),
    }
}

/// A text that is not empty and means nothing but itself.
fn word(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Segment {
        Segment::Literal(text.to_owned())
    }

    #[test]
    fn a_variable_may_take_several_segments_and_be_followed_by_a_verb() {
        let template: Template = "/v1/{name=tickets/*/promises/*}:settle".parse().unwrap();
        assert_eq!(template.verb.as_deref(), Some("settle"));
        assert_eq!(
            template.segments,
            [literal("v1"), literal("tickets"), Segment::One, literal("promises"), Segment::One]
        );
        assert_eq!(template.variables, [Variable { field: vec!["name".to_owned()], from: 1, to: 5 }]);
    }

    #[test]
    fn a_variable_may_be_a_field_inside_a_field() {
        let template: Template = "/v1/{view.name=views/*}".parse().unwrap();
        assert_eq!(template.variables[0].field, ["view", "name"]);
    }

    #[test]
    fn a_variable_without_a_pattern_is_one_segment() {
        let template: Template = "/v1/yearlyReports/{year}:document".parse().unwrap();
        assert_eq!(template.variables, [Variable { field: vec!["year".to_owned()], from: 2, to: 3 }]);
        assert_eq!(template.verb.as_deref(), Some("document"));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for bad in ["", "v1/x", "/v1/{name", "/v1/{=x}", "/v1//x", "/v1/{a=**}/x", "/v1/x:", "/v1/{a}b", "/v1/x/"] {
            assert!(bad.parse::<Template>().is_err(), "{bad:?}");
        }
    }
}

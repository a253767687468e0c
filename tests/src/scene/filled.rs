//! Forms of pages as they stand in the page: what a page asks for is read from it, and from no list that could miss some.

use super::doorway::Answer;

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Whether it is sent, and not looked up.
    pub posts: bool,
    /// What it asks for and holds, in order.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `hidden`, `text`, `textarea`, `select`, `checkbox`, `date`, `number`…
    pub kind: String,
    /// What it holds; of a list what is chosen.
    pub value: String,
    /// What a list offers.
    pub offers: Vec<String>,
    /// Whether something must be in it.
    pub required: bool,
}

impl Field {
    /// Whether somebody types words into it.
    pub fn takes_words(&self) -> bool {
        matches!(self.kind.as_str(), "text" | "textarea" | "search" | "email" | "tel" | "url" | "password")
    }
}

impl Form {
    /// All forms of a page.
    pub fn all(page: &Answer) -> Vec<Self> {
        let text = page.text();
        let mut forms: Vec<Self> = Vec::new();
        let (mut open, mut rest) = (false, text.as_str());
        while let Some(at) = rest.find('<') {
            let (tag, after) = tag(&rest[at + 1..]);
            rest = after;
            let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
            match name {
                "form" => {
                    open = true;
                    let posts = attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
                    forms.push(Self {
                        action: attribute(tag, "action").unwrap_or_default(),
                        posts,
                        fields: Vec::new(),
                    });
                }
                "" if tag.starts_with("/form") => open = false,
                "input" | "textarea" | "select" | "option" | "button" if open => {
                    let form = forms.last_mut().expect("a form is open");
                    if name == "option" {
                        if let (Some(list), Some(value)) = (form.fields.last_mut(), attribute(tag, "value")) {
                            if has(tag, "selected") {
                                list.value.clone_from(&value);
                            }
                            list.offers.push(value);
                        }
                    } else if let Some(field) = field(name, tag, rest) {
                        form.fields.push(field);
                    }
                }
                _ => {}
            }
        }
        forms
    }

    /// The form of a page that is sent there.
    ///
    /// # Panics
    /// When there is none.
    pub fn to(page: &Answer, action: &str) -> Self {
        let all = Self::all(page);
        let found = all.into_iter().find(|form| form.action == action);
        found.unwrap_or_else(|| panic!("no form to {action} ({}): {}", page.status, page.text()))
    }

    /// What is sent with these values in the place of those that stand there. A box that is not named stays as it is.
    pub fn sent(&self, values: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = self.fields.iter().filter(|field| field.kind != "button");
        let kept = own.filter(|field| !values.iter().any(|(name, _)| *name == field.name));
        let kept = kept.filter(|field| !matches!(field.kind.as_str(), "checkbox" | "radio") || field.required);
        let kept = kept.map(|field| (field.name.clone(), field.value.clone()));
        kept.chain(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
    }
}

fn field(element: &str, tag: &str, rest: &str) -> Option<Field> {
    let name = attribute(tag, "name")?;
    let kind = match element {
        "input" => attribute(tag, "type").unwrap_or_else(|| "text".to_owned()),
        other => other.to_owned(),
    };
    let value = match element {
        "textarea" => plain(rest.split("</textarea>").next().unwrap_or_default()),
        _ => attribute(tag, "value").unwrap_or_default(),
    };
    // Of a box: whether it is ticked.
    let required = has(tag, "required") || (matches!(kind.as_str(), "checkbox" | "radio") && has(tag, "checked"));
    Some(Field { name, kind, value, offers: Vec::new(), required })
}

/// A tag up to the bracket that closes it, and what comes after.
fn tag(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '>' && !quoted
    });
    end.map_or((text, ""), |(at, _)| (&text[..at], &text[at + 1..]))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let place = format!(" {name}=\"");
    tag.split(&place).nth(1).and_then(|rest| rest.split('"').next()).map(plain)
}

fn has(tag: &str, name: &str) -> bool {
    let mut outside = String::new();
    for (index, piece) in tag.split('"').enumerate() {
        if index % 2 == 0 {
            outside.push_str(piece);
        }
    }
    outside.split_whitespace().any(|word| word.trim_end_matches('/') == name)
}

/// Text of a page as it was before it was escaped.
pub fn plain(text: &str) -> String {
    let pairs = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
    ];
    let text = pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain));
    text.replace("&#38;", "&").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_stands_in_its_page() {
        let page = Answer {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: "<p><form method=\"post\" action=\"/a\"><input type=\"hidden\" name=\"etag\" value=\"&#34;x&#34;\">\
                <input name=\"b\" value=\"a>b\" required><textarea id=\"c\" name=\"c\">1&#60;2</textarea>\
                <select name=\"d\"><option value=\"\">-</option><option value=\"2\" selected>two</option></select>\
                <input type=\"checkbox\" name=\"e\" value=\"1\"><button>go</button></form><form action=\"/g\"></form>"
                .into(),
        };
        let forms = Form::all(&page);
        assert_eq!(
            forms.iter().map(|f| (f.action.as_str(), f.posts)).collect::<Vec<_>>(),
            [("/a", true), ("/g", false)]
        );
        let told: Vec<_> =
            forms[0].fields.iter().map(|f| (f.name.as_str(), f.kind.as_str(), f.value.as_str())).collect();
        assert_eq!(
            told,
            [
                ("etag", "hidden", "\"x\""),
                ("b", "text", "a>b"),
                ("c", "textarea", "1<2"),
                ("d", "select", "2"),
                ("e", "checkbox", "1")
            ]
        );
        assert!(forms[0].fields[1].required && !forms[0].fields[2].required);
        assert_eq!(forms[0].fields[3].offers, ["", "2"]);
        let sent = forms[0].sent(&[("c", "3")]);
        assert!(sent.contains(&("c".to_owned(), "3".to_owned())) && !sent.iter().any(|(name, _)| name == "e"));
    }
}

//! Requests about what people keep under a name.

use kernel::{Department, Violations};
use prost::Message;
use server::{PageToken, page_size, status};
use ticketing_domain::{SlugId, SlugIdError};
use tonic::Status;

use super::team::version;
use super::ticket::optional;
use super::{etag, key, list, whole};
use crate::usecase::named::{EndOfNamed, NamedPage, NewNamed};

/// What every request to keep something says of it beside what is kept.
pub(super) struct Header<'a> {
    pub method: &'static str,
    /// The field that holds it.
    pub field: &'static str,
    pub name: &'a str,
    pub title: &'a str,
    pub department: &'a str,
    pub etag: &'a str,
    pub request_id: &'a str,
}

impl Header<'_> {
    /// What is asked to be kept; `content` is looked at whatever else is wrong.
    pub fn put<I, C>(self, v: &mut Violations, request: &impl Message, content: Option<C>) -> Option<NewNamed<I, C>>
    where
        I: std::str::FromStr<Err = SlugIdError>,
    {
        let field = self.field;
        let key = key(v, self.method, self.request_id, request);
        let id = id(v, &format!("{field}.name"), self.name);
        let title = v.check(format!("{field}.title"), self.title.parse());
        let department = optional::<Department>(v, &format!("{field}.department"), self.department);
        let etag = version(v, &format!("{field}.etag"), self.etag);
        Some(NewNamed { id: id?, title: title?, department, content: content?, etag, key: key? })
    }
}

pub(super) fn id<I: std::str::FromStr<Err = SlugIdError>>(v: &mut Violations, field: &str, name: &str) -> Option<I> {
    if name.is_empty() {
        v.push(field, "is required");
        return None;
    }
    v.check(field, name.parse())
}

/// The name of what is asked for.
pub(in crate::grpc) fn named<I: std::str::FromStr<Err = SlugIdError>>(name: &str) -> Result<I, Violations> {
    let mut v = Violations::new();
    let id = id(&mut v, "name", name);
    whole(v, id)
}

pub(super) fn delete<I: std::str::FromStr<Err = SlugIdError>>(
    method: &'static str,
    name: &str,
    version: &str,
    request_id: &str,
    request: &impl Message,
) -> Result<EndOfNamed<I>, Violations> {
    let mut v = Violations::new();
    let id = id(&mut v, "name", name);
    let etag = etag(&mut v, version);
    let key = key(&mut v, method, request_id, request);
    let end = || Some(EndOfNamed { id: id?, etag: etag?, key: key? });
    let end = end();
    whole(v, end)
}

/// A list of what is kept under names.
pub(in crate::grpc) struct NamedList {
    pub page: NamedPage,
    list: &'static str,
}

impl NamedList {
    /// The token of the page after this one.
    pub fn next_token(&self, last: Option<String>) -> String {
        last.map(|id| PageToken::encode(self.list, self.binding(), &[&id])).unwrap_or_default()
    }

    fn binding(&self) -> &[u8] {
        self.page.department.as_ref().map(|slug| slug.as_str().as_bytes()).unwrap_or_default()
    }
}

pub(in crate::grpc) fn named_list<I: SlugId>(
    list: &'static str,
    department: &str,
    size: i32,
    token: &str,
) -> Result<NamedList, Status> {
    let mut v = Violations::new();
    let department = optional::<Department>(&mut v, "department", department);
    let size = page_size(&mut v, size);
    v.into_result().map_err(|e| status(&e))?;
    let mut asked = NamedList { page: NamedPage { department, after: String::new(), size }, list };
    if let Some(token) = PageToken::decode(token, list, asked.binding()).map_err(|e| status(&e))? {
        let [id] = token.fields().map_err(|e| status(&e))?;
        asked.page.after = I::of(&id).map_err(|_| status(&list::unreadable()))?.as_str().to_owned();
    }
    Ok(asked)
}

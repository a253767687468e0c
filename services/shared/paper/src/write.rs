//! Sheets become a PDF: glyphs, tags for those who listen, an outline for those who search, and the attached files.

use std::num::NonZeroU16;

use jiff::tz::TimeZone;
use krilla::color::luma;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect, Size};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, SpanTag, Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};

use crate::compose::{Composition, Role};
use crate::sheet::{Fill, HEIGHT, Part, Placed, Sheet, WIDTH};
use crate::text::name;
use crate::{Attached, Paper, PaperError};

const LONGEST_LABEL: usize = 500;

/// Writes the document out.
pub(crate) fn write(paper: &Paper<'_>, composition: Composition) -> Result<Vec<u8>, PaperError> {
    let language = language(paper.language)?;
    let issued = date(paper.issued);
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .expect("both are made for PDF 1.7");
    let mut document =
        Document::new_with(SerializeSettings { configuration, enable_tagging: true, ..Default::default() });

    let mut metadata =
        Metadata::new().title(composition.title.clone()).language(language.clone()).creation_date(issued);
    if let Some(issuer) = name(paper.issuer) {
        metadata = metadata.authors(vec![issuer]);
    }
    document.set_metadata(metadata);
    for attached in &paper.attached {
        let file = embed(attached, issued)?;
        document.embed_file(file).ok_or_else(|| PaperError::SameName(attached.name.to_owned()))?;
    }

    let mut said: Vec<Said> = composition.roles.iter().map(|_| Said::default()).collect();
    for (at, sheet) in composition.sheets.iter().enumerate() {
        draw(&mut document, at, sheet, &mut said);
    }
    document.set_outline(outline(&composition.roles, &said));
    document.set_tag_tree(tags(composition.roles, said).with_lang(Some(language)));
    document.finish().map_err(refused)
}

/// What was drawn of a part.
#[derive(Default)]
struct Said {
    identifiers: Vec<Identifier>,
    first: Option<(usize, f32)>,
}

fn draw(document: &mut Document, at: usize, sheet: &Sheet, said: &mut [Said]) {
    let size = Size::from_wh(WIDTH, HEIGHT).expect("A4 has a size");
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    for fill in &sheet.fills {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        rectangle(&mut surface, fill);
        surface.end_tagged();
    }
    for placed in sheet.placed.iter().filter(|placed| !placed.line.runs.is_empty()) {
        let tag = match placed.part {
            Part::Text(_) => ContentTag::Span(SpanTag::empty()),
            Part::Header => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Header)),
            Part::Footer => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)),
        };
        let identifier = surface.start_tagged(tag);
        glyphs(&mut surface, placed);
        surface.end_tagged();
        if let Part::Text(part) = placed.part {
            let said = &mut said[part];
            said.identifiers.push(identifier);
            said.first.get_or_insert((at, placed.y - placed.style.leading));
        }
    }
    surface.finish();
    page.finish();
}

fn glyphs(surface: &mut Surface<'_>, placed: &Placed) {
    surface.set_fill(Some(grey(placed.style.grey)));
    let Placed { line, style, .. } = placed;
    for run in &line.runs {
        let start = Point::from_xy(placed.x + run.x * style.size, placed.y);
        surface.draw_glyphs(start, &run.glyphs, style.face.font.clone(), &line.text, style.size, false);
    }
}

fn rectangle(surface: &mut Surface<'_>, fill: &Fill) {
    let Some(rect) = Rect::from_xywh(fill.x, fill.y, fill.width, fill.height) else {
        return;
    };
    let mut path = PathBuilder::new();
    path.push_rect(rect);
    if let Some(path) = path.finish() {
        surface.set_fill(Some(grey(fill.grey)));
        surface.draw_path(&path);
    }
}

fn grey(level: u8) -> paint::Fill {
    paint::Fill { paint: luma::Color::new(level).into(), ..Default::default() }
}

fn outline(roles: &[Role], said: &[Said]) -> Outline {
    let mut outline = Outline::new();
    for (role, said) in roles.iter().zip(said) {
        let (Role::Title(name) | Role::Heading(name), Some((page, y))) = (role, said.first) else {
            continue;
        };
        let destination = XyzDestination::new(page, Point::from_xy(0.0, y.max(0.0)));
        outline.push_child(OutlineNode::new(name.clone(), destination));
    }
    outline
}

fn tags(roles: Vec<Role>, said: Vec<Said>) -> TagTree {
    let mut tree = TagTree::new();
    let mut list: Option<TagGroup> = None;
    for (role, said) in roles.into_iter().zip(said) {
        let leaves = said.identifiers;
        match role {
            Role::Label => {
                let list = list.get_or_insert_with(|| TagGroup::new(Tag::L(ListNumbering::None)));
                let mut item = TagGroup::new(Tag::LI);
                item.push(group(TagGroup::new(Tag::Lbl), leaves));
                list.push(item);
                continue;
            }
            Role::Value => {
                if let Some(krilla::tagging::Node::Group(item)) =
                    list.as_mut().and_then(|list| list.children.last_mut())
                {
                    item.push(group(TagGroup::new(Tag::LBody), leaves));
                }
                continue;
            }
            _ => {}
        }
        if let Some(list) = list.take() {
            tree.push(list);
        }
        match role {
            Role::Title(name) => tree.push(group(TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(name))), leaves)),
            Role::Heading(name) => {
                let second = NonZeroU16::MIN.saturating_add(1);
                tree.push(group(TagGroup::new(Tag::Hn(second, Some(name))), leaves));
            }
            Role::Verbatim => {
                let mut paragraph = TagGroup::new(Tag::P);
                paragraph.push(group(TagGroup::new(Tag::Code), leaves));
                tree.push(paragraph);
            }
            Role::Paragraph | Role::Label | Role::Value => tree.push(group(TagGroup::new(Tag::P), leaves)),
        }
    }
    if let Some(list) = list {
        tree.push(list);
    }
    tree
}

fn group(mut group: TagGroup, leaves: Vec<Identifier>) -> TagGroup {
    for leaf in leaves {
        group.push(leaf);
    }
    group
}

fn embed(attached: &Attached<'_>, issued: DateTime) -> Result<EmbeddedFile, PaperError> {
    for label in [attached.name, attached.description] {
        let fits = label.chars().count() <= LONGEST_LABEL && !label.chars().any(char::is_control);
        if label.trim().is_empty() || !fits {
            return Err(PaperError::Label(attached.name.to_owned()));
        }
    }
    let media_type = MimeType::new(attached.media_type);
    Ok(EmbeddedFile {
        path: attached.name.to_owned(),
        mime_type: Some(media_type.ok_or_else(|| PaperError::MediaType(attached.name.to_owned()))?),
        description: Some(attached.description.to_owned()),
        association_kind: AssociationKind::Data,
        data: attached.bytes.to_vec().into(),
        modification_date: Some(issued),
        compress: None,
        location: None,
    })
}

fn language(tag: &str) -> Result<String, PaperError> {
    let mut subtags = tag.split('-');
    let primary = subtags
        .next()
        .is_some_and(|first| (2..=8).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let rest = subtags
        .all(|subtag| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if primary && rest && tag.len() <= 64 { Ok(tag.to_owned()) } else { Err(PaperError::Language(tag.to_owned())) }
}

fn date(at: jiff::Timestamp) -> DateTime {
    let at = at.to_zoned(TimeZone::UTC);
    let small = |part: i8| u8::try_from(part).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn refused(error: KrillaError) -> PaperError {
    let reason = match &error {
        KrillaError::Validation(errors) => {
            errors.iter().map(|(error, _)| format!("{error:?}")).collect::<Vec<_>>().join(", ")
        }
        _ => error.to_string(),
    };
    PaperError::Conformance(reason)
}

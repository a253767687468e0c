//! Blocks become lines on sheets. What a document looks like is decided here.

use crate::line::{Line, Wrap, lines};
use crate::sheet::{
    BODY, CAPITAL, COLUMN, FURNITURE, Fill, Flow, HEADING, HEIGHT, ISSUER, LABEL, MARGIN, NOTE, Part, Placed, SHADE,
    Sheet, Style, TITLE, VERBATIM,
};
use crate::text::{MISSING, Printable, name};
use crate::{Block, Paper};

const LABELS: f32 = 138.0;
const GUTTER: f32 = 14.0;
/// A label that needs more lines stands above its value.
const TALLEST_LABEL: usize = 3;
/// A footer that needs more lines is cut.
const TALLEST_FOOTER: usize = 4;
/// Room for the number of the page beside the footer.
const NUMBER: f32 = 84.0;
const FOOT: f32 = 40.0;
const SHADE_GREY: u8 = 244;

/// A document on sheets.
pub(crate) struct Composition {
    pub(crate) sheets: Vec<Sheet>,
    /// What the lines of each part are, in reading order.
    pub(crate) roles: Vec<Role>,
    /// Never blank.
    pub(crate) title: String,
}

/// What a part of the document is to someone who cannot see it.
pub(crate) enum Role {
    /// The title, by its name in the outline.
    Title(String),
    /// A heading, by its name in the outline.
    Heading(String),
    Paragraph,
    Label,
    /// Always follows its label.
    Value,
    Verbatim,
}

/// Lays out the whole document.
pub(crate) fn compose(paper: &Paper<'_>) -> Composition {
    let title = name(paper.title).or_else(|| name(paper.issuer)).unwrap_or_else(|| MISSING.to_string());
    let mut lossy = false;
    let mut foot = typeset(paper.footer, FURNITURE, COLUMN - NUMBER, Wrap::Words, &mut lossy);
    let cut = foot.len() > TALLEST_FOOTER;
    foot.truncate(TALLEST_FOOTER);

    let mut setter = Setter { flow: Flow::new(HEIGHT - FOOT - 20.0 - foot_height(&foot)), roles: Vec::new(), lossy };
    setter.masthead(paper, &title);
    let mut previous = None;
    for block in &paper.blocks {
        setter.block(*block, previous);
        previous = Some(*block);
    }
    if cut {
        setter.flow.gap(18.0);
        setter.text(Role::Paragraph, paper.footer, NOTE);
    }
    if setter.lossy {
        setter.flow.gap(18.0);
        setter.text(Role::Paragraph, paper.unprintable, NOTE);
    }

    let Setter { flow, roles, .. } = setter;
    let mut sheets = flow.sheets;
    furnish(&mut sheets, &title, &foot);
    Composition { sheets, roles, title }
}

struct Setter {
    flow: Flow,
    roles: Vec<Role>,
    lossy: bool,
}

impl Setter {
    fn masthead(&mut self, paper: &Paper<'_>, title: &str) {
        if name(paper.issuer).is_some() {
            self.text(Role::Paragraph, paper.issuer, ISSUER);
            self.flow.gap(10.0);
        }
        let printed = if name(paper.title).is_some() { paper.title } else { title };
        self.text(Role::Title(title.to_owned()), printed, TITLE);
        self.flow.gap(10.0);
        self.flow.rule();
        self.flow.gap(10.0);
    }

    fn block(&mut self, block: Block<'_>, previous: Option<Block<'_>>) {
        match block {
            Block::Heading(text) => {
                self.flow.gap(22.0);
                // A heading alone at the foot of a page heads nothing.
                self.flow.keep(HEADING.leading + 4.0 + 2.0 * BODY.leading);
                let role = name(text).map_or(Role::Paragraph, Role::Heading);
                self.text(role, text, HEADING);
            }
            Block::Field { label, value } => {
                let listed = matches!(previous, Some(Block::Field { .. }));
                self.flow.gap(if listed { 5.0 } else { 10.0 });
                self.field(label, value);
            }
            Block::Paragraph(text) => {
                self.flow.gap(10.0);
                self.text(Role::Paragraph, text, BODY);
            }
            Block::Verbatim(text) => {
                self.flow.gap(10.0 + SHADE / 2.0);
                let width = COLUMN - 2.0 * SHADE;
                let lines = typeset(text, VERBATIM, width, Wrap::Anywhere, &mut self.lossy);
                let part = self.part(Role::Verbatim);
                self.flow.set(lines, VERBATIM, MARGIN + SHADE, width, part, Some(SHADE_GREY));
                self.flow.gap(SHADE / 2.0);
            }
        }
    }

    fn field(&mut self, label: &str, value: &str) {
        let beside = typeset(label, LABEL, LABELS, Wrap::Words, &mut self.lossy);
        if beside.len() > TALLEST_LABEL {
            self.text(Role::Label, label, LABEL);
            self.text(Role::Value, value, BODY);
            return;
        }
        let room = COLUMN - LABELS - GUTTER;
        let values = typeset(value, BODY, room, Wrap::Words, &mut self.lossy);
        let height = beside.len().max(values.len().min(2)) as f32 * BODY.leading + 1.0;
        self.flow.keep(height);
        let top = self.flow.mark();
        // Smaller letters would stand higher than those beside them.
        self.flow.back(top.lower((BODY.size - LABEL.size) * CAPITAL / 2.0));
        let part = self.part(Role::Label);
        self.flow.set(beside, LABEL, MARGIN, LABELS, part, None);
        let below = self.flow.mark();
        self.flow.back(top);
        let part = self.part(Role::Value);
        self.flow.set(values, BODY, MARGIN + LABELS + GUTTER, room, part, None);
        self.flow.clear(below);
    }

    fn text(&mut self, role: Role, text: &str, style: Style) {
        let lines = typeset(text, style, COLUMN, Wrap::Words, &mut self.lossy);
        let part = self.part(role);
        self.flow.set(lines, style, MARGIN, COLUMN, part, None);
    }

    fn part(&mut self, role: Role) -> usize {
        self.roles.push(role);
        self.roles.len() - 1
    }
}

fn typeset(text: &str, style: Style, width: f32, wrap: Wrap, lossy: &mut bool) -> Vec<Line> {
    let printable = Printable::new(text, style.face);
    *lossy |= printable.lossy;
    lines(&printable.text, style.face, width / style.size, wrap)
}

fn foot_height(foot: &[Line]) -> f32 {
    foot.len().max(1) as f32 * FURNITURE.leading
}

/// Adds what every page has: the title above all but the first, the footer and the number below.
fn furnish(sheets: &mut [Sheet], title: &str, foot: &[Line]) {
    let head = head(title);
    let top = HEIGHT - FOOT - foot_height(foot);
    let count = sheets.len();
    for (at, sheet) in sheets.iter_mut().enumerate() {
        let mut place = |line: Line, x: f32, y: f32, part: Part| {
            sheet.placed.push(Placed { line, style: FURNITURE, x, y, part });
        };
        if at > 0 {
            place(head.clone(), MARGIN, 44.0, Part::Header);
        }
        let baseline = top + FURNITURE.size;
        for (row, line) in foot.iter().enumerate() {
            let x = if line.leftward { MARGIN + COLUMN - NUMBER - line.width * FURNITURE.size } else { MARGIN };
            place(line.clone(), x, baseline + row as f32 * FURNITURE.leading, Part::Footer);
        }
        let number = lines(&format!("{} / {count}", at + 1), FURNITURE.face, COLUMN, Wrap::Words);
        for line in number {
            let x = MARGIN + COLUMN - line.width * FURNITURE.size;
            place(line, x, baseline, Part::Footer);
        }
        sheet.fills.push(Fill { x: MARGIN, y: top - 8.0, width: COLUMN, height: 0.5, grey: 190 });
        if at > 0 {
            sheet.fills.push(Fill { x: MARGIN, y: 50.0, width: COLUMN, height: 0.5, grey: 190 });
        }
    }
}

/// The title on one line; it stands in full on the first page.
fn head(title: &str) -> Line {
    let width = COLUMN / FURNITURE.size;
    let set =
        |text: &str, width: f32| lines(&Printable::new(text, FURNITURE.face).text, FURNITURE.face, width, Wrap::Words);
    let mut whole = set(title, width);
    if whole.len() > 1 {
        let cut = format!("{}…", set(title, width - 2.0)[0].text.trim_end());
        whole = set(&cut, width);
    }
    whole.swap_remove(0)
}

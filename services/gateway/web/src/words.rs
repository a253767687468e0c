//! What people wrote, on pages: how much of it fits, so that no page is heavier than it may be whatever was written, and the rest of it on pages of its own.
//!
//! A template asks a [`Cut`] for each text. [`page_within`] writes the page twice: without any of them, which tells what everything else weighs, and then with as
//! much of each as what is left allows. A long text gives way first; what fits is whole. The number of things on a page is for whoever makes it to bound.

use std::cell::{Cell, RefCell};

use askama::Template;
use axum::response::Response;

use crate::page::{PAGE, framed};
use crate::{Lang, Layout, page};

/// Bytes of a stretch of a long text, as a page writes it.
const STRETCH: usize = 40_000;
/// Bytes that all texts of a page have together, however much else it holds.
const LEAST: usize = 2_000;

/// Bytes of a letter as a page writes it: what means something in HTML is written as a reference.
const fn of_letter(letter: char) -> usize {
    match letter {
        '&' | '<' | '>' | '"' | '\'' => 5,
        letter => letter.len_utf8(),
    }
}

/// Bytes of a text as a page writes it.
pub fn written(text: &str) -> usize {
    text.chars().map(of_letter).sum()
}

/// As much of a text as this many bytes of a page hold, from its beginning, and whether there is more.
pub fn beginning(text: &str, room: usize) -> (&str, bool) {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += of_letter(letter);
        if used > room {
            return (&text[..at], true);
        }
    }
    (text, false)
}

/// The text in order, in stretches that each take up to `room` bytes of a page: five at least. One ends between two words where words are no longer than half of it.
pub fn stretches(text: &str, room: usize) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    loop {
        let (most, more) = beginning(rest, room.max(5));
        if !more {
            found.push(most);
            return found;
        }
        let after_word = most.char_indices().rfind(|(_, letter)| letter.is_whitespace());
        let end = after_word.map(|(at, letter)| at + letter.len_utf8()).filter(|end| *end > most.len() / 2);
        let (stretch, after) = rest.split_at(end.unwrap_or(most.len()));
        found.push(stretch);
        rest = after;
    }
}

/// How long each of these lengths may be at most so that all together are within `room`: the longest give way, and none more than it has to.
pub fn level(lengths: &[usize], room: usize) -> usize {
    let mut lengths = lengths.to_vec();
    lengths.sort_unstable();
    let (mut left, mut others) = (room, lengths.len());
    for length in lengths {
        if length > left / others {
            return left / others;
        }
        left -= length;
        others -= 1;
    }
    usize::MAX
}

/// The texts of a page, of each as much as fits.
#[derive(Debug, Default)]
pub struct Cut {
    /// Bytes that each has; `None` while it is not known.
    level: Cell<Option<usize>>,
    /// Bytes that each would have.
    lengths: RefCell<Vec<usize>>,
    /// Whether any was shown in part.
    shortened: Cell<bool>,
}

/// What a page shows of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its beginning.
    pub words: &'a str,
    /// Whether there is more of it.
    pub more: bool,
}

impl Cut {
    /// As much of this text as the page has room for.
    pub fn of<'a>(&self, text: &'a str) -> Part<'a> {
        self.within(text, &usize::MAX)
    }

    /// The same, and `most` bytes of the page at most.
    pub fn within<'a>(&self, text: &'a str, most: &usize) -> Part<'a> {
        if let Some(level) = self.level.get() {
            let (words, more) = beginning(text, level.min(*most));
            self.shortened.set(self.shortened.get() | more);
            return Part { words, more };
        }
        let length = written(text).min(*most);
        self.lengths.borrow_mut().push(length);
        // What leads to the rest is counted, whether or not it will be there.
        self.shortened.set(self.shortened.get() | (length > 0));
        Part { words: "", more: length > 0 }
    }

    /// Whether any text that was asked for until now was shown in part.
    pub fn shortened(&self) -> bool {
        self.shortened.get()
    }

    fn settle(&self, room: usize) {
        self.shortened.set(false);
        self.level.set(Some(level(&self.lengths.borrow(), room)));
    }
}

/// A page whose template shows what people wrote by this cut alone: it is as heavy as a page may be at most, while what else it holds leaves room.
pub fn page_within(layout: Layout, cut: &Cut, body: impl Template) -> Response {
    // What cannot be written is told when it is written at last.
    let bare = body.render().ok().and_then(|bare| framed(&layout, bare).ok());
    cut.settle(PAGE.saturating_sub(bare.map_or(0, |bare| bare.len())).max(LEAST));
    page(layout, body)
}

/// A text on a page of its own, in stretches where it is long.
pub struct Reading {
    /// The text.
    pub text: String,
    /// Which stretch is read; the first is 1.
    pub part: usize,
    /// The address of the page without the number of a stretch, up to and with the `?` or `&` that the number follows.
    pub address: String,
    /// Where the reader comes from.
    pub back: String,
    /// What the way there is called.
    pub back_text: &'static str,
}

#[derive(Template)]
#[template(path = "reading.html")]
struct ReadingPage<'a> {
    lang: Lang,
    stretch: Stretch<'a>,
    back: &'a str,
    back_text: &'a str,
}

/// One stretch of a long text, and the ways to the others.
#[derive(Debug)]
pub struct Stretch<'a> {
    /// The words.
    pub words: &'a str,
    /// Which one it is, from 1.
    pub part: usize,
    /// How many there are.
    pub last: usize,
    address: &'a str,
}

impl<'a> Stretch<'a> {
    /// This stretch of a text, or the last where there are fewer; `address` as in [`Reading`].
    pub fn of(text: &'a str, part: usize, address: &'a str) -> Self {
        let all = stretches(text, STRETCH);
        let part = part.clamp(1, all.len());
        Self { words: all.get(part - 1).copied().unwrap_or_default(), part, last: all.len(), address }
    }

    /// Where the stretch before this one is.
    pub fn before(&self) -> Option<String> {
        (self.part > 1).then(|| format!("{}part={}", self.address, self.part - 1))
    }

    /// Where the stretch after this one is.
    pub fn after(&self) -> Option<String> {
        (self.part < self.last).then(|| format!("{}part={}", self.address, self.part + 1))
    }

    /// The ways to the others, for a page that shows this one.
    pub fn ways(&self, lang: &Lang) -> Ways {
        Ways { lang: *lang, part: self.part, last: self.last, before: self.before(), after: self.after() }
    }
}

/// Where in a long text a page stands, and the ways on.
#[derive(Template)]
#[template(path = "stretch.html")]
pub struct Ways {
    lang: Lang,
    part: usize,
    last: usize,
    before: Option<String>,
    after: Option<String>,
}

/// The page of one text.
pub fn reading(layout: Layout, lang: Lang, reading: &Reading) -> Response {
    let stretch = Stretch::of(&reading.text, reading.part, &reading.address);
    page(layout, ReadingPage { lang, stretch, back: &reading.back, back_text: reading.back_text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Template)]
    #[template(source = "{{ text }}", ext = "html")]
    struct Plain<'a> {
        text: &'a str,
    }

    #[derive(Template)]
    #[template(
        source = "<ul>{% for text in texts %}{% let part = cut.within(text, &500) %}<li>{{ part.words }}{% if part.more %}…{% endif %}</li>{% endfor %}</ul>",
        ext = "html"
    )]
    struct List<'a> {
        cut: &'a Cut,
        texts: &'a [String],
    }

    proptest! {
        #[test]
        fn a_page_writes_as_many_bytes_as_are_counted(text in "[a-zñ€😀&<>\"' \n]{0,80}") {
            prop_assert_eq!(written(&text), Plain { text: &text }.render().unwrap().len());
        }

        #[test]
        fn a_beginning_fits_and_the_next_letter_does_not(text in "[a-zñ€😀&<>\"' \n]{0,80}", room in 0_usize..120) {
            let (start, more) = beginning(&text, room);
            prop_assert!(text.starts_with(start) && written(start) <= room);
            prop_assert_eq!(more, start.len() < text.len());
            if let Some(next) = text[start.len()..].chars().next() {
                prop_assert!(written(start) + of_letter(next) > room);
            }
        }

        #[test]
        fn stretches_are_the_text_and_each_fits(text in "[a-zñ€😀&<>\"' \n]{0,200}", room in 5_usize..60) {
            let all = stretches(&text, room);
            prop_assert_eq!(all.concat(), text.clone());
            prop_assert!(all.iter().all(|one| written(one) <= room));
            prop_assert!(text.is_empty() || all.iter().all(|one| !one.is_empty()));
        }

        #[test]
        fn what_is_cut_to_the_level_fits_and_to_the_next_does_not(
            lengths in prop::collection::vec(0_usize..300, 0..40),
            room in 0_usize..4_000,
        ) {
            let level = level(&lengths, room);
            let cut_to = |level: usize| lengths.iter().map(|length| (*length).min(level)).sum::<usize>();
            prop_assert!(cut_to(level) <= room);
            if level == usize::MAX {
                prop_assert!(lengths.iter().sum::<usize>() <= room);
            } else {
                prop_assert!(cut_to(level + 1) > room);
            }
        }

        #[test]
        fn a_page_weighs_what_it_may_whatever_was_written(
            texts in prop::collection::vec("[a-zñ€😀&<>\"' ]{0,60}", 0..60),
            times in 1_usize..200,
        ) {
            let texts: Vec<String> = texts.iter().map(|text| text.repeat(times)).collect();
            let (cut, room) = (Cut::default(), 3_000);
            let body = List { cut: &cut, texts: &texts };
            let bare = body.render().unwrap().len();
            cut.settle(room);
            prop_assert!(body.render().unwrap().len() <= bare + room);
        }
    }

    #[test]
    fn a_stretch_ends_after_a_word_and_leads_to_the_others() {
        assert_eq!(stretches("uno dos tres", 8), ["uno dos ", "tres"]);
        assert_eq!(stretches("", 8), [""]);
        let long = "palabra ".repeat(12_000);
        let middle = Stretch::of(&long, 2, "/x?");
        assert_eq!((middle.part, middle.last), (2, 3));
        assert_eq!((middle.before().as_deref(), middle.after().as_deref()), (Some("/x?part=1"), Some("/x?part=3")));
        // Of what is not there, the nearest that is.
        assert_eq!(Stretch::of(&long, 0, "/x?").part, 1);
        let last = Stretch::of(&long, 99, "/x?");
        assert_eq!((last.part, last.after()), (3, None));
    }
}

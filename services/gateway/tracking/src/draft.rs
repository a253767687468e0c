//! What somebody wrote into a form of these pages and did not get sent: nothing that was typed is lost because it was refused, or because key and proof were
//! forgotten meanwhile. It is carried from page to page in hidden fields until its form is shown again.

/// The form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Which {
    /// None.
    #[default]
    Nothing,
    Message,
    Accept,
    Objection,
    Ombudsman,
    Code,
    Add,
    Offer,
    Decision,
    Complete,
    Withdraw,
    People,
    Survey,
}

impl Which {
    const ALL: [(Self, &'static str); 12] = [
        (Self::Message, "message"),
        (Self::Accept, "accept"),
        (Self::Objection, "object"),
        (Self::Ombudsman, "ombudsman"),
        (Self::Code, "code"),
        (Self::Add, "add"),
        (Self::Offer, "offer"),
        (Self::Decision, "decision"),
        (Self::Complete, "complete"),
        (Self::Withdraw, "withdraw"),
        (Self::People, "people"),
        (Self::Survey, "survey"),
    ];

    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map_or(Self::Nothing, |(which, _)| which)
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(which, _)| *which == self).map_or("", |(_, name)| name)
    }

    /// Whether it stands on the page of the case before the ombudsman.
    pub(crate) const fn is_of_the_office(self) -> bool {
        !matches!(self, Self::Nothing | Self::Message | Self::Accept | Self::Objection | Self::Ombudsman | Self::Survey)
    }
}

/// A field of a form, where one is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Text,
    Proceedings,
    Facts,
    Points,
}

impl Field {
    /// Its id in this form: what a summary of faults leads to.
    pub(crate) fn id(self, which: Which) -> &'static str {
        match (which, self) {
            (Which::Message, _) => "message",
            (Which::Objection, _) => "objection",
            (Which::Code, _) => "code-text",
            (Which::Survey, _) => "survey-text",
            (Which::Add, _) => "add-text",
            (Which::Offer, _) => "offer-text",
            (Which::Decision, _) => "decision-text",
            (Which::Withdraw, _) => "withdraw-text",
            (Which::Complete, Self::Text) => "complete-text",
            (Which::Complete, Self::Proceedings) => "complete-proceedings",
            (Which::Complete, Self::Facts) => "complete-facts",
            (Which::Complete, Self::Points) => "complete-points",
            (Which::Nothing | Which::Accept | Which::Ombudsman | Which::People, _) => "main",
        }
    }

    /// The field that a violation speaks of.
    pub(crate) fn of(named: &str) -> Option<Self> {
        let of = |start: &str| named.starts_with(start);
        match () {
            () if of("content") || of("statement") || of("text") || of("verbatim") => Some(Self::Text),
            () if of("claim_points") => Some(Self::Points),
            () if of("facts_time") => Some(Self::Facts),
            () if of("parallel_proceedings") => Some(Self::Proceedings),
            () => None,
        }
    }
}

/// What was written into which form. Does not print.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    pub(crate) which: Which,
    /// Id of the case that it is about; empty where the form names none.
    pub(crate) case: String,
    pub(crate) text: String,
    pub(crate) kind: String,
    pub(crate) proceedings: String,
    pub(crate) facts: String,
    pub(crate) points: String,
    /// What was chosen in a survey, as `csat=4 ces=6 causes=1 causes=3`.
    pub(crate) chosen: String,
    /// The fields that were not taken.
    pub(crate) wrong: Vec<Field>,
}

impl Draft {
    /// What a page carried in its hidden fields; nothing where it carried none.
    pub(crate) fn carried(sent: &[(String, String)]) -> Self {
        let value = |name: &str| value_of(sent, name).to_owned();
        Self {
            which: Which::named(value_of(sent, "draft")),
            case: value("draft_case"),
            text: value("draft_text"),
            kind: value("draft_kind"),
            proceedings: value("draft_proceedings"),
            facts: value("draft_facts"),
            points: value("draft_points"),
            chosen: value("draft_chosen"),
            wrong: Vec::new(),
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.which == Which::Nothing
    }

    /// Whether somebody wrote something that they would have to write again.
    pub(crate) fn is_written(&self) -> bool {
        [&self.text, &self.facts, &self.points, &self.chosen].into_iter().any(|written| !written.trim().is_empty())
    }

    /// The hidden fields that carry it on.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        if self.is_nothing() {
            return Vec::new();
        }
        let all = [
            ("draft", self.which.name()),
            ("draft_case", &self.case),
            ("draft_text", &self.text),
            ("draft_kind", &self.kind),
            ("draft_proceedings", &self.proceedings),
            ("draft_facts", &self.facts),
            ("draft_points", &self.points),
            ("draft_chosen", &self.chosen),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether this was chosen in a survey.
    pub(crate) fn chose(&self, name: &str, value: &i32) -> bool {
        let chosen = format!("{name}={value}");
        self.which == Which::Survey && self.chosen.split(' ').any(|one| one == chosen)
    }

    /// The words of this form; empty for another's.
    pub(crate) fn text_of(&self, which: Which) -> &str {
        if self.which == which { &self.text } else { "" }
    }

    /// The id of the field that its words stand in.
    pub(crate) fn text_id(&self) -> &'static str {
        Field::Text.id(self.which)
    }

    /// The same with these fields at fault.
    pub(crate) fn at_fault(self, wrong: Vec<Field>) -> Self {
        Self { wrong, ..self }
    }

    pub(crate) fn is_wrong(&self, which: Which, field: Field) -> bool {
        self.which == which && self.wrong.contains(&field)
    }
}

/// What was sent under this name; empty for nothing.
pub(crate) fn value_of<'a>(sent: &'a [(String, String)], name: &str) -> &'a str {
    sent.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_on_comes_back_whole() {
        for (which, _) in Which::ALL {
            let draft = Draft {
                which,
                case: "1".into(),
                text: "uno\r\ndos".into(),
                kind: "evidence".into(),
                proceedings: "none".into(),
                facts: "2026-02-30".into(),
                points: "a\r\nb".into(),
                chosen: "csat=4 causes=1 causes=3".into(),
                wrong: vec![Field::Facts],
            };
            let sent: Vec<(String, String)> =
                draft.fields().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let back = Draft::carried(&sent);
            assert_eq!((back.which, &back.case, &back.text), (which, &draft.case, &draft.text));
            assert_eq!((&back.kind, &back.proceedings), (&draft.kind, &draft.proceedings));
            assert_eq!((&back.facts, &back.points), (&draft.facts, &draft.points));
            assert_eq!(back.chose("causes", &3), which == Which::Survey);
            assert!(!back.chose("causes", &2) && !back.chose("ces", &4));
            assert!(back.wrong.is_empty(), "it was not judged yet");
        }
        assert!(Draft::carried(&[("draft".into(), "leave".into())]).is_nothing(), "no form of ours");
        assert!(Draft::default().fields().is_empty());
    }
}

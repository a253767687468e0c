//! The model: a clock that walks time from one deed to the next and does what the rules say in words.

use ventanilla_sla_monitor_domain::affair::Event;
use ventanilla_sla_monitor_domain::clock::Breach;
use ventanilla_sla_monitor_domain::clock::STILL_TO_START;
use ventanilla_sla_monitor_domain::condition::Occasion;
use ventanilla_sla_monitor_domain::rule::{Does, Ends};
use ventanilla_sla_monitor_domain::{Replay, Rule, State, Term};

use crate::almanac::{Almanac, MINUTE, instant};
use crate::words::{Limit, Stretch};
use crate::world::Deed;

/// Why it does not count at present.
#[derive(Debug, Clone)]
struct Standing {
    ground: String,
    since: i64,
    does: Does,
    /// What made it longer meanwhile.
    longer: Vec<(Term, i64)>,
}

/// How it ended: met, with the last instant in time in microseconds, and whether the customer was told what meets it; or fallen away.
#[derive(Debug, Clone, Copy)]
enum End {
    Met { at: i64, due: i64, told: bool },
    Gone { at: i64 },
}

/// What an occasion would do to it were its affair not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Would {
    Begin,
    Renew { begins: bool },
    End,
}

pub struct Clock<'a> {
    rule: &'a Rule,
    almanac: &'a Almanac,
    first: i64,
    whole: Limit,
    runs: Vec<Stretch>,
    standing: Option<Standing>,
    end: Option<End>,
    /// The affair is resolved: nothing begins.
    closed: bool,
    /// It was met by the resolution, and not before.
    by_closing: bool,
    /// What would have moved it since the affair is resolved, in order.
    meanwhile: Vec<(i64, Would)>,
    /// Until when nothing makes it stand still.
    never_still_before: i64,
}

impl<'a> Clock<'a> {
    /// A clock whose affair was received at a minute; it counts at once or waits for what starts it.
    pub fn new(rule: &'a Rule, almanac: &'a Almanac, first: i64, until: Option<i64>, at_once: bool) -> Self {
        let whole = until.map_or_else(|| Limit::Term(rule.term.unwrap()), Limit::Until);
        let runs = if at_once { vec![Stretch::new(first, whole)] } else { Vec::new() };
        Self {
            rule,
            almanac,
            first,
            whole,
            runs,
            standing: None,
            end: None,
            closed: false,
            by_closing: false,
            meanwhile: Vec::new(),
            never_still_before: 0,
        }
    }

    /// A clock that came to be later: nothing before made it stand still, and from then on it does where its affair does.
    pub fn walk_late(mut self, course: &[(i64, Deed)], since: i64) -> Self {
        let (mut before, mut after) = (course.to_vec(), course.to_vec());
        before.retain(|(at, _)| *at <= since);
        after.retain(|(at, _)| *at > since);
        before.sort_by_key(|(at, _)| *at);
        let wait = self.wait_of(&before);
        self.never_still_before = since + 1;
        before.retain(|(at, _)| *at > self.first);
        self = self.walk(&before);
        self.never_still_before = 0;
        self.pass(since);
        if let Some((ground, does)) = wait {
            self.hindered(since, &ground, does);
        }
        self.walk(&after)
    }

    /// A clock that counts from when its policy came to hold, where this one counts or stands still by then; otherwise it waits for what starts it.
    pub fn taken_over(self, course: &[(i64, Deed)], since: i64) -> Self {
        let (mut before, mut after) = (course.to_vec(), course.to_vec());
        before.retain(|(at, _)| *at <= since);
        after.retain(|(at, _)| *at > since);
        let old = self.walk(&before);
        let owes = !old.runs.is_empty() && old.end.is_none();
        let mut new = Clock::new(old.rule, old.almanac, since, None, owes);
        new.standing = old.standing.filter(|_| owes).map(|standing| Standing { since, longer: Vec::new(), ..standing });
        if old.closed {
            new.closes(since);
        }
        new.walk(&after)
    }

    /// What the affair waits on after a course: the last that made it wait, unless something after made it go on.
    fn wait_of(&self, course: &[(i64, Deed)]) -> Option<(String, Does)> {
        let mut wait = None;
        for (at, deed) in course {
            let Deed::Event(event) = deed else { continue };
            // A clock that counts is asked what the event would do to it, and one that stands still likewise.
            let mut counting = Clock::new(self.rule, self.almanac, *at, None, true);
            counting.happens(*at, event);
            let mut still = Clock::new(self.rule, self.almanac, *at, None, true);
            still.standing =
                Some(Standing { ground: String::new(), since: *at, does: Does::Pause, longer: Vec::new() });
            still.happens(*at, event);
            let works =
                matches!(event, Event::Works | Event::Withdrawn | Event::Resolved | Event::Cancelled | Event::Reopened);
            if let Some(standing) = counting.standing {
                wait = Some((standing.ground, standing.does));
            } else if works || matches!(event, Event::Waits(_) | Event::Held(_)) || still.counts() {
                wait = None;
            }
        }
        wait
    }

    /// Walks a course: deeds in order of when they were done, each once.
    pub fn walk(mut self, course: &[(i64, Deed)]) -> Self {
        let mut course: Vec<&(i64, Deed)> = course.iter().collect();
        course.sort_by_key(|(at, _)| *at);
        course.dedup();
        let out = out_of_the_affair_since(&course);
        for (at, deed) in course.into_iter().filter(|(at, _)| out.is_none_or(|out| *at <= out)) {
            self.pass(*at);
            self.done(*at, deed);
        }
        if let Some(at) = out {
            self.pass(at);
            if self.end.is_none() {
                self.ends(End::Gone { at });
            }
        }
        self
    }

    fn counts(&self) -> bool {
        !self.runs.is_empty() && self.standing.is_none() && self.end.is_none()
    }

    fn due(&self) -> i64 {
        let run = self.runs.last().unwrap();
        run.last(run.limit, self.almanac)
    }

    /// Time passes up to a minute: a run that is used up before is broken then, whoever looks.
    fn pass(&mut self, minute: i64) {
        if self.counts() && self.due() < minute * MINUTE {
            let due = self.due();
            self.runs.last_mut().unwrap().broken.get_or_insert(due);
        }
    }

    fn done(&mut self, at: i64, deed: &Deed) {
        match deed {
            Deed::Event(event) => self.happens(at, event),
            Deed::Kept => self.met(at),
            Deed::Off => self.falls_away(at),
            Deed::Forfeit => {
                // A promise declared broken counts as a breach when it was due, even when it was declared before.
                if self.counts() {
                    let due = self.due();
                    self.runs.last_mut().unwrap().broken = Some(due);
                }
                self.falls_away(at);
            }
            Deed::OtherLaw | Deed::SameLaw => {}
        }
    }

    fn happens(&mut self, at: i64, event: &Event) {
        if let Event::Waits(ground) | Event::Held(ground) = event
            && let Some(effect) = self.rule.effects.iter().find(|effect| effect.grounds.contains(ground))
        {
            return self.hindered(at, ground, effect.does);
        }
        if let Event::Extended(ground) = event {
            let named = self.rule.effects.iter().find(|effect| effect.grounds.contains(ground));
            if let Some(does @ Does::Extend { .. }) = named.map(|effect| effect.does) {
                self.hindered(at, ground, does);
            }
            return;
        }
        let Some(measure) = &self.rule.measure else { return self.by_law(at, event) };
        let mine = |department: &String| measure.filter.departments.contains(department);
        let occasion = match event {
            Event::Waits(_) => Occasion::WaitsForCustomer,
            Event::Held(_) => Occasion::Held,
            Event::Extended(_) => return,
            Event::Works | Event::Withdrawn => Occasion::Works,
            Event::Answered | Event::Explained { .. } => Occasion::Answered,
            Event::CustomerWrote => Occasion::CustomerWrote,
            Event::HandedOver { from, to } if mine(to) && !mine(from) => Occasion::TakenIn,
            Event::HandedOver { from, to } if mine(from) && !mine(to) => Occasion::HandedOn,
            Event::HandedOver { .. } => return,
            Event::SuperiorAwaited => Occasion::SuperiorAwaited,
            Event::SuperiorCame => Occasion::SuperiorCame,
            Event::Resolved => Occasion::Resolved,
            Event::Cancelled => Occasion::Cancelled,
            Event::Reopened => Occasion::Reopened,
        };
        let lists = &measure.conditions;
        if occasion == Occasion::Reopened {
            return self.reopened(at);
        }
        if occasion == Occasion::Resolved {
            return self.closes(at);
        }
        if self.closed {
            let would = if lists.cancel.contains(&occasion) || lists.stop.contains(&occasion) {
                Would::End
            } else if lists.reset.contains(&occasion) {
                Would::Renew { begins: lists.start.contains(&occasion) }
            } else if lists.start.contains(&occasion) {
                Would::Begin
            } else {
                return;
            };
            return self.meanwhile.push((at, would));
        }
        if lists.cancel.contains(&occasion) {
            self.falls_away(at);
        } else if lists.stop.contains(&occasion) {
            self.met(at);
        } else if lists.reset.contains(&occasion) {
            match self.end {
                Some(_) if lists.start.contains(&occasion) => self.begun(at),
                _ => self.renewed(at),
            }
        } else if lists.start.contains(&occasion) {
            // What starts it may also be what makes it go on after it stood still; work does so on any ground.
            let works = occasion == Occasion::Works && !self.rule.effects.is_empty();
            if self.stands_still() && (works || lists.resume.contains(&occasion)) {
                self.goes_on(at);
            } else {
                self.begun(at);
            }
        } else if lists.resume.contains(&occasion) {
            self.goes_on(at);
        } else if lists.pause.contains(&occasion) {
            self.hindered(at, occasion.as_str(), Does::Pause);
        } else if occasion == Occasion::Works && !self.rule.effects.is_empty() {
            self.goes_on(at);
        }
    }

    fn by_law(&mut self, at: i64, event: &Event) {
        let by_word = self.rule.ends == Ends::FirstAnswer;
        let by_why = self.rule.ends == Ends::Explained;
        let by_letter = self.rule.ends == Ends::FinalOrDelay;
        let by_answer = by_word || by_why || by_letter || matches!(self.rule.ends, Ends::Resolved | Ends::Decision);
        match event {
            Event::Works => self.goes_on(at),
            Event::Withdrawn => self.was_never_asked(),
            Event::Answered if by_word => self.met_by_telling(at),
            Event::Explained { .. } if by_word || by_why => self.met_by_telling(at),
            Event::Explained { signposts: true } if by_letter => self.met_by_telling(at),
            Event::Resolved if by_answer => self.met(at),
            Event::Cancelled => self.falls_away(at),
            Event::Reopened if by_answer => self.taken_back(at),
            _ => {}
        }
    }

    fn stands_still(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.does != Does::DeferStart)
    }

    fn runs_anew(&mut self, at: i64) {
        self.runs.push(Stretch::new(at, self.whole));
        (self.standing, self.end) = (None, None);
    }

    fn ends(&mut self, end: End) {
        (self.standing, self.end) = (None, Some(end));
    }

    /// It waits: what was over already can be neither stopped, put off nor made longer.
    fn hindered(&mut self, at: i64, ground: &str, does: Does) {
        if let (Does::Extend { max_total }, Some(standing), None) = (does, &mut self.standing, self.end) {
            return standing.longer.push((max_total, at));
        }
        if !self.counts() || self.runs.last().unwrap().broken.is_some() {
            return;
        }
        if let Does::Extend { max_total } = does {
            return self.lengthened(max_total);
        }
        if at >= self.never_still_before {
            self.standing = Some(Standing { ground: ground.to_owned(), since: at, does, longer: Vec::new() });
        }
    }

    /// The customer was asked, and work goes on without a word of them: the term never stood still, and what let it be longer did so only while it ran.
    fn was_never_asked(&mut self) {
        let asked = |standing: &Standing| standing.ground == "cure_requested" && !self.runs.is_empty();
        if !self.standing.as_ref().is_some_and(asked) {
            return;
        }
        for (most, said) in self.standing.take().unwrap().longer {
            if self.due() >= said * MINUTE {
                self.lengthened(most);
            }
        }
    }

    fn lengthened(&mut self, most: Term) {
        let (limit, due) = (Limit::Term(most), self.due());
        let run = self.runs.last_mut().unwrap();
        if run.last(limit, self.almanac) > due {
            run.limit = limit;
        }
    }

    fn goes_on(&mut self, at: i64) {
        let Some(standing) = self.standing.take() else { return };
        match standing.does {
            Does::Restart | Does::DeferStart => self.runs_anew(at),
            _ => {
                let run = self.runs.last_mut().unwrap();
                let from = standing.since.max(run.origin);
                if from < at {
                    run.still.push((from, at, standing.ground));
                }
            }
        }
        standing.longer.into_iter().for_each(|(most, _)| self.lengthened(most));
    }

    fn begun(&mut self, at: i64) {
        if !self.counts() && !self.stands_still() {
            self.runs_anew(at);
        }
    }

    fn renewed(&mut self, at: i64) {
        if self.end.is_some() {
            return;
        }
        let still = self.standing.take().filter(|standing| standing.does != Does::DeferStart);
        self.runs_anew(at);
        self.standing = still.map(|standing| Standing { since: at, longer: Vec::new(), ..standing });
    }

    fn met(&mut self, at: i64) {
        if self.end.is_some() {
            return;
        }
        // Nobody was owed anything that never started; what stands still is due when it would be had it gone on at that moment.
        if self.runs.is_empty() {
            return self.ends(End::Gone { at });
        }
        self.goes_on(at);
        let due = self.due();
        self.ends(End::Met { at, due, told: false });
    }

    /// What the customer was told is not untold, and counts as well where the answer was there before.
    fn met_by_telling(&mut self, at: i64) {
        self.met(at);
        if let Some(End::Met { told, .. }) = &mut self.end {
            *told = true;
        }
    }

    fn closes(&mut self, at: i64) {
        self.by_closing |= self.end.is_none();
        self.closed = true;
        self.met(at);
    }

    /// The resolution did not hold: what it met is taken back, what was met before or meanwhile stays, and what was asked for meanwhile is owed. What
    /// would have been due while it was resolved is owed from now on.
    fn reopened(&mut self, at: i64) {
        self.closed = false;
        let taken_back = std::mem::take(&mut self.by_closing);
        let meanwhile = std::mem::take(&mut self.meanwhile);
        // Whatever was said before the last that ended it is of no account.
        let ended = meanwhile.iter().rposition(|(_, would)| *would == Would::End);
        let since = &meanwhile[ended.map_or(0, |ended| ended + 1)..];
        let owed_before = taken_back && ended.is_none();
        let never_began = self.runs.is_empty();
        // From where it would count had the affair stayed open: from the last that renews it, or else from the first that begins it.
        let (mut counts, mut from) = (owed_before && !never_began, None);
        for (when, would) in since {
            match would {
                Would::Begin if !counts => (counts, from) = (true, Some(*when)),
                Would::Renew { begins } if counts || *begins || owed_before => (counts, from) = (true, Some(*when)),
                _ => {}
            }
        }
        if never_began && owed_before && !counts {
            self.end = None;
            return;
        }
        if !counts {
            return;
        }
        match (from, self.end) {
            (None, Some(End::Met { due, .. })) if due >= at * MINUTE => self.end = None,
            (None, _) => {
                // Overdue by now: the oldest word that is not overdue counts, or else the reopening.
                let first = since.iter().find(|(_, would)| *would == Would::Begin).map(|(when, _)| *when);
                self.runs_anew_or_from(first, at);
            }
            (Some(from), _) => self.runs_anew_or_from(Some(from), at),
        }
    }

    fn runs_anew_or_from(&mut self, from: Option<i64>, at: i64) {
        let in_time = |from: &i64| {
            let run = Stretch::new(*from, self.whole);
            run.last(run.limit, self.almanac) >= at * MINUTE
        };
        self.runs_anew(from.filter(in_time).unwrap_or(at));
    }

    fn falls_away(&mut self, at: i64) {
        if self.end.is_none() {
            self.ends(End::Gone { at });
        }
    }

    fn taken_back(&mut self, at: i64) {
        let Some(End::Met { due, told: false, .. }) = self.end else { return };
        if at * MINUTE > due {
            self.runs_anew(at);
        } else {
            self.end = None;
        }
    }

    /// Every breach of every run by an instant in microseconds.
    fn breaches_by(&self, now: i64) -> Vec<Breach> {
        let open = |n: usize| n + 1 == self.runs.len() && self.counts() && self.due() < now;
        let broken = |(n, run): (usize, &Stretch)| {
            let at = run.broken.or_else(|| open(n).then(|| self.due()))?;
            let origin = instant(run.origin * MINUTE);
            Some(Breach { epoch: i32::try_from(n + 1).unwrap(), origin, at: instant(at) })
        };
        self.runs.iter().enumerate().filter_map(broken).collect()
    }

    /// What differs between this clock and one that was replayed; nothing when they are the same.
    pub fn differs_from(&self, replayed: &Replay, nows: &[i64]) -> Option<String> {
        let run = self.runs.last();
        let origin = instant(run.map_or(self.first, |run| run.origin) * MINUTE);
        let at = |minute: i64| instant(minute * MINUTE);
        let mut wrong = Vec::new();
        let mut differs = |what: &str, model: String, code: String| {
            if model != code {
                wrong.push(format!("{what}: {model}, and not {code}"));
            }
        };
        differs("first", format!("{:?}", at(self.first)), format!("{:?}", replayed.first_origin));
        let first_run = self.runs.first().map(|run| at(run.origin));
        differs("first run", format!("{first_run:?}"), format!("{:?}", replayed.first_run));
        differs("epoch", self.runs.len().max(1).to_string(), replayed.epoch.to_string());
        differs("origin", format!("{origin:?}"), format!("{:?}", replayed.origin));
        let state = match (&self.end, &self.standing) {
            (Some(End::Met { at: met, due, .. }), _) => State::Fulfilled { at: at(*met), due: instant(*due) },
            (Some(End::Gone { at: gone }), _) => State::Cancelled { at: at(*gone) },
            (None, Some(Standing { ground, since, does: Does::DeferStart, .. })) => {
                State::Scheduled { ground: ground.clone(), since: at(*since) }
            }
            (None, Some(Standing { ground, since, .. })) => State::Paused { ground: ground.clone(), since: at(*since) },
            (None, None) if run.is_none() => {
                State::Scheduled { ground: STILL_TO_START.to_owned(), since: at(self.first) }
            }
            (None, None) => State::Running { due: instant(self.due()) },
        };
        differs("state", format!("{state:?}"), format!("{:?}", replayed.state));
        let still: Vec<_> =
            run.iter().flat_map(|run| &run.still).map(|(from, to, g)| (at(*from), at(*to), g)).collect();
        let pauses: Vec<_> = replayed.pauses.iter().map(|pause| (pause.from, pause.to, &pause.ground)).collect();
        differs("pauses", format!("{still:?}"), format!("{pauses:?}"));
        for now in nows {
            let mut told = replayed.breaches.clone();
            if let State::Running { due } = replayed.state
                && due < instant(*now)
                && told.last().is_none_or(|last| last.epoch != replayed.epoch)
            {
                told.push(Breach { epoch: replayed.epoch, origin: replayed.origin, at: due });
            }
            let broken = self.breaches_by(*now);
            differs("breaches", format!("{broken:?}"), format!("{told:?}"));
            differs(
                "first breach",
                format!("{:?}", broken.first()),
                format!("{:?}", replayed.breach_by(instant(*now))),
            );
        }
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }

    /// The warnings of the present run, when it counts.
    pub fn warnings(&self) -> Vec<(String, jiff::Timestamp)> {
        let Some(run) = self.runs.last().filter(|_| self.counts()) else { return Vec::new() };
        self.rule.warnings.iter().map(|t| (t.word(), instant(run.warns(*t, self.almanac)))).collect()
    }
}

/// Since when another law governs the affair, where none says in the end that it does not.
fn out_of_the_affair_since(course: &[&(i64, Deed)]) -> Option<i64> {
    let back = course.iter().rposition(|(_, deed)| *deed == Deed::SameLaw);
    let last = &course[back.map_or(0, |back| back + 1)..];
    last.iter().find(|(_, deed)| *deed == Deed::OtherLaw).map(|(at, _)| *at)
}

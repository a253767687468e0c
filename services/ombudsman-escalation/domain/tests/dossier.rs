//! Whatever is done to a dossier is found, and the first entry it was done to is named.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, ResourceId, Uuid};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{Content, Draft, FaultKind, Head, Sealed, verify};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use proptest::prelude::*;

fn case() -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(1))
}

fn chain(contents: &[Vec<u8>]) -> (Vec<Sealed>, Head) {
    let actor = Actor {
        kind: ActorKind::Office,
        id: "intake-1".to_owned(),
        department: Some("ombudsman-office".parse().expect("a slug")),
    };
    let mut head = Head::EMPTY;
    let mut entries = Vec::new();
    for (index, bytes) in contents.iter().enumerate() {
        let salt = [u8::try_from(index % 251).expect("small"); 32];
        let draft = Draft {
            kind: DossierKind::ALL[index % DossierKind::ALL.len()],
            visibility: Visibility::ALL[index % Visibility::ALL.len()],
            content_type: "text/plain".to_owned(),
            content: Content { salt, bytes: bytes.clone() },
        };
        let at = Timestamp::from_second(1_800_000_000 + i64::try_from(index).expect("small")).expect("in range");
        let sealed = draft.seal(case(), head, &actor, at);
        head = sealed.head();
        entries.push(sealed);
    }
    (entries, head)
}

/// Every way of changing one entry that leaves its place alone.
fn tamper(sealed: &mut Sealed, field: usize, byte: usize, mask: u8) {
    let entry = &mut sealed.entry;
    match field {
        0 => entry.case = CaseId::from_uuid(Uuid::from_u128(entry.case.uuid().as_u128() ^ (1 << (byte % 128)))),
        1 => entry.sequence += u64::from(mask),
        2 => entry.kind = other(DossierKind::ALL, entry.kind, byte),
        3 => entry.visibility = other(Visibility::ALL, entry.visibility, byte),
        4 => entry.actor.kind = other(ActorKind::ALL, entry.actor.kind, byte),
        5 => entry.actor.id.push('x'),
        6 => entry.actor.department = None,
        7 => {
            let moved = entry.recorded_at.as_microsecond() + i64::from(mask);
            entry.recorded_at = Timestamp::from_microsecond(moved).expect("in range");
        }
        8 => entry.content_type.push(' '),
        9 => entry.commitment[byte % 32] ^= mask,
        10 => entry.prev_hash[byte % 32] ^= mask,
        11 => sealed.hash[byte % 32] ^= mask,
        12 => {
            if let Some(content) = &mut sealed.content {
                content.salt[byte % 32] ^= mask;
            }
        }
        _ => {
            if let Some(content) = &mut sealed.content {
                let at = byte % content.bytes.len();
                content.bytes[at] ^= mask;
            }
        }
    }
}

fn other<T: Copy + PartialEq>(all: &[T], but: T, pick: usize) -> T {
    let others: Vec<T> = all.iter().copied().filter(|value| *value != but).collect();
    others[pick % others.len()]
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 1..12)
}

proptest! {
    #[test]
    fn an_untouched_dossier_verifies_and_so_does_a_redacted_one(contents in contents(), hidden in any::<u16>()) {
        let (mut entries, head) = chain(&contents);
        prop_assert_eq!(verify(case(), &entries, head), Ok(()));
        for (index, sealed) in entries.iter_mut().enumerate() {
            if hidden & (1 << index) != 0 {
                sealed.content = None;
            }
        }
        prop_assert_eq!(verify(case(), &entries, head), Ok(()));
    }

    #[test]
    fn any_changed_field_is_found_and_its_entry_named(
        contents in contents(), at in any::<prop::sample::Index>(), field in 0usize..14, byte in any::<usize>(), mask in 1u8..,
    ) {
        let (mut entries, head) = chain(&contents);
        let at = at.index(entries.len());
        tamper(&mut entries[at], field, byte, mask);
        let fault = verify(case(), &entries, head).expect_err("the change is found");
        prop_assert_eq!(fault.sequence, at as u64 + 1);
    }

    #[test]
    fn a_deleted_entry_is_found_and_named(contents in contents(), at in any::<prop::sample::Index>()) {
        let (mut entries, head) = chain(&contents);
        let at = at.index(entries.len());
        entries.remove(at);
        let fault = verify(case(), &entries, head).expect_err("the gap is found");
        prop_assert_eq!((fault.sequence, fault.kind), (at as u64 + 1, FaultKind::Missing));
    }

    #[test]
    fn swapped_entries_are_found_and_the_first_is_named(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 2..12),
        a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), renumber in any::<bool>(),
    ) {
        let (mut entries, head) = chain(&contents);
        let (a, b) = (a.index(entries.len()), b.index(entries.len()));
        prop_assume!(a != b);
        entries.swap(a, b);
        if renumber {
            let (one, two) = (entries[a].entry.sequence, entries[b].entry.sequence);
            (entries[a].entry.sequence, entries[b].entry.sequence) = (two, one);
        }
        let fault = verify(case(), &entries, head).expect_err("the swap is found");
        prop_assert_eq!(fault.sequence, a.min(b) as u64 + 1);
    }

    #[test]
    fn an_entry_rewritten_with_its_own_new_hash_is_betrayed_by_the_next_one_or_the_head(
        contents in contents(), at in any::<prop::sample::Index>(),
    ) {
        let (mut entries, head) = chain(&contents);
        let at = at.index(entries.len());
        entries[at].entry.content_type.push('x');
        entries[at].hash = entries[at].entry.hash();
        let fault = verify(case(), &entries, head).expect_err("the rewrite is found");
        let expected = if at + 1 == entries.len() { at as u64 + 1 } else { at as u64 + 2 };
        prop_assert_eq!(fault.sequence, expected);
    }
}

#[test]
fn entries_added_behind_the_kept_head_are_found() {
    let (entries, _) = chain(&[vec![1], vec![2], vec![3]]);
    let kept = entries[1].head();
    let fault = verify(case(), &entries, kept).expect_err("one too many");
    assert_eq!((fault.sequence, fault.kind), (3, FaultKind::HeadMismatch));
}

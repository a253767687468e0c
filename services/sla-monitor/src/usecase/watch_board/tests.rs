use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use futures::future::{join_all, try_join_all};
use jiff::Timestamp;

use super::*;

/// Boards that are counted as they are added up, each of another instant.
#[derive(Default)]
struct Counted {
    changes: AtomicI64,
    added: AtomicUsize,
}

impl Counted {
    fn added(&self) -> usize {
        self.added.load(Ordering::SeqCst)
    }
}

impl Source for Counted {
    async fn last_change(&self) -> Result<Option<i64>, Failure> {
        Ok(Some(self.changes.load(Ordering::SeqCst)))
    }

    async fn board(&self) -> Result<Figured, Failure> {
        tokio::task::yield_now().await;
        let nth = self.added.fetch_add(1, Ordering::SeqCst) + 1;
        let now = Timestamp::from_second(i64::try_from(nth).unwrap()).unwrap();
        Ok(Figured { lines: Vec::new(), zone: String::new(), now })
    }
}

/// As if everybody had looked so long ago.
async fn ago(shared: &Shared, since: Duration) {
    let mut turn = shared.turn().await;
    let look = turn.as_mut().unwrap();
    let then = |at: Instant| at.checked_sub(since).unwrap();
    (look.begun, look.added, look.at) = (then(look.begun), then(look.added), then(look.at));
}

#[tokio::test]
async fn many_who_begin_to_watch_at_once_have_a_board_that_was_begun_after_they_asked_and_few_are_added_up() {
    let (boards, shared) = (Counted::default(), Shared::default());
    let told = try_join_all((0..20).map(|_| first(&boards, &shared))).await.unwrap();
    // The others asked while the first was being added up, and share the next.
    assert_eq!((told.len(), boards.added()), (20, 2));
    assert!(told[1..].iter().all(|board| board.now == Timestamp::from_second(2).unwrap()));
    // Whoever comes later is told nothing that was added up before.
    assert_eq!(first(&boards, &shared).await.unwrap().now, Timestamp::from_second(3).unwrap());
}

#[tokio::test]
async fn many_who_watch_one_window_look_once_for_all_and_once_more_after_a_change() {
    let (boards, shared) = (Counted::default(), Shared::default());
    let begun = first(&boards, &shared).await.unwrap();
    let look = async || {
        ago(&shared, PAUSE).await;
        join_all((0..20).map(|_| next(&boards, &shared))).await.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    look().await;
    assert_eq!(boards.added(), 1, "nothing has changed");
    boards.changes.store(7, Ordering::SeqCst);
    look().await;
    assert_eq!(boards.added(), 2);
    look().await;
    assert_eq!(boards.added(), 3, "it may have been committed since");
    let told = look().await;
    assert_eq!(boards.added(), 3);
    assert!(told.iter().all(|board| Arc::ptr_eq(board, &begun)), "no line is another");
    ago(&shared, AGAIN).await;
    let told = look().await;
    assert_eq!(boards.added(), 4);
    assert!(told.iter().all(|board| Arc::ptr_eq(board, &told[0]) && !Arc::ptr_eq(board, &begun)), "told again");
}

#[test]
fn one_window_is_shared_while_somebody_watches_it_and_another_is_not() {
    let watched = Watched::default();
    let window = Window { rule: Some("next".to_owned()), ..Window::default() };
    let one = watched.of(&window);
    assert!(Arc::ptr_eq(&one, &watched.of(&window)));
    assert!(!Arc::ptr_eq(&one, &watched.of(&Window::default())));
    drop(one);
    assert_eq!(Arc::strong_count(&watched.of(&window)), 1, "nobody is left of those before");
}

//! Boards that several watch at once: whoever looks first looks for all who watch the same window.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turn, MutexGuard};
use tokio::time::Instant;

use crate::usecase::get_board::{Figured, Window};

/// The boards that are watched. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Watched(Arc<Mutex<HashMap<Window, Weak<Shared>>>>);

impl Watched {
    /// What those who watch a window share, as long as somebody does.
    pub(super) fn of(&self, window: &Window) -> Arc<Shared> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = watched.get(window).and_then(Weak::upgrade) {
            return shared;
        }
        watched.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::default();
        watched.insert(window.clone(), Arc::downgrade(&shared));
        shared
    }
}

/// What those who watch one window share; nobody looks while somebody else does.
#[derive(Debug, Default)]
pub(super) struct Shared(Turn<Option<Look>>);

impl Shared {
    /// Waits for one's turn to look.
    pub async fn turn(&self) -> MutexGuard<'_, Option<Look>> {
        self.0.lock().await
    }
}

/// What was seen when somebody looked last.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// When they began to.
    pub begun: Instant,
    /// The number of the last change by then.
    pub seen: Option<i64>,
    /// A change was seen that may not have been committed yet.
    pub once_more: bool,
    /// When the board was begun to be added up last.
    pub added: Instant,
    /// The board as it was told last; one of other lines, or told again, is another.
    pub told: Arc<Figured>,
    /// When the board that was told was added up.
    pub at: Instant,
}

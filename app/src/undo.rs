//! Undo and redo: snapshots of the session, which is small. Weights are not part of it.

use std::collections::VecDeque;

use masquerade_engine::session::Session;

/// How many changes can be taken back.
pub const DEPTH: usize = 100;

/// The sessions before and after the one on screen.
#[derive(Debug, Default)]
pub struct Undo {
    before: VecDeque<Session>,
    after: Vec<Session>,
}

impl Undo {
    /// Keep the session as it is before a change.
    pub fn keep(&mut self, session: &Session) {
        if self.before.back() == Some(session) {
            return;
        }
        if self.before.len() == DEPTH {
            self.before.pop_front();
        }
        self.before.push_back(session.clone());
        self.after.clear();
    }

    /// The session before the last change, if there is one.
    pub fn undo(&mut self, now: &Session) -> Option<Session> {
        let session = self.before.pop_back()?;
        self.after.push(now.clone());
        Some(carry_training(session, now))
    }

    /// The session that was last taken back, if there is one.
    pub fn redo(&mut self, now: &Session) -> Option<Session> {
        let session = self.after.pop()?;
        self.before.push_back(now.clone());
        Some(carry_training(session, now))
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    /// Whether something was taken back.
    pub fn can_redo(&self) -> bool {
        !self.after.is_empty()
    }
}

/// Steps trained meanwhile are no edit: they stay as long as it is the same run.
fn carry_training(mut session: Session, now: &Session) -> Session {
    let run = |s: &Session| (s.method.clone(), s.preset.clone(), s.data.clone(), s.seed, s.stored, s.task);
    if run(&session) == run(now) {
        session.step = now.step;
        session.first_loss = now.first_loss;
    }
    session
}

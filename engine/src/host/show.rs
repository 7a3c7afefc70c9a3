//! Showing a session: put it in order, find out what differs from what is open, do the least that leads there.

use std::collections::BTreeMap;

use super::{Host, stage};
use crate::card::Card;
use crate::error::Result;
use crate::session::Session;
use crate::settings::Settings;
use crate::shape::Shape;

impl Host {
    /// Answer [`Command::Show`](crate::session::Command::Show).
    pub(super) async fn show(&mut self, session: Session) -> Result<()> {
        self.show_or_stay(session, false).await?;
        // Files that came before any system was open.
        match self.undecoded.take() {
            Some(files) => self.add_user_data(files).await,
            None => Ok(()),
        }
    }

    /// The same, with a model that is built from the start whatever is open.
    pub(super) async fn open_anew(&mut self, session: Session) -> Result<()> {
        self.show_or_stay(session, true).await
    }

    async fn show_or_stay(&mut self, session: Session, anew: bool) -> Result<()> {
        let other = session.method != self.session.method;
        let shown = self.try_show(session, anew).await;
        if shown.is_err() {
            // The front end goes back to what is still open; it may have put that away already.
            if other && self.run.is_some() {
                self.tell_opened()?;
            } else {
                self.tell_state();
            }
        }
        shown
    }

    async fn try_show(&mut self, session: Session, anew: bool) -> Result<()> {
        let card = self.card(&session.method)?;
        let (mut session, draft) = in_order(session, &card)?;
        let size: usize = draft.find("img_size").unwrap_or_default();
        let same_data = !anew
            && self.run.as_ref().is_some_and(|run| {
                run.card.id == session.method
                    && self.session.data == session.data
                    && self.session.seed == session.seed
                    && run.settings.find::<usize>("img_size").unwrap_or_default() == size
            });
        let data = match &self.run {
            Some(run) if same_data => run.loader.data().clone(),
            _ => self.load_data(&session, card.kind, size).await?,
        };
        let settings = Settings::of(&session, &card, data.shape())?;
        let serves = same_data
            && self.session.preset == session.preset
            && self.session.go_on == session.go_on
            && self.run.as_ref().is_some_and(|run| run.pretrained().serves(&session, &settings));
        // Stored weights that are in the run itself make way for a fresh start, and stay to be looked at.
        let from_scratch = serves
            && !session.stored
            && !session.go_on
            && self.run.as_ref().is_some_and(|run| run.head().is_none() && run.provenance.stored && run.step == 0);
        if from_scratch {
            self.put_stored_beside().await?;
        }
        let keep = serves;
        let (was_playing, train_to) = (self.playing.is_some(), session.step);
        let mut turned = false;
        if keep {
            self.adjust(settings)?;
            self.load_beside(&session).await?;
            turned = self.turn_to(&mut session)?;
        } else {
            let run = self.build(&session, &card, settings, data).await?;
            self.run = Some(run.turned_to(session.task).map_err(|(_, error)| error)?);
            (self.beside, self.aside, self.shown_less) = (None, None, false);
            self.release();
            self.copies.forget();
            self.stop_job();
            self.playing = None;
            self.warm_up()?;
        }
        let run = self.running()?;
        session.step = run.step;
        if keep && !turned && run.step > 0 {
            session.first_loss = self.session.first_loss;
        }
        stage::fit(&mut session, run);
        self.session = session;
        if keep {
            self.tell_shown()?;
            if turned && was_playing {
                self.tell_state();
            }
            return Ok(());
        }
        self.tell_opened()?;
        if train_to > 0 {
            self.play(Some(train_to)).await
        } else {
            if was_playing {
                self.tell_state();
            }
            Ok(())
        }
    }

    /// Turn the knobs of the open model that act at once.
    fn adjust(&mut self, settings: Settings) -> Result<()> {
        if self.running()?.settings == settings {
            return Ok(());
        }
        let data = self.running()?.loader.data().clone();
        self.check_batch(&settings, &*data)?;
        for other in [&mut self.beside, &mut self.aside].into_iter().flatten() {
            other.adjust(settings.clone())?;
        }
        let note = self.run.as_mut().map_or(Ok(None), |run| run.adjust(settings))?;
        note.into_iter().for_each(|note| self.log(note));
        Ok(())
    }
}

/// The session with what it leaves open filled in and without knobs that stand as the preset has them; and its
/// settings, but for what the data decides.
pub(super) fn in_order(mut session: Session, card: &Card) -> Result<(Session, Settings)> {
    if session.data.is_empty() {
        session.data = card.data.first().cloned().unwrap_or_default();
    }
    if session.preset.is_empty() {
        session.preset = card.presets.first().map(|p| p.id.clone()).unwrap_or_default();
    }
    let shape = Shape { channels: 1, ..Shape::default() };
    let draft = Settings::of(&session, card, shape.clone())?;
    let preset = Settings::of(&Session { knobs: BTreeMap::new(), ..session.clone() }, card, shape)?;
    session.knobs.retain(|name, value| preset.values().get(name) != Some(value));
    Ok((session, draft))
}

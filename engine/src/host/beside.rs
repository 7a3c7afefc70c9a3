//! Stored weights beside a run that trains from scratch: both can be looked at, a click apart.

use super::Host;
use crate::error::Result;
use crate::run::Run;
use crate::session::Session;

impl Host {
    /// The run whose weights are shown: the one that trains, or the stored weights beside it.
    pub(super) fn shown(&self) -> Result<&Run> {
        match &self.beside {
            Some(beside) if self.session.stored => Ok(beside),
            _ => self.running(),
        }
    }

    /// Whether the stored weights beside the run are shown.
    pub(super) fn shows_beside(&self) -> bool {
        self.session.stored && self.beside.is_some()
    }

    /// Training begins: what is shown is what trains. From stored weights it begins from scratch, with the stored ones
    /// kept beside, unless the session goes on from them.
    pub(super) async fn begin_training(&mut self) -> Result<()> {
        let run = self.running()?;
        if run.head().is_some() {
            return Ok(());
        }
        if run.provenance.stored && run.step == 0 && !self.session.go_on {
            return self.put_stored_beside().await;
        }
        self.session.stored = false;
        Ok(())
    }

    /// Keep the run with the stored weights to look at, and build one from scratch.
    pub(super) async fn put_stored_beside(&mut self) -> Result<()> {
        let (card, settings) = (self.running()?.card.clone(), self.running()?.settings.clone());
        let data = self.running()?.loader.data().clone();
        let session = Session { stored: false, ..self.session.clone() };
        let fresh = self.build(&session, &card, settings, data).await?;
        self.beside = self.run.replace(fresh);
        self.session = session;
        self.copies.forget();
        self.warm_up()?;
        self.tell_opened()
    }

    /// Load the stored weights beside a run that does not have them, where they are to be shown.
    pub(super) async fn load_beside(&mut self, session: &Session) -> Result<()> {
        let run = self.running()?.pretrained();
        if !session.stored || self.beside.is_some() || (run.provenance.stored && run.step == 0) {
            return Ok(());
        }
        let (card, settings, data) = (run.card.clone(), run.settings.clone(), run.loader.data().clone());
        let stored = self.build(&Session { stored: true, ..session.clone() }, &card, settings, data).await?;
        self.beside = Some(stored).filter(|run| run.provenance.stored);
        Ok(())
    }
}

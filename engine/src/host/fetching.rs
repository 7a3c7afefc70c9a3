//! Fetching data sets beside everything else.

use super::Host;
use crate::data::sets::{self, Message, Running, Told};
use crate::error::{Error, Result};
use crate::session::{Event, FetchReport};

/// The download that goes on, and the sets that come after it.
pub(super) struct Fetching {
    running: Running,
    waiting: Vec<sets::Set>,
    /// What is waited for, as it was last told.
    note: String,
}

impl Host {
    pub(super) async fn tell_sets(&mut self) -> Result<()> {
        let reports = sets::reports(&self.files).await?;
        self.emit(Event::Sets(reports));
        Ok(())
    }

    pub(super) async fn fetch(&mut self, id: &str) -> Result<()> {
        if self.fetching.is_some() {
            let why = "one is fetched after the other, because the source limits downloads";
            return Err(Error::request(
                "A data set is being fetched already",
                why,
                "Wait until it is there, or stop it",
            ));
        }
        let wanted = sets::of_data(id);
        let mut found: Vec<sets::Set> =
            sets::list(&self.files).await?.into_iter().filter(|set| wanted.contains(&set.id.as_str())).collect();
        if found.is_empty() {
            let why = "it is not in the list of sets that can be fetched";
            return Err(Error::request(format!("There is no data set {id:?} to fetch"), why, "Choose one of the list"));
        }
        let first = found.remove(0);
        self.begin_fetching(first, found)
    }

    fn begin_fetching(&mut self, set: sets::Set, waiting: Vec<sets::Set>) -> Result<()> {
        self.log(format!("Fetching {}: {} bytes; {}; {}", set.title, set.bytes(), set.licence, set.credit));
        let running = Running::start(set, &self.files)?;
        self.fetching = Some(Fetching { running, waiting, note: String::new() });
        Ok(())
    }

    pub(super) fn stop_fetching(&mut self) {
        if let Some(fetching) = &mut self.fetching {
            fetching.waiting.clear();
            fetching.running.stop();
        }
    }

    /// Tell what the download has to tell. Then, where nothing else is to do (`idle`), let some time pass.
    pub(super) async fn fetch_slice(&mut self, idle: bool) {
        let Some(fetching) = &mut self.fetching else { return };
        let mut newest = None;
        let mut ended = None;
        while let Some(message) = fetching.running.message() {
            match message {
                Message::Told(told) => newest = Some(told),
                Message::Ended(result) => {
                    ended = Some(result);
                    break;
                }
            }
        }
        match ended {
            Some(result) => self.fetched(result).await,
            None => match newest {
                Some(told) => self.tell_fetching(&told),
                None if idle => fetching.running.rest().await,
                None => (),
            },
        }
    }

    fn tell_fetching(&mut self, told: &Told) {
        let Some(fetching) = &mut self.fetching else { return };
        let news = !told.note.is_empty() && fetching.note.is_empty();
        fetching.note.clone_from(&told.note);
        if news {
            self.log(format!("{}: {}", told.file, told.note));
        }
        let note = if told.note.is_empty() { String::new() } else { format!(", {}", told.note) };
        let what = format!("{}: {} ({} of {}){note}", told.set, told.file, told.number, told.of);
        // The last byte is not the end of it.
        self.emit(Event::Loading { what, done: told.done.min(told.total.saturating_sub(1)), total: told.total });
    }

    async fn fetched(&mut self, result: Result<sets::Summary>) {
        let waiting = self.fetching.take().map(|fetching| fetching.waiting).unwrap_or_default();
        match result {
            Ok(summary) => {
                let sets::Summary { set, here, of, failed, stopped, .. } = summary;
                self.emit(Event::Fetched(FetchReport { set, here, of, failed, stopped }));
            }
            Err(error) => self.refuse(&error),
        }
        let mut waiting = waiting.into_iter();
        let next = match waiting.next() {
            Some(next) => self.begin_fetching(next, waiting.collect()),
            None => Ok(()),
        };
        let told = self.tell_sets().await;
        for outcome in [next, told] {
            if let Err(error) = outcome {
                self.refuse(&error);
            }
        }
    }
}

//! A clock whose hands a test moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use servicecatalog_exporter::model::{Clock, Moment};

/// The hands of a clock that stands still otherwise.
#[derive(Clone)]
pub struct Hands(Arc<Mutex<Moment>>);

impl Default for Hands {
    fn default() -> Self {
        let begin = Moment { unix: 1_700_000_000.0, uptime: Duration::from_secs(60) };
        Self(Arc::new(Mutex::new(begin)))
    }
}

impl Hands {
    /// The clock.
    pub fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::new(move || hands.now())
    }

    /// What it shows.
    pub fn now(&self) -> Moment {
        *self.0.lock().unwrap()
    }

    /// Lets time pass.
    pub fn forward(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(time);
    }
}

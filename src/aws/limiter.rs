//! The rate limit of one account, region and operation: a token bucket whose rate AWS can lower.
//!
//! The quotas of AWS are unpublished and shared with whoever provisions products there. So a
//! throttle is taken at its word: the rate is halved at once, stays there for ten minutes, and then
//! comes back by a twentieth of the configured rate a minute.

use std::time::Duration;

use tokio::time::Instant;

/// After the last throttle the rate does not grow for so long.
const HELD_FOR: Duration = Duration::from_secs(10 * 60);
/// Then, for each of these, it grows by a step.
const STEP_EVERY: Duration = Duration::from_secs(60);
/// Part of the configured rate.
const STEP: f64 = 1.0 / 20.0;
/// Part of the configured rate below which it never falls.
const FLOOR: f64 = 1.0 / 64.0;
/// Sums of parts of a token are off by less.
const ROUNDING: f64 = 1e-9;

/// A token bucket. In any window of `w` seconds it lets at most `rate × w + burst` calls begin,
/// and while it is slowed at most `slowed rate × w + 1`.
///
/// A token is given for now only: nobody holds one for later, so a rate that falls is the rate of
/// all who wait.
#[derive(Debug)]
pub(super) struct Bucket {
    /// None is no limit.
    rule: Option<Rule>,
    tokens: f64,
    counted_at: Option<Instant>,
    slowed: Option<Slowed>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Rule {
    per_second: f64,
    burst: f64,
}

/// Since AWS throttled, until the configured rate is reached again.
#[derive(Clone, Copy, Debug)]
struct Slowed {
    at: Instant,
    per_second: f64,
}

/// What a throttle did to the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SlowedTo {
    /// Calls a second from now on.
    pub(super) per_second: f64,
    /// Whether the configured rate was in force until now.
    pub(super) begins: bool,
}

impl Bucket {
    /// A full bucket; a rate of 0 is no limit.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let rule = Rule::new(per_second, burst);
        let tokens = rule.map_or(0.0, |rule| rule.burst);
        Self { rule, tokens, counted_at: None, slowed: None }
    }

    /// Another rate from now on. What was throttled stays slowed, if that is less.
    pub(super) fn configure(&mut self, per_second: f64, burst: u32, now: Instant) {
        let rule = Rule::new(per_second, burst);
        if rule == self.rule {
            return;
        }
        self.count(now);
        let unlimited = self.rule.is_none();
        self.rule = rule;
        match rule {
            // What went before was not counted: it may have been the burst.
            Some(_) if unlimited => self.tokens = 0.0,
            Some(rule) => self.tokens = self.tokens.min(rule.burst),
            None => self.slowed = None,
        }
    }

    /// Whether there is a token, or when there may be one.
    pub(super) fn look(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(rule) = self.rule else { return Ok(()) };
        let now = self.count(now);
        if self.tokens >= 1.0 - ROUNDING {
            return Ok(());
        }
        // The rate only grows meanwhile: by then there is one, if nobody else takes it.
        let missing = Duration::from_secs_f64((1.0 - self.tokens) / self.rate(rule, now));
        Err(now + missing.max(Duration::from_micros(1)))
    }

    /// Takes a token, or says when there may be one.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        self.look(now)?;
        self.tokens = (self.tokens - 1.0).max(0.0);
        Ok(())
    }

    /// Whether less than the configured rate is in force.
    pub(super) fn is_slowed(&self) -> bool {
        self.slowed.is_some()
    }

    /// AWS throttled a call that began at `begun`. Calls that were under way when the rate was
    /// halved say nothing about the new one: `None`.
    pub(super) fn throttled(&mut self, begun: Instant, now: Instant) -> Option<SlowedTo> {
        let rule = self.rule?;
        let now = self.count(now);
        if self.slowed.is_some_and(|slowed| begun < slowed.at) {
            return None;
        }
        let halved = self.rate(rule, now) / 2.0;
        let per_second = halved.max(rule.per_second * FLOOR);
        let begins = self.slowed.is_none();
        self.slowed = Some(Slowed { at: now, per_second });
        self.tokens = 0.0;
        Some(SlowedTo { per_second, begins })
    }

    /// Adds what came since the last time. Callers read the clock before they get here, so `now`
    /// may be a little behind.
    fn count(&mut self, now: Instant) -> Instant {
        let before = self.counted_at.unwrap_or(now);
        let now = now.max(before);
        self.counted_at = Some(now);
        let Some(rule) = self.rule else { return now };
        // Before the rate grew it was less: no window gets more than it should.
        let gained = self.rate(rule, before) * (now - before).as_secs_f64();
        let held = |slowed: &Slowed| now < slowed.at + HELD_FOR;
        if self.rate(rule, now) >= rule.per_second && !self.slowed.as_ref().is_some_and(held) {
            self.slowed = None;
        }
        let most = if self.slowed.is_some() { 1.0 } else { rule.burst };
        self.tokens = (self.tokens + gained).min(most);
        now
    }

    /// In force at that time.
    fn rate(&self, rule: Rule, now: Instant) -> f64 {
        let Some(slowed) = self.slowed else { return rule.per_second };
        let growing = now.saturating_duration_since(slowed.at).saturating_sub(HELD_FOR);
        let steps = growing.div_duration_f64(STEP_EVERY);
        (slowed.per_second + steps * STEP * rule.per_second).min(rule.per_second)
    }
}

impl Rule {
    fn new(per_second: f64, burst: u32) -> Option<Self> {
        (per_second > 0.0).then(|| Self { per_second, burst: f64::from(burst.max(1)) })
    }
}

#[cfg(test)]
mod tests;

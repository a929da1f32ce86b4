//! What discovery asks, and when it asks again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::aws::{CallError, DirectoryClient, Identity, Member};
use crate::config::{Config, Organization};
use crate::model::{AccountId, AssumeRole, Region};

/// Regions are enabled and disabled by hand, seldom.
pub(super) const REGIONS_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure a question is asked again so soon, then twice as late each time …
const FIRST_RETRY: Duration = Duration::from_secs(10);
/// … up to this, if AWS said no for good …
const LAST_RETRY: Duration = Duration::from_secs(30 * 60);
/// … and up to this, if it may pass by itself: after an outage nobody should wait much longer.
const LAST_SOON: Duration = Duration::from_secs(2 * 60);
/// One question with all of its pages and retries may take this long.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A question to AWS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// Whose are the ambient credentials?
    Identity,
    /// Which accounts has the organisation?
    Members,
    /// Which regions has this account enabled?
    Regions(Option<AssumeRole>),
}

/// What AWS said.
#[derive(Debug)]
pub(super) enum Answer {
    Identity(Result<Identity, CallError>),
    /// With what was asked for: an answer to a configuration of before is none.
    Members(Option<Organization>, Result<Vec<Member>, CallError>),
    Regions(Option<AssumeRole>, Result<Vec<Region>, CallError>),
}

impl Question {
    /// Asks.
    pub(super) async fn ask(self, directory: &Arc<DirectoryClient>, config: &Config) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        match self {
            Self::Identity => Answer::Identity(directory.identity().await),
            Self::Members => {
                let organization = config.organization.clone();
                let found = members(directory, organization.as_ref(), deadline).await;
                Answer::Members(organization, found)
            }
            Self::Regions(role) => {
                let found = directory.regions(deadline).await;
                Answer::Regions(role, found)
            }
        }
    }

    /// The account that is asked, where the question names it.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Regions(Some(role)) => Some(role.arn.account().as_str()),
            _ => None,
        }
    }

    /// What is asked, and what happens without an answer; for the log.
    pub(super) fn in_words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Identity => (
                "whose credentials these are",
                "targets that depend on the answer stay as they are",
            ),
            Self::Members => {
                ("the accounts of the organisation", "the last list, if there is one, goes on")
            }
            Self::Regions(_) => (
                "the enabled regions",
                "the last list goes on; without one the account is scanned in the exporter's own \
                 region; allow account:ListRegions, or list the regions",
            ),
        }
    }
}

/// The accounts of the organisation that its units allow.
async fn members(
    directory: &DirectoryClient,
    organization: Option<&Organization>,
    deadline: Instant,
) -> Result<Vec<Member>, CallError> {
    let Some(organization) = organization else { return Ok(Vec::new()) };
    let mut members = Vec::new();
    if organization.include_ous.is_empty() {
        members = directory.members(deadline).await?;
    } else {
        for unit in &organization.include_ous {
            members.extend(directory.members_below(unit, deadline).await?);
        }
        if !organization.include_accounts.is_empty() {
            let mut listed = directory.members(deadline).await?;
            listed.retain(|member| organization.include_accounts.contains(&member.account));
            members.extend(listed);
        }
    }
    for unit in &organization.exclude_ous {
        let below = directory.members_below(unit, deadline).await?;
        let below: HashSet<AccountId> = below.into_iter().map(|member| member.account).collect();
        members.retain(|member| !below.contains(&member.account));
    }
    members.sort_by(|a, b| a.account.cmp(&b.account));
    members.dedup_by(|a, b| a.account == b.account);
    Ok(members)
}

/// When each question is asked.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    items: HashMap<Question, Item>,
}

#[derive(Debug)]
struct Item {
    /// None: it is under way, or answered for good.
    due: Option<Instant>,
    under_way: bool,
    failures: u32,
    /// Whether there was an answer, be it a failure.
    tried: bool,
    error: Option<CallError>,
}

impl Item {
    fn due(now: Instant) -> Self {
        Self { due: Some(now), under_way: false, failures: 0, tried: false, error: None }
    }
}

impl Agenda {
    /// The question is to be asked, or not any more.
    pub(super) fn want(&mut self, question: Question, wanted: bool) {
        if wanted {
            let now = Instant::now();
            self.items.entry(question).or_insert_with(|| Item::due(now));
        } else {
            self.items.remove(&question);
        }
    }

    /// The regions of exactly these are to be asked for.
    pub(super) fn want_regions(&mut self, roles: &HashSet<Option<AssumeRole>>) {
        self.items.retain(|question, _| match question {
            Question::Regions(role) => roles.contains(role),
            _ => true,
        });
        for role in roles {
            self.want(Question::Regions(role.clone()), true);
        }
    }

    /// The question is due now: what it depends on has changed.
    pub(super) fn again(&mut self, question: Question) {
        self.items.remove(&question);
    }

    /// The earliest time at which a question is due, if there is room for one.
    pub(super) fn next(&self, room: bool) -> Option<Instant> {
        self.items.values().filter_map(|item| item.due).min().filter(|_| room)
    }

    /// Takes a question that is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Question> {
        let due = |item: &Item| item.due.filter(|due| *due <= now);
        let (question, item) = self
            .items
            .iter_mut()
            .filter(|(_, item)| due(item).is_some())
            .min_by_key(|(_, item)| item.due)?;
        (item.due, item.under_way) = (None, true);
        Some(question.clone())
    }

    /// It was answered, and is asked again after `refresh`; `None` is never.
    pub(super) fn answered(
        &mut self,
        question: &Question,
        now: Instant,
        refresh: Option<Duration>,
    ) {
        if let Some(item) = self.items.get_mut(question) {
            *item = Item { due: refresh.map(|pause| now + pause), tried: true, ..Item::due(now) };
        }
    }

    /// It failed; returns after which pause it is asked again, at most `limit`.
    pub(super) fn failed(
        &mut self,
        question: &Question,
        now: Instant,
        limit: Option<Duration>,
        error: &CallError,
    ) -> Duration {
        let Some(item) = self.items.get_mut(question) else { return LAST_RETRY };
        let doubled = FIRST_RETRY.saturating_mul(1 << item.failures.min(16));
        let last = if error.reason.is_permanent() { LAST_RETRY } else { LAST_SOON };
        let pause = doubled.min(last).min(limit.unwrap_or(last));
        *item = Item {
            due: Some(now + pause),
            under_way: false,
            failures: item.failures + 1,
            tried: true,
            error: Some(error.clone()),
        };
        pause
    }

    /// Why the question failed when it was last asked, if it did.
    pub(super) fn error(&self, question: &Question) -> Option<&CallError> {
        self.items.get(question)?.error.as_ref()
    }

    /// Whether every question had an answer, be it a failure.
    pub(super) fn all_tried(&self) -> bool {
        self.items.values().all(|item| item.tried)
    }

    /// The questions whose last answer was a failure.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&Question, &CallError)> {
        self.items.iter().filter_map(|(question, item)| Some((question, item.error.as_ref()?)))
    }

    /// A question's task panicked; nobody says which, so all that are under way are asked again.
    pub(super) fn panicked(&mut self, now: Instant) {
        for item in self.items.values_mut().filter(|item| item.under_way) {
            item.due = Some(now + LAST_RETRY);
            item.under_way = false;
            item.failures += 1;
            item.tried = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Operation, Reason};

    fn denied() -> CallError {
        CallError::local(Operation::ListAccounts, Reason::AccessDenied, "denied")
    }

    #[test]
    fn a_question_that_fails_is_asked_again_ever_later_but_never_later_than_its_refresh() {
        let now = Instant::now();
        let mut agenda = Agenda::default();
        agenda.want(Question::Members, true);
        let hour = Some(Duration::from_secs(3600));
        let mut pauses = Vec::new();
        for _ in 0..10 {
            assert_eq!(agenda.take_due(now + LAST_RETRY * 30), Some(Question::Members));
            pauses.push(agenda.failed(&Question::Members, now, hour, &denied()).as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
        agenda.take_due(now + LAST_RETRY * 30);
        let minute = Some(Duration::from_secs(60));
        let pause = agenda.failed(&Question::Members, now, minute, &denied());
        assert_eq!(pause.as_secs(), 60);
    }

    #[test]
    fn what_may_pass_by_itself_is_asked_again_soon_however_long_it_lasts() {
        let now = Instant::now();
        let mut agenda = Agenda::default();
        agenda.want(Question::Identity, true);
        let network = CallError::local(Operation::GetCallerIdentity, Reason::Network, "refused");
        for pause in [10, 20, 40, 80, 120, 120, 120] {
            let asked = agenda.failed(&Question::Identity, now, None, &network);
            assert_eq!(asked.as_secs(), pause);
        }
    }

    #[test]
    fn a_question_under_way_is_not_asked_twice_and_an_answer_ends_it_until_its_refresh() {
        let now = Instant::now() + Duration::from_secs(1);
        let mut agenda = Agenda::default();
        agenda.want(Question::Identity, true);
        assert_eq!(agenda.take_due(now), Some(Question::Identity));
        assert_eq!(agenda.take_due(now), None);
        agenda.answered(&Question::Identity, now, None);
        assert_eq!((agenda.take_due(now + LAST_RETRY), agenda.next(true)), (None, None));
        agenda.answered(&Question::Identity, now, Some(LAST_RETRY));
        assert_eq!(agenda.next(true), Some(now + LAST_RETRY));
        assert_eq!(agenda.next(false), None, "there is no room for it");
    }
}

//! Which targets there are: asks whose credentials these are, which accounts the organisation has
//! and which regions they have enabled, and hands the pump a roster whenever an answer changed it.
//!
//! What was found out stays until a better answer comes: a question that fails changes nothing but
//! the metrics that say so.

mod choice;
mod question;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use self::choice::{Choice, Chosen, Known, choose};
use self::question::{Agenda, Answer, Question};
use super::roster::{Key, Roster, Wanted};
use crate::aws::{
    CallError, DirectoryClient, Identity, Limits, Member, Session, Shared, TargetClient,
};
use crate::config::Config;
use crate::model::{AccountId, AssumeRole, CallCounts, Clock, Region, RoleArn};
use crate::snapshot::Found;
use crate::telemetry::SelfMetrics;

/// Questions under way at once.
const AT_ONCE: usize = 32;
/// While answers come in, the roster is made anew at most so often.
const ROSTER_EVERY: Duration = Duration::from_millis(500);

/// A configuration to go on with, and who hears when its targets are in the roster.
pub type NewConfig = (Arc<Config>, oneshot::Sender<()>);

/// Finds the targets.
#[derive(Debug)]
pub struct Discovery {
    config: Arc<Config>,
    ambient: Arc<Session>,
    shared: Shared,
    clock: Clock,
    metrics: Arc<SelfMetrics>,
    sessions: HashMap<AssumeRole, Arc<Session>>,
    directories: HashMap<Option<RoleArn>, (Option<AssumeRole>, Arc<DirectoryClient>)>,
    clients: HashMap<Key, (Option<AssumeRole>, Arc<TargetClient>)>,
    own: Option<Identity>,
    members: Option<Vec<Member>>,
    regions: HashMap<Option<RoleArn>, Vec<Region>>,
    agenda: Agenda,
    tasks: JoinSet<Answer>,
    roster: watch::Sender<Arc<Roster>>,
}

impl Discovery {
    /// A discovery with this identity, and where its rosters come out. The first one, of what is
    /// configured alone, is there at once.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        ambient: Arc<Session>,
        shared: Shared,
        clock: Clock,
        metrics: Arc<SelfMetrics>,
    ) -> (Self, watch::Receiver<Arc<Roster>>) {
        let empty = Roster {
            config: Arc::clone(&config),
            targets: Vec::new(),
            configured: 0,
            found: Found::NotYet,
            discovered: false,
            failures: Vec::new(),
            management: None,
            calls: Vec::new(),
        };
        let (roster, receiver) = watch::channel(Arc::new(empty));
        let mut discovery = Self {
            config,
            ambient,
            shared,
            clock,
            metrics,
            sessions: HashMap::new(),
            directories: HashMap::new(),
            clients: HashMap::new(),
            own: None,
            members: None,
            regions: HashMap::new(),
            agenda: Agenda::default(),
            tasks: JoinSet::new(),
            roster,
        };
        discovery.configured();
        discovery.publish();
        (discovery, receiver)
    }

    /// Asks what is due, for ever; a configuration that comes in replaces the one before. Where
    /// none can come any more it ends when nothing is left to ask.
    pub async fn run(
        mut self,
        mut configs: mpsc::Receiver<NewConfig>,
        limits: fn(&Config) -> Limits,
    ) {
        let mut changed = false;
        let mut waiting: Option<oneshot::Sender<()>> = None;
        let mut published = Instant::now();
        loop {
            self.ask();
            let settled = self.tasks.is_empty() || published.elapsed() >= ROSTER_EVERY;
            if changed && settled {
                self.publish();
                (changed, published) = (false, Instant::now());
                // Whoever waited may be gone.
                let _ = waiting.take().map(|waiting| waiting.send(()));
                continue;
            }
            let due = self.agenda.next(self.tasks.len() < AT_ONCE);
            tokio::select! {
                Some((config, who)) = configs.recv() => {
                    self.reconfigure(config, limits).await;
                    (changed, waiting) = (true, Some(who));
                    published = Instant::now() - ROSTER_EVERY;
                }
                Some(answer) = self.tasks.join_next() => {
                    match answer {
                        Ok(answer) => self.take(answer),
                        Err(_) => self.agenda.panicked(Instant::now()),
                    }
                    changed = true;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                () = sleep_until(published + ROSTER_EVERY), if changed => {}
                // Nothing is due, and nobody is left who could change that.
                else => return,
            }
        }
    }

    /// Notes what the configuration asks for.
    fn configured(&mut self) {
        let organization = self.config.organization.as_ref();
        self.metrics.set_organization(organization.is_some());
        self.metrics.set_shard(self.config.shard.ordinal, self.config.shard.total);
        self.agenda.want(Question::Identity, organization.is_some() || self.config.shard.total > 1);
        self.agenda.want(Question::Members, organization.is_some());
        if organization.is_none() {
            self.members = None;
        }
    }

    /// Targets that stay keep their clients' counters, limits and credentials.
    async fn reconfigure(&mut self, config: Arc<Config>, limits: fn(&Config) -> Limits) {
        let before = std::mem::replace(&mut self.config, config);
        let config = Arc::clone(&self.config);
        if before.aws != config.aws {
            let limits = limits(&config);
            let url = config.aws.endpoint_url.as_ref().map(|url| url.as_str());
            let region = config.aws.region.as_ref();
            match self.ambient.with(region, url, limits.clone()).await {
                Ok(session) => {
                    self.shared.set_max_in_flight(limits.max_in_flight);
                    self.renew(session);
                }
                Err(error) => {
                    tracing::error!(%error, "the settings below aws stay as they were");
                }
            }
        }
        if before.organization != config.organization {
            self.agenda.again(Question::Members);
        }
        self.scanned_regions_stay();
        self.configured();
    }

    /// Where a list of regions has become `auto`, the targets that are there go on until it is
    /// known which regions are enabled.
    fn scanned_regions_stay(&mut self) {
        let mut scanned: HashMap<_, Vec<Region>> = HashMap::new();
        for Key { role, region } in self.clients.keys() {
            scanned.entry(role.clone()).or_default().push(region.clone());
        }
        for (role, mut regions) in scanned {
            regions.sort();
            self.regions.entry(role).or_insert(regions);
        }
    }

    /// Goes on with the settings of that session.
    fn renew(&mut self, ambient: Session) {
        self.ambient = Arc::new(ambient);
        // The old sessions live until the new ones have taken over their credentials.
        let _before = std::mem::take(&mut self.sessions);
        for (arn, (role, directory)) in std::mem::take(&mut self.directories) {
            let session = self.session(role.as_ref());
            let directory = directory.continuing(&session, self.shared.clone());
            self.directories.insert(arn, (role, Arc::new(directory)));
        }
        for (key, (role, client)) in std::mem::take(&mut self.clients) {
            let session = self.session(role.as_ref());
            let client = client.continuing(&session, self.shared.clone());
            self.clients.insert(key, (role, Arc::new(client)));
        }
    }

    fn session(&mut self, role: Option<&AssumeRole>) -> Arc<Session> {
        match role {
            None => Arc::clone(&self.ambient),
            Some(role) => {
                let ambient = &self.ambient;
                let new = || Arc::new(ambient.assuming(role));
                Arc::clone(self.sessions.entry(role.clone()).or_insert_with(new))
            }
        }
    }

    fn directory(&mut self, role: Option<&AssumeRole>) -> Arc<DirectoryClient> {
        let arn = role.map(|role| role.arn.clone());
        let directory = match self.directories.get(&arn) {
            Some((same, known)) if same.as_ref() == role => return Arc::clone(known),
            // The same role with another external id: its counters go on.
            Some((_, before)) => {
                let before = Arc::clone(before);
                before.continuing(&self.session(role), self.shared.clone())
            }
            None => self.session(role).directory(self.shared.clone()),
        };
        let directory = Arc::new(directory);
        self.directories.insert(arn, (role.cloned(), Arc::clone(&directory)));
        directory
    }

    /// Begins what is due.
    fn ask(&mut self) {
        let now = Instant::now();
        while self.tasks.len() < AT_ONCE
            && let Some(question) = self.agenda.take_due(now)
        {
            let role = self.asked_as(&question).cloned();
            let directory = self.directory(role.as_ref());
            let config = Arc::clone(&self.config);
            self.tasks.spawn(async move { question.ask(&directory, &config).await });
        }
    }

    /// The role that is asked; `None` is the ambient identity.
    fn asked_as<'q>(&'q self, question: &'q Question) -> Option<&'q AssumeRole> {
        match question {
            Question::Identity => None,
            Question::Members => self.config.organization.as_ref()?.management_role.as_ref(),
            Question::Regions(role) => role.as_ref(),
        }
    }

    /// The questions whose last answer was a failure, with the account that was asked.
    fn failures(&self) -> Vec<(Option<AccountId>, CallError)> {
        let own = self.own.as_ref().map(|own| &own.account);
        let failures = self.agenda.failures().map(|(question, error)| {
            let account = self.asked_as(question).map(|role| role.arn.account()).or(own);
            (account.cloned(), error.clone())
        });
        let mut failures: Vec<_> = failures.collect();
        failures.sort_by(|(a, one), (b, other)| (a, one.operation).cmp(&(b, other.operation)));
        failures
    }

    fn take(&mut self, answer: Answer) {
        let now = Instant::now();
        match answer {
            Answer::Identity(Ok(identity)) => {
                self.own = Some(identity);
                self.agenda.answered(&Question::Identity, now, None);
            }
            Answer::Identity(Err(error)) => self.failed(Question::Identity, now, &error),
            Answer::Members(asked, _) if asked != self.config.organization => {}
            Answer::Members(_, Ok(members)) => {
                self.joined_or_left(&members);
                self.members = Some(members);
                let refresh = self.config.organization.as_ref().map(|org| org.refresh);
                self.agenda.answered(&Question::Members, now, refresh);
                self.metrics.organization_discovered(self.clock.now().unix);
            }
            Answer::Members(_, Err(error)) => {
                self.metrics.organization_failed();
                self.failed(Question::Members, now, &error);
            }
            Answer::Regions(role, Ok(regions)) => {
                self.regions.insert(arn_of(role.as_ref()), regions);
                let question = Question::Regions(role);
                self.agenda.answered(&question, now, Some(question::REGIONS_REFRESH));
            }
            Answer::Regions(role, Err(error)) => {
                // Empty says that there was an answer, and that it was none.
                self.regions.entry(arn_of(role.as_ref())).or_default();
                self.failed(Question::Regions(role), now, &error);
            }
        }
    }

    fn failed(&mut self, question: Question, now: Instant, error: &CallError) {
        let limit = match question {
            Question::Members => self.config.organization.as_ref().map(|org| org.refresh),
            _ => None,
        };
        // Hundreds of accounts may be denied alike, for good.
        let alike = |before: &CallError| before.reason == error.reason;
        let known = question.account().is_some() && self.agenda.error(&question).is_some_and(alike);
        let retry = self.agenda.failed(&question, now, limit, error);
        let (what, consequence) = question.in_words();
        if known && error.reason.is_permanent() {
            tracing::debug!(account = question.account(), asked = what, retry_in = ?retry, "denied still");
            return;
        }
        tracing::warn!(
            account = question.account(),
            asked = what,
            reason = error.reason.as_str(),
            operation = error.operation.as_str(),
            code = error.code,
            request_id = error.request_id,
            error = error.message,
            remedy = error.reason.remedy(error.operation),
            retry_in = ?retry,
            consequence,
            "finding the targets failed"
        );
    }

    /// Says whose series begin and end: a suspended account is listed for months.
    fn joined_or_left(&self, members: &[Member]) {
        let Some(before) = &self.members else {
            tracing::info!(accounts = members.len(), "the accounts of the organisation are known");
            return;
        };
        let active = |list| -> BTreeMap<&AccountId, &str> {
            let members = <[Member]>::iter(list).filter(|member| member.active);
            members.map(|member| (&member.account, &*member.name)).collect()
        };
        let (before, now) = (active(before), active(members));
        for (account, name) in now.iter().filter(|(account, _)| !before.contains_key(*account)) {
            tracing::info!(%account, name, "an account joined the organisation");
        }
        for (account, name) in before.iter().filter(|(account, _)| !now.contains_key(*account)) {
            tracing::info!(%account, name, "an account left the organisation, or is active no more");
        }
    }

    /// Makes the roster anew, and forgets what it does not need any more.
    fn publish(&mut self) {
        let known = Known {
            region: &self.ambient.region().clone(),
            own: self.own.as_ref().map(|own| (&own.account, partition(&own.arn))),
            members: self.members.as_deref(),
            regions: &self.regions,
        };
        let Chosen { choices, configured, complete, auto } = choose(&self.config, &known);
        if let Some(organization) = &self.config.organization {
            let wanted = |member: &&Member| choice::is_wanted(member, organization);
            let accounts = self.members.iter().flatten().filter(wanted).count();
            self.metrics.set_organization_accounts(accounts);
        }
        self.agenda.want_regions(&auto);
        let asked: HashSet<Option<RoleArn>> =
            auto.iter().map(|role| arn_of(role.as_ref())).collect();
        self.regions.retain(|role, _| asked.contains(role));
        let targets: Vec<Wanted> = choices.into_iter().map(|choice| self.wanted(choice)).collect();
        let keys: HashSet<&Key> = targets.iter().map(|wanted| &wanted.key).collect();
        self.clients.retain(|key, _| keys.contains(key));
        let organization = self.config.organization.as_ref();
        let management = organization.and_then(|org| org.management_role.as_ref());
        let asked: HashSet<&AssumeRole> = auto.iter().flatten().chain(management).collect();
        let roles: HashSet<&AssumeRole> =
            self.clients.values().filter_map(|(role, _)| role.as_ref()).collect();
        self.sessions.retain(|role, _| roles.contains(role) || asked.contains(role));
        let asked: HashSet<&RoleArn> = asked.into_iter().map(|role| &role.arn).collect();
        self.directories.retain(|arn, _| arn.as_ref().is_none_or(|arn| asked.contains(arn)));
        let found = match (complete, self.agenda.all_tried()) {
            (true, true) => Found::Wholly,
            (false, true) => Found::Partly,
            (_, false) => Found::NotYet,
        };
        let config = Arc::clone(&self.config);
        let failures = self.failures();
        let management = self.members.iter().flatten().map(|m| m.management.clone()).next();
        let calls = self.calls();
        let discovered =
            config.organization.is_none() || (self.members.is_some() && self.own.is_some());
        self.roster.send_replace(Arc::new(Roster {
            config,
            targets,
            configured,
            found,
            discovered,
            failures,
            management,
            calls,
        }));
    }

    /// The calls of all questions, by the account that was asked; by two roles, perhaps.
    fn calls(&self) -> Vec<(AccountId, CallCounts)> {
        let mut calls: BTreeMap<&AccountId, CallCounts> = BTreeMap::new();
        for (arn, (_, directory)) in &self.directories {
            let own = self.own.as_ref().map(|own| &own.account);
            if let Some(account) = arn.as_ref().map(RoleArn::account).or(own) {
                calls.entry(account).or_default().add(&directory.counts());
            }
        }
        calls.into_iter().map(|(account, calls)| (account.clone(), calls)).collect()
    }

    fn wanted(&mut self, choice: Choice) -> Wanted {
        let Choice { role, region, account, names } = choice;
        let arn: Option<RoleArn> = role.as_ref().map(|role| role.arn.clone());
        let key = Key { role: arn, region };
        let client = match self.clients.get(&key) {
            Some((same, client)) if *same == role => Arc::clone(client),
            other => {
                let before = other.map(|(_, client)| Arc::clone(client));
                let session = self.session(role.as_ref());
                let client = Arc::new(match before {
                    // The same role with another external id: its counters go on.
                    Some(before) => before.continuing(&session, self.shared.clone()),
                    None => session.target(&key.region, self.shared.clone()),
                });
                self.clients.insert(key.clone(), (role, Arc::clone(&client)));
                client
            }
        };
        Wanted { key, account, names, client }
    }
}

fn arn_of(role: Option<&AssumeRole>) -> Option<RoleArn> {
    role.map(|role| role.arn.clone())
}

/// The partition of an ARN.
fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).filter(|text| !text.is_empty()).unwrap_or("aws")
}

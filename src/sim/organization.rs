//! An organisation: a tree of units with accounts in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// An organisation, in the order in which it was put together.
#[derive(Debug, Clone)]
pub struct Organization {
    management: String,
    /// Accounts that may look at the organisation beside the management account.
    pub delegated: BTreeSet<String>,
    /// The accounts, in the order in which they are listed.
    pub members: Vec<Member>,
    /// The parent of each unit.
    parents: BTreeMap<String, String>,
    /// The units in the order in which they were added.
    units: Vec<String>,
}

/// An account of an organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Twelve digits.
    pub id: String,
    /// The name that the organisation gave it.
    pub name: String,
    /// `ACTIVE`, `SUSPENDED` or `PENDING_CLOSURE`: the older field, absent on the wire if `None`.
    pub status: Option<Cow<'static, str>>,
    /// `PENDING_ACTIVATION`, `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE` or `CLOSED`: the newer field,
    /// absent on the wire if `None`.
    pub state: Option<Cow<'static, str>>,
    /// The root or the unit that it is in.
    pub parent: String,
}

impl Organization {
    /// The id of the organisation.
    pub const ID: &'static str = "o-exampleorg1";
    /// The id of its root.
    pub const ROOT: &'static str = "r-ab12";

    /// An organisation of the management account alone, which is in the root.
    #[must_use]
    pub fn new(management: &str) -> Self {
        let mut organization = Organization {
            management: management.to_owned(),
            delegated: BTreeSet::new(),
            members: Vec::new(),
            parents: BTreeMap::new(),
            units: Vec::new(),
        };
        organization.add_account(Self::ROOT, management, "Management");
        organization
    }

    /// The management account.
    #[must_use]
    pub fn management(&self) -> &str {
        &self.management
    }

    /// Adds a unit below a root or unit, and returns its id.
    pub fn add_unit(&mut self, parent: &str) -> String {
        let id = Self::unit_id(self.units.len());
        self.parents.insert(id.clone(), parent.to_owned());
        self.units.push(id.clone());
        id
    }

    /// The id of the `n`th unit that is added, from 0.
    #[must_use]
    pub fn unit_id(n: usize) -> String {
        format!("ou-ab12-{:08}", n + 1)
    }

    /// Adds an active account to a root or unit.
    pub fn add_account(&mut self, parent: &str, id: &str, name: &str) {
        self.members.push(Member {
            id: id.to_owned(),
            name: name.to_owned(),
            status: Some("ACTIVE".into()),
            state: Some("ACTIVE".into()),
            parent: parent.to_owned(),
        });
    }

    /// Lets an account leave.
    pub fn remove_account(&mut self, id: &str) {
        self.members.retain(|member| member.id != id);
    }

    /// The account with that id, to be changed.
    pub fn member_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    /// Gives an account that status and state.
    pub fn set_state(&mut self, id: &str, state: &'static str) {
        if let Some(member) = self.member_mut(id) {
            // The older field knows no closed accounts, and none that are about to begin.
            let status = match state {
                "CLOSED" | "PENDING_ACTIVATION" => "SUSPENDED",
                other => other,
            };
            member.status = Some(status.into());
            member.state = Some(state.into());
        }
    }

    pub(super) fn has_member(&self, account: &str) -> bool {
        self.members.iter().any(|member| member.id == account)
    }

    /// Whether the account may look at the organisation.
    pub(super) fn admits(&self, account: &str) -> bool {
        account == self.management || self.delegated.contains(account)
    }

    pub(super) fn has_parent(&self, id: &str) -> bool {
        id == Self::ROOT || self.parents.contains_key(id)
    }

    pub(super) fn members_in<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |member| member.parent == parent)
    }

    pub(super) fn units_in<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a String> {
        self.units.iter().filter(move |unit| self.parents[*unit] == parent)
    }
}

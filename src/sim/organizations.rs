//! What Organizations and Account answer.

use super::answer::Question;
use super::input::{Input, invalid, invalid_input};
use super::json::{self, Object};
use super::organization::{Member, Organization};
use super::wire::Refusal;
use super::world::World;

const TOKEN: &str = "NextToken";

impl World {
    pub(super) fn list_accounts(&self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let organization = self.open_organization(question)?;
        let members: Vec<_> = organization.members.iter().collect();
        accounts(organization, &members, question)
    }

    pub(super) fn list_accounts_for_parent(
        &self,
        question: &Question<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        let organization = self.open_organization(question)?;
        let parent = parent(organization, question.input)?;
        let members: Vec<_> = organization.members_in(parent).collect();
        accounts(organization, &members, question)
    }

    pub(super) fn list_children(&self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let organization = self.open_organization(question)?;
        let parent = parent(organization, question.input)?;
        let (kind, children): (_, Vec<&str>) = match question.input.child_type.as_deref() {
            Some(kind @ "ACCOUNT") => {
                (kind, organization.members_in(parent).map(|member| member.id.as_str()).collect())
            }
            Some(kind @ "ORGANIZATIONAL_UNIT") => {
                (kind, organization.units_in(parent).map(String::as_str).collect())
            }
            Some(_) => return Err(invalid_input("INVALID_ENUM")),
            None => return Err(invalid_input("INPUT_REQUIRED")),
        };
        let page = question.page(children.len())?;
        Ok(json::object(|body| {
            body.array("Children", &children[page.items], |id, child| {
                child.text("Id", Some(id));
                child.text("Type", Some(kind));
            });
            page.next.render(TOKEN, body);
        }))
    }

    pub(super) fn list_regions(&self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let account = self.account_of_regions(question)?;
        let wanted = question.input.region_opt_status_contains.as_deref().unwrap_or_default();
        for status in wanted {
            let known = ["ENABLED", "ENABLING", "DISABLING", "DISABLED", "ENABLED_BY_DEFAULT"];
            if !known.contains(&status.as_str()) {
                return Err(invalid(&format!(
                    "Value at 'regionOptStatusContains' failed to satisfy constraint: \
                     Member must satisfy enum value set: [{}]",
                    known.join(", ")
                )));
            }
        }
        let mut regions = self.regions.of(account);
        regions.retain(|(_, status)| wanted.is_empty() || wanted.contains(status));
        let page = question.page(regions.len())?;
        Ok(json::object(|body| {
            page.next.render(TOKEN, body);
            body.array("Regions", &regions[page.items], |(name, status), region| {
                region.text("RegionName", Some(name));
                region.text("RegionOptStatus", Some(status));
            });
        }))
    }

    /// The account whose regions are asked for: the caller's own, or a member's, if the caller is
    /// of the management account.
    fn account_of_regions<'a>(&self, question: &Question<'a>) -> Result<&'a str, Refusal> {
        let own = question.caller.account.as_str();
        let Some(asked) = question.input.account_id.as_deref() else { return Ok(own) };
        match &self.organization {
            Some(organization)
                if organization.admits(own)
                    && organization.has_member(asked)
                    && asked != organization.management() =>
            {
                Ok(asked)
            }
            _ => {
                let message = format!(
                    "User: {} is not authorized to perform: account:ListRegions",
                    question.caller.arn
                );
                Err(Refusal::new("AccessDeniedException", message))
            }
        }
    }

    /// The organisation, if the caller may look at it.
    fn open_organization(&self, question: &Question<'_>) -> Result<&Organization, Refusal> {
        let account = &question.caller.account;
        let organization = self
            .organization
            .as_ref()
            .filter(|organization| organization.has_member(account))
            .ok_or_else(|| {
                Refusal::new(
                    "AWSOrganizationsNotInUseException",
                    "Your account is not a member of an organization.",
                )
            })?;
        if organization.admits(account) {
            return Ok(organization);
        }
        let message = "You don't have permissions to access this resource.";
        Err(Refusal::new("AccessDeniedException", message))
    }
}

/// The root or unit that is asked about.
fn parent<'a>(organization: &Organization, input: &'a Input) -> Result<&'a str, Refusal> {
    let id = input.parent_id.as_deref().ok_or_else(|| invalid_input("INPUT_REQUIRED"))?;
    if !id.starts_with("r-") && !id.starts_with("ou-") {
        return Err(invalid_input("INVALID_PATTERN"));
    }
    if organization.has_parent(id) {
        return Ok(id);
    }
    let message = "You specified parent that doesn't exist.";
    Err(Refusal::new("ParentNotFoundException", message))
}

fn accounts(
    organization: &Organization,
    members: &[&Member],
    question: &Question<'_>,
) -> Result<Vec<u8>, Refusal> {
    let page = question.page(members.len())?;
    Ok(json::object(|body| {
        body.array("Accounts", &members[page.items], |member, account| {
            render(organization, member, account);
        });
        page.next.render(TOKEN, body);
    }))
}

/// The ARN names the management account, whatever account it is of.
fn render(organization: &Organization, member: &Member, object: &mut Object<'_>) {
    let (management, id) = (organization.management(), &member.id);
    let arn = format!("arn:aws:organizations::{management}:account/{}/{id}", Organization::ID);
    object.text("Arn", Some(&arn));
    object.text("Email", Some(&format!("aws+{id}@example.com")));
    object.text("Id", Some(id));
    object.text("JoinedMethod", Some(if id == management { "INVITED" } else { "CREATED" }));
    object.time("JoinedTimestamp", Some(1_600_000_000.25));
    object.text("Name", Some(&member.name));
    object.text("State", member.state.as_deref());
    object.text("Status", member.status.as_deref());
}

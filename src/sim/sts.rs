//! What STS answers: who the caller is, and credentials of a role.

use std::time::Duration;

use super::answer::Question;
use super::clock::iso8601;
use super::identity::{Principal, Role};
use super::operation::Operation;
use super::random::{Random, hash};
use super::wire::{Refusal, STS_NAMESPACE, xml_text};
use super::world::World;

/// `DurationSeconds`, if it is not said.
const DEFAULT_SESSION: i64 = 3600;
/// The longest session of a role that another role's session assumed.
const LONGEST_CHAINED: i64 = 3600;

impl World {
    pub(super) fn caller_identity(&self, question: &Question<'_>) -> Vec<u8> {
        let Principal { account, arn } = question.caller;
        let user_id = match arn.split_once(":assumed-role/") {
            Some((_, role)) => assumed_role_id(account, role),
            None => format!("AIDA{}", unique_id(arn)),
        };
        let result = format!(
            "<Arn>{}</Arn>\n    <UserId>{}</UserId>\n    <Account>{account}</Account>",
            xml_text(arn),
            xml_text(&user_id)
        );
        envelope(question, &result)
    }

    pub(super) fn assume_role(&mut self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let input = question.input;
        let arn = required(input.role_arn.as_deref(), "roleArn", 20..=2048)?;
        let name = required(input.role_session_name.as_deref(), "roleSessionName", 2..=64)?;
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
            return Err(violation(
                "roleSessionName",
                "satisfy regular expression pattern: [\\w+=,.@-]*",
            ));
        }
        if let Some(external_id) = input.external_id.as_deref() {
            required(Some(external_id), "externalId", 2..=1224)?;
        }
        let asked = input.duration_seconds.unwrap_or(DEFAULT_SESSION);
        if !(900..=43_200).contains(&asked) {
            return Err(violation("durationSeconds", "have value from 900 to 43200"));
        }
        let role = self
            .roles
            .get(arn)
            .filter(|role| role.admits(question.caller, input.external_id.as_deref()))
            .ok_or_else(|| {
                let caller = &question.caller.arn;
                let message = format!(
                    "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
                );
                Refusal::new("AccessDenied", message)
            })?;
        if self.identities.is_session(question.access_key) && asked > LONGEST_CHAINED {
            let message = "The requested DurationSeconds exceeds the 1 hour session limit for \
                           roles assumed by role chaining.";
            return Err(Refusal::new("ValidationError", message));
        }
        let asked = Duration::from_secs(asked.unsigned_abs());
        if asked > role.longest_session {
            let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for \
                           this role.";
            return Err(Refusal::new("ValidationError", message));
        }
        Ok(self.give_credentials(question, &role.clone(), name, asked))
    }

    fn give_credentials(
        &mut self,
        question: &Question<'_>,
        role: &Role,
        session_name: &str,
        asked: Duration,
    ) -> Vec<u8> {
        let lifetime = role.lifetime.unwrap_or(asked);
        let arn = role.session_arn(session_name);
        let principal = Principal { account: role.account.clone(), arn: arn.clone() };
        let session = self.identities.issue(principal, self.clock.age() + lifetime);
        let role_path =
            format!("{}/{session_name}", role.arn.rsplit('/').next().unwrap_or_default());
        let result = format!(
            "<AssumedRoleUser>\n      <AssumedRoleId>{}</AssumedRoleId>\n      <Arn>{}</Arn>\n    \
             </AssumedRoleUser>\n    <Credentials>\n      <AccessKeyId>{}</AccessKeyId>\n      \
             <SecretAccessKey>{}</SecretAccessKey>\n      <SessionToken>{}</SessionToken>\n      \
             <Expiration>{}</Expiration>\n    </Credentials>",
            xml_text(&assumed_role_id(&role.account, &role_path)),
            xml_text(&arn),
            session.access_key,
            session.secret,
            session.token,
            // The client compares it with its own clock, whatever time it is in the world.
            iso8601(self.clock.client() + lifetime),
        );
        envelope(question, &result)
    }
}

/// An answer of the query protocol round its result.
fn envelope(question: &Question<'_>, result: &str) -> Vec<u8> {
    let (name, request_id) = (Operation::name(question.operation), question.request_id);
    format!(
        "<{name}Response xmlns=\"{STS_NAMESPACE}\">\n  <{name}Result>\n    {result}\n  \
         </{name}Result>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  \
         </ResponseMetadata>\n</{name}Response>\n"
    )
    .into_bytes()
}

/// `AROA…:<session>` of `<role>/<session>`.
fn assumed_role_id(account: &str, role_and_session: &str) -> String {
    let (role, session) = role_and_session.rsplit_once('/').unwrap_or((role_and_session, ""));
    format!("AROA{}:{session}", unique_id(&format!("{account}/{role}")))
}

/// The part of a unique id that is the same for the same name.
fn unique_id(name: &str) -> String {
    Random::new(hash(0, name)).id("").to_uppercase().replace('-', "QXYZ")
}

fn required<'a>(
    value: Option<&'a str>,
    member: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<&'a str, Refusal> {
    let value = value.ok_or_else(|| violation(member, "not be null"))?;
    if length.contains(&value.len()) {
        return Ok(value);
    }
    let (least, most) = (length.start(), length.end());
    Err(violation(member, &format!("have a length from {least} to {most}")))
}

/// A violation of the service's model, as STS says it. The value is not repeated: it may be secret.
fn violation(member: &str, constraint: &str) -> Refusal {
    let message = format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
         Member must {constraint}"
    );
    Refusal::new("ValidationError", message)
}

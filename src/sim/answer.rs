//! The way of a request: who asks, what for, what goes wrong, and which service answers. No sockets.

use super::calls::{Call, Outcome};
use super::identity::{Known, Principal};
use super::input::Input;
use super::operation::{Operation, Protocol, Service};
use super::paging::{self, Page};
use super::token::{Place, Scope};
use super::what::{Asked, What, expired, unrecognized_client};
use super::wire::{CredentialScope, Delivery, Refusal, Request, Response, success};
use super::world::World;

/// What a service is asked, when it is clear who asks and that nothing went wrong before.
pub(super) struct Question<'a> {
    pub operation: Operation,
    pub caller: &'a Principal,
    pub access_key: &'a str,
    pub region: &'a str,
    pub input: &'a Input,
    pub request_id: &'a str,
    place: Option<Place>,
    fault: Option<&'a What>,
    generation: u64,
}

impl Question<'_> {
    /// The page that is asked for of `total` items, or why it is refused.
    pub fn page(&self, total: usize) -> Result<Page, Refusal> {
        let size = self.input.page_size(self.operation)?;
        let place = self.place.ok_or_else(|| bad_token(self.operation.service()))?;
        Ok(paging::page(total, size, place, &self.scope(), self.fault))
    }

    /// The ordinal of the page that is asked for, from 1.
    pub fn page_number(&self) -> usize {
        self.place.map_or(1, |place| place.page)
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            account: &self.caller.account,
            region: self.region,
            operation: self.operation.name(),
            subject: self.input.subject(self.operation),
            generation: self.generation,
        }
    }
}

impl World {
    /// The answer to a request.
    pub fn answer(&mut self, request: &Request) -> Response {
        self.exchange(request).1
    }

    /// The answer to a request, and how the request was understood.
    pub fn exchange(&mut self, request: &Request) -> (Call, Response) {
        let request_id = self.request_ids.uuid();
        let mut call = Call { world_seconds: self.clock.age().as_secs_f64(), ..Call::default() };
        let response = self.decide(request, &request_id, &mut call).unwrap_or_else(|refusal| {
            call.outcome = Outcome::Refused(refusal.code);
            refusal.render(Protocol::of(request), &request_id)
        });
        (call, response)
    }

    fn decide(
        &mut self,
        request: &Request,
        request_id: &str,
        call: &mut Call,
    ) -> Result<Response, Refusal> {
        call.operation = Operation::of(request);
        let operation = call.operation.ok_or_else(|| unknown_operation(request))?;
        let scope = credential_scope(request)?;
        call.access_key = Some(scope.access_key.to_owned());
        call.region = Some(scope.region.to_owned());
        let caller = self.caller(&scope, request.security_token.as_deref(), operation)?;
        call.account = Some(caller.account.clone());

        let input = Input::read(operation, request);
        let mut place = None;
        if let Ok(input) = &input {
            call.understand(operation, input);
            place = self.place(operation, &caller, scope.region, input);
        }
        let asked = Asked {
            operation,
            account: &caller.account,
            arn: &caller.arn,
            region: scope.region,
            now: self.clock.age(),
            product_id: call.product_id.as_deref(),
            about: call.about.as_deref(),
            page: place.map(|place| place.page),
        };
        let fault = self.script.strike(&asked);
        if let Some(fault) = &fault {
            call.outcome = Outcome::Faulted(fault.clone());
            if let Some(response) = fault.replacement(&asked, request_id) {
                return Ok(response);
            }
        }
        let body = self.ask(&Question {
            operation,
            caller: &caller,
            access_key: scope.access_key,
            region: scope.region,
            input: &input?,
            request_id,
            place,
            fault: fault.as_ref(),
            generation: self.token_generation,
        })?;
        let mut response = success(operation.protocol(), request_id, body.into());
        if fault == Some(What::Drip) {
            response.delivery = Delivery::Drip;
        }
        Ok(response)
    }

    /// The body of the answer, by whoever gives it.
    fn ask(&mut self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        match question.operation {
            Operation::ScanProvisionedProducts => self.scan(question),
            Operation::ListStackInstancesForProvisionedProduct => self.list_instances(question),
            Operation::SearchProvisionedProducts => self.search(question),
            Operation::DescribeRecord => self.describe_record(question),
            Operation::ListProvisioningArtifacts
            | Operation::DescribeProduct
            | Operation::DescribeProductAsAdmin => self.versions(question),
            Operation::GetCallerIdentity => Ok(self.caller_identity(question)),
            Operation::AssumeRole => self.assume_role(question),
            Operation::ListAccounts => self.list_accounts(question),
            Operation::ListAccountsForParent => self.list_accounts_for_parent(question),
            Operation::ListChildren => self.list_children(question),
            Operation::ListRegions => self.list_regions(question),
        }
    }

    fn caller(
        &self,
        scope: &CredentialScope<'_>,
        security_token: Option<&str>,
        operation: Operation,
    ) -> Result<Principal, Refusal> {
        let (service, protocol) = (operation.signing_name(), operation.protocol());
        if scope.service != service {
            let code = match protocol {
                Protocol::Json | Protocol::RestJson => "InvalidSignatureException",
                Protocol::Query => "SignatureDoesNotMatch",
            };
            let message = format!("Credential should be scoped to correct service: '{service}'.");
            return Err(Refusal::new(code, message));
        }
        match self.identities.who(scope.access_key, security_token, self.clock.age()) {
            Known::Yes(principal) if self.regions.is_open(&principal.account, scope.region) => {
                Ok(principal.clone())
            }
            Known::Yes(_) | Known::No => Err(unrecognized_client(protocol)),
            Known::Expired => Err(expired(protocol)),
        }
    }

    /// Where the asked page begins; `None` if the token is none of this list, or if there is no
    /// list.
    fn place(
        &self,
        operation: Operation,
        caller: &Principal,
        region: &str,
        input: &Input,
    ) -> Option<Place> {
        if !operation.is_paged() {
            return None;
        }
        let Some(token) = input.page_token(operation.service()) else {
            return Some(Place::START);
        };
        let scope = Scope {
            account: &caller.account,
            region,
            operation: operation.name(),
            subject: input.subject(operation),
            generation: self.token_generation,
        };
        Place::read(token, &scope)
    }
}

fn credential_scope(request: &Request) -> Result<CredentialScope<'_>, Refusal> {
    let authorization = request.authorization.as_deref().ok_or_else(|| {
        Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token")
    })?;
    CredentialScope::parse(authorization).ok_or_else(|| {
        Refusal::new(
            "IncompleteSignature",
            "Authorization header requires a 'Credential' parameter of SigV4",
        )
    })
}

fn unknown_operation(request: &Request) -> Refusal {
    match Protocol::of(request) {
        Protocol::Json | Protocol::RestJson => {
            Refusal::new("UnknownOperationException", "The operation is not known to the simulator")
        }
        Protocol::Query => {
            Refusal::new("InvalidAction", "Could not find operation for version 2011-06-15")
        }
    }
}

/// The page token is none of this list.
fn bad_token(service: Service) -> Refusal {
    match service {
        Service::Organizations => super::input::invalid_input("INVALID_NEXT_TOKEN"),
        Service::Account => super::input::invalid(
            "Value at 'nextToken' failed to satisfy constraint: Member must be a token of this list",
        ),
        Service::Catalog | Service::Sts => {
            Refusal::new("InvalidParametersException", "The page token is invalid or has expired")
        }
    }
}

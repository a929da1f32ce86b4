//! The answers of the world: who asks, what for, and what AWS says to it. No sockets, no clock.

use super::calls::{Call, Outcome};
use super::catalog::Catalog;
use super::fault::{Asked, What, unrecognized_client};
use super::input::{AccessLevel, Input, invalid};
use super::paging;
use super::product::{render_instances, render_products};
use super::token::{Place, Scope};
use super::wire::{
    CredentialScope, Delivery, Operation, Protocol, Refusal, Request, Response, STS_NAMESPACE,
    success, xml_text,
};
use super::world::{Principal, World};

impl World {
    /// The answer to a request.
    pub fn answer(&mut self, request: &Request) -> Response {
        self.exchange(request).1
    }

    /// The answer to a request, and how the request was understood.
    pub fn exchange(&mut self, request: &Request) -> (Call, Response) {
        let request_id = self.request_ids.uuid();
        let mut call = Call::default();
        let response = self.decide(request, &request_id, &mut call).unwrap_or_else(|refusal| {
            call.outcome = Outcome::Refused(refusal.code);
            let protocol = if request.target.is_some() { Protocol::Json } else { Protocol::Query };
            refusal.render(protocol, &request_id)
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
        let caller = self.caller(&scope, operation)?;
        call.account = Some(caller.account.clone());

        let input = Input::read(operation, request);
        let place = match &input {
            Ok(input) => {
                call.product_id.clone_from(&input.provisioned_product_id);
                call.page_token.clone_from(&input.page_token);
                call.page_size = input.page_size;
                call.access_level =
                    input.access_level_filter.as_ref().and_then(|filter| filter.key.clone());
                self.place(&caller, scope.region, operation, input)
            }
            Err(_) => None,
        };
        let asked = Asked {
            operation,
            account: &caller.account,
            arn: &caller.arn,
            region: scope.region,
            product_id: call.product_id.as_deref(),
            page: place.map(|place| place.page),
        };
        let fault = self.script.strike(&asked);
        if let Some(fault) = &fault {
            call.outcome = Outcome::Faulted(fault.clone());
            if let Some(response) = fault.replacement(&asked, request_id) {
                return Ok(response);
            }
        }
        let body = match operation {
            Operation::ScanProvisionedProducts => {
                self.scan(&caller, scope.region, &input?, place, fault.as_ref())?
            }
            Operation::ListStackInstancesForProvisionedProduct => {
                self.list(&caller, scope.region, &input?, place, fault.as_ref())?
            }
            Operation::GetCallerIdentity => identity(&caller, request_id),
        };
        let mut response = success(operation.protocol(), request_id, body.into());
        if fault == Some(What::Drip) {
            response.delivery = Delivery::Drip;
        }
        Ok(response)
    }

    fn caller(
        &self,
        scope: &CredentialScope<'_>,
        operation: Operation,
    ) -> Result<Principal, Refusal> {
        let (service, protocol) = (operation.signing_name(), operation.protocol());
        if scope.service != service {
            let code = match protocol {
                Protocol::Json => "InvalidSignatureException",
                Protocol::Query => "SignatureDoesNotMatch",
            };
            let message = format!("Credential should be scoped to correct service: '{service}'.");
            return Err(Refusal::new(code, message));
        }
        self.principals
            .get(scope.access_key)
            .filter(|principal| {
                !self.disabled.contains(&(principal.account.clone(), scope.region.to_owned()))
            })
            .cloned()
            .ok_or_else(|| unrecognized_client(protocol))
    }

    /// Where the asked page begins; `None` if the token is none of this list, or if there is no
    /// list.
    fn place(
        &self,
        caller: &Principal,
        region: &str,
        operation: Operation,
        input: &Input,
    ) -> Option<Place> {
        match &input.page_token {
            _ if operation.protocol() == Protocol::Query => None,
            None => Some(Place::START),
            Some(token) => Place::read(token, &self.token_scope(caller, region, operation, input)),
        }
    }

    fn token_scope<'a>(
        &self,
        caller: &'a Principal,
        region: &'a str,
        operation: Operation,
        input: &'a Input,
    ) -> Scope<'a> {
        let subject = match operation {
            Operation::ListStackInstancesForProvisionedProduct => {
                input.provisioned_product_id.as_deref()
            }
            _ => input.access_level_filter.as_ref().and_then(|filter| filter.key.as_deref()),
        };
        Scope {
            account: &caller.account,
            region,
            operation: operation.name(),
            subject: subject.unwrap_or_default(),
            generation: self.token_generation,
        }
    }

    fn scan(
        &mut self,
        caller: &Principal,
        region: &str,
        input: &Input,
        place: Option<Place>,
        fault: Option<&What>,
    ) -> Result<Vec<u8>, Refusal> {
        let level = input.access_level()?;
        let size = input.page_size()?;
        let place = place.ok_or_else(forged_token)?;
        let scope = self.token_scope(caller, region, Operation::ScanProvisionedProducts, input);
        let products =
            self.catalog(&caller.account, region).map(Catalog::products).unwrap_or_default();
        let mut body = br#"{"ProvisionedProducts":"#.to_vec();
        let next = if level == AccessLevel::Account {
            let page = paging::page(products.len(), size, place, &scope, fault);
            render_products(products[page.items].iter(), &mut body);
            page.next
        } else {
            let shown: Vec<_> =
                products.iter().filter(|product| level.shows(product, &caller.arn)).collect();
            let page = paging::page(shown.len(), size, place, &scope, fault);
            render_products(shown[page.items].iter().copied(), &mut body);
            page.next
        };
        next.render(&mut body);
        Ok(body)
    }

    fn list(
        &mut self,
        caller: &Principal,
        region: &str,
        input: &Input,
        place: Option<Place>,
        fault: Option<&What>,
    ) -> Result<Vec<u8>, Refusal> {
        let id = input.provisioned_product_id.as_deref().ok_or_else(|| {
            invalid(
                "Value null at 'provisionedProductId' failed to satisfy constraint: \
                 Member must not be null",
            )
        })?;
        let size = input.page_size()?;
        let scope = self.token_scope(
            caller,
            region,
            Operation::ListStackInstancesForProvisionedProduct,
            input,
        );
        let product = self.catalog_mut(&caller.account, region).look_up(id).ok_or_else(|| {
            Refusal::new(
                "ResourceNotFoundException",
                format!("{id} does not exist or access was denied"),
            )
        })?;
        if !product.is_stack_set() {
            let message = format!("Provisioned product {id} is not of type CFN_STACKSET");
            return Err(Refusal::new("InvalidParametersException", message));
        }
        let page = paging::page(
            product.instances.len(),
            size,
            place.ok_or_else(forged_token)?,
            &scope,
            fault,
        );
        let mut body = br#"{"StackInstances":"#.to_vec();
        render_instances(&product.instances[page.items], &mut body);
        page.next.render(&mut body);
        Ok(body)
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
    match request.target {
        Some(_) => {
            Refusal::new("UnknownOperationException", "The operation is not known to the simulator")
        }
        None => Refusal::new("InvalidAction", "Could not find operation for version 2011-06-15"),
    }
}

fn forged_token() -> Refusal {
    Refusal::new("InvalidParametersException", "The page token is invalid or has expired")
}

fn identity(caller: &Principal, request_id: &str) -> Vec<u8> {
    let (arn, account) = (xml_text(&caller.arn), &caller.account);
    format!(
        "<GetCallerIdentityResponse xmlns=\"{STS_NAMESPACE}\">\n  <GetCallerIdentityResult>\n    \
         <Arn>{arn}</Arn>\n    <UserId>AROAEXAMPLE:monitoring</UserId>\n    <Account>{account}</Account>\n  \
         </GetCallerIdentityResult>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  \
         </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
    )
    .into_bytes()
}

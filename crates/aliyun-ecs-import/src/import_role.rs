//! Looks for the import's RAM role, and makes it when it is asked to: what is there is left as it is.
//!
//! RAM is one for all regions and ECS sees what it changes only a little later, which no call of RAM tells: the dry run of
//! the import does. Source: RAM API reference (2017-05); packer-plugin-alicloud (2025-06), which waits a minute.

use std::time::Duration;

use cloud_import_core::{
    BoxFuture, Check, Error, ErrorKind, ImportRequest, Importer, Result, Subject, WarningId,
    provider::{Cloud as _, Identity},
};

use crate::{
    Client, generated as wire,
    role::{self, IMPORT_POLICY, OWN_POLICY, PERMISSION_DOCUMENT, TRUST_DOCUMENT},
};

/// How long a role takes to be seen where the dry run cannot tell: what Packer waits.
const SETTLING: Duration = Duration::from_secs(60);

/// So often a word is said while it is waited.
const WORD: Duration = Duration::from_secs(15);

const SYSTEM: &str = "System";
const CUSTOM: &str = "Custom";

/// What a dry run says about the role.
pub(crate) enum Sight {
    /// ECS can take it.
    Seen,
    /// ECS cannot take it.
    Missing(Error),
    /// The dry run ended elsewhere: whether before or after the role was looked at is not documented.
    Unknown(Error),
    /// It was no dry run: an import has begun.
    Begun(String),
}

/// Something that was done on the way to an import role.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleEvent {
    /// The RAM role of this name was made.
    RoleMade(String),
    /// This policy of the account's own was made, because the vendor's ready-made one is not there.
    PolicyMade(&'static str),
    /// This policy was attached to the role.
    PolicyAttached(&'static str),
    /// ECS does not see the role yet, for so many seconds now.
    Waiting(u64),
}

type Tell<'a> = &'a (dyn Fn(RoleEvent) + Send + Sync);

/// Makes the role by which Alibaba Cloud reads image files. An extension of its importer alone.
pub trait CreateRole {
    /// Makes the RAM role that the order's import takes (vendor option `RoleName`) where there is none, and a policy by which it
    /// reads every bucket of the account, as the vendor's own documents say; and waits until ECS sees it, for the grace period
    /// at the most. What already exists stays as it is. `tell` is told what is done.
    ///
    /// The check says how the role is now.
    ///
    /// # Cancel safety
    /// Call it again: nothing is made twice.
    fn create_role<'a>(&'a self, request: &'a ImportRequest, tell: Tell<'a>) -> BoxFuture<'a, Check>;
}

/// What RAM says of the role, where a dry run did not tell.
pub(crate) fn role_check(order: &ImportRequest, role: Result<Option<wire::Role>>) -> Check {
    let name = role::name(order);
    match role {
        Ok(Some(role)) if !role::trusts_service(role.assume_role_policy_document.as_deref()) => distrusts(&name, order),
        Ok(Some(_)) => Check::passed(
            Subject::ImportRole,
            format!("there is a RAM role `{name}`; whether it may read the bucket is not known"),
        ),
        Ok(None) => Check::failed(
            Subject::ImportRole,
            format!("there is no RAM role `{name}`"),
            role::remedy(order),
        ),
        Err(error) => Check::not_checked(
            Subject::ImportRole,
            format!("whether there is a RAM role `{name}` was not told: {error}"),
        )
        .because(&error),
    }
}

impl CreateRole for Importer<Client> {
    fn create_role<'a>(&'a self, request: &'a ImportRequest, tell: Tell<'a>) -> BoxFuture<'a, Check> {
        Box::pin(self.client().make_role(request, tell))
    }
}

impl Client {
    /// Sends an order as a dry run.
    pub(crate) async fn sight(&self, order: &ImportRequest) -> Sight {
        let order = order.clone().dry_run(true);
        // With a token, the vendor may answer what it answered before the user set something right.
        let outcome = match self.translate(&order, &Identity::default()) {
            Ok(request) => self.import_image(&request).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(wire::ImportImageResponse { image_id: Some(id), .. }) if !id.is_empty() => Sight::Begun(id),
            Ok(_) => Sight::Seen,
            Err(error) if is_without_role(&error) => Sight::Missing(error),
            Err(error) => Sight::Unknown(error),
        }
    }

    /// The role as RAM knows it; `None` when there is none of the name.
    pub(crate) async fn role(&self, name: &str) -> Result<Option<wire::Role>> {
        let request = wire::GetRoleRequest {
            role_name: Some(name.to_owned()),
            ..Default::default()
        };
        match self.get_role(&request).await {
            Ok(answer) => Ok(Some(answer.role.unwrap_or_default())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The check of a role that ECS cannot take, with what RAM says of it where these credentials may ask.
    pub(crate) async fn missing_role_check(&self, order: &ImportRequest, refusal: &Error) -> Check {
        let name = role::name(order);
        let more = match self.role(&name).await {
            Ok(None) => format!("; there is no RAM role `{name}`"),
            Ok(Some(_)) => format!(
                "; there is a RAM role `{name}`: its trust policy or its permissions are not as they must be, or it was made just now"
            ),
            Err(_) => String::new(),
        };
        Check::failed(Subject::ImportRole, format!("{refusal}{more}"), role::remedy(order))
    }

    pub(crate) async fn make_role(&self, order: &ImportRequest, tell: Tell<'_>) -> Check {
        let name = role::name(order);
        let sight = self.sight(order).await;
        match sight {
            Sight::Seen => {
                let message =
                    format!("there is a RAM role `{name}` by which the service reads the bucket; nothing was made");
                return Check::passed(Subject::ImportRole, message);
            }
            Sight::Begun(id) => return begun(&id),
            Sight::Unknown(error) if is_out_of_reach(&error) => {
                return Check::not_checked(Subject::ImportRole, format!("nothing was made: {error}"));
            }
            Sight::Missing(_) | Sight::Unknown(_) => {}
        }
        let made = match self
            .make_what_is_missing(order, &name, matches!(sight, Sight::Missing(_)), tell)
            .await
        {
            Ok(made) => made,
            Err(check) => return check,
        };
        self.wait_for_sight(order, &name, &made, sight, tell).await
    }

    /// What was made, in words.
    async fn make_what_is_missing(
        &self,
        order: &ImportRequest,
        name: &str,
        is_refused: bool,
        tell: Tell<'_>,
    ) -> Result<Vec<String>, Check> {
        let failed = |what: &str, error: Error| {
            Check::failed(Subject::ImportRole, format!("{what}: {error}"), role::remedy(order))
        };
        let mut made = Vec::new();
        let role = self.role(name).await;
        match role.map_err(|error| failed("the RAM role cannot be looked up", error))? {
            Some(role) if !role::trusts_service(role.assume_role_policy_document.as_deref()) => {
                return Err(distrusts(name, order));
            }
            Some(_) => {}
            None => {
                let is_new = self.create(name).await;
                if is_new.map_err(|error| failed("the RAM role was not made", error))? {
                    made.push(format!("RAM role `{name}`"));
                    tell(RoleEvent::RoleMade(name.to_owned()));
                }
            }
        }
        let policies = self.policies(name).await;
        let policies = policies.map_err(|error| failed("the RAM role's policies cannot be listed", error))?;
        let has_one_of_ours = policies
            .iter()
            .any(|policy| policy == IMPORT_POLICY || policy == OWN_POLICY);
        // A policy of the user's own may well be enough, unless ECS says that it is not.
        if !has_one_of_ours && (policies.is_empty() || is_refused) {
            let attached = self.attach(name, tell).await;
            if let Some(policy) = attached.map_err(|error| failed("the RAM role was not given its policy", error))? {
                made.push(format!("its policy `{policy}`"));
                tell(RoleEvent::PolicyAttached(policy));
            }
        }
        Ok(made)
    }

    /// Whether it was made: it may have come to be since it was looked for.
    async fn create(&self, name: &str) -> Result<bool> {
        let request = wire::CreateRoleRequest {
            role_name: Some(name.to_owned()),
            assume_role_policy_document: Some(TRUST_DOCUMENT.to_owned()),
            description: Some("Lets ECS read image files that are imported".to_owned()),
            ..Default::default()
        };
        is_new(self.create_role(&request).await)
    }

    async fn policies(&self, name: &str) -> Result<Vec<String>> {
        let request = wire::ListPoliciesForRoleRequest {
            role_name: Some(name.to_owned()),
            ..Default::default()
        };
        let answer = self.list_policies_for_role(&request).await?;
        let policies = answer.policies.unwrap_or_default().into_iter();
        Ok(policies.filter_map(|policy| policy.policy_name).collect())
    }

    /// Attaches the vendor's ready-made policy, or one of the account's own that says the same where there is no such. The
    /// policy's name, unless the role had it.
    async fn attach(&self, name: &str, tell: Tell<'_>) -> Result<Option<&'static str>> {
        match self.attach_one(name, SYSTEM, IMPORT_POLICY).await {
            Ok(is_new) => return Ok(is_new.then_some(IMPORT_POLICY)),
            Err(error) if error.code() == Some("EntityNotExist.Policy") => {}
            Err(error) => return Err(error),
        }
        let request = wire::CreatePolicyRequest {
            policy_name: Some(OWN_POLICY.to_owned()),
            policy_document: Some(PERMISSION_DOCUMENT.to_owned()),
            description: Some("Reads image files that are imported".to_owned()),
            ..Default::default()
        };
        if is_new(self.create_policy(&request).await)? {
            tell(RoleEvent::PolicyMade(OWN_POLICY));
        }
        let is_new = self.attach_one(name, CUSTOM, OWN_POLICY).await?;
        Ok(is_new.then_some(OWN_POLICY))
    }

    async fn attach_one(&self, name: &str, kind: &str, policy: &str) -> Result<bool> {
        let request = wire::AttachPolicyToRoleRequest {
            policy_type: Some(kind.to_owned()),
            policy_name: Some(policy.to_owned()),
            role_name: Some(name.to_owned()),
            ..Default::default()
        };
        is_new(self.attach_policy_to_role(&request).await)
    }

    async fn wait_for_sight(
        &self,
        order: &ImportRequest,
        name: &str,
        made: &[String],
        mut sight: Sight,
        tell: Tell<'_>,
    ) -> Check {
        let done = if made.is_empty() {
            format!("there is a RAM role `{name}`; nothing was made")
        } else {
            format!("made: {}", made.join(", "))
        };
        let (env, grace) = (&self.connection.pipeline.env, self.connection.grace);
        let started = env.monotonic();
        let mut next_word = Duration::ZERO;
        loop {
            let waited = env.monotonic().saturating_sub(started);
            let seconds = waited.as_secs();
            match &sight {
                Sight::Seen => {
                    return Check::passed(Subject::ImportRole, format!("{done}; ECS sees it after {seconds} s"));
                }
                Sight::Begun(id) => return begun(id),
                Sight::Missing(error) if waited >= grace.period => {
                    return Check::failed(
                        Subject::ImportRole,
                        format!("{done}, but after {seconds} s ECS does not see it: {error}"),
                        "Check again in a few minutes: what was made stays, and nothing is made twice.",
                    );
                }
                Sight::Unknown(error) if made.is_empty() || waited >= SETTLING.min(grace.period) => {
                    let message = format!("{done}; whether ECS sees it the dry run does not tell: {error}");
                    return Check::passed(Subject::ImportRole, message);
                }
                Sight::Missing(_) | Sight::Unknown(_) => {}
            }
            if waited >= next_word {
                tell(RoleEvent::Waiting(seconds));
                next_word = waited + WORD;
            }
            env.sleep(grace.interval).await;
            sight = self.sight(order).await;
        }
    }
}

/// What became of a call that makes something: an answer that it already exists is as good, and nothing new.
fn is_new<T>(outcome: Result<T>) -> Result<bool> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error)
            if error
                .code()
                .is_some_and(|code| code.starts_with("EntityAlreadyExists.")) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn distrusts(name: &str, order: &ImportRequest) -> Check {
    Check::failed(
        Subject::ImportRole,
        format!("there is a RAM role `{name}`, and its trust policy does not name ECS; it is not changed here"),
        role::remedy(order),
    )
}

/// The vendor takes no dry runs where this is answered: nothing more is sent.
fn begun(id: &str) -> Check {
    Check::warning(
        WarningId::DRY_RUN_ANSWER,
        Subject::ImportRole,
        format!("the dry run by which the role is looked for was answered with an image id, {id}"),
        "Look in the vendor's console whether an import of it has begun.",
    )
}

/// Whether RAM would not answer either.
fn is_out_of_reach(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Credentials | ErrorKind::ClockSkew) || error.is_retryable()
}

/// The code in both of its spellings.
fn is_without_role(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        ["NoSetRoletoECSServiceAcount", "NoSetRoletoECSServiceAccount"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(code))
    })
}

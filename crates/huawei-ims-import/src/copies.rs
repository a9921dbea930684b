//! Copies of images in Huawei Cloud's words.
//!
//! A copy is ordered in the region of its image, where its job runs. The image service takes it to another region by an agency of IAM,
//! into a project that is told by its name. There is no token: a copy whose answer was lost is known by `__data_origin`, which names the
//! region and the id of its image. Source: CopyImageCrossRegion and CopyImageInRegion, huawei-cloud-api-definitions-IMS
//! 0.1.20261015 and the documents of 2022-12.

use cloud_import_core::{
    Encryption, Error, ErrorKind, Field, Problem, Provider, Remedy, Result, WarningId,
    provider::{CopyOrder, Sent},
};

use crate::{Client, Options, generated as wire};

const SOURCE: &str = "huawei-cloud-api-definitions-IMS 0.1.20261015";
const AGENCY: Field = Field::vendor("agency_name");
const PROJECT: Field = Field::vendor("project_name");

impl Client {
    /// Orders a copy into the region of this client, from where the image is.
    pub(crate) async fn order_copy(&self, from: &Self, order: &CopyOrder, project: Option<&str>) -> Result<Sent> {
        let before = |error: Error| error.with_may_have_executed(false);
        if order.image.region == self.region() {
            // Who has an image shared copies it into a project of its own.
            let own = self.with_project().await.map_err(before)?;
            let answer = own.copy_image_in_region(&within(order)).await?;
            return Ok(Sent::new("CopyImageInRegion", answer.job_id, None));
        }
        let options: Options = order.request.vendor_options()?;
        let name = self.project_name(options.project_name).await.map_err(before)?;
        let request = wire::CopyImageCrossRegionRequest {
            image_id: Some(order.image.id.clone()),
            name: Some(order.request.name.clone()),
            description: order.description.clone(),
            region: Some(self.region().to_owned()),
            project_name: Some(name),
            agency_name: options.agency_name,
            ..Default::default()
        };
        let answer = from.at(project).copy_image_cross_region(&request).await?;
        Ok(Sent::new("CopyImageCrossRegion", answer.job_id, None))
    }

    /// The name of the project of this client, into which copies go: as given, else the one that IAM has for its id; without an id, the
    /// region's.
    async fn project_name(&self, given: Option<String>) -> Result<String> {
        let id = match (given, self.project()) {
            (Some(name), _) => return Ok(name),
            (None, None) => return Ok(self.region().to_owned()),
            (None, Some(id)) => id,
        };
        let request = wire::KeystoneListProjectsRequest::default();
        let listed = self.keystone_list_projects(&request).await.map_err(|error| {
            let remedy = error.remedy().cloned();
            let named = Remedy::set(PROJECT);
            error
                .context(format!(
                    "asking IAM for the name of project {id}, into which the copy goes"
                ))
                .with_remedy(remedy.map_or_else(|| named.clone(), |remedy| remedy.or(named.clone())))
        })?;
        let mut listed = listed.projects.unwrap_or_default().into_iter();
        let own = listed.find(|project| project.id.as_deref() == Some(id));
        own.and_then(|project| project.name)
            .filter(|name| !name.is_empty())
            .ok_or_else(|| {
                let message = format!("IAM lists no name for project {id}, and a copy goes to a project by its name");
                Error::new(ErrorKind::NotFound, message)
                    .with_provider(Provider::HUAWEI)
                    .with_remedy(Remedy::set(PROJECT))
            })
    }
}

/// The vendor's request for a copy inside a region.
fn within(order: &CopyOrder) -> wire::CopyImageInRegionRequest {
    wire::CopyImageInRegionRequest {
        image_id: Some(order.image.id.clone()),
        name: Some(order.request.name.clone()),
        description: order.description.clone(),
        cmk_id: match &order.request.encryption {
            Some(Encryption::Key(key)) => Some(key.clone()),
            _ => None,
        },
        enterprise_project_id: order.request.project.clone(),
        ..Default::default()
    }
}

/// What a copy into the region of a client lacks, and what it cannot be told.
pub(crate) fn problems(order: &CopyOrder, client: &Client) -> Vec<Problem> {
    let options: Options = match order.request.vendor_options() {
        Ok(options) => options,
        Err(error) => return error.problems().to_vec(),
    };
    let mut problems = of_imports(&options);
    problems.extend(match order.image.region == client.region() {
        true => problems_within(order, &options),
        false => problems_across(order, &options, client),
    });
    problems
}

fn error(field: Field, rule: impl Into<String>, remedy: impl Into<Remedy>) -> Problem {
    Problem::error(Provider::HUAWEI, field, rule.into())
        .source(SOURCE)
        .remedy(remedy)
}

/// What an import can be told and a copy cannot.
fn of_imports(options: &Options) -> Vec<Problem> {
    let given = [
        ("route", options.route.is_some()),
        ("bitmap_staged", options.bitmap_staged),
        ("tags", options.tags.is_some()),
        ("type", options.image_type.is_some()),
        ("is_config", options.is_config.is_some()),
        ("cmk_id", options.cmk_id.is_some()),
        ("min_ram", options.min_ram.is_some()),
        ("max_ram", options.max_ram.is_some()),
    ];
    let given = given.into_iter().filter(|(_, is_given)| *is_given);
    let problem = |name| {
        let remedy = match name {
            "cmk_id" => Remedy::set(Field::Encryption),
            _ => Remedy::Unset(Field::vendor(name)),
        };
        error(Field::vendor(name), "cannot be set on a copy", remedy)
    };
    given.map(|(name, _)| problem(name)).collect()
}

fn problems_within(order: &CopyOrder, options: &Options) -> Vec<Problem> {
    let mut problems = Vec::new();
    let given = [
        (AGENCY, options.agency_name.is_some()),
        (PROJECT, options.project_name.is_some()),
    ];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let rule = "is for copies to another region, and is not sent: the image is in this one";
        let problem =
            Problem::warning(WarningId::OPTION_NOT_SENT, Provider::HUAWEI, field.clone(), rule).source(SOURCE);
        problems.push(problem.remedy(Remedy::Unset(field)));
    }
    if order.request.encryption == Some(Encryption::ServiceKey) {
        let rule = "names no key: this cloud encrypts a copy by a KMS key that is named";
        problems.push(error(
            Field::Encryption,
            rule,
            "Give the id of a KMS key of the region.",
        ));
    }
    problems
}

fn problems_across(order: &CopyOrder, options: &Options, client: &Client) -> Vec<Problem> {
    let mut problems = Vec::new();
    let region = client.region();
    if options.agency_name.as_deref().unwrap_or_default().is_empty() {
        let rule = "is missing: the image service copies an image to another region by an agency of IAM";
        let make = "Create an agency in IAM that trusts the image service (IMS) and may manage images in both regions";
        problems.push(error(AGENCY, rule, Remedy::text(make).then(Remedy::set(AGENCY))));
    }
    match &options.project_name {
        Some(name) if name.is_empty() => {
            problems.push(error(PROJECT, "is empty", Remedy::Unset(PROJECT)));
        }
        // The copy would be looked for in the region's own project.
        Some(name) if name != region && client.project().is_none() => {
            let rule = format!("names the project `{name}`, and the id of that project is not known here");
            problems.push(error(PROJECT, rule, Remedy::set(Field::Project)));
        }
        _ => {}
    }
    if order.request.project.is_some() {
        let rule = "cannot be set on a copy to another region, which is made in the default enterprise project";
        problems.push(error(Field::Project, rule, Remedy::Unset(Field::Project)));
    }
    problems
}

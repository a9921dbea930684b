//! The five clients behind one shape. What differs between them is a row; nothing is checked here.

use std::sync::Arc;

use bytes::Bytes;
use cloud_import_core::{
    ClientBuilder, Endpoint, Error, RetryPolicy,
    provider::{
        Buildable, Call, OtherApi,
        protocol::{Protocol, Signing},
    },
    testing::{Frozen, Scripted},
    transport::Transport,
};
use cloud_import_tests::vectors::Vector;
use http::{Method, Request};
use serde_json::Value;

use crate::{outcome::Unfit, typed};

/// Given to clients of schemes without a nonce.
pub(crate) const UNUSED_NONCE: &str = "unused";

/// Schemes with which a client is told whether to send by `GET` or by `POST`.
const EITHER_METHOD: &[&str] = &["TC3-HMAC-SHA256", "TC-HmacSHA256", "TC-HmacSHA1", "ACS-RPC-HMAC-SHA1"];

/// A request that a client sent.
#[derive(Debug)]
pub(crate) struct Sent {
    /// It.
    pub(crate) request: Request<Bytes>,
    /// Parameters that the request type has no place for.
    pub(crate) unfit: Vec<Unfit>,
}

/// One cloud's client.
pub(crate) struct Cloud {
    provider: &'static str,
    /// The schemes that it signs with.
    algorithms: &'static [&'static str],
    method: fn(&str) -> Option<Method>,
    sign: fn(&Vector, &mut Request<Bytes>, &Signing<'_>) -> Result<(), String>,
    send: fn(&Vector) -> Result<Sent, String>,
}

impl Cloud {
    /// Whether it signs with the vector's scheme.
    pub(crate) fn signs(&self, vector: &Vector) -> bool {
        self.algorithms.contains(&vector.algorithm.as_str())
    }

    /// With which method it makes the vector's call, told or not; `None` when it has no such call.
    pub(crate) fn method(&self, vector: &Vector) -> Option<Method> {
        let usual = (self.method)(call_of(vector))?;
        let told = match vector.request.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            _ => return Some(usual),
        };
        let is_told = EITHER_METHOD.contains(&vector.algorithm.as_str());
        Some(if is_told { told } else { usual })
    }

    /// Signs a request with the client that the vector asks for.
    ///
    /// # Errors
    /// The client's own.
    pub(crate) fn sign(
        &self,
        vector: &Vector,
        request: &mut Request<Bytes>,
        signing: &Signing<'_>,
    ) -> Result<(), String> {
        (self.sign)(vector, request, signing)
    }

    /// Makes the vector's call through the client's whole pipeline and catches what it sends.
    ///
    /// # Errors
    /// Why nothing was sent.
    pub(crate) fn send(&self, vector: &Vector) -> Result<Sent, String> {
        (self.send)(vector)
    }
}

/// The cloud of a vector.
///
/// # Errors
/// A provider that is none of the five.
pub(crate) fn find(vector: &Vector) -> Result<&'static Cloud, String> {
    let found = CLOUDS.iter().find(|cloud| cloud.provider == vector.provider);
    found.ok_or_else(|| format!("there is no provider `{}`", vector.provider))
}

/// The name under which a cloud's row has the vector's call. Huawei imports system and data disks by one operation, whose
/// fields differ.
pub(crate) fn call_of(vector: &Vector) -> &str {
    let kind = vector.params.as_ref().and_then(|params| params.get("type"));
    match vector.operation.as_str() {
        "ImportImageQuick" if kind.and_then(Value::as_str) == Some("DataImage") => "ImportImageQuick of a data image",
        operation => operation,
    }
}

/// A client that is told what the vector says; it does not retry and cannot reach a network.
fn builder<C: Buildable>(vector: &Vector, transport: Arc<dyn Transport>) -> Result<ClientBuilder<C>, String> {
    let endpoint = endpoint(vector).map_err(|error| format!("the recorded host is no endpoint: {error}"))?;
    let nonce = vector.nonce.as_deref().unwrap_or(UNUSED_NONCE);
    let builder = ClientBuilder::new(vector.region.as_deref().unwrap_or_default())
        .endpoint(endpoint)
        .plain_http(true)
        .credentials(vector.client_credentials())
        .transport(transport)
        .env(Arc::new(Frozen::new(vector.time()?, nonce)))
        .retry(RetryPolicy::none());
    Ok(match &vector.project_id {
        Some(project) => builder.project(project),
        None => builder,
    })
}

/// Where the recorded request went.
fn endpoint(vector: &Vector) -> Result<Endpoint, Error> {
    format!("{}://{}", vector.request.scheme, vector.request.host).parse()
}

/// What a client with this transport sent, once its call is over.
fn caught(transport: &Scripted, error: Option<Error>, unfit: Vec<Unfit>) -> Result<Sent, String> {
    let mut sent = transport.sent();
    match (sent.pop(), sent.is_empty(), error) {
        (Some(request), true, _) => Ok(Sent { request, unfit }),
        (Some(_), false, _) => Err("more than one request was sent".to_owned()),
        (None, _, Some(error)) => Err(format!("nothing was sent: {error}")),
        (None, _, None) => Err("nothing was sent".to_owned()),
    }
}

macro_rules! cloud {
    (
        $provider:literal, $client:ident, $algorithms:expr, $options:expr, $signer:expr,
        { $($call:literal => $method:ident($request:ident),)* }
    ) => {
        Cloud {
            provider: $provider,
            algorithms: $algorithms,
            method: |call| match call {
                $($call => Some(<$client::types::$request as Call>::OPERATION.method),)*
                _ => None,
            },
            sign: |vector, request, signing| {
                let transport = Arc::new(Scripted::default());
                let client = builder::<$client::Client>(vector, transport)?.options($options(vector)).build();
                let api = match call_of(vector) {
                    $($call => <$client::types::$request as Call>::API,)*
                    _ => None,
                };
                client
                    .and_then(|client| Protocol::sign(&$signer(&client, api), request, signing))
                    .map_err(|error| format!("not signed: {error}"))
            },
            send: |vector| {
                let transport = Arc::new(Scripted::new([(200, "{}")]));
                let client = builder::<$client::Client>(vector, Arc::<Scripted>::clone(&transport))?
                    .options($options(vector))
                    .build()
                    .map_err(|error| error.to_string())?;
                let params = vector.params.clone().unwrap_or_default();
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .map_err(|error| error.to_string())?;
                match call_of(vector) {
                    $($call => {
                        let (mut request, others) = typed::split::<$client::types::$request>(&params)?;
                        let unfit = typed::add(&mut request.extra, others);
                        let error = runtime.block_on(client.$method(&request)).err();
                        caught(&transport, error, unfit)
                    })*
                    other => Err(format!("there is no call `{other}`")),
                }
            },
        }
    };
}

const CLOUDS: &[Cloud] = &[
    cloud!("jdcloud", jdcloud_vm_import, &["JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256"], jdcloud_options, jdcloud_signer, {
        "importImage" => import_image(ImportImageRequest),
        "imageTasks" => image_tasks(ImageTasksRequest),
        "describeImage" => describe_image(DescribeImageRequest),
        "describeImages" => describe_images(DescribeImagesRequest),
        "deleteImage" => delete_image(DeleteImageRequest),
        "modifyImageAttribute" => modify_image_attribute(ModifyImageAttributeRequest),
        "describeQuotas" => describe_quotas(DescribeQuotasRequest),
        "copyImages" => copy_images(CopyImagesRequest),
        "shareImage" => share_image(ShareImageRequest),
        "unShareImage" => un_share_image(UnShareImageRequest),
        "describeImageMembers" => describe_image_members(DescribeImageMembersRequest),
        "describeImageConstraints" => describe_image_constraints(DescribeImageConstraintsRequest),
        "releaseImage" => release_image(ReleaseImageRequest),
        "unReleaseImage" => un_release_image(UnReleaseImageRequest),
        "exportImage" => export_image(ExportImageRequest),
        "tagResources" => tag_resources(TagResourcesRequest),
        "unTagResources" => un_tag_resources(UnTagResourcesRequest),
    }),
    cloud!("tencent", tencent_cvm_import, &["TC3-HMAC-SHA256", "TC-HmacSHA256", "TC-HmacSHA1"], tencent_options, tencent_signer, {
        "ImportImage" => import_image(ImportImageRequest),
        "DescribeImages" => describe_images(DescribeImagesRequest),
        "DescribeImportImageOs" => describe_import_image_os(DescribeImportImageOsRequest),
        "DescribeImageQuota" => describe_image_quota(DescribeImageQuotaRequest),
        "DeleteImages" => delete_images(DeleteImagesRequest),
        "ModifyImageAttribute" => modify_image_attribute(ModifyImageAttributeRequest),
        "SyncImages" => sync_images(SyncImagesRequest),
        "ModifyImageSharePermission" => modify_image_share_permission(ModifyImageSharePermissionRequest),
        "DescribeImageSharePermission" => describe_image_share_permission(DescribeImageSharePermissionRequest),
        "DescribeImageFromFamily" => describe_image_from_family(DescribeImageFromFamilyRequest),
        "ExportImages" => export_images(ExportImagesRequest),
        "TagResources" => tag_resources(TagResourcesRequest),
        "UnTagResources" => un_tag_resources(UnTagResourcesRequest),
        "AttachResourcesTag" => attach_resources_tag(AttachResourcesTagRequest),
        "DetachResourcesTag" => detach_resources_tag(DetachResourcesTagRequest),
        "DescribeResourceTags" => describe_resource_tags(DescribeResourceTagsRequest),
        "DescribeResourceTagsByResourceIds" => describe_resource_tags_by_resource_ids(DescribeResourceTagsByResourceIdsRequest),
    }),
    cloud!("huawei", huawei_ims_import, &["SDK-HMAC-SHA256"], huawei_options, |client: &huawei_ims_import::Client, _| *client.signer(), {
        "ImportImageQuick" => import_image_quick(ImportImageQuickRequest),
        "ImportImageQuick of a data image" => import_data_image_quick(ImportDataImageQuickRequest),
        "CreateImage" => create_image(CreateImageRequest),
        "CreateDataImage" => create_data_image(CreateDataImageRequest),
        "ShowJob" => show_job(ShowJobRequest),
        "ShowJobProgress" => show_job_progress(ShowJobProgressRequest),
        "ListImages" => list_images(ListImagesRequest),
        "GlanceListImages" => glance_list_images(GlanceListImagesRequest),
        "GlanceShowImage" => glance_show_image(GlanceShowImageRequest),
        "GlanceCreateImageMetadata" => glance_create_image_metadata(GlanceCreateImageMetadataRequest),
        "RegisterImage" => register_image(RegisterImageRequest),
        "GlanceDeleteImage" => glance_delete_image(GlanceDeleteImageRequest),
        "UpdateImage" => update_image(UpdateImageRequest),
        "ListOsVersions" => list_os_versions(ListOsVersionsRequest),
        "ShowImageQuota" => show_image_quota(ShowImageQuotaRequest),
        "KeystoneListProjects" => keystone_list_projects(KeystoneListProjectsRequest),
        "CopyImageCrossRegion" => copy_image_cross_region(CopyImageCrossRegionRequest),
        "CopyImageInRegion" => copy_image_in_region(CopyImageInRegionRequest),
        "CopyImageInRegionInSafeMode" => copy_image_in_region_in_safe_mode(CopyImageInRegionInSafeModeRequest),
        "BatchAddMembers" => batch_add_members(BatchAddMembersRequest),
        "BatchDeleteMembers" => batch_delete_members(BatchDeleteMembersRequest),
        "BatchUpdateMembers" => batch_update_members(BatchUpdateMembersRequest),
        "ListImageMembers" => list_image_members(ListImageMembersRequest),
        "ShowImageMember" => show_image_member(ShowImageMemberRequest),
        "GlanceListImageMembers" => glance_list_image_members(GlanceListImageMembersRequest),
        "GlanceAddImageMember" => glance_add_image_member(GlanceAddImageMemberRequest),
        "GlanceUpdateImageMember" => glance_update_image_member(GlanceUpdateImageMemberRequest),
        "AddImageTag" => add_image_tag(AddImageTagRequest),
        "BatchAddOrDeleteTags" => batch_add_or_delete_tags(BatchAddOrDeleteTagsRequest),
        "DeleteImageTag" => delete_image_tag(DeleteImageTagRequest),
        "ListImageTags" => list_image_tags(ListImageTagsRequest),
        "ExportImage" => export_image(ExportImageRequest),
        "ExportImageInSafeMode" => export_image_in_safe_mode(ExportImageInSafeModeRequest),
    }),
    cloud!("aliyun", aliyun_ecs_import, &["ACS3-HMAC-SHA256", "ACS-RPC-HMAC-SHA1"], aliyun_options, |client: &aliyun_ecs_import::Client, _| *client.signer(), {
        "ImportImage" => import_image(ImportImageRequest),
        "DescribeTasks" => describe_tasks(DescribeTasksRequest),
        "DescribeTaskAttribute" => describe_task_attribute(DescribeTaskAttributeRequest),
        "CancelTask" => cancel_task(CancelTaskRequest),
        "DescribeImages" => describe_images(DescribeImagesRequest),
        "DeleteImage" => delete_image(DeleteImageRequest),
        "ModifyImageAttribute" => modify_image_attribute(ModifyImageAttributeRequest),
        "DeleteSnapshot" => delete_snapshot(DeleteSnapshotRequest),
        "DescribeRegions" => describe_regions(DescribeRegionsRequest),
        "CopyImage" => copy_image(CopyImageRequest),
        "CancelCopyImage" => cancel_copy_image(CancelCopyImageRequest),
        "ModifyImageSharePermission" => modify_image_share_permission(ModifyImageSharePermissionRequest),
        "DescribeImageSharePermission" => describe_image_share_permission(DescribeImageSharePermissionRequest),
        "DescribeImageFromFamily" => describe_image_from_family(DescribeImageFromFamilyRequest),
        "TagResources" => tag_resources(TagResourcesRequest),
        "UntagResources" => untag_resources(UntagResourcesRequest),
        "ListTagResources" => list_tag_resources(ListTagResourcesRequest),
        "ExportImage" => export_image(ExportImageRequest),
    }),
    cloud!("ucloud", ucloud_uhost_import, &["UCLOUD-SHA1"], usual, |client: &ucloud_uhost_import::Client, _| *client.signer(), {
        "ImportCustomImage" => import_custom_image(ImportCustomImageRequest),
        "DescribeImage" => describe_image(DescribeImageRequest),
        "TerminateCustomImage" => terminate_custom_image(TerminateCustomImageRequest),
        "GetRegion" => get_region(GetRegionRequest),
        "GetProjectList" => get_project_list(GetProjectListRequest),
        "CopyCustomImage" => copy_custom_image(CopyCustomImageRequest),
        "BindLabels" => bind_labels(BindLabelsRequest),
        "UnbindLabels" => unbind_labels(UnbindLabelsRequest),
        "ListLabelsByResourceIds" => list_labels_by_resource_ids(ListLabelsByResourceIdsRequest),
        "ListResourcesTypesForLabel" => list_resources_types_for_label(ListResourcesTypesForLabelRequest),
    }),
];

/// No options but the defaults.
fn usual<O: Default>(_: &Vector) -> O {
    O::default()
}

/// The signer for the API that a call is of.
fn jdcloud_signer(client: &jdcloud_vm_import::Client, api: Option<OtherApi>) -> jdcloud_vm_import::Signer {
    client.signer_of(api)
}

/// Signature version and form of the token as the recording SDK has them.
fn jdcloud_options(vector: &Vector) -> jdcloud_vm_import::ClientOptions {
    use jdcloud_vm_import::{ClientOptions, SecurityTokenForm, SignatureVersion};
    ClientOptions::default()
        .signature_version(match vector.algorithm.as_str() {
            "JDCLOUD3-HMAC-SHA256" => SignatureVersion::V3,
            _ => SignatureVersion::V2,
        })
        .security_token_form(if vector.has_quirk("security-token-base64-encoded") {
            SecurityTokenForm::Base64
        } else {
            SecurityTokenForm::Plain
        })
}

/// The signer for the API that a call is of.
fn tencent_signer(client: &tencent_cvm_import::Client, api: Option<OtherApi>) -> tencent_cvm_import::Signer {
    client.signer_of(api)
}

/// Signature version and method of the recorded request.
fn tencent_options(vector: &Vector) -> tencent_cvm_import::ClientOptions {
    use tencent_cvm_import::{ClientOptions, HttpMethod, SignatureVersion};
    ClientOptions::default()
        .signature_version(match vector.algorithm.as_str() {
            "TC-HmacSHA256" => SignatureVersion::HmacSha256,
            "TC-HmacSHA1" => SignatureVersion::HmacSha1,
            _ => SignatureVersion::Tc3,
        })
        .http_method(match vector.request.method.as_str() {
            "GET" => HttpMethod::Get,
            _ => HttpMethod::Post,
        })
}

/// Signature version, and where the recording SDK has the parameters.
fn aliyun_options(vector: &Vector) -> aliyun_ecs_import::ClientOptions {
    use aliyun_ecs_import::{ClientOptions, RpcForm, SignatureVersion};
    ClientOptions::default()
        .signature_version(match vector.algorithm.as_str() {
            "ACS-RPC-HMAC-SHA1" => SignatureVersion::Rpc,
            _ => SignatureVersion::V3,
        })
        .rpc_form(match vector.request.method.as_str() {
            "GET" => RpcForm::Get,
            _ if vector.request.body.is_empty() => RpcForm::PostQuery,
            _ => RpcForm::PostForm,
        })
}

/// IAM is where the recorded request went, for the one call that goes there.
fn huawei_options(vector: &Vector) -> huawei_ims_import::ClientOptions {
    let options = huawei_ims_import::ClientOptions::default();
    match endpoint(vector) {
        Ok(endpoint) => options.iam_endpoint(endpoint),
        Err(_) => options,
    }
}

//! The signed request of each call that follows an import, in one readable form, and what a lenient answer leaves.

use std::sync::Arc;

use cloud_import_core::{build, testing::Scripted};
use huawei_ims_import::types::*;
use insta::assert_snapshot;

use crate::sent;

const IMAGE: &str = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90";
const RECEIVER: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

#[tokio::test]
async fn copy_image_cross_region() {
    let request = build!(CopyImageCrossRegionRequest {
        image_id: Some(IMAGE.into()),
        name: Some("web 镜像".into()),
        description: Some(String::new()),
        region: Some("cn-east-3".into()),
        project_name: Some("cn-east-3".into()),
        agency_name: Some("ims_copy".into()),
        vault_id: Some("0b1c2d3e-1111-4222-8333-44445555aaaa".into()),
    });
    assert_snapshot!(sent!(copy_image_cross_region, request));
}

#[tokio::test]
async fn copy_image_in_region_and_its_twin() {
    let request = build!(CopyImageInRegionRequest {
        image_id: Some(IMAGE.into()),
        name: Some("web".into()),
        description: Some("encrypted".into()),
        cmk_id: Some("ca487da7-1ac9-4c37-aaaa-0d0b0e0e0e0e".into()),
        enterprise_project_id: Some("0".into()),
    });
    assert_snapshot!("copy_image_in_region", sent!(copy_image_in_region, request));
    let request = build!(CopyImageInRegionInSafeModeRequest {
        image_id: Some(IMAGE.into()),
        name: Some("web".into()),
    });
    assert_snapshot!(
        "copy_image_in_region_in_safe_mode",
        sent!(copy_image_in_region_in_safe_mode, request)
    );
}

#[tokio::test]
async fn members_are_added_taken_away_and_answer() {
    let request = build!(BatchAddMembersRequest {
        images: Some(vec![IMAGE.into()]),
        projects: Some(vec![RECEIVER.into()]),
    });
    assert_snapshot!("batch_add_members", sent!(batch_add_members, request));
    // A `DELETE` with a body.
    let request = build!(BatchDeleteMembersRequest {
        images: Some(vec![IMAGE.into()]),
        projects: Some(vec![]),
        domains: Some(vec!["d0d0d0d0aaaabbbbccccddddeeeeffff".into()]),
        organizations: Some(vec!["organizations::o:ou:r/ou".into()]),
    });
    assert_snapshot!("batch_delete_members", sent!(batch_delete_members, request));
    let request = build!(BatchUpdateMembersRequest {
        images: Some(vec![IMAGE.into()]),
        project_id: Some(RECEIVER.into()),
        status: Some("accepted".into()),
    });
    assert_snapshot!("batch_update_members", sent!(batch_update_members, request));
}

#[tokio::test]
async fn members_are_read() {
    let request = build!(ListImageMembersRequest {
        image_id: Some(IMAGE.into()),
        limit: Some(100),
        marker: Some("MjcwMDA=".into()),
    });
    assert_snapshot!("list_image_members", sent!(list_image_members, request));
    let request = build!(ShowImageMemberRequest {
        image_id: Some(IMAGE.into()),
        member_id: Some(RECEIVER.into()),
    });
    assert_snapshot!("show_image_member", sent!(show_image_member, request));
    let request = build!(GlanceListImageMembersRequest {
        image_id: Some(IMAGE.into()),
    });
    assert_snapshot!("glance_list_image_members", sent!(glance_list_image_members, request));
}

#[tokio::test]
async fn members_in_the_words_of_openstack() {
    let request = build!(GlanceAddImageMemberRequest {
        image_id: Some(IMAGE.into()),
        member: Some(RECEIVER.into()),
    });
    assert_snapshot!("glance_add_image_member", sent!(glance_add_image_member, request));
    let request = build!(GlanceUpdateImageMemberRequest {
        image_id: Some(IMAGE.into()),
        member_id: Some(RECEIVER.into()),
        status: Some("rejected".into()),
    });
    assert_snapshot!("glance_update_image_member", sent!(glance_update_image_member, request));
}

#[tokio::test]
async fn tags() {
    let tag = build!(ImageTag {
        key: Some("环境".into()),
        value: Some(String::new()),
    });
    let request = build!(AddImageTagRequest {
        image_id: Some(IMAGE.into()),
        tag: Some(tag.clone()),
    });
    assert_snapshot!("add_image_tag", sent!(add_image_tag, request));
    let request = build!(BatchAddOrDeleteTagsRequest {
        image_id: Some(IMAGE.into()),
        action: Some("create".into()),
        tags: Some(vec![tag]),
    });
    assert_snapshot!("batch_add_or_delete_tags", sent!(batch_add_or_delete_tags, request));
    let request = build!(DeleteImageTagRequest {
        image_id: Some(IMAGE.into()),
        key: Some("环境 a/b".into()),
    });
    assert_snapshot!("delete_image_tag", sent!(delete_image_tag, request));
    let request = build!(ListImageTagsRequest {
        image_id: Some(IMAGE.into()),
    });
    assert_snapshot!("list_image_tags", sent!(list_image_tags, request));
}

#[tokio::test]
async fn export_image_and_its_twin() {
    let request = build!(ExportImageRequest {
        image_id: Some(IMAGE.into()),
        bucket_url: Some("exports:out/导出 1.zvhd2".into()),
        is_quick_export: Some(true),
    });
    assert_snapshot!("export_image", sent!(export_image, request));
    let request = build!(ExportImageInSafeModeRequest {
        image_id: Some(IMAGE.into()),
        bucket_url: Some("exports:out.qcow2".into()),
        file_format: Some("qcow2".into()),
    });
    assert_snapshot!("export_image_in_safe_mode", sent!(export_image_in_safe_mode, request));
}

/// The definition has an object, and its example a list of one: the members are read all the same.
#[tokio::test]
async fn members_are_read_whatever_form_the_page_has() {
    let page = |info: &str| {
        format!(
            r#"{{"members":[{{"image_id":"{IMAGE}","member_id":"{RECEIVER}","member_type":"project","status":"pending"}}],
                "page_info":{info},"schema":"/v2/schemas/members"}}"#
        )
    };
    for (info, next) in [
        (r#"{"current_count":1,"next_marker":"MjcwMDA="}"#, Some("MjcwMDA=")),
        (r#"[{"current_count":1,"next_marker":"MjcwMDA="}]"#, None),
    ] {
        let script = Arc::new(Scripted::new([(200, page(info).as_str())]));
        let request = build!(ListImageMembersRequest {
            image_id: Some(IMAGE.into()),
        });
        let answer = super::client(&script).list_image_members(&request).await.unwrap();
        let members = answer.members.as_deref().unwrap();
        assert_eq!(members[0].status.as_deref(), Some("pending"), "{info}");
        let shown = answer.page_info.as_ref().and_then(|page| page.next_marker.as_deref());
        assert_eq!(shown, next, "{info}");
    }
}

/// A job over many tells of each; a success of the job is none of all.
#[tokio::test]
async fn a_job_over_many_tells_of_each() {
    let body = format!(
        r#"{{"status":"SUCCESS","job_id":"j","job_type":"imsAddImageMembersJob","begin_time":"","end_time":"","error_code":null,
            "fail_reason":null,"entities":{{"results":[{{"image_id":"{IMAGE}","project_id":"{RECEIVER}","status":"success"}}]}}}}"#
    );
    let script = Arc::new(Scripted::new([(200, body.as_str())]));
    let request = build!(ShowJobRequest {
        job_id: Some("j".into()),
    });
    let answer = super::client(&script).show_job(&request).await.unwrap();
    let results = answer.entities.as_ref().and_then(|own| own.results.as_deref()).unwrap();
    assert_eq!(results[0].project_id.as_deref(), Some(RECEIVER));
    assert_eq!(results[0].status.as_deref(), Some("success"));
}

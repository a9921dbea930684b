//! The signed request of each operation, in one readable form.

use std::sync::Arc;

use cloud_import_core::{Credentials, build, testing::Scripted};
use huawei_ims_import::types::*;
use insta::assert_snapshot;

use crate::sent;

fn tag() -> ImageTag {
    build!(ImageTag {
        key: Some("a.b".into()),
        value: Some(String::new()),
    })
}

#[tokio::test]
async fn import_image_quick() {
    assert_snapshot!(sent!(
        import_image_quick,
        build!(ImportImageQuickRequest {
            name: Some("web 镜像".into()),
            description: Some(String::new()),
            os_version: Some("CentOS 7.9 64bit".into()),
            image_url: Some("images:web/centos.zvhd2".into()),
            min_disk: Some(40),
            image_tags: Some(vec![tag()]),
            image_type: Some(ImageType::Ecs),
            architecture: Some(Architecture::Arm),
            enterprise_project_id: Some("0".into()),
            hw_firmware_type: Some(FirmwareType::Uefi),
            license_type: Some(LicenseType::Byol),
        })
    ));
}

#[tokio::test]
async fn import_data_image_quick() {
    assert_snapshot!(sent!(
        import_data_image_quick,
        build!(ImportDataImageQuickRequest {
            name: Some("data".into()),
            os_type: Some(OsType::Linux),
            image_url: Some("images:data.zvhd2".into()),
            min_disk: Some(40),
            tags: Some(vec!["env.ci".into()]),
        })
    ));
}

#[tokio::test]
async fn create_image() {
    assert_snapshot!(sent!(
        create_image,
        build!(CreateImageRequest {
            name: Some("web".into()),
            image_url: Some("images:web.qcow2".into()),
            min_disk: Some(40),
            os_type: Some(OsType::Linux),
            os_version: Some("Ubuntu 20.04 server 64bit".into()),
            is_config: Some(true),
            cmk_id: Some("ca487da7-1ac9-4c37-aaaa-0d0b0e0e0e0e".into()),
            image_type: Some(ImageType::Ecs),
            max_ram: Some(2048),
            min_ram: Some(1024),
            data_images: Some(vec![build!(CreateDataImage {
                name: Some("web-data-1".into()),
                image_url: Some("images:data.qcow2".into()),
                min_disk: Some(20),
            })]),
        })
    ));
}

#[tokio::test]
async fn create_data_image() {
    assert_snapshot!(sent!(
        create_data_image,
        build!(CreateDataImageRequest {
            name: Some("data".into()),
            image_url: Some("images:data.vmdk".into()),
            os_type: Some(OsType::Windows),
            min_disk: Some(100),
            image_tags: Some(vec![tag()]),
        })
    ));
}

#[tokio::test]
async fn show_job() {
    let request = build!(ShowJobRequest {
        job_id: Some("8a12fc66".into()),
    });
    assert_snapshot!(sent!(show_job, request));
}

#[tokio::test]
async fn show_job_progress_with_temporary_keys() {
    let temporary = |script: &Arc<Scripted>| {
        let keys = Credentials::temporary("AKEXAMPLE", super::SECRET, "t0ken/with+chars==");
        super::builder(script)
            .credentials(keys)
            .project(super::PROJECT)
            .build()
            .unwrap()
    };
    let request = build!(ShowJobProgressRequest {
        job_id: Some("8a12 fc66/7".into()),
    });
    assert_snapshot!(sent!(temporary, show_job_progress, request));
}

#[tokio::test]
async fn list_images() {
    assert_snapshot!(sent!(
        list_images,
        build!(ListImagesRequest {
            name: Some("my image/ü+&=~*".into()),
            imagetype: Some("private".into()),
            isregistered: Some("false".into()),
            protected: Some(false),
            created_at: Some("gte:2024-01-02T03:04:05Z".into()),
            enterprise_project_id: Some("all_granted_eps".into()),
            limit: Some(10),
        })
    ));
}

#[tokio::test]
async fn glance_list_images() {
    assert_snapshot!(sent!(
        glance_list_images,
        build!(GlanceListImagesRequest {
            imagetype: Some("private".into()),
            isregistered: Some(true),
            os_type: Some(OsType::Windows),
            support_kvm: Some("true".into()),
            visibility: Some("private".into()),
            limit: Some(100),
            sort_key: Some("name".into()),
        })
    ));
}

#[tokio::test]
async fn glance_show_image() {
    let request = build!(GlanceShowImageRequest {
        image_id: Some("4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90".into()),
    });
    assert_snapshot!(sent!(glance_show_image, request));
}

#[tokio::test]
async fn glance_create_image_metadata() {
    assert_snapshot!(sent!(
        glance_create_image_metadata,
        build!(GlanceCreateImageMetadataRequest {
            os_version: Some("Ubuntu 22.04 server 64bit".into()),
            name: Some("web 镜像".into()),
            disk_format: Some("zvhd2".into()),
            container_format: Some("bare".into()),
            min_disk: Some(40),
            min_ram: Some(1024),
            protected: Some(false),
            tags: Some(vec!["env.ci".into()]),
            visibility: Some("private".into()),
        })
    ));
}

#[tokio::test]
async fn register_image() {
    let request = build!(RegisterImageRequest {
        image_id: Some("4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90".into()),
        image_url: Some("images:web/系统盘+1.vmdk".into()),
    });
    assert_snapshot!(sent!(register_image, request));
}

#[tokio::test]
async fn list_os_versions() {
    let request = build!(ListOsVersionsRequest {
        tag: Some("arm".into()),
    });
    assert_snapshot!(sent!(super::client, list_os_versions, request, "[]"));
}

#[tokio::test]
async fn show_image_quota() {
    assert_snapshot!(sent!(show_image_quota, ShowImageQuotaRequest::default()));
}

#[tokio::test]
async fn glance_delete_image() {
    let request = |delete_backup| {
        build!(GlanceDeleteImageRequest {
            image_id: Some("4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90".into()),
            delete_backup: delete_backup,
        })
    };
    assert_snapshot!("glance_delete_image", sent!(glance_delete_image, request(None)));
    assert_snapshot!(
        "glance_delete_image_with_body",
        sent!(glance_delete_image, request(Some(true)))
    );
}

#[tokio::test]
async fn keystone_list_projects_goes_to_iam_without_a_project() {
    let request = build!(KeystoneListProjectsRequest {
        name: Some("cn-north-4".into()),
    });
    assert_snapshot!(sent!(keystone_list_projects, request));
}

#[tokio::test]
async fn an_iam_token_takes_the_place_of_the_signature() {
    let token = |script: &Arc<Scripted>| {
        super::builder(script)
            .credentials(Credentials::bearer_token("t0ken"))
            .project(super::PROJECT)
            .build()
            .unwrap()
    };
    assert_snapshot!(sent!(token, list_images, ListImagesRequest::default()));
}

#[tokio::test]
async fn the_body_of_update_image_is_the_list_of_changes() {
    let request = build!(UpdateImageRequest {
        image_id: Some("4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90".into()),
        changes: Some(vec![build!(ImageChange {
            op: Some("replace".into()),
            path: Some("/name".into()),
            value: Some("web_镜像".into()),
        })]),
    });
    assert_snapshot!(sent!(update_image, request));
}

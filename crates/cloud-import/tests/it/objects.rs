//! An object that is in a bucket already, in the clouds that read it by a link.

use cloud_import::{
    Disk, DiskFormat, ErrorKind, Provider, Target,
    publish::{Destination, Image, Publish},
};

use super::{BUCKET, Fuse, IMAGE, Scene, cloud, id, one};

const READ_BY_LINK: [Provider; 3] = [Provider::JDCLOUD, Provider::TENCENT, Provider::UCLOUD];

async fn scene(provider: Provider, name: &str) -> Scene {
    let scene = Scene::new(&format!("objects-{name}-{provider}")).await;
    let region = Target::default_of(provider).unwrap().region;
    let bytes = std::fs::read(IMAGE).unwrap().into();
    let (simulator, cloud) = (&scene.simulator, cloud(provider));
    simulator.put_object(cloud, &region, BUCKET, "web.qcow2", bytes);
    simulator.guard_object(cloud, &region, BUCKET, "web.qcow2");
    scene
}

fn of_object(mut to: Destination) -> Destination {
    let bucket = to.bucket.take().unwrap();
    to.order.disks = vec![Disk::object(BUCKET, "web.qcow2").format(DiskFormat::Qcow2)];
    to.reads(bucket)
}

fn publish(scene: &Scene) -> Publish {
    scene.publish_image(Image::There("web".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_breaks_off_a_repeat_makes_one_image_and_the_object_stays() {
    for provider in READ_BY_LINK {
        let mut has_blown = true;
        for requests in 0.. {
            if !has_blown {
                assert!(requests > 2, "{provider}: nothing broke off");
                break;
            }
            let scene = scene(provider, &requests.to_string()).await;
            let fuse = Fuse::after(requests, true);
            let first = publish(&scene).to(of_object(scene.fused(provider, &fuse)));
            has_blown = fuse.guard(first).await.is_none();
            let done = one(publish(&scene).to(of_object(scene.destination(provider)))).await;
            let image = id(&done);
            assert_eq!(scene.imports(provider), 1, "{provider} after {requests} requests");
            let again = one(publish(&scene).to(of_object(scene.destination(provider)))).await;
            assert!(again.is_found() && id(&again) == image, "{again:?}");
            assert_eq!(
                scene.simulator.objects().len(),
                1,
                "{provider}: it is not ours to delete"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_record_has_the_signature_and_without_the_bucket_it_is_refused() {
    for provider in READ_BY_LINK {
        let scene = scene(provider, "record").await;
        let done = publish(&scene)
            .to(of_object(scene.destination(provider)))
            .run()
            .await
            .unwrap();
        let record = done.job.records().await.unwrap().remove(0).unwrap();
        let written = serde_json::to_string(&record).unwrap();
        assert!(
            written.contains("web.qcow2") && !written.to_lowercase().contains("signature"),
            "{written}"
        );
        let mut refused = of_object(scene.destination(provider));
        refused.reads.clear();
        let error = publish(&scene).to(refused).run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("bucket and a key"), "{error}");
    }
}

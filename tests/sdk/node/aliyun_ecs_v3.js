// Alibaba Cloud, signature V3: @alicloud/ecs20140526. Its `Config` takes endpoint and protocol.
"use strict";

const assert = require("node:assert/strict");
const ecs = require("@alicloud/ecs20140526");
const { $OpenApiUtil } = require("@alicloud/openapi-core");
const support = require("./support");

const NAME = "ecs-v3-js";
const regionId = "cn-hangzhou";

const client = (accessKeySecret) =>
  new ecs.default(
    new $OpenApiUtil.Config({
      accessKeyId: support.keyId,
      accessKeySecret,
      regionId,
      endpoint: support.host("aliyun"),
      protocol: "HTTP",
    }),
  );

const listing = async (client) => {
  const request = new ecs.DescribeImagesRequest({ regionId, imageName: NAME, imageOwnerAlias: "self" });
  return (await client.describeImages(request)).body.images.image;
};

support.run("@alicloud/ecs20140526", async () => {
  await support.refused(
    () => listing(client(support.wrongSecret)),
    (error) => error.code,
    "SignatureDoesNotMatch",
  );

  const own = client(support.secret);
  const order = new ecs.ImportImageRequest({
    regionId,
    imageName: NAME,
    description: "a tiny disk, 很小",
    architecture: "x86_64",
    OSType: "linux",
    platform: "CentOS",
    bootMode: "BIOS",
    licenseType: "Auto",
    diskDeviceMapping: [
      new ecs.ImportImageRequestDiskDeviceMapping({
        format: "QCOW2",
        OSSBucket: "images",
        OSSObject: "tiny-linux.qcow2",
        diskImageSize: 40,
      }),
    ],
    tag: [new ecs.ImportImageRequestTag({ key: "team", value: "images" })],
    clientToken: support.clientToken(),
  });
  const { imageId, taskId } = (await own.importImage(order)).body;
  assert.equal((await own.importImage(order)).body.taskId, taskId, "the answer to the same token");

  const tasks = new ecs.DescribeTasksRequest({ regionId, taskIds: taskId });
  const state = async () => (await own.describeTasks(tasks)).body.taskSet.task[0].taskStatus;
  await support.follow(state, { running: ["Waiting", "Processing"], done: "Finished" });

  const attribute = new ecs.DescribeTaskAttributeRequest({ regionId, taskId });
  assert.equal((await own.describeTaskAttribute(attribute)).body.taskProcess, "100%");
  const images = await listing(own);
  assert.deepEqual(images.map((image) => [image.imageId, image.status]), [[imageId, "Available"]]);
  await own.deleteImage(new ecs.DeleteImageRequest({ regionId, imageId }));
  assert.deepEqual(await listing(own), [], "images after deletion");
  return imageId;
});

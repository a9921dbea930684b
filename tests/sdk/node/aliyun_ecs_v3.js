// Alibaba Cloud, signature V3: @alicloud/ecs20140526. Its `Config` takes endpoint and protocol.
"use strict";

const assert = require("node:assert/strict");
const ecs = require("@alicloud/ecs20140526");
const { $OpenApiUtil } = require("@alicloud/openapi-core");
const support = require("./support");

const NAME = "ecs-v3-js";
const regionId = "cn-hangzhou";
const otherRegionId = "cn-beijing";
// Another account than the simulator's.
const ACCOUNT = "1000000000000001";

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

/** Copies an image to another region, and gives it back there. */
async function copy(own, imageId) {
  const order = new ecs.CopyImageRequest({
    regionId,
    imageId,
    destinationRegionId: otherRegionId,
    destinationImageName: NAME,
    destinationDescription: "a copy, 复制",
    tag: [new ecs.CopyImageRequestTag({ key: "team", value: "copies" })],
    clientToken: support.clientToken(),
  });
  const copyId = (await own.copyImage(order)).body.imageId;
  assert.equal((await own.copyImage(order)).body.imageId, copyId, "the answer to the same token");

  let image;
  const images = new ecs.DescribeImagesRequest({
    regionId: otherRegionId,
    imageId: copyId,
    status: "Waiting,Creating,Available,CreateFailed",
  });
  const state = async () => {
    [image] = (await own.describeImages(images)).body.images.image;
    return image.status;
  };
  await support.follow(state, { running: ["Waiting", "Creating"], done: "Available" });
  assert.deepEqual(
    [image.imageName, image.description, image.isCopied, image.tags.tag[0].tagValue],
    [NAME, "a copy, 复制", true, "copies"],
  );
  await own.deleteImage(new ecs.DeleteImageRequest({ regionId: otherRegionId, imageId: copyId }));
}

/** Shares an image, makes it public, and takes both back. */
async function share(own, imageId) {
  const shares = async () => {
    const request = new ecs.DescribeImageSharePermissionRequest({ regionId, imageId });
    const { accounts, shareGroups } = (await own.describeImageSharePermission(request)).body;
    return [accounts.account.map((its) => its.aliyunId), shareGroups.shareGroup.map((its) => its.group)];
  };
  const modify = async (change) => {
    await own.modifyImageSharePermission(new ecs.ModifyImageSharePermissionRequest({ regionId, imageId, ...change }));
    return shares();
  };
  assert.deepEqual(await shares(), [[], []], "shares at first");
  assert.deepEqual(await modify({ addAccount: [ACCOUNT] }), [[ACCOUNT], []], "shares");
  assert.deepEqual((await listing(own)).map((image) => image.isSelfShared), ["true"]);
  assert.deepEqual(await modify({ removeAccount: [ACCOUNT] }), [[], []], "shares that were taken back");
  assert.deepEqual(await modify({ isPublic: true }), [[], ["all"]], "a public image");
  assert.deepEqual((await listing(own)).map((image) => image.isPublic), [true]);
  assert.deepEqual(await modify({ isPublic: false }), [[], []], "a private image again");
}

/** Sets a tag and takes it away. */
async function tag(own, imageId) {
  const resources = { regionId, resourceType: "image", resourceId: [imageId] };
  const tags = async () => {
    const { tagResources } = (await own.listTagResources(new ecs.ListTagResourcesRequest(resources))).body;
    return Object.fromEntries(tagResources.tagResource.map((its) => [its.tagKey, its.tagValue]));
  };
  const stage = new ecs.TagResourcesRequestTag({ key: "stage", value: "上线" });
  await own.tagResources(new ecs.TagResourcesRequest({ ...resources, tag: [stage] }));
  assert.deepEqual(await tags(), { team: "images", stage: "上线" }, "tags");
  await own.untagResources(new ecs.UntagResourcesRequest({ ...resources, tagKey: ["stage"] }));
  assert.deepEqual(await tags(), { team: "images" }, "tags without the one that was taken away");
}

/** Puts an image into a family, whose newest image is not a deprecated one. */
async function offer(own, imageId) {
  const newest = async () => {
    const request = new ecs.DescribeImageFromFamilyRequest({ regionId, imageFamily: NAME });
    return (await own.describeImageFromFamily(request)).body.image?.imageId;
  };
  const modify = async (change) => {
    await own.modifyImageAttribute(new ecs.ModifyImageAttributeRequest({ regionId, imageId, ...change }));
    return newest();
  };
  assert.equal(await newest(), undefined, "the newest of no family");
  assert.equal(await modify({ imageFamily: NAME }), imageId, "the newest of the family");
  assert.equal(await modify({ status: "Deprecated" }), undefined, "the newest of a deprecated one's family");
  const request = new ecs.DescribeImagesRequest({ regionId, imageId, status: "Deprecated" });
  const { image } = (await own.describeImages(request)).body.images;
  assert.deepEqual(image.map((its) => [its.status, its.imageFamily]), [["Deprecated", NAME]]);
  assert.equal(await modify({ status: "Available" }), imageId, "the newest of the family again");
}

/** Exports an image into a bucket. */
async function exportIt(own, imageId) {
  const order = new ecs.ExportImageRequest({ regionId, imageId, OSSBucket: "images", OSSPrefix: "sdk" });
  const { taskId } = (await own.exportImage(order)).body;
  const tasks = new ecs.DescribeTasksRequest({ regionId, taskIds: taskId });
  const state = async () => (await own.describeTasks(tasks)).body.taskSet.task[0].taskStatus;
  await support.follow(state, { running: ["Waiting", "Processing"], done: "Finished" });
  await support.exported("aliyun", "images", `sdk_${imageId}_system.raw.tar.gz`);
}

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

  await copy(own, imageId);
  await share(own, imageId);
  await tag(own, imageId);
  await offer(own, imageId);
  await exportIt(own, imageId);

  await own.deleteImage(new ecs.DeleteImageRequest({ regionId, imageId }));
  assert.deepEqual(await listing(own), [], "images after deletion");
  return imageId;
});

// Alibaba Cloud, RPC signature: @alicloud/pop-core. Its configuration takes the endpoint's URL. What changes something goes in
// a form, the rest in a query.
"use strict";

const assert = require("node:assert/strict");
const { RPCClient } = require("@alicloud/pop-core");
const support = require("./support");

const NAME = "ecs-rpc-js";
const RegionId = "cn-hangzhou";
const OtherRegionId = "cn-beijing";
// Another account than the simulator's.
const ACCOUNT = "1000000000000001";

const client = (accessKeySecret) =>
  new RPCClient({
    accessKeyId: support.keyId,
    accessKeySecret,
    endpoint: support.url("aliyun"),
    apiVersion: "2014-05-26",
  });

const listing = async (client) =>
  (await client.request("DescribeImages", { RegionId, ImageName: NAME, ImageOwnerAlias: "self" })).Images.Image;

/** Changes go in a form. */
const POST = { method: "POST" };

/** Copies an image to another region, and gives it back there. */
async function copy(own, ImageId) {
  const order = {
    RegionId,
    ImageId,
    DestinationRegionId: OtherRegionId,
    DestinationImageName: NAME,
    DestinationDescription: "a copy, 复制 (it's *small*!)",
    Tag: [{ Key: "team", Value: "copies" }],
    ClientToken: support.clientToken(),
  };
  const { ImageId: CopyId } = await own.request("CopyImage", order, POST);
  assert.equal((await own.request("CopyImage", order, POST)).ImageId, CopyId, "the answer to the same token");

  let image;
  const wanted = { RegionId: OtherRegionId, ImageId: CopyId, Status: "Waiting,Creating,Available,CreateFailed" };
  const state = async () => {
    [image] = (await own.request("DescribeImages", wanted)).Images.Image;
    return image.Status;
  };
  await support.follow(state, { running: ["Waiting", "Creating"], done: "Available" });
  assert.deepEqual(
    [image.ImageName, image.Description, image.IsCopied, image.Tags.Tag[0].TagValue],
    [NAME, order.DestinationDescription, true, "copies"],
  );
  await own.request("DeleteImage", { RegionId: OtherRegionId, ImageId: CopyId }, POST);
}

/** Shares an image, makes it public, and takes both back. */
async function share(own, ImageId) {
  const shares = async () => {
    const { Accounts, ShareGroups } = await own.request("DescribeImageSharePermission", { RegionId, ImageId });
    return [Accounts.Account.map((its) => its.AliyunId), ShareGroups.ShareGroup.map((its) => its.Group)];
  };
  const modify = async (change) => {
    await own.request("ModifyImageSharePermission", { RegionId, ImageId, ...change }, POST);
    return shares();
  };
  assert.deepEqual(await modify({ AddAccount: [ACCOUNT] }), [[ACCOUNT], []], "shares");
  assert.deepEqual(await modify({ RemoveAccount: [ACCOUNT] }), [[], []], "shares that were taken back");
  assert.deepEqual(await modify({ IsPublic: true }), [[], ["all"]], "a public image");
  assert.deepEqual((await listing(own)).map((image) => image.IsPublic), [true]);
  assert.deepEqual(await modify({ IsPublic: false }), [[], []], "a private image again");
}

/** Sets a tag and takes it away. */
async function tag(own, ImageId) {
  const resources = { RegionId, ResourceType: "image", ResourceId: [ImageId] };
  const tags = async () => {
    const { TagResources } = await own.request("ListTagResources", resources);
    return Object.fromEntries(TagResources.TagResource.map((its) => [its.TagKey, its.TagValue]));
  };
  await own.request("TagResources", { ...resources, Tag: [{ Key: "stage", Value: "上线" }] }, POST);
  assert.deepEqual(await tags(), { team: "images", stage: "上线" }, "tags");
  await own.request("UntagResources", { ...resources, TagKey: ["stage"] }, POST);
  assert.deepEqual(await tags(), { team: "images" }, "tags without the one that was taken away");
}

/** Puts an image into a family, whose newest image is not a deprecated one. */
async function offer(own, ImageId) {
  const modify = async (change) => {
    await own.request("ModifyImageAttribute", { RegionId, ImageId, ...change }, POST);
    return (await own.request("DescribeImageFromFamily", { RegionId, ImageFamily: NAME })).Image?.ImageId;
  };
  assert.equal(await modify({ ImageFamily: NAME }), ImageId, "the newest of the family");
  assert.equal(await modify({ Status: "Deprecated" }), undefined, "the newest of a deprecated one's family");
  assert.deepEqual(await listing(own), [], "a deprecated image in the list of available ones");
  assert.equal(await modify({ Status: "Available" }), ImageId, "the newest of the family again");
}

/** Exports an image into a bucket. */
async function exportIt(own, ImageId) {
  const order = { RegionId, ImageId, OSSBucket: "images", OSSPrefix: "sdk" };
  const { TaskId } = await own.request("ExportImage", order, POST);
  const state = async () => {
    const { TaskSet } = await own.request("DescribeTasks", { RegionId, TaskIds: TaskId });
    return TaskSet.Task[0].TaskStatus;
  };
  await support.follow(state, { running: ["Waiting", "Processing"], done: "Finished" });
  await support.exported("aliyun", "images", `sdk_${ImageId}_system.raw.tar.gz`);
}

support.run("@alicloud/pop-core", async () => {
  await support.refused(
    () => listing(client(support.wrongSecret)),
    (error) => error.code,
    "SignatureDoesNotMatch",
  );

  const own = client(support.secret);
  const order = {
    RegionId,
    ImageName: NAME,
    Description: "a tiny disk, 很小 (it's *small*!)",
    Architecture: "x86_64",
    OSType: "linux",
    Platform: "CentOS",
    DiskDeviceMapping: [{ Format: "QCOW2", OSSBucket: "images", OSSObject: "tiny-linux.qcow2", DiskImageSize: 40 }],
    Tag: [{ Key: "team", Value: "images" }],
  };
  const { ImageId, TaskId } = await own.request("ImportImage", order, POST);

  const state = async () => {
    const { TaskSet } = await own.request("DescribeTasks", { RegionId, TaskIds: TaskId });
    return TaskSet.Task[0].TaskStatus;
  };
  await support.follow(state, { running: ["Waiting", "Processing"], done: "Finished" });

  const images = await listing(own);
  assert.deepEqual(images.map((image) => [image.ImageId, image.Status]), [[ImageId, "Available"]]);

  await copy(own, ImageId);
  await share(own, ImageId);
  await tag(own, ImageId);
  await offer(own, ImageId);
  await exportIt(own, ImageId);

  await own.request("DeleteImage", { RegionId, ImageId, Force: true }, POST);
  assert.deepEqual(await listing(own), [], "images after deletion");
  return ImageId;
});

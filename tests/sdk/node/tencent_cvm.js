// Tencent Cloud: tencentcloud-sdk-nodejs-cvm, and for tags, which have no package for Node, the client for any service of
// tencentcloud-sdk-nodejs-common. Its `httpProfile` takes endpoint, protocol and agent. The endpoint has to stay a
// name of the cloud without a port: the SDK takes the service that it signs for from the name's first label, and signs the
// host without the port that it sends. So the agent is the setting that leads to the simulator.
"use strict";

const assert = require("node:assert/strict");
const http = require("node:http");
const { CommonClient } = require("tencentcloud-sdk-nodejs-common");
const { cvm } = require("tencentcloud-sdk-nodejs-cvm");
const support = require("./support");

const NAME = "tencent-sdk-js";
const REGION = "ap-guangzhou";
const OTHER_REGION = "ap-singapore";
const BUCKET = "images-1250000000";
// Another account than the simulator's.
const ACCOUNT = "100000000002";

class ToSimulator extends http.Agent {
  createConnection(options, done) {
    const { hostname, port } = new URL(support.url("tencent"));
    return super.createConnection({ ...options, host: hostname, port }, done);
  }
}

const settings = (secretKey, service, region, signMethod) => {
  const endpoint = `${service}.${region}.tencentcloudapi.com`;
  const httpProfile = { endpoint, protocol: "http://", agent: new ToSimulator() };
  return { credential: { secretId: support.keyId, secretKey }, region, profile: { signMethod, httpProfile } };
};

const client = (secretKey, signMethod = "TC3-HMAC-SHA256", region = REGION) =>
  new cvm.v20170312.Client(settings(secretKey, "cvm", region, signMethod));

/** The client of the service of tags. */
const tagClient = () => {
  const own = settings(support.secret, "tag", REGION, "TC3-HMAC-SHA256");
  return new CommonClient(own.profile.httpProfile.endpoint, "2018-08-13", own);
};

const listing = async (cvm) => (await cvm.DescribeImages({ Filters: [{ Name: "image-name", Values: [NAME] }] })).ImageSet;

/** Copies an image to another region, where it is called the same, and gives it back there. */
async function copy(own, ImageId) {
  const order = { ImageIds: [ImageId], DestinationRegions: [OTHER_REGION], ImageSetRequired: true };
  const [ordered] = (await own.SyncImages(order)).ImageSet;
  assert.equal(ordered.Region, OTHER_REGION);

  const there = client(support.secret, undefined, OTHER_REGION);
  let image;
  const state = async () => {
    [image] = (await there.DescribeImages({ ImageIds: [ordered.ImageId] })).ImageSet;
    return image.ImageState;
  };
  await support.follow(state, { running: ["SYNCING"], done: "NORMAL" });
  assert.deepEqual([image.ImageName, image.SyncPercent], [NAME, 100]);
  await there.DeleteImages({ ImageIds: [ordered.ImageId] });
}

/** Shares an image and takes that back. */
async function share(own, ImageId) {
  const modify = async (Permission) => {
    await own.ModifyImageSharePermission({ ImageId, AccountIds: [ACCOUNT], Permission });
    const { SharePermissionSet } = await own.DescribeImageSharePermission({ ImageId });
    return SharePermissionSet.map((its) => its.AccountId);
  };
  assert.deepEqual(await modify("SHARE"), [ACCOUNT], "shares");
  assert.deepEqual(await modify("CANCEL"), [], "shares that were taken back");
}

/** Sets a tag and takes it away. */
async function tag(ImageId) {
  const own = tagClient();
  const ResourceList = [`qcs::cvm:${REGION}:uin/:image/${ImageId}`];
  const tags = async () => {
    const wanted = { ServiceType: "cvm", ResourcePrefix: "image", ResourceIds: [ImageId], ResourceRegion: REGION };
    const { Tags } = await own.request("DescribeResourceTagsByResourceIds", wanted);
    return Object.fromEntries(Tags.map((its) => [its.TagKey, its.TagValue]));
  };
  const stage = { ResourceList, Tags: [{ TagKey: "stage", TagValue: "上线" }] };
  assert.deepEqual((await own.request("TagResources", stage)).FailedResources, [], "resources that were not tagged");
  assert.deepEqual(await tags(), { team: "images", stage: "上线" }, "tags");
  await own.request("UnTagResources", { ResourceList, TagKeys: ["stage"] });
  assert.deepEqual(await tags(), { team: "images" }, "tags without the one that was taken away");
}

/** Puts an image into a family, whose newest image is not a deprecated one. */
async function offer(own, ImageId) {
  const modify = async (change) => {
    await own.ModifyImageAttribute({ ImageId, ...change });
    return (await own.DescribeImageFromFamily({ ImageFamily: NAME })).Image?.ImageId;
  };
  assert.equal(await modify({ ImageFamily: NAME }), ImageId, "the newest of the family");
  assert.equal(await modify({ ImageDeprecated: true }), undefined, "the newest of a deprecated one's family");
  assert.deepEqual((await listing(own)).map((its) => [its.ImageDeprecated, its.ImageFamily]), [[true, NAME]]);
  assert.equal(await modify({ ImageDeprecated: false }), ImageId, "the newest of the family again");
}

/** Exports an image into a bucket. There is no task to ask for: at its end the file is there. */
async function exportIt(own, ImageId) {
  const order = { BucketName: BUCKET, ImageIds: [ImageId], ExportFormat: "QCOW2", FileNamePrefixList: ["sdk"] };
  const [key] = (await own.ExportImages(order)).CosPaths;
  const isExported = async () => {
    // Whatever comes to the cloud moves it on.
    await listing(own);
    return (await support.stored("tencent", BUCKET, key)) !== undefined;
  };
  await support.follow(isExported, { running: [false], done: true });
  await support.exported("tencent", BUCKET, key);
}

support.run("tencentcloud-sdk-nodejs-cvm", async () => {
  await support.refused(
    () => listing(client(support.wrongSecret)),
    (error) => error.code,
    "AuthFailure.SignatureFailure",
  );

  const own = client(support.secret);
  const order = {
    Architecture: "x86_64",
    OsType: "CentOS",
    OsVersion: "7",
    ImageUrl: `https://${BUCKET}.cos.${REGION}.myqcloud.com/tiny-linux.qcow2`,
    ImageName: NAME,
    ImageDescription: "a tiny disk, 很小",
    TagSpecification: [{ ResourceType: "image", Tags: [{ Key: "team", Value: "images" }] }],
  };
  await own.ImportImage({ ...order, DryRun: true });
  assert.deepEqual(await listing(own), [], "images after a dry run");
  const { ImageId } = await own.ImportImage(order);

  const state = async () => (await own.DescribeImages({ ImageIds: [ImageId] })).ImageSet[0].ImageState;
  await support.follow(state, { running: ["IMPORTING"], done: "NORMAL" });

  // The older signature too: the SDK has it as a setting.
  for (const reader of [own, client(support.secret, "HmacSHA256"), client(support.secret, "HmacSHA1")]) {
    const images = await listing(reader);
    assert.deepEqual(images.map((image) => [image.ImageId, image.Tags[0].Value]), [[ImageId, "images"]]);
  }

  await copy(own, ImageId);
  await share(own, ImageId);
  await tag(ImageId);
  await offer(own, ImageId);
  await exportIt(own, ImageId);

  await own.DeleteImages({ ImageIds: [ImageId] });
  assert.deepEqual(await listing(own), [], "images after deletion");
  return ImageId;
});

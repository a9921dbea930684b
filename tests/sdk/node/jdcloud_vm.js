// JD Cloud: jdcloud-sdk-js. Its configuration takes the endpoint's protocol and host.
"use strict";

const assert = require("node:assert/strict");
const JDCloud = require("jdcloud-sdk-js/src/global");
const VM = require("jdcloud-sdk-js/src/services/vm");
const support = require("./support");

const NAME = "jdcloud-sdk-js";
const REGION = "cn-north-1";
const OTHER_REGION = "cn-east-2";
// Another account than the simulator's.
const PIN = "another-account";
// By default it prints every string that it signs.
const logger = () => {};
JDCloud.config.update({ logger });

const client = (secretAccessKey, regionId = REGION) =>
  new VM({
    credentials: { accessKeyId: support.keyId, secretAccessKey },
    regionId,
    endpoint: { protocol: "http", host: support.host("jdcloud") },
    logger,
  });

const listing = (vm) => vm.describeImages({ imageSource: "private", imageName: NAME });

/** Copies an image to another region, where it is called the same, and gives it back there. */
async function copy(vm, imageId) {
  const order = { sourceImageIds: [imageId], destinationRegion: OTHER_REGION };
  const { copyImages } = (await vm.copyImages(order)).result;
  assert.deepEqual(copyImages.map((its) => its.sourceImageId), [imageId]);

  const there = client(support.secret, OTHER_REGION);
  let image;
  const state = async () => {
    [image] = (await listing(there)).result.images;
    return image.status;
  };
  await support.follow(state, { running: ["pending"], done: "ready" });
  assert.deepEqual([image.imageId, image.name], [copyImages[0].destinationImageId, NAME]);
  await there.deleteImage({ imageId: image.imageId });
  assert.deepEqual((await listing(there)).result.images, [], "copies after deletion");
}

/** Shares an image and takes that back. */
async function share(vm, imageId) {
  const shares = async () => (await vm.describeImageMembers({ imageId })).result.pins;
  await vm.shareImage({ imageId, pins: [PIN] });
  assert.deepEqual(await shares(), [PIN], "shares");
  await vm.unShareImage({ imageId, pins: [PIN] });
  assert.deepEqual(await shares(), [], "shares that were taken back");
}

/** Makes an image a community image, and takes that back. */
async function publish(vm, imageId) {
  const permissions = async () => (await listing(vm)).result.images.map((image) => image.launchPermission);
  assert.deepEqual(await permissions(), ["ownerOnly"], "at first");
  await vm.releaseImage({ imageId });
  assert.deepEqual(await permissions(), ["all"], "a public image");
  await vm.unReleaseImage({ imageId });
  assert.deepEqual(await permissions(), ["ownerOnly"], "a private image again");
}

/** Exports an image into a bucket. */
async function exportIt(vm, imageId) {
  const ossUrl = `https://images.s3.${REGION}.jdcloud-oss.com`;
  const order = { imageId, roleName: "export-role", ossUrl, ossPrefix: "sdk", clientToken: support.clientToken() };
  const { result: started } = await vm.exportImage(order);
  assert.deepEqual((await vm.exportImage(order)).result, started, "the answer to the same token");

  let task;
  const state = async () => {
    const wanted = { taskAction: "ExportImage", taskIds: [started.taskId] };
    [task] = (await vm.imageTasks(wanted)).result.taskSet;
    return task.taskStatus;
  };
  await support.follow(state, { running: ["pending", "running"], done: "finished" });
  await support.exported("jdcloud", "images", task.ossObject);
}

support.run("jdcloud-sdk-js", async () => {
  const code = (error) => [error.error?.code, error.error?.status];
  await support.refused(() => listing(client(support.wrongSecret)), code, [401, "ACCESS_ERROR"]);

  const vm = client(support.secret);
  const order = {
    architecture: "x86_64",
    osType: "linux",
    platform: "CentOS",
    osVersion: "7.9",
    diskFormat: "qcow2",
    systemDiskSizeGB: 40,
    imageUrl: "https://images.s3.cn-north-1.jdcloud-oss.com/tiny-linux.qcow2",
    imageName: NAME,
    description: "a tiny disk, 很小",
    clientToken: support.clientToken(),
  };
  const { result: started } = await vm.importImage(order);
  const { result: again } = await vm.importImage(order);
  assert.deepEqual(again, started, "the answer to the same token");

  const state = async () => {
    const { result } = await vm.imageTasks({ taskIds: [started.taskId] });
    assert.deepEqual(result.taskSet.map((task) => task.imageId), [started.imageId]);
    return result.taskSet[0].taskStatus;
  };
  await support.follow(state, { running: ["pending", "running"], done: "finished" });

  const { images } = (await listing(vm)).result;
  assert.deepEqual(images.map((image) => [image.imageId, image.status]), [[started.imageId, "ready"]]);

  await copy(vm, started.imageId);
  await share(vm, started.imageId);
  await publish(vm, started.imageId);
  await exportIt(vm, started.imageId);

  await vm.deleteImage({ imageId: started.imageId });
  assert.deepEqual((await listing(vm)).result.images, [], "images after deletion");
  return started.imageId;
});

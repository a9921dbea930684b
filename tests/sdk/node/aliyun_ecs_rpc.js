// Alibaba Cloud, RPC signature: @alicloud/pop-core. Its configuration takes the endpoint's URL. Imports go in a form, the
// rest in a query.
"use strict";

const assert = require("node:assert/strict");
const { RPCClient } = require("@alicloud/pop-core");
const support = require("./support");

const NAME = "ecs-rpc-js";
const RegionId = "cn-hangzhou";

const client = (accessKeySecret) =>
  new RPCClient({
    accessKeyId: support.keyId,
    accessKeySecret,
    endpoint: support.url("aliyun"),
    apiVersion: "2014-05-26",
  });

const listing = async (client) =>
  (await client.request("DescribeImages", { RegionId, ImageName: NAME, ImageOwnerAlias: "self" })).Images.Image;

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
  const { ImageId, TaskId } = await own.request("ImportImage", order, { method: "POST" });

  const state = async () => {
    const { TaskSet } = await own.request("DescribeTasks", { RegionId, TaskIds: TaskId });
    return TaskSet.Task[0].TaskStatus;
  };
  await support.follow(state, { running: ["Waiting", "Processing"], done: "Finished" });

  const images = await listing(own);
  assert.deepEqual(images.map((image) => [image.ImageId, image.Status]), [[ImageId, "Available"]]);
  await own.request("DeleteImage", { RegionId, ImageId, Force: true }, { method: "POST" });
  assert.deepEqual(await listing(own), [], "images after deletion");
  return ImageId;
});

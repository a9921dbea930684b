// JD Cloud: jdcloud-sdk-js. Its configuration takes the endpoint's protocol and host.
"use strict";

const assert = require("node:assert/strict");
const JDCloud = require("jdcloud-sdk-js/src/global");
const VM = require("jdcloud-sdk-js/src/services/vm");
const support = require("./support");

const NAME = "jdcloud-sdk-js";
// By default it prints every string that it signs.
const logger = () => {};
JDCloud.config.update({ logger });

const client = (secretAccessKey) =>
  new VM({
    credentials: { accessKeyId: support.keyId, secretAccessKey },
    regionId: "cn-north-1",
    endpoint: { protocol: "http", host: support.host("jdcloud") },
    logger,
  });

const listing = (vm) => vm.describeImages({ imageSource: "private", imageName: NAME });

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
  await vm.deleteImage({ imageId: started.imageId });
  assert.deepEqual((await listing(vm)).result.images, [], "images after deletion");
  return started.imageId;
});

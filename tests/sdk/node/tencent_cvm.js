// Tencent Cloud: tencentcloud-sdk-nodejs-cvm. Its `httpProfile` takes endpoint, protocol and agent. The endpoint has to stay a
// name of the cloud without a port: the SDK takes the service that it signs for from the name's first label, and signs the
// host without the port that it sends. So the agent is the setting that leads to the simulator.
"use strict";

const assert = require("node:assert/strict");
const http = require("node:http");
const { cvm } = require("tencentcloud-sdk-nodejs-cvm");
const support = require("./support");

const NAME = "tencent-sdk-js";

class ToSimulator extends http.Agent {
  createConnection(options, done) {
    const { hostname, port } = new URL(support.url("tencent"));
    return super.createConnection({ ...options, host: hostname, port }, done);
  }
}

const httpProfile = {
  endpoint: "cvm.ap-guangzhou.tencentcloudapi.com",
  protocol: "http://",
  agent: new ToSimulator(),
};

const client = (secretKey, signMethod = "TC3-HMAC-SHA256") =>
  new cvm.v20170312.Client({
    credential: { secretId: support.keyId, secretKey },
    region: "ap-guangzhou",
    profile: { signMethod, httpProfile },
  });

const listing = async (cvm) => (await cvm.DescribeImages({ Filters: [{ Name: "image-name", Values: [NAME] }] })).ImageSet;

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
    ImageUrl: "https://images-1250000000.cos.ap-guangzhou.myqcloud.com/tiny-linux.qcow2",
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
  await own.DeleteImages({ ImageIds: [ImageId] });
  assert.deepEqual(await listing(own), [], "images after deletion");
  return ImageId;
});

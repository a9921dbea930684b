// Huawei Cloud: @huaweicloud/huaweicloud-sdk-core. There is no package of the image service for Node: the core's client, on
// which the vendor's service packages stand, sends the requests. A `Region` takes the endpoint, the credentials that of IAM,
// where the SDK finds its project id.
"use strict";

const assert = require("node:assert/strict");
const { BasicCredentials, Region } = require("@huaweicloud/huaweicloud-sdk-core");
const { ClientBuilder } = require("@huaweicloud/huaweicloud-sdk-core/ClientBuilder");
const support = require("./support");

const NAME = "huawei-sdk-js";

const client = (secret) => {
  const credentials = new BasicCredentials()
    .withAk(support.keyId)
    .withSk(secret)
    .withIamEndpoint(support.url("huawei"));
  const region = new Region("cn-north-4", support.url("huawei"));
  const builder = new ClientBuilder((inner) => inner).withCredential(credentials).withRegion(region);
  return { inner: builder.build(), credentials };
};

const send = ({ inner }, method, url, more = {}) =>
  inner.sendRequest({ method, url, contentType: "application/json", queryParams: {}, pathParams: {}, headers: {}, ...more });

const listing = async (ims) =>
  (await send(ims, "GET", "/v2/cloudimages", { queryParams: { name: NAME, __imagetype: "private" } })).images;

support.run("@huaweicloud/huaweicloud-sdk-core", async () => {
  await support.refused(
    () => listing(client(support.wrongSecret)),
    (error) => error.httpStatusCode,
    401,
  );

  const ims = client(support.secret);
  const data = {
    name: NAME,
    description: "a tiny disk, 很小",
    image_url: "images:tiny-linux.qcow2",
    os_version: "CentOS 7.9 64bit",
    min_disk: 40,
    image_tags: [{ key: "team", value: "images" }],
  };
  const { job_id } = await send(ims, "POST", "/v2/cloudimages/action", { data });

  let job;
  const pathParams = { project_id: ims.credentials.projectId, job_id };
  const state = async () => {
    job = await send(ims, "GET", "/v1/{project_id}/jobs/{job_id}", { pathParams });
    return job.status;
  };
  await support.follow(state, { running: ["INIT", "RUNNING"], done: "SUCCESS" });

  const { image_id } = job.entities;
  const images = await listing(ims);
  assert.deepEqual(images.map(({ id, status, tags }) => [id, status, tags]), [[image_id, "active", ["team.images"]]]);
  await send(ims, "DELETE", "/v2/images/{image_id}", { pathParams: { image_id } });
  assert.deepEqual(await listing(ims), [], "images after deletion");
  return image_id;
});

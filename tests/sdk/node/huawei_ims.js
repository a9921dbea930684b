// Huawei Cloud: @huaweicloud/huaweicloud-sdk-core. There is no package of the image service for Node: the core's client, on
// which the vendor's service packages stand, sends the requests. A `Region` takes the endpoint, the credentials that of IAM,
// where the SDK finds its project id. A cloud that is one address has one region: in another one it is called by its own
// name, and an agent among the options of axios leads to the simulator.
"use strict";

const assert = require("node:assert/strict");
const http = require("node:http");
const { BasicCredentials, Region } = require("@huaweicloud/huaweicloud-sdk-core");
const { ClientBuilder } = require("@huaweicloud/huaweicloud-sdk-core/ClientBuilder");
const support = require("./support");

const NAME = "huawei-sdk-js";
const OTHER_REGION = "cn-south-1";
// Another project of the region, and of another account.
const PROJECT = "00000000000000000000000000000001";

class ToSimulator extends http.Agent {
  createConnection(options, done) {
    const { hostname, port } = new URL(support.url("huawei"));
    return super.createConnection({ ...options, host: hostname, port }, done);
  }
}

const client = (secret, region = new Region("cn-north-4", support.url("huawei")), options = {}) => {
  const credentials = new BasicCredentials()
    .withAk(support.keyId)
    .withSk(secret)
    .withIamEndpoint(support.url("huawei"));
  const builder = new ClientBuilder((inner) => inner).withCredential(credentials).withRegion(region);
  return { inner: builder.withOptions(options).build(), credentials };
};

const clientElsewhere = () => {
  const region = new Region(OTHER_REGION, `http://ims.${OTHER_REGION}.myhuaweicloud.com`);
  return client(support.secret, region, { axiosRequestConfig: { httpAgent: new ToSimulator() } });
};

const send = ({ inner }, method, url, more = {}) =>
  inner.sendRequest({ method, url, contentType: "application/json", queryParams: {}, pathParams: {}, headers: {}, ...more });

const listing = async (ims) =>
  (await send(ims, "GET", "/v2/cloudimages", { queryParams: { name: NAME, __imagetype: "private" } })).images;

const remove = (ims, image_id) => send(ims, "DELETE", "/v2/images/{image_id}", { pathParams: { image_id } });

/** The job that was started, once it is over. */
async function done(ims, { job_id }) {
  let job;
  const pathParams = { project_id: ims.credentials.projectId, job_id };
  const state = async () => {
    job = await send(ims, "GET", "/v1/{project_id}/jobs/{job_id}", { pathParams });
    return job.status;
  };
  await support.follow(state, { running: ["INIT", "RUNNING"], done: "SUCCESS" });
  return job;
}

/** Copies an image to another region, and gives it back there. Its job is asked for where it was ordered. */
async function copy(ims, image_id) {
  const description = "a copy, 复制";
  const place = { region: OTHER_REGION, project_name: OTHER_REGION, agency_name: "ims_admin_agency" };
  const order = { pathParams: { image_id }, data: { name: NAME, description, ...place } };
  const job = await done(ims, await send(ims, "POST", "/v1/cloudimages/{image_id}/cross_region_copy", order));

  const there = clientElsewhere();
  const copies = (await listing(there)).map((its) => [its.id, its.status, its.__description, its.tags]);
  assert.deepEqual(copies, [[job.entities.image_id, "active", description, []]]);
  await remove(there, job.entities.image_id);
  assert.deepEqual(await listing(there), [], "copies after deletion");
}

/** Shares an image and takes that back; both are jobs. A project has to accept what it gets. */
async function share(ims, image_id) {
  const modify = async (method) => {
    const data = { images: [image_id], projects: [PROJECT] };
    await done(ims, await send(ims, method, "/v1/cloudimages/members", { data }));
    const { members } = await send(ims, "GET", "/v2/images/{image_id}/members", { pathParams: { image_id } });
    return members.map((its) => [its.member_id, its.status]);
  };
  assert.deepEqual(await modify("POST"), [[PROJECT, "pending"]], "shares");
  assert.deepEqual(await modify("DELETE"), [], "shares that were taken back");
}

/** Sets a tag and takes it away. */
async function tag(ims, image_id) {
  const pathParams = { project_id: ims.credentials.projectId, image_id };
  const modify = async (action) => {
    const data = { action, tags: [{ key: "stage", value: "上线" }] };
    await send(ims, "POST", "/v2/{project_id}/images/{image_id}/tags/action", { pathParams, data });
    const { tags } = await send(ims, "GET", "/v2/{project_id}/images/{image_id}/tags", { pathParams });
    return Object.fromEntries(tags.map((its) => [its.key, its.value]));
  };
  assert.deepEqual(await modify("create"), { team: "images", stage: "上线" }, "tags");
  assert.deepEqual(await modify("delete"), { team: "images" }, "tags without the one that was taken away");
}

/** Exports an image into a bucket. */
async function exportIt(ims, image_id) {
  const key = `sdk/${image_id}.qcow2`;
  const data = { bucket_url: `images:${key}`, file_format: "qcow2", is_quick_export: false };
  await done(ims, await send(ims, "POST", "/v1/cloudimages/{image_id}/file", { pathParams: { image_id }, data }));
  await support.exported("huawei", "images", key);
}

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
  const { image_id } = (await done(ims, await send(ims, "POST", "/v2/cloudimages/action", { data }))).entities;
  const images = await listing(ims);
  assert.deepEqual(images.map(({ id, status, tags }) => [id, status, tags]), [[image_id, "active", ["team.images"]]]);

  await copy(ims, image_id);
  await share(ims, image_id);
  await tag(ims, image_id);
  await exportIt(ims, image_id);

  await remove(ims, image_id);
  assert.deepEqual(await listing(ims), [], "images after deletion");
  return image_id;
});

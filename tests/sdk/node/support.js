// What the Node scripts share: where the simulator is, how an import or a copy is followed, how a result is told. Knows no
// SDK.
"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const keyId = process.env.SIM_KEY_ID;
const secret = process.env.SIM_SECRET;
const wrongSecret = `not-${secret}`;

/** `http://127.0.0.1:PORT` of a simulated cloud. */
const url = (cloud) => JSON.parse(process.env.SIM_READY)[cloud];

/** `127.0.0.1:PORT` of a simulated cloud. */
const host = (cloud) => new URL(url(cloud)).host;

/** A new client token: a simulator that is kept running remembers the old. */
const clientToken = () => crypto.randomUUID();

/** The call has to end in the SDK's own error with the vendor's code. */
async function refused(call, codeOf, wanted) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    assert.deepEqual(codeOf(error), wanted, "code of the refusal");
    return;
  }
  assert.fail(`a request signed with a wrong secret was taken: ${JSON.stringify(answer)}`);
}

/** Polls until the state is `done`. Any state but those of `running` on the way is an error. */
async function follow(poll, { running, done, seconds = 30 }) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const state = await poll();
    if (state === done) return;
    assert.ok(running.includes(state), `it ended in the state ${state}`);
    assert.ok(Date.now() < deadline, `it is still ${state} after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Size of an object in a bucket, asked of the simulator itself; nothing where there is none. */
async function stored(cloud, bucket, key) {
  const objects = await (await fetch(`${url("control")}/objects`)).json();
  return objects.find((its) => its.cloud === cloud && its.bucket === bucket && its.key === key)?.size;
}

/** The object that an export made has to hold what the image was made of. */
async function exported(cloud, bucket, key) {
  const wanted = await stored(cloud, bucket, "tiny-linux.qcow2");
  assert.equal(await stored(cloud, bucket, key), wanted, "size of the exported object");
}

/** Runs a script; it gives the image's id. */
async function run(name, script) {
  try {
    const imageId = await script();
    const file = path.join(process.env.NODE_PATH, name, "package.json");
    const { version } = JSON.parse(fs.readFileSync(file, "utf8"));
    console.log(`ok ${name}@${version} ${imageId}`);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}

module.exports = { keyId, secret, wrongSecret, url, host, clientToken, refused, follow, stored, exported, run };

// `AWS_PROFILE=… node client.cjs NODE_MODULES [ini]`: S3 through the AWS SDK for JavaScript, one command a line on stdin, one
// answer a line on stdout (`clients.py` has the words).

"use strict";

const { setTimeout: pause } = require("node:timers/promises");

const [modules, chain] = process.argv.slice(2);
const { S3Client, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } = require(`${modules}/@aws-sdk/client-s3`);

const Bucket = "demo-bucket";
const Key = "from-javascript.txt";
// The sandbox has one address for all buckets.
const options = { forcePathStyle: true };
// In place of the default chain, which asks the profile and then others.
if (chain === "ini") options.credentials = require(`${modules}/@aws-sdk/credential-provider-ini`).fromIni();
const client = new S3Client(options);

const commands = {
  async list() {
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map((object) => object.Key).join(" ");
  },
  // There and back.
  async copy() {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "from JavaScript" }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return Body.transformToString();
  },
  async burst() {
    const answers = await Promise.all(Array.from({ length: 20 }, commands.list));
    return String(answers.length);
  },
};

// The SDK also renews in the background: an answer comes when that is over, so that its runs can be counted.
async function backgroundEnds() {
  while (process.getActiveResourcesInfo().includes("ProcessWrap")) await pause(10);
}

async function main() {
  for await (const command of require("node:readline").createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = `ok ${await commands[command]()}`;
    } catch (error) {
      answer = `error ${error.name}: ${error.message}`;
    }
    await backgroundEnds();
    console.log(answer.replaceAll("\\", "\\\\").replaceAll("\n", "\\n"));
  }
}

main();

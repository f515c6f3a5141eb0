#!/usr/bin/env node
// Plumbline from Node: gRPC, with the .proto files read as they are. See README.md.
//
//   plumbline.js measure MEASURE VALUE [--at DATE]   pushes a value that was measured
//   plumbline.js follow [--state FILE]               prints every change, and goes on where it stopped
//   plumbline.js check                               prints what the rules find; exits 1 if they find an error
"use strict";

const fs = require("fs");
const path = require("path");
const { randomUUID } = require("crypto");
const { parseArgs } = require("util");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: "string", default: process.env.PLUMB_GRPC || "localhost:7411" }, // HOST:PORT
    clear: { type: "boolean", default: false }, // without TLS: on this machine only
    ca: { type: "string", default: process.env.PLUMB_CA }, // who vouches for the server (PEM)
    cert: { type: "string" }, // our certificate (PEM), where the server asks for one
    key: { type: "string" }, // its key (PEM)
    workspace: { type: "string", default: "main" },
    proto: { type: "string", default: path.join(__dirname, "..", "..", "..", "proto") },
    at: { type: "string", default: "" },
    reason: { type: "string", default: "" },
    "key-of-change": { type: "string" }, // sent again with the same one, it counts once
    state: { type: "string", default: "plumbline.revision" }, // where the last revision is kept
    until: { type: "string" }, // follow stops after that revision
  },
});

// 64-bit numbers come as strings: a revision is never rounded.
const definition = loader.loadSync(["plumb/v1/plan.proto", "plumb/v1/insight.proto"], {
  includeDirs: [options.proto], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true,
});
const { Plan, Insight } = grpc.loadPackageDefinition(definition).plumb.v1;

function credentials() {
  if (options.clear) return grpc.credentials.createInsecure();
  const read = (file) => (file ? fs.readFileSync(file) : null);
  return grpc.credentials.createSsl(read(options.ca), read(options.key), read(options.cert));
}

function metadata() {
  const data = new grpc.Metadata();
  if (process.env.PLUMB_TOKEN) data.set("authorization", "Bearer " + process.env.PLUMB_TOKEN);
  return data;
}

// The daemon asks after a peer that says nothing; so do we, to notice that it is gone while we only listen.
const settings = { "grpc.keepalive_time_ms": 30000, "grpc.keepalive_timeout_ms": 10000 };
const plan = new Plan(options.server, credentials(), settings);
const insight = new Insight(options.server, credentials(), settings);

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// A call that answers once. What was refused for the moment is tried again: the request must bear being made twice.
async function unary(client, method, request) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await new Promise((done, failed) =>
        client[method](request, metadata(), { deadline: Date.now() + 30000 }, (error, reply) =>
          error ? failed(error) : done(reply)));
    } catch (error) {
      if (error.code !== grpc.status.UNAVAILABLE || attempt === 4) throw error;
    }
    await sleep(200 * 2 ** attempt);
  }
}

async function measure(name, value) {
  if (!name || !Number.isFinite(Number(value))) throw new Error("measure MEASURE VALUE");
  const record = { about: "measure/" + name, at: options.at, measurement: { value: Number(value) } };
  const reply = await unary(plan, "Apply", {
    workspace: options.workspace,
    change_set: {
      changes: [{ add: { record } }],
      reason: options.reason,
      idempotency_key: options["key-of-change"] || randomUUID(),
    },
  });
  console.log(`revision ${reply.revision}: ${reply.ids[0]}${reply.duplicate ? " (was there already)" : ""}`);
  return 0;
}

function loadRevision() {
  try {
    return BigInt(fs.readFileSync(options.state, "ascii").trim());
  } catch (error) {
    if (error.code === "ENOENT") return 0n;
    throw error;
  }
}

// Whole or not at all: a file that is cut short would lose the place.
function saveRevision(revision) {
  const file = fs.openSync(options.state + ".new", "w");
  fs.writeSync(file, `${revision}\n`);
  fs.fsyncSync(file);
  fs.closeSync(file);
  fs.renameSync(options.state + ".new", options.state);
}

// Every change once, in order: after a lost connection from the one after the last that was seen.
async function follow() {
  let seen = loadRevision();
  let pause = 200;
  for (;;) {
    const call = plan.Watch({ workspace: options.workspace, from_revision: String(seen + 1n) }, metadata());
    try {
      for await (const reply of call) {
        pause = 200;
        if (!reply.heartbeat) {
          const what = reply.change.change_set.changes.map((part) => part.change);
          console.log(`revision ${reply.change.revision} by ${reply.change.author}: ${what.join(", ")}`);
        }
        if (BigInt(reply.revision) > seen) {
          seen = BigInt(reply.revision);
          saveRevision(seen);
        }
        if (options.until && seen >= BigInt(options.until)) return 0;
      }
    } catch (error) {
      if (error.code !== grpc.status.UNAVAILABLE && error.code !== grpc.status.RESOURCE_EXHAUSTED) throw error;
      console.error(`lost: ${error.details}; goes on after revision ${seen}`);
    } finally {
      call.cancel();
    }
    await sleep(pause);
    pause = Math.min(pause * 2, 10000);
  }
}

async function check() {
  let errors = 0;
  for await (const reply of insight.Check({ at: { workspace: options.workspace } }, metadata())) {
    for (const finding of reply.findings) {
      console.log(`${finding.severity.toLowerCase()} ${finding.rule}: ${finding.message}`);
    }
    if (reply.summary) {
      errors = reply.summary.errors;
      console.log(`${errors} errors, ${reply.summary.warnings} warnings`);
    }
  }
  return errors ? 1 : 0;
}

async function main() {
  const command = { measure, follow, check }[positionals[0]];
  if (!command) throw new Error("one of: measure, follow, check");
  return command(...positionals.slice(1));
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error.details !== undefined ? `${grpc.status[error.code]}: ${error.details}` : error.message);
    process.exit(error.details !== undefined ? 3 : 2);
  },
);

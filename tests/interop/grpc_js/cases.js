// gRPC's published interoperability cases (grpc/grpc, doc/interop-test-descriptions.md) with @grpc/grpc-js as the client.
//   node cases.js HOST:PORT PROTO_DIR [CASE …]        CA=FILE: over TLS, trusting that authority
// Prints a line per case, "ok NAME" or "FAIL NAME: why"; exits with 1 where one failed.
'use strict';
const assert = require('assert');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, protos, ...wanted] = process.argv.slice(2);
const testing = grpc.loadPackageDefinition(loader.loadSync('grpc/testing/test.proto',
  {includeDirs: [protos], keepCase: true, defaults: true})).grpc.testing;
const credentials = process.env.CA ? grpc.credentials.createSsl(fs.readFileSync(process.env.CA)) : grpc.credentials.createInsecure();
const client = new testing.TestService(address, credentials);
const gzip = new testing.TestService(address, credentials,
  {'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip});

const zeroes = (n) => ({type: 'COMPRESSABLE', body: Buffer.alloc(n)});
const deadline = (ms) => ({deadline: Date.now() + ms});

function unary(stub, method, request, metadata = new grpc.Metadata(), options = deadline(20000)) {
  return new Promise((resolve, reject) => {
    const seen = {};
    const call = stub[method](request, metadata, options, (error, reply) => {
      seen.reply = reply;
      seen.error = error;
    });
    call.on('metadata', (m) => { seen.initial = m; });
    call.on('status', (status) => { seen.status = status; resolve(seen); });
    call.on('error', reject);
  });
}

function collect(call) {
  return new Promise((resolve) => {
    const seen = {replies: []};
    call.on('metadata', (m) => { seen.initial = m; });
    call.on('data', (reply) => seen.replies.push(reply));
    call.on('error', (error) => { seen.error = error; });
    call.on('status', (status) => { seen.status = status; setImmediate(() => resolve(seen)); });
  });
}

function inputCall(stub, metadata = new grpc.Metadata(), options = deadline(20000)) {
  const seen = {};
  seen.call = stub.StreamingInputCall(metadata, options, (error, reply) => {
    seen.error = error;
    seen.reply = reply;
  });
  seen.done = new Promise((resolve) => seen.call.on('status', (status) => {
    seen.status = status;
    setImmediate(() => resolve(seen));
  }));
  return seen;
}

const cases = {
  async empty_unary() {
    const seen = await unary(client, 'EmptyCall', {});
    assert.deepStrictEqual(seen.reply, {});
  },
  async large_unary() {
    const seen = await unary(client, 'UnaryCall', {response_size: 314159, payload: zeroes(271828)});
    assert.strictEqual(seen.reply.payload.body.length, 314159);
    assert(seen.reply.payload.body.equals(Buffer.alloc(314159)));
  },
  async client_compressed_unary() {
    const request = {expect_compressed: {value: true}, response_size: 314159, payload: zeroes(271828)};
    const plain = await unary(client, 'UnaryCall', request).catch((error) => ({error}));
    assert.strictEqual(plain.error.code, grpc.status.INVALID_ARGUMENT);
    const seen = await unary(gzip, 'UnaryCall', request);
    assert.strictEqual(seen.reply.payload.body.length, 314159);
    const other = await unary(client, 'UnaryCall', {...request, expect_compressed: {value: false}});
    assert.strictEqual(other.reply.payload.body.length, 314159);
  },
  async server_compressed_unary() {
    for (const value of [true, false]) {
      const seen = await unary(client, 'UnaryCall',
        {response_compressed: {value}, response_size: 314159, payload: zeroes(271828)});
      assert.strictEqual(seen.reply.payload.body.length, 314159);
    }
  },
  async client_streaming() {
    const seen = inputCall(client);
    for (const size of [27182, 8, 1828, 45904])
      seen.call.write({payload: zeroes(size)});
    seen.call.end();
    await seen.done;
    assert.strictEqual(seen.reply.aggregated_payload_size, 74922);
  },
  async client_compressed_streaming() {
    const seen = inputCall(gzip);
    seen.call.write({expect_compressed: {value: true}, payload: zeroes(27182)});
    seen.call.write({expect_compressed: {value: true}, payload: zeroes(45904)});
    seen.call.end();
    await seen.done;
    assert.strictEqual(seen.reply.aggregated_payload_size, 73086);
  },
  async server_streaming() {
    const sizes = [31415, 9, 2653, 58979];
    const seen = await collect(client.StreamingOutputCall(
      {response_parameters: sizes.map((size) => ({size}))}, deadline(20000)));
    assert.deepStrictEqual(seen.replies.map((r) => r.payload.body.length), sizes);
    assert.strictEqual(seen.status.code, 0);
  },
  async server_compressed_streaming() {
    const seen = await collect(client.StreamingOutputCall({response_parameters: [
      {compressed: {value: true}, size: 31415}, {compressed: {value: false}, size: 92653}]}, deadline(20000)));
    assert.deepStrictEqual(seen.replies.map((r) => r.payload.body.length), [31415, 92653]);
  },
  async ping_pong() {
    const call = client.FullDuplexCall(deadline(20000));
    const steps = [[31415, 27182], [9, 8], [2653, 1828], [58979, 45904]];
    const got = [];
    const done = new Promise((resolve) => call.on('status', resolve));
    const next = () => {
      if (got.length === steps.length) {
        call.end();
        return;
      }
      const [size, body] = steps[got.length];
      call.write({response_parameters: [{size}], payload: zeroes(body)});
    };
    call.on('data', (reply) => { got.push(reply.payload.body.length); next(); });
    call.on('error', () => {});
    next();
    assert.strictEqual((await done).code, 0);
    assert.deepStrictEqual(got, steps.map(([size]) => size));
  },
  async empty_stream() {
    const call = client.FullDuplexCall(deadline(20000));
    const done = collect(call);
    call.end();
    const seen = await done;
    assert.strictEqual(seen.status.code, 0);
    assert.strictEqual(seen.replies.length, 0);
  },
  async half_duplex() {
    const call = client.HalfDuplexCall(deadline(20000));
    const done = collect(call);
    for (const size of [31415, 9, 2653, 58979])
      call.write({response_parameters: [{size}]});
    call.end();
    assert.deepStrictEqual((await done).replies.map((r) => r.payload.body.length), [31415, 9, 2653, 58979]);
  },
  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
    metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from('ababab', 'hex'));
    const check = (seen) => {
      assert.deepStrictEqual(seen.initial.get('x-grpc-test-echo-initial'), ['test_initial_metadata_value']);
      assert.deepStrictEqual(seen.status.metadata.get('x-grpc-test-echo-trailing-bin'), [Buffer.from('ababab', 'hex')]);
    };
    check(await unary(client, 'UnaryCall', {response_size: 314159, payload: zeroes(271828)}, metadata));
    const call = client.FullDuplexCall(metadata, deadline(20000));
    const done = collect(call);
    call.write({response_parameters: [{size: 314159}], payload: zeroes(271828)});
    call.end();
    check(await done);
  },
  async status_code_and_message() {
    const response_status = {code: 2, message: 'test status message'};
    const seen = await unary(client, 'UnaryCall', {response_status}).catch((error) => ({error}));
    assert.strictEqual(seen.error.code, 2);
    assert.strictEqual(seen.error.details, 'test status message');
    const call = client.FullDuplexCall(deadline(20000));
    const done = collect(call);
    call.write({response_status});
    call.end();
    const other = await done;
    assert.strictEqual(other.status.code, 2);
    assert.strictEqual(other.status.details, 'test status message');
  },
  async special_status_message() {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';
    const seen = await unary(client, 'UnaryCall', {response_status: {code: 2, message}}).catch((error) => ({error}));
    assert.strictEqual(seen.error.code, 2);
    assert.strictEqual(seen.error.details, message);
  },
  async unimplemented_method() {
    const seen = await unary(client, 'UnimplementedCall', {}).catch((error) => ({error}));
    assert.strictEqual(seen.error.code, grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service() {
    const other = new testing.UnimplementedService(address, credentials);
    const seen = await unary(other, 'UnimplementedCall', {}).catch((error) => ({error}));
    assert.strictEqual(seen.error.code, grpc.status.UNIMPLEMENTED);
    other.close();
  },
  async cancel_after_begin() {
    const seen = inputCall(client);
    process.nextTick(() => seen.call.cancel());
    await seen.done;
    assert.strictEqual(seen.status.code, grpc.status.CANCELLED);
  },
  async cancel_after_first_response() {
    const call = client.FullDuplexCall(deadline(20000));
    const done = collect(call);
    call.on('data', () => call.cancel());
    call.write({response_parameters: [{size: 31415}], payload: zeroes(27182)});
    assert.strictEqual((await done).status.code, grpc.status.CANCELLED);
  },
  async timeout_on_sleeping_server() {
    const call = client.FullDuplexCall(deadline(50));
    const done = collect(call);
    call.write({response_parameters: [{size: 1, interval_us: 2000000}], payload: zeroes(27182)});
    assert.strictEqual((await done).status.code, grpc.status.DEADLINE_EXCEEDED);
  },
  async cacheable_unary() {
    // Without a cache between, twice the same is two calls.
    const request = {payload: {body: Buffer.from('1234567890')}, response_size: 10};
    for (let i = 0; i < 2; i++)
      assert.strictEqual((await unary(client, 'CacheableUnaryCall', request)).reply.payload.body.length, 10);
  },
  async concurrent_large_unary() {
    const all = await Promise.all(Array.from({length: 100}, () =>
      unary(client, 'UnaryCall', {response_size: 314159, payload: zeroes(271828)})));
    all.forEach((seen) => assert(seen.reply.payload.body.equals(Buffer.alloc(314159))));
  },
  async rpc_soak() {
    for (let i = 0; i < 30; i++)
      assert.strictEqual((await unary(client, 'UnaryCall', {response_size: 31415, payload: zeroes(27182)})).reply.payload.body.length, 31415);
  },
  async channel_soak() {
    for (let i = 0; i < 20; i++) {
      const one = new testing.TestService(address, credentials, {'grpc.use_local_subchannel_pool': 1});
      assert.strictEqual((await unary(one, 'UnaryCall', {response_size: 31415, payload: zeroes(27182)})).reply.payload.body.length, 31415);
      one.close();
    }
  },
  async many_at_once() {
    const all = await Promise.all(Array.from({length: 500}, (_, i) =>
      unary(client, 'UnaryCall', {response_size: i * 7, payload: zeroes(i)})));
    all.forEach((seen, i) => assert.strictEqual(seen.reply.payload.body.length, i * 7));
  },
};

(async () => {
  let failed = 0;
  for (const name of wanted.length > 0 ? wanted : Object.keys(cases)) {
    try {
      await cases[name]();
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name}: ${String(error.message).split('\n')[0]}`);
    }
  }
  client.close();
  gzip.close();
  process.exit(failed > 0 ? 1 : 0);
})();

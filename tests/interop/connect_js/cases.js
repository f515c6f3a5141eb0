// Calls of a plumbd by Connect's own client for Node: node cases.js ADDRESS DESCRIPTORS. A line "ok NAME" per case.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";

const [address, descriptors] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));

function client(service, useBinaryFormat, compression) {
	const transport = createConnectTransport({
		baseUrl: "http://" + address, httpVersion: "1.1", useBinaryFormat,
		acceptCompression: [compressionGzip], compressMinBytes: 0,
		sendCompression: compression ? compressionGzip : null,
	});
	return createClient(registry.getService("plumb.v1." + service), transport);
}

async function refused(call, code) {
	try {
		await call();
	} catch (error) {
		assert(error instanceof ConnectError, String(error));
		assert.strictEqual(error.code, code, String(error));
		return error;
	}
	assert.fail("taken");
}

async function cases(format, binary, compression) {
	const plan = client("Plan", binary, compression);
	const name = (text) => console.log("ok " + format + " " + text);
	const item = registry.getMessage("plumb.v1.Item");
	const which = item.oneofs.find((oneof) => oneof.fields.some((field) => field.name === "goal")).localName;
	const goal = (id) => ({ changes: [{ change: { case: "put", value: { item: { id, title: id, [which]: { case: "goal", value: {} } } } } }] });

	const made = await plan.apply({ changeSet: goal(format) }, { headers: { "plumb-as": "person/anna" } });
	assert.deepStrictEqual(made.ids, ["goal/" + format]);
	name("apply");

	const got = await plan.get({ ref: "goal/" + format });
	assert.strictEqual(got.entry.revision, made.revision);
	assert.strictEqual(got.entry.createdBy, "unverified:person/anna");
	name("get");

	const list = await plan.list({ pageSize: 500 });
	assert(list.entries.length >= 40);
	name("list");

	await refused(() => plan.get({ ref: "goal/none" }), Code.NotFound);
	name("not found");

	const error = await refused(() => plan.apply({ changeSet: goal("Not An Id") }), Code.InvalidArgument);
	const [bad] = error.findDetails(registry.getMessage("google.rpc.BadRequest"));
	assert(bad.fieldViolations[0].field.startsWith("change_set.changes[0]"), bad.fieldViolations[0].field);
	name("details");

	let chunks = 0;
	for await (const reply of plan.export({}))
		chunks += reply ? 1 : 0;
	assert(chunks > 0);
	name("export");

	await refused(async () => {
		for await (const _ of plan.export({ at: { workspace: "none" } }))
			;
	}, Code.NotFound);
	name("stream that fails");

	await refused(async () => {
		for await (const _ of plan.watch({ heartbeatMs: 60000 }, { timeoutMs: 200 }))
			;
	}, Code.DeadlineExceeded);
	name("deadline");

	let seen = 0n;
	const stop = new AbortController();
	await refused(async () => {
		for await (const reply of plan.watch({ fromRevision: 1n }, { signal: stop.signal })) {
			seen = reply.revision;
			if (seen >= made.revision)
				stop.abort();
		}
	}, Code.Canceled);
	assert(seen >= made.revision);
	name("watch until it is enough");
}

await cases("json", false, false);
await cases("proto", true, false);
await cases("json-gzip", false, true);
await cases("proto-gzip", true, true);

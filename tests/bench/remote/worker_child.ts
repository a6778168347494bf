// A worker as `chatloom worker` runs it, or one that does not settle: `worker_child.ts JSON`. It ends when its
// standard input does, after all that it has in hand is stored and settled.
import process from "node:process";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { nodeGzip } from "../../../src/adapters/compressors/node_gzip.ts";
import { fileSystemSuspects } from "../../../src/adapters/file_system/file_system_suspects.ts";
import { Worker } from "../../../src/engine/remote/worker/worker.ts";
import { openArchive } from "../../../src/node/wiring/archive.ts";
import { runWorker } from "../../../src/node/wiring/broker/working.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { WorkerChoice } from "./started_worker.ts";

const choice = JSON.parse(process.argv[2] ?? "") as WorkerChoice;
const { url, archive: name, ranges } = choice;
const stopper = new AbortController();
process.stdin.on("end", () => stopper.abort()).resume();
const archive = await openArchive(choice.address, { create: true, reporter: noopReporter });
const { parts, hasher, clock, random, reporter } = archive;
if (choice.settles) {
  await runWorker(archive, {
    ...{ broker: { url, archive: name }, ranges, name, signal: stopper.signal },
  });
} else {
  const worker = new Worker({
    ...{ broker: amqpBroker({ url }), archive: name, archiveId: parts.id, name, ranges },
    ...{ store: parts.files, lock: parts.lock, hasher, clock, random, reporter },
    gzip: nodeGzip(),
    suspects: fileSystemSuspects(parts.journalFolder),
  });
  await worker.run(stopper.signal);
}
await parts.close();

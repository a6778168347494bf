import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import type { BrokerChoice } from "../../node/wiring/parts/broker_choice.ts";
import { ConfigFaults } from "../frame/config_faults.ts";
import type { ConfigFile } from "./config_file.ts";

/** Where a broker's address stands instead of in a file: it may hold a password. */
const URL_VARIABLE = "CHATLOOM_BROKER_URL";

/**
 * What a configuration says of the broker; `undefined` without the table `[broker]`.
 *
 * @throws {ConfigFaults} when it names no address, or more than one, or the file of it cannot be read.
 */
export async function brokerChoice(file: ConfigFile): Promise<BrokerChoice | undefined> {
  const { broker } = file.config;
  if (broker === undefined) return undefined;
  const fault = (key: string, reason: string) =>
    new ConfigFaults([
      `${file.path}:${file.lineOf(["broker", key])}: broker${key && "."}${key} ${reason}`,
    ]);
  if (broker.url !== undefined && broker["url-file"] !== undefined) {
    throw fault("url-file", "cannot stand beside broker.url");
  }
  let url = broker.url;
  if (broker["url-file"] !== undefined) {
    const path = resolve(file.folder, broker["url-file"]);
    url = await readFile(path, "utf8").then((text) => text.trim(), (cause: Error) => {
      throw fault("url-file", `cannot be read: ${cause.message}`);
    });
  }
  url ??= process.env[URL_VARIABLE];
  if (url === undefined || url === "") {
    throw fault("", `names no address: set url, url-file or $${URL_VARIABLE}`);
  }
  return {
    url,
    archive: broker.archive ?? "main",
    rangeCount: broker.ranges,
    queueKind: broker.queues,
    heartbeatS: broker["heartbeat-s"],
    waitMinMs: ms(broker["wait-min-s"]),
    waitPerBatchMs: ms(broker["wait-per-batch-s"]),
    windowCount: broker.window,
  };
}

function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : 1_000 * seconds;
}

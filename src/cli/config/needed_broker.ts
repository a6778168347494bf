import type { Command } from "commander";
import type { BrokerChoice } from "../../node/wiring/parts/broker_choice.ts";
import { loadedConfig } from "./loaded_config.ts";

/** The broker of the file of `--config`; without one the verb ends as with a wrong command line. */
export function neededBroker(command: Command): BrokerChoice {
  const broker = loadedConfig(command)?.broker;
  if (broker !== undefined) return broker;
  return command.error("error: name a file with --config that has a table [broker]");
}

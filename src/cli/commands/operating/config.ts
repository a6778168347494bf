import { Command } from "commander";
import { access, constants } from "node:fs/promises";
import { configKeyOf, valuesFor } from "../../config/apply_config.ts";
import { brokerChoice } from "../../config/broker_config.ts";
import { type ConfigFile, parseConfig, readConfigText } from "../../config/config_file.ts";
import { ConfigFaults } from "../../frame/config_faults.ts";
import { contextOf } from "../../frame/context.ts";
import { examplesOf } from "../../frame/program.ts";

/** `chatloom config`: helps with a configuration file. */
export function configCommand(): Command {
  const command = new Command("config")
    .description("check a configuration file, for --config of record, serve, sync and worker")
    .addHelpText("after", examplesOf(["chatloom config check chatloom.toml"]));
  command.command("check")
    .description("say what is wrong with a configuration file; change nothing")
    .argument("<file>", "the file, in TOML")
    .addHelpText(
      "after",
      "\nChecks keys and values as record, serve, sync and worker do, and that files it names can be read.\n" +
        "Exits with 2 if something is wrong.\n" +
        examplesOf(["chatloom config check chatloom.toml"]),
    )
    .action(async (path: string, _flags: unknown, command: Command) => {
      const file = parseConfig(await readConfigText(path), path);
      await checkVerbs(file);
      await contextOf(command).print(`Nothing is wrong with ${path}\n`);
    });
  return command;
}

/**
 * Checks the values of all verbs, and the files they name.
 *
 * @throws {ConfigFaults} with all faults.
 */
async function checkVerbs(file: ConfigFile): Promise<void> {
  const [{ recordCommand }, { serveCommand }, { syncCommand }, { workerCommand }] = await Promise
    .all([
      import("../record.ts"),
      import("../serve.ts"),
      import("../sync.ts"),
      import("../worker.ts"),
    ]);
  const faults: string[] = [];
  for (const verb of [recordCommand(), serveCommand(), syncCommand(), workerCommand()]) {
    try {
      for (const [option, value] of valuesFor(verb, file).values) {
        if (!option.flags.includes("<file>")) continue;
        const key = configKeyOf(option);
        const fault = await unreadable(String(value));
        if (fault === undefined) continue;
        const line = file.lineOf([verb.name(), key]);
        faults.push(`${file.path}:${line}: ${verb.name()}.${key} cannot be read: ${fault}`);
      }
    } catch (error) {
      if (!(error instanceof ConfigFaults)) throw error;
      faults.push(...error.faults);
    }
  }
  // Reads the file of the broker's address, if it names one; an environment variable may be set elsewhere only.
  const { broker } = file.config;
  if (broker?.url !== undefined || broker?.["url-file"] !== undefined) {
    await brokerChoice(file).catch((error) => {
      if (!(error instanceof ConfigFaults)) throw error;
      faults.push(...error.faults);
    });
  }
  if (faults.length > 0) throw new ConfigFaults([...new Set(faults)]);
}

async function unreadable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "../cli/run_cli.ts";
import { KnownCommands } from "./known_commands.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = "docs/deploy";
const commands = new KnownCommands();

function read(path: string): string {
  return readFileSync(PROJECT + path, "utf8");
}

interface Service {
  /** Missing where it is a foreign image. */
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly command: string;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** `undefined` where Python or its YAML package is missing. */
function parseYaml(path: string): unknown {
  const script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
  const hasYaml = spawnSync("python3", ["-c", "import yaml"]).status === 0;
  if (!hasYaml) return undefined;
  const { status, stdout, stderr } = spawnSync("python3", ["-c", script], {
    input: read(path),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** The instructions of a Containerfile, each with what follows it. */
function instructions(path: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const text = read(path).replaceAll("\\\n", " ");
  for (const [, name = "", rest = ""] of text.matchAll(/^([A-Z]+) (.*)$/gm)) {
    found.set(name, [...found.get(name) ?? [], rest.trim()]);
  }
  return found;
}

test("the compose file builds the image, and its nodes use flags, ports and volumes that are there", async (t) => {
  const compose = parseYaml(`${FOLDER}/compose.yaml`) as Compose | undefined;
  if (compose === undefined) return t.skip("python3 has no package yaml");
  const names = Object.keys(compose.services);
  assert.ok(names.length >= 2);
  for (const [name, { build, command, ports, volumes }] of Object.entries(compose.services)) {
    assert.ok(build, name);
    const context = posix.join(FOLDER, build.context);
    assert.ok(existsSync(`${PROJECT}${context}/deno.json`), `${name} builds ${context}`);
    const image = instructions(posix.join(context, build.dockerfile));
    // The shell of compose puts in the names of channels.
    const [verb = "", ...words] = command.replace(/\$\{[^}]*\}/g, "forsen").split(/\s+/);
    await commands.check(name, verb, ` ${words.join(" ")}`);
    const flag = (flag: string) => words[words.indexOf(flag) + 1]!;
    const port = flag("--serve").split(":").at(-1)!;
    assert.deepEqual(image.get("EXPOSE"), [port], name);
    assert.ok(ports.every((each) => each.endsWith(`:${port}`)), `${name}: ${ports}`);
    assert.ok(
      ports.every((each) => each.startsWith("127.0.0.1:")),
      "a peer's orders come in there",
    );
    const archive = flag("--archive");
    assert.deepEqual(image.get("VOLUME"), [archive], name);
    for (const volume of volumes) {
      const [source = "", target] = volume.split(":");
      assert.ok(Object.hasOwn(compose.volumes, source), `${name}: no volume ${source}`);
      assert.equal(target, archive);
    }
    const peer = new URL(flag("--peer").split(",")[0]!);
    assert.ok(names.includes(peer.hostname) && peer.hostname !== name, `${name}: ${peer}`);
    assert.equal(peer.port, port);
    assert.equal(flag("--node"), name);
  }
});

test("the compose file with a broker runs verbs, flags, volumes and addresses that are there", async (t) => {
  const compose = parseYaml(`${FOLDER}/compose_broker.yaml`) as Compose | undefined;
  if (compose === undefined) return t.skip("python3 has no package yaml");
  const { services } = compose;
  const verbs: string[] = [];
  for (const [name, service] of Object.entries(services)) {
    for (const volume of service.volumes) {
      const [source = ""] = volume.split(":");
      const isThere = source.startsWith("./")
        ? existsSync(PROJECT + posix.join(FOLDER, source))
        : Object.hasOwn(compose.volumes, source);
      assert.ok(isThere, `${name}: no volume ${source}`);
    }
    if (service.build === undefined) continue;
    const image = instructions(posix.join(FOLDER, service.build.context, service.build.dockerfile));
    const [verb = "", ...words] = service.command.replace(/\$\{[^}]*\}/g, "forsen").split(/\s+/);
    verbs.push(verb);
    await commands.check(name, verb, ` ${words.join(" ")}`);
    const config = words[words.indexOf("--config") + 1];
    assert.ok(service.volumes.includes(`./broker.toml:${config}:ro`), `${name}: ${config}`);
    assert.ok(service.volumes.includes(`${name}:${image.get("VOLUME")}`), name);
    const broker = new URL(
      service.environment!["CHATLOOM_BROKER_URL"]!.replace(/\$\{[^}]*\}/, "x"),
    );
    assert.ok(Object.hasOwn(services, broker.hostname), `${name}: no broker ${broker.hostname}`);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:\d+:8080$/, name);
  }
  assert.deepEqual(verbs.sort(), ["record", "record", "serve", "serve", "worker", "worker"]);
  const env = { CHATLOOM_BROKER_URL: "amqp://broker" };
  const checked = await runCli(["config", "check", `${PROJECT}${FOLDER}/broker.toml`], { env });
  assert.equal(checked.exitCode, 0, checked.stderr);
  const [, host = ""] = /^archive = "postgres:\/\/chatloom@([a-z]+)\//m.exec(
    read(`${FOLDER}/broker.toml`),
  ) ?? [];
  assert.ok(Object.hasOwn(services, host), `no database ${host}`);
});

test("the image is made of the tarball that the task makes, and runs the command in it", () => {
  const image = instructions(`${FOLDER}/Containerfile`);
  const { tasks, name } = JSON.parse(read("deno.json")) as { tasks: object; name: string };
  const runs = image.get("RUN")!;
  const [, task = ""] = /deno task ([a-z]+)/.exec(runs.join("\n")) ?? [];
  assert.ok(Object.hasOwn(tasks, task), `there is no task "${task}"`);
  const tarball = `${name.replace("@", "").replace("/", "-")}-`;
  assert.ok(image.get("COPY")!.some((copy) => copy.includes(`/dist/${tarball}*.tgz`)));
  assert.deepEqual(image.get("ENTRYPOINT"), ['["chatloom"]']);
  assert.match(read("tools/pack.ts"), /bin: \{ chatloom: /);
  assert.equal(new Set(image.get("FROM")!.map((from) => from.split(" ")[0])).size, 1);
});

test("the unit for systemd runs a verb with flags that are there", async () => {
  const [start = ""] = read(`${FOLDER}/chatloom.service`).match(/^ExecStart=.*$/m) ?? [];
  assert.match(start, /chatloom record /);
  await commands.checkAll("chatloom.service", start);
});

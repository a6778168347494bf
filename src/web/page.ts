// The page's main script: drawing and input. The worker, which the first script starts, does all long work.
import { signal } from "@preact/signals";
import { h, render } from "preact";
import { SourceMemory } from "../adapters/browser/source_memory.ts";
import { App } from "./app/app.ts";
import { Library } from "./state/library.ts";
import { followAddress } from "./state/route.ts";
import { applyTheme } from "./ui/settings.ts";
import { takeWorker } from "./start/started_worker.ts";
import { applyLanguage } from "./words/words.ts";
import { ArchivesState } from "./state/archives_state.ts";

const breakdown = signal<string | undefined>(undefined);
const call = takeWorker((reason) => void (breakdown.value = reason));
const archives = new ArchivesState(call, new SourceMemory());
const library = new Library(call, archives);
applyTheme();
applyLanguage();
followAddress();
void archives.recall();
render(h(App, { archives, library, breakdown }), document.getElementById("app")!);

// The page's own thread: what is seen and clicked. Whatever takes long is asked of the worker.
import { signal } from "@preact/signals";
import { h, render } from "preact";
import { App } from "./app/app.ts";
import { Library } from "./app/library.ts";
import { followAddress } from "./app/route.ts";
import { applyTheme } from "./app/settings.ts";
import { startWorker } from "./app/start_worker.ts";
import { ArchivesState } from "./archives/archives_state.ts";

const breakdown = signal<string | undefined>(undefined);
const call = startWorker((reason) => void (breakdown.value = reason));
const archives = new ArchivesState(call);
const library = new Library(call, archives);
applyTheme();
followAddress();
render(h(App, { archives, library, breakdown }), document.getElementById("app")!);

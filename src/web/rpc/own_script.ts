interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

let trust: ((url: string) => string) | undefined;

/** Starts a worker from our own script at `url`; the page's policy lets no other text become one. */
export function ownWorker(url: string): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trust === undefined) {
    const policy = trustedTypes?.createPolicy("chatloom", { createScriptURL: (own) => own });
    trust = (own) => policy?.createScriptURL(own) ?? own;
  }
  return new Worker(trust(url));
}

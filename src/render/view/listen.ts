// The addresses to listen on, as `listen` takes them.

import type { Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';

export interface ListenView {
  readonly listenPlain: readonly string[];
  readonly listenTls: readonly string[];
  /** `listen … http2`, where nginx does not know `http2 on` yet. */
  readonly http2Parameter: boolean;
}

export function listenView(settings: Settings, runtime: Runtime): ListenView {
  const addresses = addressesOf(settings);
  return {
    listenPlain: addresses.map((address) => address + settings.httpPort),
    listenTls: addresses.map((address) => address + settings.httpsPort),
    http2Parameter: settings.http2 && !runtime.http2Directive,
  };
}

/** What stands before the port: `''`, `[::]:`, `10.0.0.1:`. */
function addressesOf(settings: Settings): readonly string[] {
  if (settings.bindAddresses.length === 0) return settings.ipv6 ? ['', '[::]:'] : [''];
  const wanted = settings.bindAddresses.filter((address) => settings.ipv6 || !address.includes(':'));
  return wanted.map((address) => (address.includes(':') ? `[${address}]:` : `${address}:`));
}

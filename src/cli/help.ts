// What `--help` teaches beside the flags: what each command does, examples that run as they stand, exit codes.

import type { CommandName } from '../options/flags.ts';

export const PROGRAM_HELP = {
  summary:
    'A Kubernetes ingress controller beside an nginx with Lua (OpenResty, or nginx with ngx_lua) that it does not own.',
  examples: `
Examples:
  $ ingress-openresty validate --manifests deploy/examples
  $ ingress-openresty render --manifests deploy/examples
  $ ingress-openresty run --manifests /etc/ingress --configmap default/ingress-openresty

Exit codes:
  0  well
  1  an object has an error (render, validate), or the world is in the way (run): the message says what
  2  wrong usage: an unknown flag, a bad value, no --manifests

\`ingress-openresty COMMAND --help\` explains the flags of a command.
`,
} as const;

/** Below the flags of each command. */
export const SWITCHES =
  'Switches (flags without a value) are off unless their default says otherwise, and also take =true or =false.';

export const COMMAND_HELP: Readonly<
  Record<CommandName, { readonly summary: string; readonly examples: string }>
> = {
  run: {
    summary: `Watch the manifests and keep nginx serving them.
Endpoints, weights, certificates and new hosts come into force without a reload. When the controller stops, nginx goes on; when nginx is started without it, nginx serves the last good state from disk.`,
    examples: `
Examples:
  Beside an nginx that somebody else starts (ExecStart=nginx -p /var/lib/ingress-openresty -c conf/nginx.conf):
  $ ingress-openresty run --manifests /etc/ingress --nginx /usr/local/openresty/bin/openresty

  All by itself, without root, for trying it out:
  $ ingress-openresty run --manifests deploy/examples --prefix /tmp/ingress \\
      --http-port 8080 --https-port 8443 --supervise

  Wait in a script until everything is in force:
  $ until curl -s http://127.0.0.1:10254/state | grep -q '"settled":true'; do sleep 0.2; done
`,
  },
  render: {
    summary: `Write the configuration that the manifests make, without an nginx.
What only a machine can tell is assumed, so that the output is the same everywhere: an nginx with Lua built in, HTTP/2 by "listen … http2", IPv6, names of ExternalName Services not looked up. Private keys are left out.`,
    examples: `
Examples:
  $ ingress-openresty render --manifests deploy/examples | less
  $ ingress-openresty render --manifests deploy/examples -o rendered
  $ diff -r rendered-before rendered

Diagnostics go to stderr. Exit codes: 0, 1 when an object has an error, 2 for wrong usage.
`,
  },
  validate: {
    summary: 'Say what is wrong with the manifests, and what to do about it.',
    examples: `
Examples:
  $ ingress-openresty validate --manifests deploy/examples
  $ ingress-openresty validate --manifests base --manifests overlay --diagnostics json | jq '.[].message'

Diagnostics go to stdout. Exit codes: 0 (warnings included), 1 when an object has an error, 2 for wrong usage.
`,
  },
  version: {
    summary: 'Print the version of the controller, of Node, and of nginx.',
    examples: `
Example:
  $ ingress-openresty version --nginx /usr/local/openresty/bin/openresty
`,
  },
};

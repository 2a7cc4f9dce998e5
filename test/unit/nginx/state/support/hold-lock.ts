// Child process: tries to open the state of a prefix, says how that ended, and holds it until it is killed or told.
import { writeSync } from 'node:fs';
import { openState } from '../../../../../src/nginx/state/open-state.ts';

const opened = await openState(process.argv[2] ?? '');
writeSync(1, `${JSON.stringify(opened.outcome === 'open' ? { epoch: opened.state.epoch() } : opened)}\n`);
if (opened.outcome === 'open') setInterval(() => {}, 1000);

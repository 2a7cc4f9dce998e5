// A merge is decided by the same cases on every machine: properties start from one seed. PROPERTY_SEED=random (or a
// number, to repeat a failure) is for the search for new cases.

import fc from 'fast-check';

const given = process.env.PROPERTY_SEED ?? '20260301';
if (given !== 'random') fc.configureGlobal({ seed: Number(given) });

// jest transformer: erases types exactly as Node itself does. Positions are kept, so stack traces and
// coverage need no source maps; what Node cannot erase fails here too.
import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  getCacheKey: (source, file) =>
    createHash('sha1')
      .update(process.version)
      .update('\0')
      .update(file)
      .update('\0')
      .update(source)
      .digest('hex'),
};

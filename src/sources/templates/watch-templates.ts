// Template texts, live: the program's own folder, and a user's folder whose files replace them one by one.

import type { Logger } from 'pino';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { compareDiagnostics } from '../../model/diagnostic.ts';
import { watchFolders } from '../watch/watch-folders.ts';
import type { TemplateTexts } from './read-templates.ts';
import { acceptTemplate, problemsOf, textsOf } from './read-templates.ts';

export interface WatchTemplatesOptions {
  /** Later ones override earlier ones, by equal path below the folder. Extra files (partials) are taken too. */
  readonly folders: readonly string[];
  readonly signal: AbortSignal;
  /**
   * Only when something is different: the texts, what keeps some of them from being those of now, and which paths
   * are not of the first folder.
   */
  readonly onChange: (
    texts: TemplateTexts,
    diagnostics: readonly Diagnostic[],
    overridden: ReadonlySet<string>,
  ) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

/** Resolves after the first `onChange`; goes on until the signal. */
export async function watchTemplates({
  folders,
  signal,
  onChange,
  log,
}: WatchTemplatesOptions): Promise<void> {
  let last = '';
  await watchFolders({
    folders,
    accepts: acceptTemplate,
    signal,
    log,
    onScan: (scan) => {
      const texts = textsOf(scan);
      const diagnostics = problemsOf(scan).map(unreadable).sort(compareDiagnostics);
      const own = scan.files.filter(({ folder, text }) => folder > 0 && text !== null);
      const overridden = new Set(own.map(({ path }) => path));
      const now = JSON.stringify([...texts, diagnostics, ...overridden]);
      if (now === last) return;
      last = now;
      onChange(texts, diagnostics, overridden);
    },
  });
}

function unreadable({ name, reason }: { readonly name: string; readonly reason: string }): Diagnostic {
  return {
    code: 'template-unreadable',
    severity: 'error',
    object: `File/${name}`,
    field: '',
    message: `the templates here cannot be read: ${reason}; those last read stay in use`,
    hint: 'Make it readable UTF-8 text, or remove it.',
  };
}

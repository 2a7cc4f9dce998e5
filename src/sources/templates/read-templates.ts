// Template texts of a folder, by path below it.

import type { Scan } from '../watch/scan-folders.ts';
import { createScanner } from '../watch/scan-folders.ts';

/** `nginx.conf.hbs` → its text. */
export type TemplateTexts = ReadonlyMap<string, string>;

/** Throws when the folder or a file in it cannot be read: for the templates that ship with the program. */
export async function readTemplates(folder: string): Promise<TemplateTexts> {
  const scan = await createScanner({ folders: [folder], accepts: acceptTemplate, patient: false })();
  const [problem] = problemsOf(scan);
  if (problem !== undefined) throw new Error(`cannot read ${problem.name}: ${problem.reason}`);
  return textsOf(scan);
}

export function acceptTemplate(name: string): boolean {
  return name.endsWith('.hbs');
}

/** A file of a later folder replaces that of an earlier one at the same path. */
export function textsOf(scan: Scan): TemplateTexts {
  return new Map(scan.files.flatMap(({ path, text }) => (text === null ? [] : [[path, text] as const])));
}

export function problemsOf(scan: Scan): readonly { readonly name: string; readonly reason: string }[] {
  const files = scan.files.flatMap(({ name, problem }) =>
    problem === null ? [] : [{ name, reason: problem }],
  );
  return [...scan.unreadable, ...files];
}

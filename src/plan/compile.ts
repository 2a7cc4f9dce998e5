// Whether the files have to change, how urgently, and why.

import type { Document, DocumentKey, HostBody, SettingsBody } from '../model/document.ts';
import type { RouteId } from '../model/model.ts';
import type { Applied, AppliedFiles, Compile } from '../model/plan.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';
import { bounded } from './sentences.ts';
import { namesExactly, wantedKeys } from './wanted-keys.ts';

/** null: what is live, or will be once the compile under way is proven, is what is wanted. */
export function planCompile(applied: Applied, rendered: Rendered): Compile | null {
  const { files } = rendered;
  const base = applied.compiling ?? applied.files;
  if (base === null) return { files, when: 'now', reasons: ['files: there are none in force yet'] };
  if (base.digest === files.digest) return null;
  const differences = sectionDifferences(base, files);
  const urgent = differences.some((difference) => isUrgent(difference, base, rendered));
  const sentences = differences.map(({ section, change }) => `${section}: ${change}`);
  return {
    files,
    when: urgent || differences.length === 0 ? 'now' : 'calm',
    reasons: sentences.length === 0 ? ['files: changed as a whole'] : bounded(sentences),
  };
}

/**
 * May nginx take documents that it refused once it runs these files? The `http` section says how much memory there
 * is for them, and by which Lua they are read. What the files name and the documents lack is found by the router.
 */
export function mayCureRefusal({ files: live }: Applied, { files }: Rendered): boolean {
  return live !== null && live.sections.get('http') !== files.sections.get('http');
}

interface Difference {
  readonly section: string;
  readonly change: 'added' | 'changed' | 'removed';
}

function sectionDifferences(base: AppliedFiles, files: RenderedFiles): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [section, digest] of files.sections) {
    const known = base.sections.get(section);
    if (known === undefined) differences.push({ section, change: 'added' });
    else if (known !== digest) differences.push({ section, change: 'changed' });
  }
  for (const section of base.sections.keys()) {
    if (!files.sections.has(section)) differences.push({ section, change: 'removed' });
  }
  return differences.sort((a, b) => (a.section < b.section ? -1 : 1));
}

/** Is something of this difference not in force before it is compiled? */
function isUrgent({ section, change }: Difference, base: AppliedFiles, rendered: Rendered): boolean {
  if (section === 'main' || section === 'http') return true;
  if (section.startsWith('profile ') || section.startsWith('upstream ')) return change !== 'removed';
  if (!section.startsWith('host ')) return false;
  const host = section.slice('host '.length);
  const before = base.compiled.get(host);
  if (change === 'added' || before === undefined) return false;
  if (change === 'changed') return !isInForce(host, base, rendered);
  return isMissed(host, before, rendered.documents);
}

/** Does the older server of a host serve what its document says now? */
function isInForce(host: string, base: AppliedFiles, { files, documents }: Rendered): boolean {
  const before = base.compiled.get(host) ?? NO_KEYS;
  // Equal keys: another shard, a certificate; both are in force from the documents.
  if (sameKeys(before, files.compiled.get(host) ?? NO_KEYS)) return true;
  // Other paths: the balancer asks the router (see `retention.ts`), which is right as long as all locations, those
  // of before and those of now, say the same beside it. What it cannot do is redirect to a path with a slash.
  const terms = base.terms?.get(host);
  if (terms === undefined || terms !== files.terms?.get(host)) return false;
  const body = documents.get(`host:${host}`)?.body as HostBody | undefined;
  if (body === undefined) return false;
  const known = new Set(before.values());
  return Object.entries(body.prefix).every(
    ([path, key]) => path === '/' || body.exact[path.slice(0, -1)] !== undefined || known.has(key),
  );
}

const NO_KEYS: ReadonlyMap<RouteId, string> = new Map();

/** Is a server that leaves the files in the way of what answers for its host from now on? */
function isMissed(
  host: string,
  before: ReadonlyMap<RouteId, string>,
  documents: ReadonlyMap<DocumentKey, Document>,
): boolean {
  const wanted = wantedKeys(host, documents);
  if (wanted !== null) return !namesExactly(before, wanted);
  // Gone: its keys answer 404 already, which is right unless somebody else takes the host.
  const settings = documents.get('settings:global')?.body as SettingsBody | undefined;
  const wildcard = `*${host.slice(host.indexOf('.'))}`;
  return settings?.defaultRoute !== undefined || documents.has('host:*') || documents.has(`host:${wildcard}`);
}

function sameKeys(a: ReadonlyMap<RouteId, string>, b: ReadonlyMap<RouteId, string>): boolean {
  return a.size === b.size && [...a].every(([id, key]) => b.get(id) === key);
}

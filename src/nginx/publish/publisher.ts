// The lane of documents: a change is numbered, written to disk, sent, and confirmed by every live nginx; what the
// receiver refuses is taken back. One change at a time, whoever asks.

import { compareVersions, type Version } from '../../model/batch.ts';
import type { Document, DocumentKey } from '../../model/document.ts';
import type { PublishOutcome } from '../../model/outcome.ts';
import type { DocumentChange } from '../../model/plan.ts';
import { undo } from '../../plan/undo.ts';
import type { State } from '../state/open-state.ts';
import { compose, createAccepted } from './accepted.ts';
import { type PushOutcome, push, type Reach, survey } from './reach.ts';

export interface Publisher {
  /** What is accepted. Live: it changes with each `publish`. */
  readonly documents: ReadonlyMap<DocumentKey, Document>;
  version(): Version;
  /** Digest of the accepted set, as `/config` names what it has. */
  state(): string;
  /** Compares the disk with the live nginx, once, before anything else. Sends nothing. */
  recover(): Promise<Recovery>;
  publish(change: DocumentChange): Promise<PublishOutcome>;
  /** Makes every live nginx equal to what is accepted; sends nothing to one that is. */
  ensure(): Promise<PublishOutcome>;
  /** Settles when nothing is under way any more. */
  idle(): Promise<void>;
  /** False until the first change is published, when what the disk had cannot be trusted to be what is wanted. */
  trusted(): boolean;
}

export type Recovery = {
  /**
   * `same`: the live nginx has what the disk has. `behind`: it has an older set; `ensure` or the watch will send.
   * `no-nginx`: none answers; it will load the disk at its start. `newer`: it has what the disk does not know (lost
   * or garbled state), so `documents` is empty now and the first change must be the whole world.
   */
  readonly found: 'same' | 'behind' | 'no-nginx' | 'newer';
  readonly documents: ReadonlyMap<DocumentKey, Document>;
};

export interface PublisherParts extends Reach {
  readonly state: State;
  readonly log: PublisherLog;
}

export interface PublisherLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const NO_CHANGE: DocumentChange = { put: [], remove: [] };
const FULL_TRIES = 3;

export function createPublisher(parts: PublisherParts): Publisher {
  const { state, log } = parts;
  const accepted = createAccepted(state.documents, () => state.epoch());
  const alone = createQueue();
  let trusted = accepted.documents.size > 0;
  /** What a refused change left on disk because the disk could not take its undo. */
  let owed = NO_CHANGE;

  async function recover(): Promise<Recovery> {
    const { statuses } = await survey(parts);
    const newest = statuses.reduce<Version | null>(
      (a, b) => (a !== null && compareVersions(a, b) > 0 ? a : b),
      null,
    );
    if (newest === null) return { found: 'no-nginx', documents: accepted.documents };
    await outrank(newest);
    if (statuses.every((status) => status.state === accepted.state()))
      return { found: 'same', documents: accepted.documents };
    if (compareVersions(newest, accepted.version()) <= 0)
      return { found: 'behind', documents: accepted.documents };
    log.warn(
      { live: version(newest), disk: accepted.version() },
      'nginx has newer documents than the disk: all are published anew',
    );
    accepted.forget();
    trusted = false;
    return { found: 'newer', documents: accepted.documents };
  }

  async function publish(change: DocumentChange): Promise<PublishOutcome> {
    const whole = compose(owed, change);
    const back = undo(accepted.documents, whole);
    const written = await accepted.accept(whole);
    if (written.outcome === 'failed') return diskRefused(written.message);
    owed = NO_CHANGE;
    const trustedBefore = trusted;
    trusted = true;
    const first = await push(parts, written.text);
    const result = first.outcome === 'behind' ? await pushFull(first) : first;
    if (result.outcome === 'full' || result.outcome === 'malformed') {
      trusted = trustedBefore;
      await takeBack(back, accepted.version());
    }
    return toOutcome(result);
  }

  async function ensure(): Promise<PublishOutcome> {
    const { statuses, trouble } = await survey(parts);
    const differs = statuses.some((status) => status.state !== accepted.state());
    if (differs && trusted) return toOutcome(await pushFull(null));
    if (differs) return { outcome: 'accepted', message: 'waiting for the first whole view of the world' };
    return trouble === null ? { outcome: 'in-force' } : { outcome: 'accepted', message: trouble };
  }

  /** Everything, as a fresh version: what an nginx needs that cannot follow. */
  async function pushFull(behind: Extract<PushOutcome, { outcome: 'behind' }> | null): Promise<PushOutcome> {
    let result: PushOutcome | null = behind;
    for (let left = FULL_TRIES; left > 0 && (result === null || result.outcome === 'behind'); left -= 1) {
      if (result !== null) await outrank(result.status);
      const written = await accepted.acceptFull();
      if (written.outcome === 'failed')
        return { outcome: 'unconfirmed', message: `the disk: ${written.message}` };
      log.info({ ...accepted.version(), documents: accepted.documents.size }, 'publishing all documents');
      result = await push(parts, written.text);
    }
    if (result !== null && result.outcome !== 'behind') return result;
    return { outcome: 'unconfirmed', message: 'somebody else keeps publishing newer versions to nginx' };
  }

  /** First on disk, so that a start of nginx does not load it; then the numbers follow in what is live. */
  async function takeBack(back: DocumentChange, refused: Version): Promise<void> {
    const undone = await accepted.takeBack(back);
    if (undone.outcome === 'failed') {
      owed = back;
      log.warn({}, `a refused change could not be undone on disk: ${undone.message}`);
      return;
    }
    if (undone.outcome === 'retracted') return;
    // The instance that refused never had the change: it only has to learn the number, or the next delta could not
    // follow and everything would have to be sent. One that took it (two masters, different memory) goes back.
    const live = await parts.client.getStatus();
    if (live.outcome !== 'ok') return;
    if (live.status.state === accepted.state())
      await parts.client.postBatch(accepted.renumber(version(live.status)));
    else if (compareVersions(live.status, refused) === 0)
      await parts.client.postBatch(accepted.follow(refused, back));
  }

  async function outrank(live: Version): Promise<void> {
    if (live.epoch < state.epoch() || compareVersions(live, accepted.version()) <= 0) return;
    const raised = await state.raiseAbove(live.epoch);
    if (raised.outcome === 'failed') log.warn({}, `the epoch could not be raised: ${raised.message}`);
  }

  return {
    documents: accepted.documents,
    version: () => accepted.version(),
    state: () => accepted.state(),
    trusted: () => trusted,
    recover: () => alone(recover),
    async publish(change) {
      const outcome = await alone(() => publish(change));
      void alone(compact);
      return outcome;
    },
    ensure: () => alone(ensure),
    idle: () => alone(async () => {}),
  };

  async function compact(): Promise<void> {
    const done = await state.documents.compact();
    if (done.outcome === 'failed') log.warn({}, `the journal could not be compacted: ${done.message}`);
  }
}

function version({ epoch, generation }: Version): Version {
  return { epoch, generation };
}

function toOutcome(result: PushOutcome): PublishOutcome {
  switch (result.outcome) {
    case 'in-force':
      return { outcome: 'in-force' };
    case 'unconfirmed':
      return { outcome: 'accepted', message: result.message };
    case 'behind':
      return { outcome: 'accepted', message: 'nginx holds another version than this follows' };
    case 'full': {
      const message = `nginx has ${result.free} bytes free for documents and needs ${result.needed}`;
      return { outcome: 'refused', code: 'full', message, hint: 'give --documents-size a larger value' };
    }
    case 'malformed':
      return {
        outcome: 'refused',
        code: 'malformed',
        message: `nginx does not take these documents: ${result.message}`,
        hint: 'its Lua may be of another version than this controller; a reload of nginx takes the new one',
      };
  }
}

function diskRefused(message: string): PublishOutcome {
  return {
    outcome: 'refused',
    code: 'disk',
    message: `the state folder cannot be written: ${message}`,
    hint: 'make room on its disk',
  };
}

/** Runs one after the other; a failure is its caller's alone. */
function createQueue(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const mine = last.then(job);
    last = mine.catch(() => {});
    return mine;
  };
}

// One result: a metric of one subject in one case, as median and quartiles over the rounds.
import { summarise } from './statistics.ts';

export type Measurement = {
  readonly bench: string;
  readonly case: string;
  readonly subject: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly p25: number;
  readonly p75: number;
  /** How many values they are of. */
  readonly rounds: number;
  /** Of this subject's value to the peer's in the same round. */
  readonly ratio?: {
    readonly to: string;
    readonly median: number;
    readonly p25: number;
    readonly p75: number;
  };
};

export type Series = Pick<Measurement, 'case' | 'subject' | 'metric' | 'unit'> & {
  /** One a round. */
  readonly values: readonly number[];
  /** The peer's values, of the same rounds. */
  readonly peer?: { readonly subject: string; readonly values: readonly number[] };
};

export function measure({ values, peer, ...what }: Series): Omit<Measurement, 'bench'> {
  const own = { ...what, ...summarise(values), rounds: values.length };
  if (peer === undefined) return own;
  const ratios = values.map((value, round) => value / (peer.values[round] ?? Number.NaN));
  return { ...own, ratio: { to: peer.subject, ...summarise(ratios) } };
}

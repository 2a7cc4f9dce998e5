// What a bench is, and what it is handed.
import type { Measurement } from './measurement.ts';

export type Bench = {
  /** Also the name of its file, and of its results in docs/benchmarks. */
  readonly name: string;
  /** One line: what is compared with what. The heading of its picture. */
  readonly title: string;
  /** Metrics in the picture; others are only in the JSON lines. */
  readonly shown: readonly string[];
  readonly run: (context: BenchContext) => Promise<void>;
};

export type BenchContext = {
  readonly signal: AbortSignal;
  /** As asked for on the command line; null: the bench's own choice. */
  readonly rounds: number | null;
  readonly seconds: number | null;
  /** Is a case of this name asked for? */
  readonly wants: (name: string) => boolean;
  readonly emit: (measurement: Omit<Measurement, 'bench'>) => void;
  /** Progress, for whoever waits. */
  readonly say: (line: string) => void;
};

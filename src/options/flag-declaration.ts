// What is declared once about a flag, and the forms that flags have.

import { boolean } from './grammar/boolean.ts';
import { good, type Parse, type Parsed } from './grammar/parsed.ts';

export type CommandName = 'run' | 'render' | 'validate' | 'version';

export interface FlagDeclaration<T> {
  /** With its dashes: `--manifests`. */
  readonly name: string;
  /** `-o`; most have none. */
  readonly short?: string;
  /** What stands for the value in help; null: a switch, `--name` or `--name=true|false`. */
  readonly value: string | null;
  readonly default: T;
  /** The default as a user would write it; `''`: none. */
  readonly shownDefault: string;
  /** A repeatable flag gets the values before this one. */
  readonly parse: (text: string, before: T) => Parsed<T>;
  readonly repeatable: boolean;
  readonly help: string;
  readonly commands: readonly CommandName[];
}

export function one<T>(
  name: string,
  value: string,
  defaultValue: T,
  shownDefault: string,
  parse: Parse<T>,
  commands: readonly CommandName[],
  help: string,
): FlagDeclaration<T> {
  return { name, value, default: defaultValue, shownDefault, parse, repeatable: false, help, commands };
}

export function many(
  name: string,
  value: string,
  parse: Parse<string>,
  commands: readonly CommandName[],
  help: string,
): FlagDeclaration<readonly string[]> {
  return {
    name,
    value,
    default: [],
    shownDefault: '',
    parse: (text, before) => {
      const parsed = parse(text);
      return parsed.ok ? good([...before, parsed.value]) : parsed;
    },
    repeatable: true,
    help,
    commands,
  };
}

/** A switch whose default is another flag's business: null until it is given. */
export function decided(
  name: string,
  commands: readonly CommandName[],
  help: string,
): FlagDeclaration<boolean | null> {
  const parse = boolean;
  return { name, value: null, default: null, shownDefault: '', parse, repeatable: false, help, commands };
}

export function toggle(
  name: string,
  commands: readonly CommandName[],
  help: string,
  defaultValue = false,
): FlagDeclaration<boolean> {
  return {
    name,
    value: null,
    default: defaultValue,
    shownDefault: String(defaultValue),
    parse: boolean,
    repeatable: false,
    help,
    commands,
  };
}

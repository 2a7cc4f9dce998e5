// Templates from their texts: parsed, checked and compiled at once, so that a broken one is known before anything
// depends on it. A partial is called by the file's name without `.hbs`.

import Handlebars from 'handlebars';
import { BLOCKS } from './helpers/blocks.ts';
import { TYPED_HELPERS } from './helpers/registry.ts';
import { TemplateValueError } from './helpers/value-error.ts';
import { checkTemplate, type Vocabulary } from './template-check.ts';
import { type TemplateError, TemplateFailure } from './template-error.ts';

export interface Templates {
  /** @param name of the file, `server.hbs`. Throws TemplateFailure when a value does not fit. */
  readonly render: (name: string, view: object) => string;
  /** Some are not our own: the output is then judged by what is forbidden, not by what is expected. */
  readonly overridden: boolean;
}

/** Files that the renderer asks for; an override may add partials of its own. */
export const TEMPLATE_FILES = [
  'nginx.conf.hbs',
  'http.hbs',
  'names.hbs',
  'init.hbs',
  'default-server.hbs',
  'profile.hbs',
  'pass.hbs',
  'server.hbs',
  'upstreams.hbs',
  'internal.hbs',
] as const;

/**
 * @param texts file name → text, overrides already in the place of what they override
 * @param overridden names of the files that are not ours
 */
export function compileTemplates(
  texts: ReadonlyMap<string, string>,
  overridden: ReadonlySet<string> = new Set(),
): { readonly templates: Templates } | { readonly errors: readonly TemplateError[] } {
  const files = [...texts].filter(([file]) => file.endsWith('.hbs')).sort(([a], [b]) => (a < b ? -1 : 1));
  const vocabulary: Vocabulary = {
    helpers: new Set(Object.keys(TYPED_HELPERS)),
    blocks: new Set(Object.keys(BLOCKS)),
    partials: new Set(files.map(([file]) => partialName(file))),
  };
  const programs = new Map<string, hbs.AST.Program>();
  const calls = new Map<string, ReadonlySet<string>>();
  const errors: TemplateError[] = missingFiles(texts);
  for (const [file, text] of files) {
    const program = parse(file, text);
    if ('message' in program) {
      errors.push(program);
      continue;
    }
    const checked = checkTemplate(file, program, vocabulary);
    errors.push(...checked.errors);
    programs.set(file, program);
    calls.set(partialName(file), checked.calls);
  }
  errors.push(...circles(calls));
  if (errors.length > 0) return { errors };
  return compileAll(programs, overridden.size > 0);
}

function compileAll(
  programs: ReadonlyMap<string, hbs.AST.Program>,
  overridden: boolean,
): { readonly templates: Templates } | { readonly errors: readonly TemplateError[] } {
  const handlebars = Handlebars.create();
  for (const name of ['lookup', 'log', 'helperMissing', 'blockHelperMissing'])
    handlebars.unregisterHelper(name);
  handlebars.registerHelper({ ...guarded(TYPED_HELPERS), ...guarded(BLOCKS) });
  const options = {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(
      [...Object.keys(TYPED_HELPERS), ...Object.keys(BLOCKS)].map((name) => [name, true]),
    ),
  };
  const compiled = new Map<string, Handlebars.TemplateDelegate>();
  const errors: TemplateError[] = [];
  for (const [file, program] of programs) {
    try {
      // `compile` waits for the first use; `precompile` says now what it would say then.
      handlebars.precompile(program, { ...options, srcName: file });
      const template = handlebars.compile(program, options);
      compiled.set(file, template);
      handlebars.registerPartial(partialName(file), template);
    } catch (error) {
      errors.push({ file, line: 0, column: 0, message: messageOf(error) });
    }
  }
  if (errors.length > 0) return { errors };
  return { templates: { overridden, render: (name, view) => run(compiled, name, view) } };
}

function run(compiled: ReadonlyMap<string, Handlebars.TemplateDelegate>, name: string, view: object): string {
  const template = compiled.get(name);
  if (template === undefined) throw new TypeError(`no template ${name}`);
  try {
    return template(view);
  } catch (error) {
    if (error instanceof TemplateFailure) throw error;
    throw new TemplateFailure([{ file: name, line: 0, column: 0, message: messageOf(error) }]);
  }
}

type Helper = (this: unknown, ...values: never[]) => string;

/** Adds the place in the template to what a helper refuses. */
function guarded(helpers: Readonly<Record<string, Helper>>): Record<string, Handlebars.HelperDelegate> {
  return Object.fromEntries(
    Object.entries(helpers).map(([name, helper]) => [
      name,
      function (this: unknown, ...values: unknown[]): string {
        try {
          return helper.apply(this, values as never[]);
        } catch (error) {
          if (!(error instanceof TemplateValueError)) throw error;
          const { loc } = values.at(-1) as { loc?: hbs.AST.SourceLocation };
          const { source, start } = loc ?? { source: '', start: { line: 0, column: -1 } };
          throw new TemplateFailure([
            {
              file: source,
              line: start.line,
              column: start.column + 1,
              message: `${name}: ${error.message}`,
            },
          ]);
        }
      },
    ]),
  );
}

function parse(file: string, text: string): hbs.AST.Program | TemplateError {
  try {
    return Handlebars.parse(text, { srcName: file });
  } catch (error) {
    const message = messageOf(error);
    const line = Number(/on line (\d+)/.exec(message)?.[1] ?? 0);
    return { file, line, column: 0, message: message.split('\n')[0] ?? message };
  }
}

function missingFiles(texts: ReadonlyMap<string, string>): TemplateError[] {
  return TEMPLATE_FILES.filter((file) => !texts.has(file)).map((file) => ({
    file,
    line: 0,
    column: 0,
    message: 'this template is missing',
  }));
}

/** Partials that call themselves, over however many others: rendering would not end. */
function circles(calls: ReadonlyMap<string, ReadonlySet<string>>): TemplateError[] {
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    [...(calls.get(from) ?? [])].some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  return [...calls.keys()]
    .filter((name) => reaches(name, name, new Set()))
    .map((name) => ({
      file: `${name}.hbs`,
      line: 0,
      column: 0,
      message: `{{> ${name}}} ends up calling itself`,
    }));
}

function partialName(file: string): string {
  return file.slice(0, -'.hbs'.length);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// What a template may contain. User values reach the output through typed helpers only, so a template cannot put
// text into the configuration that its helper has not checked: there is no unescaped path by construction.

import type { TemplateError } from './template-error.ts';

export interface Vocabulary {
  readonly helpers: ReadonlySet<string>;
  readonly blocks: ReadonlySet<string>;
  readonly partials: ReadonlySet<string>;
}

/** Node of Handlebars' syntax tree, as far as it is looked at; unknown shapes are refused. */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
  readonly [field: string]: unknown;
}

export interface Checked {
  readonly errors: readonly TemplateError[];
  /** Partials that it calls, to find circles. */
  readonly calls: ReadonlySet<string>;
}

export function checkTemplate(file: string, program: unknown, vocabulary: Vocabulary): Checked {
  const errors: TemplateError[] = [];
  const calls = new Set<string>();
  visitProgram(program);
  return { errors, calls };

  function visitProgram(value: unknown): void {
    for (const statement of listOf(value, 'body')) visit(statement);
  }

  function visit(node: Node): undefined {
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return;
      case 'MustacheStatement':
        return visitMustache(node);
      case 'BlockStatement':
        return visitBlock(node);
      case 'PartialStatement':
        return visitPartial(node);
      default:
        return refuse(node, `${wordsOf(node.type)} are not allowed`);
    }
  }

  function visitMustache(node: Node): undefined {
    if (node.escaped !== true) return refuse(node, '{{{…}}} and {{&…}} are not allowed');
    const name = simpleName(node.path);
    if (name === null || !vocabulary.helpers.has(name)) {
      return refuse(
        node,
        `{{${shown(node.path)}}} is no typed helper (there are ${[...vocabulary.helpers].join(', ')})`,
      );
    }
    checkOneParameter(node, name);
  }

  function visitBlock(node: Node): undefined {
    const name = simpleName(node.path);
    if (name === null || !vocabulary.blocks.has(name))
      return refuse(node, `{{#${shown(node.path)}}} is no known block`);
    checkOneParameter(node, `#${name}`);
    for (const branch of [node.program, node.inverse]) {
      if (branch === undefined || branch === null) continue;
      if (listOf(branch, 'blockParams').length > 0) refuse(node, 'block parameters (as |…|) are not allowed');
      visitProgram(branch);
    }
  }

  function visitPartial(node: Node): undefined {
    const called = node.name as Node;
    const name = called.type === 'PathExpression' && called.data !== true ? String(called.original) : null;
    if (name === null || !vocabulary.partials.has(name))
      return refuse(node, `{{> ${shown(called)}}} is no known partial`);
    calls.add(name);
    const parameters = listOf(node, 'params');
    if (parameters.length > 1 || hasHash(node)) refuse(node, `{{> ${name}}} takes one path at most`);
    for (const parameter of parameters) checkPath(parameter, node);
  }

  function checkOneParameter(node: Node, name: string): undefined {
    const [parameter, ...more] = listOf(node, 'params');
    if (parameter === undefined || more.length > 0 || hasHash(node))
      return refuse(node, `${name} takes exactly one path`);
    checkPath(parameter, node);
  }

  function checkPath(parameter: Node, within: Node): undefined {
    if (parameter.type !== 'PathExpression')
      return refuse(within, `${wordsOf(parameter.type)} are not allowed as a value`);
    if (parameter.depth !== 0) return refuse(within, '../ is not allowed: use @root');
    const parts = parameter.parts;
    if (
      parameter.data === true &&
      Array.isArray(parts) &&
      !['root', 'first', 'last'].includes(String(parts[0]))
    ) {
      refuse(within, `@${String(parts[0])} is not known`);
    }
  }

  function refuse(node: Node, message: string): undefined {
    const start = node.loc?.start ?? { line: 0, column: -1 };
    errors.push({ file, line: start.line, column: start.column + 1, message });
    return undefined;
  }
}

function listOf(value: unknown, field: string): readonly Node[] {
  const list = (value as Node | null | undefined)?.[field];
  return Array.isArray(list) ? (list as Node[]) : [];
}

function hasHash(node: Node): boolean {
  return listOf(node.hash, 'pairs').length > 0;
}

/** `name` for a path of one part in the own context; null for anything that is looked up in the view. */
function simpleName(value: unknown): string | null {
  const path = value as Node;
  if (path.type !== 'PathExpression' || path.data === true || path.depth !== 0) return null;
  const parts = path.parts as readonly unknown[];
  const [name] = parts;
  if (parts.length !== 1 || typeof name !== 'string' || path.original !== name) return null;
  return name;
}

function shown(value: unknown): string {
  const original = (value as Node).original;
  return typeof original === 'string' ? original.slice(0, 60) : '(…)';
}

/** `SubExpression` → `sub expressions`. */
function wordsOf(type: string): string {
  const words = type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return `${words}s`;
}

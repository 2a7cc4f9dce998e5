// What is wrong with YAML, in words of our own: the parser's messages may quote the text, and the text may be the
// private key whose indentation is off.

import type { ErrorCode } from 'yaml';
import type { Remark } from './parse-document.ts';

export function syntaxRemark(code: ErrorCode): Remark {
  return {
    code: 'file-syntax',
    severity: 'error',
    message: `this is not valid YAML: ${MESSAGES[code] ?? 'something unexpected stands here'}`,
    hint: 'Correct the text at this line and column, or a little before.',
  };
}

const MESSAGES: { readonly [Code in ErrorCode]?: string } = {
  BAD_ALIAS: 'an alias has no anchor before it, or aliases would make the document huge',
  BAD_DIRECTIVE: 'a directive is malformed',
  BAD_DQ_ESCAPE: 'an escape in a double-quoted text does not exist',
  BAD_INDENT: 'the indentation does not fit what stands above',
  BAD_PROP_ORDER: 'anchors and tags must stand before the value',
  BAD_SCALAR_START: 'a plain text may not begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping within a mapping needs a line of its own (or the text needs quotes)',
  BLOCK_IN_FLOW: 'a block may not stand within brackets or braces',
  DUPLICATE_KEY: 'this key stands twice in one mapping',
  IMPOSSIBLE: 'it cannot be parsed at all',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket, comma or colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line (is a colon missing?)',
  MULTIPLE_ANCHORS: 'a value has more than one anchor',
  MULTIPLE_TAGS: 'a value has more than one tag',
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'tabs may not be used to indent',
  TAG_RESOLVE_FAILED: 'this tag is not known; the value is read as if it were not there',
  UNEXPECTED_TOKEN: 'something unexpected stands here',
};

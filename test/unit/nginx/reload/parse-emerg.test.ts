import { expect, test } from '@jest/globals';
import { parseComplaints } from '../../../../src/nginx/reload/parse-emerg.ts';

test('both forms are read, with place and process', () => {
  const text = [
    'nginx: [emerg] unknown directive "x" in /srv/p/conf/nginx.conf:12',
    '2026/11/22 18:34:01 [emerg] 5828#5829: bind() to 127.0.0.1:80 failed (98: Address already in use)',
    '2026/11/22 18:34:01 [emerg] 5828#5828: a duplicate default server for 0.0.0.0:80 in /etc/in put.conf:3',
    '',
  ].join('\n');
  expect(parseComplaints(text)).toEqual([
    { message: 'unknown directive "x"', file: '/srv/p/conf/nginx.conf', line: 12, pid: null },
    {
      message: 'bind() to 127.0.0.1:80 failed (98: Address already in use)',
      file: null,
      line: null,
      pid: 5828,
    },
    { message: 'a duplicate default server for 0.0.0.0:80', file: '/etc/in put.conf', line: 3, pid: 5828 },
  ]);
});

test('other levels and errors of requests are no complaints; init_by_lua is one', () => {
  const at = '2026/11/22 18:34:01';
  const text = [
    `${at} [notice] 1#1: signal process started`,
    `${at} [error] 1#1: *3 connect() failed (111), client: 127.0.0.1, request: "GET /[emerg] HTTP/1.1"`,
    `${at} [error] 1#1: init_by_lua error: init_by_lua(nginx.conf:14):1: no luck`,
    'stack traceback: [emerg] 1#1: not at the start of a line',
  ].join('\n');
  expect(parseComplaints(text).map(({ message }) => message)).toEqual([
    'init_by_lua error: init_by_lua(nginx.conf:14):1: no luck',
  ]);
});

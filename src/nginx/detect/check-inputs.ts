// What the user gave for the runtime, checked before it becomes text of a configuration: the prefix and the files
// of the operator.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { LAYOUT } from '../../model/runtime.ts';

export interface Fault {
  readonly message: string;
  readonly hint: string;
}

export function checkPrefix(prefix: string): Fault | null {
  if (!/^\/[A-Za-z0-9._/-]*$/.test(prefix)) {
    return {
      message: `the prefix ${JSON.stringify(prefix)} has characters that its use in nginx.conf does not allow`,
      hint: 'choose a folder whose path has letters, digits, ".", "_", "-" and "/" only',
    };
  }
  const longest = Math.max(
    ...[LAYOUT.controlSocket, LAYOUT.unavailableSocket].map((path) => join(prefix, path).length),
  );
  if (longest <= MAXIMUM_SOCKET_PATH) return null;
  return {
    message: `the prefix is too long: paths of unix sockets below it come to ${longest} bytes of ${MAXIMUM_SOCKET_PATH}`,
    hint: 'choose a folder with a shorter path',
  };
}

/** @returns absolute paths, or the first that cannot be used. */
export async function checkIncludes(
  paths: readonly string[],
  flag: string,
): Promise<readonly string[] | Fault> {
  const absolute = paths.map((path) => resolve(path));
  for (const path of absolute) {
    if (!/^\/[A-Za-z0-9._/*-]+$/.test(path)) {
      return {
        message: `${flag}: the path ${JSON.stringify(path)} has unusual characters`,
        hint: 'rename the file',
      };
    }
    const readable =
      path.includes('*') ||
      (await access(path, constants.R_OK).then(
        () => true,
        () => false,
      ));
    if (!readable) return { message: `${flag}: ${path} cannot be read`, hint: 'check path and permissions' };
  }
  return absolute;
}

const MAXIMUM_SOCKET_PATH = 107;

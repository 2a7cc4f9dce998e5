// Packages of Debian as files and folders of ours: downloaded and unpacked, never installed. No root, no service, no
// maintainer script.
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * The packages and those libraries that they name and the system lacks, as files in `into`. The system's package
 * lists serve when they know the packages and are still true; else lists of our own, kept in `aptDir`.
 */
export async function downloadPackages(
  packages: readonly string[],
  { aptDir, into }: { readonly aptDir: string; readonly into: string },
): Promise<void> {
  const shared = await aptOptions(aptDir, false);
  const names = await namesToFetch(shared, packages);
  if (names !== null && (await succeeds('apt-get', [...shared, 'download', ...names], into))) return;
  const own = await aptOptions(aptDir, true);
  await execute('apt-get', [...own, 'update'], { timeout: 240_000 });
  const known = await namesToFetch(own, packages);
  if (known === null)
    throw new Error(`The package sources of this machine do not have ${packages.join(', ')}.`);
  await execute('apt-get', [...own, 'download', ...known], { cwd: into, timeout: 240_000 });
}

/** Unpacks every package of a folder below `root`, which must not exist, and removes the folder. */
export async function unpackPackages(from: string, root: string): Promise<void> {
  await mkdir(root);
  for (const file of (await readdir(from)).sort()) {
    if (file.endsWith('.deb')) await execute('dpkg', ['-x', join(from, file), root]);
  }
  await rm(from, { recursive: true, force: true });
}

// A configuration file rather than -o options: only a file can clear the hooks that container images set.
async function aptOptions(aptDir: string, ownLists: boolean): Promise<readonly string[]> {
  await mkdir(join(aptDir, 'lists/partial'), { recursive: true });
  await mkdir(join(aptDir, 'cache/archives/partial'), { recursive: true });
  const file = join(aptDir, ownLists ? 'own.conf' : 'shared.conf');
  const hooks = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'];
  const lines = hooks.map((hook) => `#clear ${hook};`);
  lines.push(`Dir::Cache "${aptDir}/cache";`, `Dir::Log "${aptDir}";`, 'Debug::NoLocking "true";');
  lines.push('APT::Sandbox::User "";');
  if (ownLists) lines.push(`Dir::State::lists "${aptDir}/lists";`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return ['-c', file];
}

// Our packages, and those libraries that they name and the system lacks. null: a package is not known.
async function namesToFetch(
  options: readonly string[],
  packages: readonly string[],
): Promise<readonly string[] | null> {
  if (!(await succeeds('apt-cache', [...options, 'show', ...packages]))) return null;
  const { stdout } = await execute('apt-cache', [...options, 'depends', ...packages]);
  const named = [...stdout.matchAll(/^ {2}Depends: ((?:lib|lua)[a-z0-9.+-]*|zlib1g)$/gm)].map(
    (match) => match[1] ?? '',
  );
  const lacking: string[] = [];
  for (const name of new Set(named)) {
    if (!packages.includes(name) && !(await isInstalled(name))) lacking.push(name);
  }
  return [...packages, ...lacking];
}

async function isInstalled(name: string): Promise<boolean> {
  const status = await execute('dpkg-query', ['-W', '-f', '$' + '{Status}\n', name]).catch(() => null);
  return status?.stdout.includes('install ok installed') ?? false;
}

async function succeeds(command: string, args: readonly string[], cwd?: string): Promise<boolean> {
  try {
    await execute(command, args, {
      timeout: 240_000,
      maxBuffer: 16 << 20,
      ...(cwd === undefined ? {} : { cwd }),
    });
    return true;
  } catch {
    return false;
  }
}

// Which files of a folder are manifests.

export function acceptManifest(name: string): boolean {
  return /\.(?:yaml|yml|json)$/.test(name);
}

// What a process has used so far, from /proc.
import { readFile } from 'node:fs/promises';

export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold anything: the 12th and 13th field are ticks of a hundredth of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export async function memory(pid: number): Promise<Readonly<Record<string, string>>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  const mb = (name: string) => `${Math.round(Number(field(name)) / 1024)} MB`;
  return { peak: mb('VmHWM'), resident: mb('VmRSS') };
}

// What nginx says when it refuses: the `[emerg]` lines of its stderr and of its error log.

export interface Complaint {
  /** Without date, level and process. */
  readonly message: string;
  /** As nginx names it, or null when the message is about no place in a file. */
  readonly file: string | null;
  readonly line: number | null;
  /** Process that logged it; null for lines written to stderr before there is a log. */
  readonly pid: number | null;
}

/**
 * Complaints in order. Both forms of nginx are read: `nginx: [emerg] …` on stderr and
 * `2026/01/31 12:00:00 [emerg] 4711#4711: …` in logs. Errors of init_by_lua, which nginx logs as `[error]` although
 * they end the start or the reload, count too.
 */
export function parseComplaints(text: string): readonly Complaint[] {
  const complaints: Complaint[] = [];
  for (const raw of text.split('\n')) {
    const match = LINE.exec(raw);
    if (match === null) continue;
    const [, level, pid, body = ''] = match;
    if (level === 'error' && !body.includes('init_by_lua')) continue;
    complaints.push({ ...splitPlace(body), pid: pid === undefined ? null : Number(pid) });
  }
  return complaints;
}

const LINE =
  /^(?:nginx: |\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )\[(emerg|error)\] (?:(\d+)#\d+: )?(?:\*\d+ )?(.*)$/;
const PLACE = /^(.*) in ([^\s].*):(\d+)$/;

function splitPlace(body: string): Omit<Complaint, 'pid'> {
  const match = PLACE.exec(body);
  if (match === null) return { message: body, file: null, line: null };
  return { message: match[1] ?? body, file: match[2] ?? null, line: Number(match[3]) };
}

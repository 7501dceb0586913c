import { readFile } from 'node:fs/promises'

/** Of a process, as Linux tells it. */
export type ProcessFigures = { cpuSeconds: number; residentBytes: number; peakResidentBytes: number }

/** The clock of /proc/<pid>/stat, on every Linux that runs Node. */
const TICKS_PER_SECOND = 100

export async function figuresOf(pid: number): Promise<ProcessFigures> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name of the program may hold spaces; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const bytesOf = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentBytes: bytesOf('VmRSS'),
    peakResidentBytes: bytesOf('VmHWM'),
  }
}
